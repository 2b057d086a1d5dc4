"""What every change of an appointment has in common: its lock, its audit event, and how a time is said."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _

from accounts.actors import Actor
from audit.services import record
from notifications.spoken import CITIES, clock
from scheduling import ports
from scheduling.models import Appointment


def lock_appointment(appointment_id: int) -> Appointment:
    """Lock an appointment's row. Whoever locks its visit too locks the appointment first, or two could wait forever.

    Without a join: PostgreSQL looks at a row again that changed while it was waited for, but at the joined one as it
    was. A visit that had just gone to another practitioner would not be found.
    """
    return Appointment.objects.select_for_update().get(pk=appointment_id)


def lock_read(appointment: Appointment) -> Appointment:
    """Lock one that this request has read, afresh. Who is still its patient or practitioner is not read once more."""
    locked = lock_appointment(appointment.pk)
    for name in ("patient", "practitioner", "visit_type"):
        is_read = name in appointment._state.fields_cache
        if is_read and getattr(locked, f"{name}_id") == getattr(appointment, f"{name}_id"):
            setattr(locked, name, getattr(appointment, name))
    return locked


def lock_appointments(appointment_ids: Iterable[int]) -> list[Appointment]:
    """Lock several and their visits, by primary key: two who lock some of the same never wait for each other."""
    found = list(Appointment.objects.select_for_update().filter(pk__in=list(appointment_ids)).order_by("pk"))
    if len(found) > 1:
        ports.tell_locked([one.pk for one in found])
    prefetch_related_objects(found, "practitioner")
    return found


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
    city = timezone.rsplit("/", 1)[-1].replace("_", " ")
    where = _("%(city)s time") % {"city": _(city) if city in CITIES else city}
    return f"{clock(instant, timezone)}, {where}"
