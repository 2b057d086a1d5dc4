"""Writing consent: one row per answer, never a change of an older one."""

import uuid as uuids

from django.db import transaction

from accounts.actors import Actor
from accounts.models import Patient
from accounts.policy import require
from audit.services import record
from consent.models import Consent, ConsentText, Purpose
from consent.policies import relation_to
from consent.selectors import current_text, standing_consent
from core.clock import now
from core.errors import Conflict, Invalid


@transaction.atomic
def give_consent(
    *, actor: Actor, patient: Patient, purpose: str, text_version: str, about: uuids.UUID | None = None
) -> Consent:
    """Keep a yes to the words that were shown; a yes that already stands is returned as it is.

    Raises Conflict `consent.text_changed` when other words came into force meanwhile.
    """
    require(actor, "consent.give", relation_to(actor, patient))
    text = _text_in_force(patient, purpose, text_version)
    standing = standing_consent(patient, purpose)
    if standing is not None:
        return standing
    return _keep(actor, patient, text, Consent.Decision.PERMIT, about)


@transaction.atomic
def withdraw_consent(*, actor: Actor, patient: Patient, purpose: str, about: uuids.UUID | None = None) -> Consent:
    """Keep a no; from now on no earlier yes stands."""
    require(actor, "consent.withdraw", relation_to(actor, patient))
    text = current_text(patient.organization, _known(purpose), patient.language)
    return _keep(actor, patient, text, Consent.Decision.DENY, about)


def _text_in_force(patient: Patient, purpose: str, version: str) -> ConsentText:
    text = current_text(patient.organization, _known(purpose), patient.language)
    if text.version == version:
        return text
    if ConsentText.objects.filter(purpose=purpose, version=version).exists():
        raise Conflict("These words have changed. Read them again, then answer.", code="consent.text_changed")
    raise Invalid("Read the text on the page, then answer.", code="consent.text_unknown")


def _known(purpose: str) -> Purpose:
    try:
        return Purpose(purpose)
    except ValueError:
        raise Invalid("We do not ask for that consent.", code="consent.purpose_unknown") from None


def _keep(
    actor: Actor, patient: Patient, text: ConsentText, decision: Consent.Decision, about: uuids.UUID | None
) -> Consent:
    consent = Consent.objects.create(
        organization_id=patient.organization_id,
        patient=patient,
        purpose=text.purpose,
        decision=decision,
        text=text,
        given_at=now(),
        given_by_label=actor.label,
        given_by_type=actor.type,
        about=about,
    )
    action = "consent.give" if decision == Consent.Decision.PERMIT else "consent.withdraw"
    detail = {"purpose": text.purpose, "version": text.version, "language": text.language}
    record(actor=actor, action=action, entity=consent, patient_id=patient.pk, detail=detail)
    return consent
