"""Keeps when a moved visit was to begin, so that the patient's page can say both times."""

from accounts.actors import Actor
from scheduling.models import Appointment
from scheduling.ports import Before


def remember_former_time(actor: Actor, appointment: Appointment, before: Before) -> None:
    """Listener, inside the transaction of the move. Only another beginning is news to the patient."""
    if before.starts_at != appointment.starts_at:
        appointment.moved_from = before.starts_at
        appointment.save(update_fields=["moved_from"])
