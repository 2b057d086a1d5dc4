"""Writing consent: one row per answer, never a change of an older one."""

import datetime as dt
import uuid as uuids
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.models import Patient
from accounts.policy import require
from audit.services import record
from consent import ports
from consent.models import PER_VISIT, PER_VISIT_OF_GUESTS, Consent, ConsentRight, ConsentText, Purpose
from consent.policies import relation_to
from consent.selectors import FALLBACK_LANGUAGE, current_text, right_of, standing_consent, visit_answer
from core.clock import now
from core.errors import Conflict, Invalid, NotFound


class Person(NamedTuple):
    """Whose answer it is."""

    type: str
    id: int
    label: str


@transaction.atomic
def give_consent(
    *, actor: Actor, patient: Patient, purpose: str, text_version: str, about: uuids.UUID | None = None
) -> Consent:
    """Keep a patient's yes to the words that were shown; a yes that already stands is returned as it is.

    Who has the right gives it for them, also where the patient has said yes: a child's yes alone may not be enough.
    `text_version` is what the page sent (ConsentText.shown_as): the row keeps the very words that were read.
    Raises Conflict `consent.text_changed` when other words came into force meanwhile, `consent.no_right` for somebody
    whose right to agree for the patient has ended.
    """
    require(actor, "consent.give", relation_to(actor, patient))
    right = right_to_give(actor, patient, purpose)
    text = _text_in_force(patient, _standing(purpose), text_version)
    standing = standing_consent(patient, purpose)
    if standing is not None and (right is None or standing.right_id is not None):
        return standing
    return _keep(actor, patient, _patient(patient), text, Consent.Decision.PERMIT, about, right)


@transaction.atomic
def withdraw_consent(*, actor: Actor, patient: Patient, purpose: str, about: uuids.UUID | None = None) -> Consent:
    """Keep a patient's no; from now on no earlier yes stands."""
    require(actor, "consent.withdraw", relation_to(actor, patient))
    right = right_to_give(actor, patient, purpose)
    text = current_text(patient.organization, _standing(purpose), patient.language)
    return _keep(actor, patient, _patient(patient), text, Consent.Decision.DENY, about, right)


@transaction.atomic
def answer_in_visit(
    *,
    actor: Actor,
    patient: Patient,
    purpose: str,
    decision: str,
    text_version: str,
    about: uuids.UUID,
    since: dt.datetime | None = None,
) -> Consent:
    """Keep the actor's own yes or no about the visit `about`, whose patient is `patient`.

    `since` is when the visit went to the practitioner whom the words name; none where it always was theirs.

    Whether the actor is of that visit, the caller has checked. A yes needs the words in force, as in `give_consent`;
    a no counts whatever was read. The same answer once more keeps the row there is; a yes to another is not the same.
    """
    require(actor, "consent.answer", relation_to(actor, patient))
    if actor.id is None:
        raise NotFound
    decided, asked = _decided(decision), _per_visit(purpose, actor)
    if decided == Consent.Decision.PERMIT:
        text = _text_in_force(patient, asked, text_version)
    else:
        language = patient.language if actor.is_patients_side else patient.organization.language
        text = _text_read(patient, asked, text_version) or current_text(patient.organization, asked, language)
    standing = visit_answer(about, asked, actor.type, actor.id, since)
    if standing is not None and standing.decision == decided and not _is_older(standing, text):
        return standing
    kept = _keep(actor, patient, Person(actor.type, actor.id, actor.label), text, decided, about)
    if actor.for_patient_id is not None:
        _answer_for(actor, patient, text, decided, about, since)
    return kept


def right_to_give(actor: Actor, patient: Patient, purpose: str) -> ConsentRight | None:
    """By what right the actor answers for the patient; None for patients themselves. Conflict where there is none."""
    if actor.for_patient_id is None:
        return None
    right = right_of(actor.related_id, patient, purpose)
    if right is None:
        words = _("You may not agree to this for the patient. Call the front desk if that is wrong.")
        raise Conflict(words, code="consent.no_right")
    return right


