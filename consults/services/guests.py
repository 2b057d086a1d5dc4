"""Writing what a guest agrees to at the door. Where they sit, seats say; what they answer of recording, recordings."""

from django.db import transaction

from accounts.actors import Actor
from consent.models import Consent, Purpose
from consent.services import answer_in_visit
from consults.models import Encounter
from consults.policies import require_visit
from consults.services.rows import locked_visit


@transaction.atomic
def agree_as_guest(*, actor: Actor, encounter: Encounter, text_version: str) -> Consent:
    """Keep a guest's own yes to this video visit, to the words in force. Agreeing twice keeps the row there is."""
    encounter = locked_visit(encounter)
    require_visit(actor, "consults.guest.agree", encounter)
    return answer_in_visit(
        actor=actor,
        patient=encounter.patient,
        purpose=Purpose.TELEHEALTH,
        decision=Consent.Decision.PERMIT,
        text_version=text_version,
        about=encounter.uuid,
    )
