"""Writing what the people of a visit answer about recording it, to whom they were asked to answer."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import Actor
from consent.models import Consent, Purpose
from consent.services import answer_in_visit
from consults.models import Encounter
from consults.people import is_asked_for
from consults.services.rows import locked_visit
from core.errors import Conflict

STALE = "consent.asked_for_another"


@transaction.atomic
def answer_about_recording(
    *, actor: Actor, encounter: Encounter, decision: str, text_version: str, asked_for: str
) -> Consent:
    """Keep the actor's yes or no to this recording. Whether they may answer, the caller has checked.

    The words name who may play it, and the page says back whom they named: a question that was opened before the visit
    went to somebody else is Conflict `consent.asked_for_another`. A no counts, whomever it was said to; and who presses
    Record is asked by nobody. Locked, so that the visit goes nowhere between the look and the answer.
    """
    encounter = locked_visit(encounter)
    is_yes = decision == Consent.Decision.PERMIT
    if is_yes and actor.came_by_link and not is_asked_for(encounter, asked_for):
        words = _("Somebody else sees you now than when we asked. Read the question again, then answer.")
        raise Conflict(words, code=STALE)
    return answer_in_visit(
        actor=actor,
        patient=encounter.patient,
        purpose=Purpose.RECORDING,
        decision=decision,
        text_version=text_version,
        about=encounter.uuid,
        since=encounter.performer_since,
    )
