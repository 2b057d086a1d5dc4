"""Writing the proof that a patient is who the clinic knows, after the visit: a code asked for, and entered."""

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.actors import Actor
from audit.services import record
from consults import codes
from consults.models import Encounter, LeaveCode
from consults.people import patient_of
from consults.policies import require_visit
from consults.services.rows import locked_visit
from core.clock import now
from core.errors import Invalid, NotFound, RateLimited


@transaction.atomic
def ask_for_code(*, actor: Actor, encounter: Encounter) -> None:
    """Send a new code to the contact on file; the one before counts no longer.

    Whether there is a contact, and which, nobody is told: the link may be in anybody's hands.
    """
    encounter = locked_visit(encounter)
    _require_opened_by_code(actor, encounter)
    patient = patient_of(actor, encounter)
    rows = LeaveCode.objects.filter(encounter=encounter, patient=patient)
    times = list(rows.order_by("-number").values_list("asked_at", flat=True)[: codes.MOST_A_DAY])
    instant = now()
    last_hour = sum(at > instant - codes.OPEN_FOR for at in times)
    last_day = sum((instant - at).total_seconds() < 86_400 for at in times)
    if last_hour >= codes.MOST_AN_HOUR or last_day >= codes.MOST_A_DAY:
        raise RateLimited(_("We have sent several codes. Wait an hour, or call the front desk."))
    number = (rows.order_by("-number").values_list("number", flat=True).first() or 0) + 1
    row = LeaveCode.objects.create(encounter=encounter, patient=patient, number=number, asked_at=instant)
    codes.send(row)
    record(actor=actor, action="consults.leave.ask", entity=encounter, patient_id=patient.pk)


def enter_code(*, actor: Actor, encounter: Encounter, typed: str) -> None:
    """Open the page for this session, or raise Invalid `leave.code`: the same for a wrong, old and used-up code."""
    if not _enter(actor, encounter, typed):
        raise Invalid(
            _("This code does not fit. Look at our newest message, or ask for a new code."), code="leave.code"
        )


@transaction.atomic
def _enter(actor: Actor, encounter: Encounter, typed: str) -> bool:
    """Each try is counted before it is looked at, and stays counted."""
    encounter = locked_visit(encounter)
    _require_opened_by_code(actor, encounter)
    patient = patient_of(actor, encounter)
    row = codes.newest_code(encounter, patient)
    # Without a code as much is reckoned as with one: the time taken tells nothing.
    row = row or LeaveCode(asked_at=now() - codes.LASTS, number=0)
    if row.pk is not None:
        LeaveCode.objects.filter(pk=row.pk, tries__lte=codes.MOST_TRIES).update(tries=F("tries") + 1)
        row.refresh_from_db(fields=["tries"])
    is_right = codes.fits(row, typed)
    if is_right:
        LeaveCode.objects.filter(pk=row.pk).update(session=actor.session, proven_at=now())
    record(
        actor=actor,
        action="consults.leave.enter",
        entity=encounter,
        patient_id=patient.pk,
        outcome="success" if is_right else "refused",
    )
    return is_right


def _require_opened_by_code(actor: Actor, encounter: Encounter) -> None:
    require_visit(actor, "consults.leave.open", encounter)
    if not codes.opens(encounter):
        raise NotFound
