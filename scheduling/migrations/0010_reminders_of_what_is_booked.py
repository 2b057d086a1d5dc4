"""Visits that were booked before there were messages get their reminders, at the usual times and by the usual way.

No clinic has planned anything else yet, and nobody has chosen. What would be due already is left out.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.db import migrations

from core.clock import now

# The earliest first.
BEFORE = (("visit.reminder_day", dt.timedelta(hours=24)), ("visit.reminder_hour", dt.timedelta(hours=1)))
AT_ONCE = 500


def plan_reminders(apps: Any, schema_editor: Any) -> None:
    """Written in the form in which a booking writes them (messages/planning.py)."""
    message = apps.get_model("notifications", "Message")
    rows: list[Any] = []
    for appointment, patient, left in _coming(apps):
        for (kind, before), end in zip(BEFORE, (BEFORE[1][1], dt.timedelta()), strict=True):
            due = appointment.starts_at - before
            if due < now():
                continue
            rows.append(
                message(
                    organization_id=appointment.organization_id,
                    patient_id=patient.pk,
                    kind=kind,
                    about=appointment.uuid,
                    version=appointment.sequence + left,
                    channel="email" if patient.email.strip() else "sms",
                    due_at=due,
                    next_at=due,
                    too_late_at=appointment.starts_at - end,
                )
            )
        if len(rows) >= AT_ONCE:
            message.objects.bulk_create(rows, ignore_conflicts=True)
            rows = []
    message.objects.bulk_create(rows, ignore_conflicts=True)


def _coming(apps: Any) -> Iterator[tuple[Any, Any, int]]:
    """Each visit ahead that is booked for sure, who comes, and how often they had left it, of a group."""
    appointments = apps.get_model("scheduling", "Appointment").objects.filter(starts_at__gt=now())
    alone = appointments.filter(status="booked", capacity=1, patient__isnull=False).select_related("patient")
    for one in alone.order_by("pk").iterator(AT_ONCE):
        yield one, one.patient, 0
    places = apps.get_model("scheduling", "GroupPlace").objects.filter(
        appointment__starts_at__gt=now(), patient__isnull=False
    )
    left = Counter(places.filter(status="cancelled").values_list("appointment_id", "patient_id"))
    taken = places.filter(status="booked", appointment__status="booked").select_related("appointment", "patient")
    for place in taken.order_by("pk").iterator(AT_ONCE):
        yield place.appointment, place.patient, left[place.appointment_id, place.patient_id]


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0001_outbox"),
        ("scheduling", "0009_coming_and_time_sequence"),
    ]

    operations = [migrations.RunPython(plan_reminders, migrations.RunPython.noop)]