def _answer_for(
    actor: Actor,
    patient: Patient,
    text: ConsentText,
    decided: Consent.Decision,
    about: uuids.UUID,
    since: dt.datetime | None,
) -> None:
    """Who agrees for a patient sits with them in one picture: one answer, kept for each of the two.

    A no needs no right: nothing is written then.
    """
    right = right_of(actor.related_id, patient, text.purpose)
    if right is None and decided == Consent.Decision.PERMIT:
        right = right_to_give(actor, patient, text.purpose)
    person = _patient(patient)
    standing = visit_answer(about, text.purpose, person.type, person.id, since)
    own_no = standing is not None and standing.decision == Consent.Decision.DENY and standing.given_by_type == "patient"
    if own_no and decided == Consent.Decision.PERMIT:
        return  # What the patient has refused by themselves, nobody grants over their head.
    if standing is None or standing.decision != decided:
        _keep(actor, patient, person, text, decided, about, right)


def _text_read(patient: Patient, purpose: Purpose, shown_as: str) -> ConsentText | None:
    """The words in force in the language in which they were shown; None if these were others."""
    version, _slash, language = shown_as.partition("/")
    # A page that was opened before there was a second language names none: its words were English.
    language = language or FALLBACK_LANGUAGE
    text = current_text(patient.organization, purpose, language)
    return text if (text.version, text.language) == (version, language) else None


def _text_in_force(patient: Patient, purpose: Purpose, shown_as: str) -> ConsentText:
    if text := _text_read(patient, purpose, shown_as):
        return text
    version = shown_as.partition("/")[0]
    # A version that could not be stored is not asked for: PostgreSQL refuses even to compare it.
    if version.isprintable() and ConsentText.objects.filter(purpose=purpose, version=version).exists():
        raise Conflict(_("These words have changed. Read them again, then answer."), code="consent.text_changed")
    raise Invalid(_("Read the text on the page, then answer."), code="consent.text_unknown")


def _decided(decision: str) -> Consent.Decision:
    try:
        return Consent.Decision(decision)
    except ValueError:
        raise Invalid(_("Say yes or no."), code="consent.decision_unknown") from None


def _standing(purpose: str) -> Purpose:
    return _known(purpose, set(Purpose) - PER_VISIT)


def _per_visit(purpose: str, actor: Actor) -> Purpose:
    return _known(purpose, PER_VISIT_OF_GUESTS if actor.type == "guest" else PER_VISIT)


def _is_older(standing: Consent, text: ConsentText) -> bool:
    """A yes to former words, where the words in force are what has to be agreed to before going in."""
    return standing.purpose not in PER_VISIT and standing.text.version != text.version


def _known(purpose: str, asked_so: set[Purpose] | frozenset[Purpose]) -> Purpose:
    if purpose not in asked_so:
        raise Invalid(_("We do not ask for that consent."), code="consent.purpose_unknown")
    return Purpose(purpose)


def _patient(patient: Patient) -> Person:
    return Person("patient", patient.pk, patient.full_name)


def _keep(
    actor: Actor,
    patient: Patient,
    person: Person,
    text: ConsentText,
    decision: Consent.Decision,
    about: uuids.UUID | None,
    right: ConsentRight | None = None,
) -> Consent:
    consent = Consent.objects.create(
        organization_id=patient.organization_id,
        patient=patient,
        person_type=person.type,
        person_id=person.id,
        person_label=person.label,
        purpose=text.purpose,
        decision=decision,
        text=text,
        given_at=now(),
        given_by_label=actor.label,
        given_by_type=actor.type,
        right=right,
        how=Consent.How.LINK if actor.came_by_link else Consent.How.ACCOUNT,
        about=about,
    )
    action = "consent.give" if decision == Consent.Decision.PERMIT else "consent.withdraw"
    detail = {"purpose": text.purpose, "version": text.version, "language": text.language}
    record(actor=actor, action=action, entity=consent, patient_id=patient.pk, detail=detail)
    ports.tell_answered(actor, consent)
    return consent
