"""Whether the person of a link has said that they come, and may say so."""

from dataclasses import dataclass

from accounts.actors import Actor
from accounts.policy import may
from core.clock import now
from scheduling.lifecycle import AppointmentStatus
from scheduling.models import Appointment
from scheduling.policies import relation_to
from scheduling.selectors.groups import own_place


@dataclass(frozen=True)
class Coming:
    """What the page of a visit says of it: at most one of the two is so."""

    is_said: bool
    may_say: bool


def coming_of(actor: Actor, appointment: Appointment) -> Coming:
    said = own_place(actor, appointment) or appointment
    if said.status != AppointmentStatus.BOOKED or appointment.starts_at <= now():
        return Coming(is_said=False, may_say=False)
    if said.coming_at is not None:
        return Coming(is_said=True, may_say=False)
    allowed = may(actor, "scheduling.appointment.coming", relation_to(actor, appointment))
    return Coming(is_said=False, may_say=allowed)
