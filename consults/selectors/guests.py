"""Reading for guests: whether they may sit down, and how little of a visit they are shown before they do."""

from typing import Any

from accounts.actors import Actor
from consent.models import Purpose
from consent.selectors import agreed_in_visit, standing_consent
from consults.lifecycle import VisitStatus
from consults.models import Encounter, Seat
from consults.presence import may_sit
from core.clock import now
from scheduling.selectors import get_link


def has_agreed(actor: Actor, encounter: Encounter) -> bool:
    """Whether this guest has said yes to a video visit at this one. Of others it is asked elsewhere, or not at all."""
    if actor.type != "guest" or actor.id is None:
        return actor.type != "guest"
    if actor.for_patient_id is not None:
        # One answer for the patient and whoever agrees for them: they come in together.
        given = standing_consent(encounter.patient, Purpose.TELEHEALTH)
        return given is not None and given.right_id is not None
    yes = agreed_in_visit(encounter.organization, encounter.uuid, Purpose.TELEHEALTH, actor.type, actor.id)
    return yes is not None


def host_of(actor: Actor) -> str:
    """What the patient is called whom this guest comes along with; empty for a group, whose members are not told."""
    link = get_link(actor)
    if link.appointment.is_group:
        return ""
    return (link.patient.merged_into or link.patient).given_name


def may_take_seat(actor: Actor, encounter: Encounter) -> bool:
    """Whether `take_seat` would let this person sit down now."""
    return may_sit(actor, encounter, now()) and has_agreed(actor, encounter)


def has_sat(actor: Actor, encounter: Encounter) -> bool:
    """Whether this person has been in the room, however briefly: then what was written there is told to them."""
    return Seat.objects.filter(encounter=encounter, actor_type=actor.type, actor_id=actor.id or 0).exists()


def for_guest(actor: Actor, snapshot: dict[str, Any], encounter: Encounter) -> dict[str, Any]:
    """The same snapshot without what is not a guest's: the line, and the patient but for what they are called.

    Who sits in the room is told to those who sit there too.
    """
    is_there = any(seat["you"] for seat in snapshot["seats"])
    given_name = host_of(actor)
    return {
        **snapshot,
        "patient": {"name": given_name, "given_name": given_name, "face": ""},
        "line": {"position": None, "waiting": 0, "now": encounter.status == VisitStatus.IN_PROGRESS},
        "wait": None,
        "seats": snapshot["seats"] if is_there else [],
    }
