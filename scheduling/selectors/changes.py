"""Who has changed an appointment last: what somebody whose page is old is told."""

from accounts.actors import Actor
from accounts.policy import require
from audit.selectors import events_for
from scheduling.models import Appointment
from scheduling.policies import relation_to

# The reader. Whoever shows it says so in words of their own.
YOU = "You"


def last_change_by(actor: Actor, appointment: Appointment) -> str:
    """The name of who did the last change that succeeded; YOU for the reader, empty when nobody is known."""
    require(actor, "scheduling.appointment.view", relation_to(actor, appointment))
    events = events_for(
        organization_id=appointment.organization_id,
        entity_type=appointment._meta.label,
        entity_id=str(appointment.uuid),
    )
    found = events.filter(outcome="success").exclude(action="view").first()
    if found is None:
        return ""
    return YOU if (found.actor_type, found.actor_id) == (actor.type, actor.id) else found.actor_label
