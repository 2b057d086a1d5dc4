"""What every change of an appointment has in common: its lock and its audit event."""

from accounts.actors import Actor
from audit.services import record
from scheduling.models import Appointment


def lock_appointment(appointment_id: int) -> Appointment:
    """Lock an appointment's row. Whoever locks its visit too locks the appointment first, or two could wait forever."""
    return Appointment.objects.select_for_update().get(pk=appointment_id)


def record_move(actor: Actor, action: str, appointment: Appointment, before: str) -> None:
    record(
        actor=actor,
        action=action,
        entity=appointment,
        patient_id=appointment.patient_id,
        detail={"from": str(before), "to": str(appointment.status)},
    )
