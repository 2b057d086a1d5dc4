"""Who may do what with recordings: the people of the visit, each for themself, and the practitioner who records."""

import datetime as dt

from accounts.actors import Actor
from accounts.policy import Policy, Relation, declare, may
from accounts.roles import Role
from consults import codes
from consults.lifecycle import BEGUN, OVER
from consults.models import Encounter
from consults.policies import relation_to_visit
from consults.selectors.shown import has_shown_who
from core.errors import NotFound
from recordings.models import Recording
from scheduling.policies import relation_to

PATIENT = frozenset({Role.PATIENT})
PRACTITIONER = frozenset({Role.PRACTITIONER})
GUEST = frozenset({Role.GUEST})
PRIVACY_OFFICER = frozenset({Role.PRIVACY_OFFICER})

OWN = frozenset({Relation.OWN})
OWN_OR_ENDED = frozenset({Relation.OWN, Relation.ENDED})
CLINIC = frozenset({Relation.OWN, Relation.ENDED, Relation.SAME_CLINIC})

declare(
    Policy("recordings.start", PRACTITIONER, OWN),
    # Stopping what the visit's end has stopped is no error.
    Policy("recordings.stop", PRACTITIONER, OWN_OR_ENDED),
    # A no counts after the visit, too.
    Policy("recordings.consent", PATIENT | PRACTITIONER | GUEST, OWN_OR_ENDED),
    Policy("recordings.list", PRACTITIONER),
    Policy("recordings.play", PATIENT | PRACTITIONER, OWN_OR_ENDED),
    Policy("recordings.export", PATIENT | PRACTITIONER, OWN_OR_ENDED),
    # One's own part only; whose it is, the row says.
    Policy("recordings.erase_mine", PATIENT | PRACTITIONER | GUEST, OWN_OR_ENDED),
    # Keeping and erasing is another office than playing: who does this sees no picture and hears no word.
    Policy("recordings.retention", PRIVACY_OFFICER),
    Policy("recordings.hold", PRIVACY_OFFICER, CLINIC),
    Policy("recordings.erase", PRIVACY_OFFICER, CLINIC),
)


def relation_to_recording(actor: Actor, recording: Recording) -> Relation:
    """One stands to a recording as to its visit; of the practitioners of one that was passed on, who has recorded it.

    That is what people were told who agreed.
    """
    encounter = recording.encounter
    if actor.practitioner_id is None or actor.came_by_link:
        return relation_to_visit(actor, encounter)
    is_theirs = (recording.requested_by_type, recording.requested_by_id) == (actor.type, actor.id)
    over = encounter.status in OVER
    return relation_to(actor, encounter.appointment, over=over, performed_by=actor.practitioner_id if is_theirs else 0)


def is_behind_code(actor: Actor, encounter: Encounter, within: dt.timedelta = codes.OPEN_FOR) -> bool:
    """Whether no call is on and this patient's link is all that is known of them: it may be in anybody's hands.

    So it is after the visit, and after a recorded call out of which it was passed on, until they are called in again.
    Guests get no code. They play nothing, and keep the right to have their own part erased.
    """
    if actor.type != "patient" or not actor.came_by_link or encounter.status in BEGUN:
        return False
    may_show = may(actor, "consults.leave.open", relation_to_visit(actor, encounter))
    return not (may_show and has_shown_who(actor, encounter, within))


def may_recording(actor: Actor, action: str, recording: Recording, within: dt.timedelta = codes.OPEN_FOR) -> bool:
    """What the table allows, and without a call only who has shown who they are (docs/door.md, "After the visit")."""
    is_allowed = may(actor, action, relation_to_recording(actor, recording))
    return is_allowed and not is_behind_code(actor, recording.encounter, within)


def require_recording(actor: Actor, action: str, recording: Recording) -> None:
    """Raise NotFound for what they may not."""
    if not may_recording(actor, action, recording):
        raise NotFound
