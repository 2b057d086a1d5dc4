"""Booking, confirming and cancelling. Each is one transaction, audited; whether times are free, the database says."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from accounts.actors import Actor
from accounts.models import Location, Patient, Practitioner
from accounts.policy import require
from audit.services import record
from core.errors import Conflict
from scheduling import ports
from scheduling.lifecycle import OVER, AppointmentStatus, moved
from scheduling.models import Appointment, Interpreter, PersonalLink, Series, VisitType
from scheduling.policies import relation_to
from scheduling.services.checks import (
    Companion,
    Wish,
    require_booking,
    require_fitting,
    require_notice,
    require_possible,
    require_unchanged,
)
from scheduling.services.guests import bring_guests
from scheduling.services.openness import require_open, with_nearest
from scheduling.services.rows import lock_appointment, record_move
from scheduling.services.spans import guarded, occupy, vacate


def book_appointment(
    *,
    actor: Actor,
    patient: Patient,
    practitioner: Practitioner,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    timezone: str,
    reason: str = "",
    visit_type: VisitType | None = None,
    modality: str = "",
    room: Location | None = None,
    interpreter: Interpreter | None = None,
    follows: Appointment | None = None,
    guests: Sequence[Companion] = (),
    outside_rules: bool = False,
) -> Appointment:
    """Make an appointment with its spans, the patient's link and, through the ports, its visit; all or nothing.

    Raises Conflict `slot.taken` (extra `whose`: "practitioner", "patient", "location" or "interpreter", and `nearest`,
    the free times around), Invalid for impossible times, NotFound for people of another clinic. Staff are told of a
    time outside the practitioner's hours, Invalid `appointment.outside_rules`, until they say `outside_rules`.
    """
    wish = Wish(
        practitioner=practitioner,
        patient=patient,
        starts_at=starts_at,
        ends_at=ends_at,
        timezone=timezone,
        visit_type=visit_type,
        modality=modality,
        room=room,
        interpreter=interpreter,
        reason=reason,
        follows=follows,
        guests=tuple(guests),
    )
    require_possible(actor, starts_at, ends_at, timezone)
    require_booking(actor, wish)
    if not outside_rules:
        require_open(actor, wish)
    try:
        return book_wish(actor, wish)
    except Conflict as conflict:
        with_nearest(conflict, actor, wish)
        raise


@transaction.atomic
def confirm_appointment(*, actor: Actor, appointment: Appointment) -> Appointment:
    """The clinic says yes to what a patient booked; confirming twice changes nothing."""
    appointment = lock_appointment(appointment.pk)
    require(actor, "scheduling.appointment.confirm", relation_to(actor, appointment))
    if appointment.status == AppointmentStatus.BOOKED:
        return appointment
    before = appointment.status
    appointment.status = moved(before, AppointmentStatus.BOOKED)
    appointment.sequence += 1
    appointment.save(update_fields=["status", "sequence"])
    ports.tell_status_changed(actor, appointment)
    ports.tell_changed(appointment)
    record_move(actor, "scheduling.appointment.confirm", appointment, before)
    return appointment


@transaction.atomic
def cancel_appointment(
    *, actor: Actor, appointment: Appointment, reason: str, sequence: int | None = None
) -> Appointment:
    """Cancel before it begins and give the time back. The link stays and says so; cancelling twice changes nothing."""
    appointment = lock_appointment(appointment.pk)
    over = appointment.status in OVER
    relation = relation_to(actor, appointment)
    require(actor, "scheduling.appointment.cancel", relation)
    if appointment.status == AppointmentStatus.CANCELLED:
        return appointment
    if over:
        raise Conflict("This appointment is over. There is nothing left to cancel.", code="appointment.over")
    require_unchanged(appointment, sequence)
    require_notice(actor, appointment)
    cancel_locked(actor, appointment, reason)
    return appointment


def cancel_locked(actor: Actor, appointment: Appointment, reason: str) -> None:
    """For the services of this app: cancel a locked appointment after their own checks."""
    if appointment.status != AppointmentStatus.PROPOSED:  # a hold is nobody's visit yet
        ports.tell_cancelled(actor, appointment)
    before = appointment.status
    appointment.status = moved(before, AppointmentStatus.CANCELLED)
    appointment.cancellation_reason = reason.strip()[:200]
    appointment.sequence += 1
    appointment.save(update_fields=["status", "cancellation_reason", "sequence"])
    vacate(appointment)
    ports.tell_changed(appointment)
    ports.tell_time_freed(
        appointment.organization_id, appointment.practitioner, appointment.starts_at, appointment.ends_at
    )
    record_move(actor, "scheduling.appointment.cancel", appointment, before)


def book_wish(actor: Actor, wish: Wish) -> Appointment:
    """For the services of this app: book it, all or nothing; a refusal is recorded."""
    require_booking(actor, wish)
    require_fitting(wish)
    try:
        with guarded():
            return make_appointment(actor, wish)
    except Conflict as conflict:
        # Written after the rollback, which would have taken it along.
        record_refusal(actor, "scheduling.appointment.book", wish, conflict)
        raise


def make_appointment(actor: Actor, wish: Wish, *, series: Series | None = None) -> Appointment:
    """For the services of this app: a booked appointment with all that belongs to it, inside `guarded`."""
    if wish.patient is None:
        raise ValueError("an appointment is for somebody")
    appointment = insert_appointment(actor, wish, status=AppointmentStatus.BOOKED, series=series)
    tell_made(actor, appointment)
    bring_guests(actor, appointment, wish.guests)
    record(actor=actor, action="scheduling.appointment.book", entity=appointment, patient_id=wish.patient.pk)
    return appointment


def insert_appointment(actor: Actor, wish: Wish, **columns: Any) -> Appointment:
    """The row and the time it takes."""
    before, after = buffers_of(wish.practitioner)
    appointment = Appointment.objects.create(
        organization_id=wish.practitioner.organization_id,
        location=Location.objects.get(organization_id=wish.practitioner.organization_id, is_default=True),
        patient=wish.patient,
        practitioner=wish.practitioner,
        visit_type=wish.visit_type,
        modality=wish.how,
        room=wish.room,
        interpreter=wish.interpreter,
        follows=wish.follows,
        starts_at=wish.starts_at,
        ends_at=wish.ends_at,
        timezone=wish.timezone,
        reason=wish.reason.strip()[:200],
        buffer_before=before,
        buffer_after=after,
        **columns,
    )
    occupy(actor, appointment)
    return appointment


def tell_made(actor: Actor, appointment: Appointment) -> None:
    """What comes with an appointment that is for somebody: the link, and what higher rooms make of it."""
    PersonalLink.objects.create(
        organization_id=appointment.organization_id, appointment=appointment, patient_id=appointment.booked_for
    )
    ports.tell_booked(actor, appointment)
    ports.tell_changed(appointment)


def buffers_of(practitioner: Practitioner) -> tuple[int, int]:
    """Minutes before and after each visit that the practitioner keeps free, as it is now."""
    schedule = getattr(practitioner, "schedule", None)
    return (schedule.buffer_before, schedule.buffer_after) if schedule else (0, 0)


def record_refusal(actor: Actor, action: str, wish: Wish, conflict: Conflict) -> None:
    record(
        actor=actor,
        action=action,
        patient_id=wish.patient.pk if wish.patient else None,
        outcome="refused",
        detail={"code": conflict.code, "practitioner": wish.practitioner.pk},
    )
