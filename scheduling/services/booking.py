"""Booking, confirming and cancelling. Each is one transaction, audited; whether times are free, the database says."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.models import Location, Patient, Practitioner
from accounts.policy import Relation, require
from audit.services import record
from core.errors import Conflict
from scheduling import ports
from scheduling.lifecycle import OVER, AppointmentStatus, moved
from scheduling.models import Appointment, GroupPlace, Interpreter, PersonalLink, Series, VisitType
from scheduling.policies import relation_to
from scheduling.selectors.groups import coming_to, own_place
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
from scheduling.services.places import give_up, group_of, join, open_places
from scheduling.services.rows import lock_appointment, lock_read, record_move
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
    further: Sequence[Patient] = (),
    outside_rules: bool = False,
) -> Appointment:
    """Make an appointment with its spans, the patient's link and, through the ports, its visit; all or nothing.

    A visit type for several takes `further` patients; where a group visit of that type begins then already, they
    join it and get that one.

    Raises Conflict `slot.taken` (extra `whose`: "practitioner", "patient", "location", "interpreter" or "group", and
    `nearest`, the free times around), Invalid for impossible times, NotFound for people of another clinic. Staff are
    told of a time outside the practitioner's hours, Invalid `appointment.outside_rules`, until they say
    `outside_rules`.
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
        further=tuple(further),
    )
    require_possible(actor, starts_at, ends_at, timezone)
    require_booking(actor, wish)
    if not outside_rules and group_of(wish) is None:
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
    for patient in _say_yes(appointment):
        ports.tell_confirmed(actor, appointment, patient)
    ports.tell_status_changed(actor, appointment)
    ports.tell_changed(appointment)
    record_move(actor, "scheduling.appointment.confirm", appointment, before)
    return appointment


def _say_yes(appointment: Appointment) -> list[Patient]:
    """Whom the clinic's yes is for: of a group everybody whose place waited for it."""
    if not appointment.is_group:
        return [appointment.patient] if appointment.patient is not None else []
    waiting = GroupPlace.objects.filter(appointment=appointment, status=AppointmentStatus.PENDING)
    patients = [place.patient for place in waiting.select_related("patient").order_by("number")]
    waiting.update(status=AppointmentStatus.BOOKED)
    return [one for one in patients if one is not None]


@transaction.atomic
def cancel_appointment(
    *, actor: Actor, appointment: Appointment, reason: str, sequence: int | None = None
) -> Appointment:
    """Cancel before it begins and give the time back. The link stays and says so; cancelling twice changes nothing.

    A patient of a group says so for themselves alone; when the last one does, the visit is cancelled.
    """
    appointment = lock_read(appointment)
    over = appointment.status in OVER
    relation = relation_to(actor, appointment)
    require(actor, "scheduling.appointment.cancel", relation)
    if appointment.status == AppointmentStatus.CANCELLED or relation is Relation.LEFT:
        return appointment
    if over:
        raise Conflict(_("This appointment is over. There is nothing left to cancel."), code="appointment.over")
    require_unchanged(appointment, sequence)
    require_notice(actor, appointment)
    if not (appointment.is_group and _leave(actor, appointment, reason)):
        cancel_locked(actor, appointment, reason)
    return appointment


def _leave(actor: Actor, group: Appointment, reason: str) -> bool:
    """Of a group a patient gives up only their own place. False for staff, and for who is the last."""
    place = own_place(actor, group)
    return place is not None and give_up(actor, group, place, reason, "scheduling.group.leave")


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
    if not appointment.is_walk_in:
        ports.tell_time_freed(
            appointment.organization_id, appointment.practitioner, appointment.starts_at, appointment.ends_at
        )
    record_move(actor, "scheduling.appointment.cancel", appointment, before)


def book_wish(actor: Actor, wish: Wish) -> Appointment:
    """For the services of this app: book it, all or nothing; a refusal is recorded."""
    require_booking(actor, wish)
    require_fitting(wish, joins=group_of(wish) is not None)
    try:
        with guarded():
            return make_appointment(actor, wish)
    except Conflict as conflict:
        if conflict.extra.get("whose") == "practitioner" and (group := group_of(wish)):
            # Somebody else opened the same group this moment.
            return _join_opened(actor, wish, group)
        # Written after the rollback, which would have taken it along.
        record_refusal(actor, "scheduling.appointment.book", wish, conflict)
        raise


def _join_opened(actor: Actor, wish: Wish, group: Appointment) -> Appointment:
    with guarded():
        join(actor, group, wish.patients, "scheduling.appointment.book")
        bring_guests(actor, group, wish.guests)
    return group


def make_appointment(actor: Actor, wish: Wish, *, series: Series | None = None) -> Appointment:
    """For the services of this app: a booked appointment with all that belongs to it, inside `guarded`."""
    if wish.patient is None:
        raise ValueError("an appointment is for somebody")
    if group := group_of(wish):
        return _join_opened(actor, wish, group)
    appointment = insert_appointment(actor, wish, status=AppointmentStatus.BOOKED, series=series)
    tell_made(actor, appointment)
    bring_guests(actor, appointment, wish.guests)
    for patient in wish.patients:
        record(actor=actor, action="scheduling.appointment.book", entity=appointment, patient_id=patient.pk)
    return appointment


def insert_appointment(actor: Actor, wish: Wish, **columns: Any) -> Appointment:
    """The row and the time it takes."""
    appointment = insert_row(wish, capacity=wish.capacity, **columns)
    if appointment.is_group:
        open_places(appointment, wish.patients)
    occupy(actor, appointment)
    return appointment


def insert_row(wish: Wish, **columns: Any) -> Appointment:
    """The row alone."""
    before, after = buffers_of(wish.practitioner)
    return Appointment.objects.create(
        organization_id=wish.practitioner.organization_id,
        location_id=Location.objects.values_list("pk", flat=True).get(
            organization_id=wish.practitioner.organization_id, is_default=True
        ),
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


def tell_made(actor: Actor, appointment: Appointment) -> None:
    """What comes with an appointment that is for somebody: a link each, and what higher rooms make of it."""
    coming = (
        [place.patient_id for place in coming_to(appointment)] if appointment.is_group else [appointment.booked_for]
    )
    for patient_id in coming:
        if patient_id is not None:
            PersonalLink.objects.create(
                organization_id=appointment.organization_id, appointment=appointment, patient_id=patient_id
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
