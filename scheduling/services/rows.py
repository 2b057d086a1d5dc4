"""What every change of an appointment has in common: its lock, its audit event, and how a time is said."""

import datetime as dt
from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from accounts.actors import Actor
from audit.services import record
from scheduling.models import Appointment


def lock_appointment(appointment_id: int) -> Appointment:
    """Lock an appointment's row. Whoever locks its visit too locks the appointment first, or two could wait forever."""
    return Appointment.objects.select_for_update(of=("self",)).select_related("practitioner").get(pk=appointment_id)


def lock_appointments(appointment_ids: Iterable[int]) -> list[Appointment]:
    """Lock several, by primary key, so that two who lock some of the same never wait for each other."""
    found = Appointment.objects.select_for_update(of=("self",)).filter(pk__in=list(appointment_ids)).order_by("pk")
    return list(found.select_related("practitioner"))


def record_move(actor: Actor, action: str, appointment: Appointment, before: str, **detail: Any) -> None:
    record(
        actor=actor,
        action=action,
        entity=appointment,
        patient_id=appointment.patient_id,
        detail={"from": str(before), "to": str(appointment.status), **detail},
    )


def spoken_time(instant: dt.datetime, timezone: str) -> str:
    """ "9:20 am, Chicago time"."""
    local = instant.astimezone(ZoneInfo(timezone))
    city = timezone.rsplit("/", 1)[-1].replace("_", " ")
    return f"{local.hour % 12 or 12}:{local.minute:02} {'am' if local.hour < 12 else 'pm'}, {city} time"
