"""Writing who may agree for whom: given by staff who have seen a proof, and withdrawn again. Rows stay on record."""

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.models import RelatedPerson
from accounts.policy import require
from audit.services import record
from consent import ports
from consent.models import ConsentRight, Purpose
from consent.policies import relation_to
from consent.rights import counts, is_child, last_day
from core.clock import now, today
from core.errors import Conflict, Invalid

LONGEST_SEEN = 200


@transaction.atomic
def give_right(
    *,
    actor: Actor,
    related: RelatedPerson,
    purposes: Iterable[str],
    basis: str,
    seen: str,
    starts_on: dt.date | None = None,
    ends_on: dt.date | None = None,
) -> ConsentRight:
    """Keep that this person may agree for their patient. What was given before is withdrawn by the same step.

    `seen` says by which papers it was confirmed. Raises Invalid for what cannot be, Conflict `right.no_person` for
    somebody who is nobody of the patient any more.
    """
    related = (
        RelatedPerson.objects.select_for_update(of=("self",))
        .select_related("organization", "patient__merged_into__organization", "patient__organization")
        .get(pk=related.pk)
    )
    patient = related.patient.merged_into or related.patient
    require(actor, "consent.right.give", relation_to(actor, patient))
    day = today(related.organization.timezone)
    if not related.is_one_on(day):
        raise Conflict(_("They are not among the people of this patient any more."), code="right.no_person")
    right = ConsentRight(
        organization=related.organization,
        related=related,
        purposes=_purposes(purposes),
        basis=_basis(basis),
        starts_on=starts_on or day,
        ends_on=ends_on,
        seen=_seen(seen),
        confirmed_by_id=actor.user_id,
        confirmed_at=now(),
    )
    majority = related.organization.age_of_majority
    if basis == ConsentRight.Basis.CHILD and not is_child(patient.birth_date, majority, day):
        words = _("The patient is of age. Choose the deed by which they may agree.")
        raise Invalid(words, code="right.of_age", field="basis")
    last = last_day(right, patient.birth_date, majority)
    if last is not None and last < max(right.starts_on, day):
        raise Invalid(_("The last day is before the first."), code="right.period", field="ends_on")
    for standing in related.consent_rights.filter(withdrawn_at=None):
        _withdraw(actor, standing)
    right.save()
    _record(actor, "consent.right.give", right)
    if not counts(right, patient.birth_date, majority, day):
        ports.tell_right_ended(actor, right)
    return right


@transaction.atomic
def withdraw_right(*, actor: Actor, right: ConsentRight) -> ConsentRight:
    """From now on they agree to nothing for the patient, and no yes that they gave stands. Twice is once."""
    right = (
        ConsentRight.objects.select_for_update(of=("self",))
        .select_related("related__patient__merged_into", "organization")
        .get(pk=right.pk)
    )
    require(actor, "consent.right.withdraw", relation_to(actor, right.related.patient))
    if right.withdrawn_at is None:
        _withdraw(actor, right)
        ports.tell_right_ended(actor, right)
    return right


def _withdraw(actor: Actor, right: ConsentRight) -> None:
    right.withdrawn_at, right.withdrawn_by_id = now(), actor.user_id
    right.save(update_fields=["withdrawn_at", "withdrawn_by"])
    _record(actor, "consent.right.withdraw", right)


def _purposes(wanted: Iterable[str]) -> list[str]:
    found = sorted(set(wanted))
    if not found or any(one not in Purpose.values for one in found):
        raise Invalid(_("Choose what they may agree to."), code="right.purposes", field="purposes")
    if Purpose.TELEHEALTH not in found:
        words = _("Who may agree to a recording needs to agree to the visit, too.")
        raise Invalid(words, code="right.purposes", field="purposes")
    return found


def _basis(wanted: str) -> str:
    if wanted not in ConsentRight.Basis.values:
        raise Invalid(_("Choose by what right they agree."), code="right.basis", field="basis")
    return wanted


def _seen(typed: str) -> str:
    said = " ".join(typed.split())
    if not 1 <= len(said) <= LONGEST_SEEN or not said.isprintable():
        raise Invalid(_("Say which papers you have seen."), code="right.seen", field="seen")
    return said


def _record(actor: Actor, action: str, right: ConsentRight) -> None:
    detail = {"purposes": right.purposes, "basis": right.basis, "related": str(right.related.uuid)}
    record(actor=actor, action=action, entity=right, patient_id=right.related.patient_id, detail=detail)
