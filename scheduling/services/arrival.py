"""The life of an appointment as the visit goes on. Consults calls these inside its own transaction and policy check."""

from accounts.actors import Actor
from scheduling.lifecycle import AppointmentStatus, moved
from scheduling.models import Appointment
from scheduling.services.rows import record_move


def mark_arrived(*, actor: Actor, appointment: Appointment) -> Appointment:
    """The patient is in the waiting room. For consults, inside its transaction and after its own policy check."""
    return _move(actor, appointment, AppointmentStatus.ARRIVED, "scheduling.appointment.arrive")


def mark_not_arrived(*, actor: Actor, appointment: Appointment) -> Appointment:
    """The patient left the waiting room and may come again. For consults, like mark_arrived."""
    return _move(actor, appointment, AppointmentStatus.BOOKED, "scheduling.appointment.unarrive")


def fulfil_appointment(*, actor: Actor, appointment: Appointment) -> Appointment:
    """The visit is finished. For consults, like mark_arrived."""
    return _move(actor, appointment, AppointmentStatus.FULFILLED, "scheduling.appointment.fulfil")


def _move(actor: Actor, appointment: Appointment, target: AppointmentStatus, action: str) -> Appointment:
    before = appointment.status
    appointment.status = moved(before, target)
    appointment.save(update_fields=["status"])
    record_move(actor, action, appointment, before)
    return appointment
