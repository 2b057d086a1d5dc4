"""Visits to come that nobody planned messages for get their reminders: those booked before the house sent any."""

import datetime as dt

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from core.clock import now
from notifications.models import Message
from notifications.services.arranging import MOST_BEFORE
from notifications.services.planning import plan
from scheduling.lifecycle import AppointmentStatus
from scheduling.messages.planning import coming_patients, planned_for, reminders, version_of
from scheduling.models import Appointment, GroupPlace

log = structlog.get_logger(__name__)

# Longer than any reminder goes out before its visit.
AHEAD = dt.timedelta(minutes=MOST_BEFORE) + dt.timedelta(days=1)


def plan_missing() -> int:
    """A job: reminders for booked visits of the coming days that have no message at all. Returns for how many.

    What each visit has is asked once more under its lock, so that a visit which is moved this moment has it once.
    """
    instant = now()
    about_them = Message.objects.filter(about=OuterRef("appointment__uuid"), patient=OuterRef("patient"))
    # Of a group somebody who has joined since has messages, and the others still have none.
    places = GroupPlace.objects.filter(~Exists(about_them), appointment=OuterRef("pk"), status=AppointmentStatus.BOOKED)
    untold = Appointment.objects.filter(
        ~Exists(Message.objects.filter(about=OuterRef("uuid"))) | Q(Exists(places), capacity__gt=1),
        status=AppointmentStatus.BOOKED,
        starts_at__gt=instant,
        starts_at__lt=instant + AHEAD,
    )
    done = 0
    for pk in list(untold.order_by("starts_at").values_list("pk", flat=True)):
        try:
            done += _plan(pk)
        except Exception as error:  # noqa: BLE001  The visits behind this one are reminded of all the same.
            log.error("reminders_not_planned", appointment=pk, error=type(error).__name__)
    return done


@transaction.atomic
def _plan(pk: int) -> bool:
    appointment = Appointment.objects.select_for_update(of=("self",)).filter(pk=pk).select_related("patient").first()
    if appointment is None or appointment.status != AppointmentStatus.BOOKED:
        return False
    told = set(Message.objects.filter(about=appointment.uuid).values_list("patient", flat=True))
    if told and not appointment.is_group:
        return False
    entries = reminders(appointment.starts_at, planned_for(appointment))
    untold = [patient for patient, _ in coming_patients(appointment) if patient.pk not in told]
    for patient in untold if entries else ():
        plan(patient=patient, about=appointment.uuid, version=version_of(appointment, patient), entries=entries)
    return bool(entries and untold)
