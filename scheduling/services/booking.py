"""Booking and cancelling. Each is one transaction and audited; whether times are free, the database says."""

import datetime as dt
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import IntegrityError, transaction

from accounts.actors import Actor
from accounts.models import Location, Patient, Practitioner
from accounts.policy import Relation, may, require
from audit.services import record
from core.clock import now
from core.errors import Conflict, Invalid, NotFound
from scheduling import ports
from scheduling.guards import NO_OVERLAP
from scheduling.lifecycle import OVER, AppointmentStatus, moved
from scheduling.models import Appointment, BookableActor, OccupiedSpan, PersonalLink
from scheduling.policies import relation_to
from scheduling.services.rows import lock_appointment, record_move

LONGEST = dt.timedelta(hours=8)
# The desk makes a visit "now" while the minute passes; the system brings in what happened earlier today.
GRACE = dt.timedelta(minutes=5)
SYSTEM_GRACE = dt.timedelta(hours=24)
JUST_NOW = dt.timedelta(minutes=5)


def book_appointment(
    *,
    actor: Actor,
    patient: Patient,
    practitioner: Practitioner,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    timezone: str,
    reason: str = "",
) -> Appointment:
    """Make an appointment with its spans, the patient's link and, through the ports, its visit; all or nothing.

    Raises Conflict `slot.taken` (extra `whose`: "practitioner" or "patient"), Invalid for impossible times,
    NotFound for people of another clinic.
    """
    _require_booking(actor, patient, practitioner)
    _require_possible(actor, starts_at, ends_at, timezone)
    try:
        with transaction.atomic():
            return _book(actor, patient, practitioner, starts_at, ends_at, timezone, reason)
    except Conflict as conflict:
        # Written after the rollback, which would have taken it along.
        record(
            actor=actor,
            action="scheduling.appointment.book",
            patient_id=patient.pk,
            outcome="refused",
            detail={"code": conflict.code, "practitioner": practitioner.pk},
        )
        raise


@transaction.atomic
def cancel_appointment(*, actor: Actor, appointment: Appointment, reason: str) -> Appointment:
    """Cancel before it begins and give the time back. The link stays and says so; cancelling twice changes nothing."""
    appointment = lock_appointment(appointment.pk)
    over = appointment.status in OVER
    relation = relation_to(actor, appointment)
    require(actor, "scheduling.appointment.cancel", relation)
    if appointment.status == AppointmentStatus.CANCELLED:
        return appointment
    if over:
        raise Conflict("This appointment is over. There is nothing left to cancel.", code="appointment.over")
    ports.tell_cancelled(actor, appointment)
    before = appointment.status
    appointment.status = moved(before, AppointmentStatus.CANCELLED)
    appointment.cancellation_reason = reason.strip()[:200]
    appointment.save(update_fields=["status", "cancellation_reason"])
    appointment.spans.all().delete()
    record_move(actor, "scheduling.appointment.cancel", appointment, before)
    return appointment


def _book(
    actor: Actor,
    patient: Patient,
    practitioner: Practitioner,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    timezone: str,
    reason: str,
) -> Appointment:
    appointment = Appointment.objects.create(
        organization_id=practitioner.organization_id,
        location=Location.objects.get(organization_id=practitioner.organization_id, is_default=True),
        patient=patient,
        practitioner=practitioner,
        starts_at=starts_at,
        ends_at=ends_at,
        timezone=timezone,
        reason=reason.strip()[:200],
    )
    for bookable in _locked_bookables(patient, practitioner):
        _occupy(appointment, bookable)
    PersonalLink.objects.create(organization_id=appointment.organization_id, appointment=appointment, patient=patient)
    ports.tell_booked(actor, appointment)
    record(actor=actor, action="scheduling.appointment.book", entity=appointment, patient_id=patient.pk)
    return appointment


def _locked_bookables(patient: Patient, practitioner: Practitioner) -> list[BookableActor]:
    """The two whose time is taken, locked in one order.

    The locks prevent no double booking, the guard does; they keep two inserts from waiting for each other's index
    entry, which PostgreSQL would end as a deadlock.
    """
    organization_id = practitioner.organization_id
    practitioners, _ = BookableActor.objects.get_or_create(
        practitioner=practitioner,
        defaults={"organization_id": organization_id, "kind": BookableActor.Kind.PRACTITIONER},
    )
    patients, _ = BookableActor.objects.get_or_create(
        patient=patient, defaults={"organization_id": organization_id, "kind": BookableActor.Kind.PATIENT}
    )
    ids = [practitioners.pk, patients.pk]
    locked = list(BookableActor.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
    return sorted(locked, key=lambda one: one.kind != BookableActor.Kind.PRACTITIONER)


def _occupy(appointment: Appointment, bookable: BookableActor) -> None:
    try:
        with transaction.atomic():
            OccupiedSpan.objects.create(
                organization_id=appointment.organization_id,
                actor=bookable,
                appointment=appointment,
                starts_at=appointment.starts_at,
                ends_at=appointment.ends_at,
            )
    except IntegrityError as refusal:
        if NO_OVERLAP not in str(refusal):
            raise
        raise _taken(appointment, bookable) from refusal


def _taken(appointment: Appointment, bookable: BookableActor) -> Conflict:
    time = _spoken_time(appointment.starts_at, appointment.timezone)
    if bookable.kind == BookableActor.Kind.PATIENT:
        message = f"This patient already has a visit at {time}. Choose another time."
    else:
        how = "was just" if _is_fresh(appointment, bookable) else "is"
        message = f"{time}, {how} taken. Choose another time."
    return Conflict(message, code="slot.taken", whose=bookable.kind, starts_at=appointment.starts_at.isoformat())


def _is_fresh(appointment: Appointment, bookable: BookableActor) -> bool:
    """Whether the time went while somebody filled in the form; what stood there before is no news."""
    in_the_way = OccupiedSpan.objects.filter(
        actor=bookable, starts_at__lt=appointment.ends_at, ends_at__gt=appointment.starts_at
    )
    return not in_the_way.filter(appointment__created_at__lt=now() - JUST_NOW).exists()


def _spoken_time(instant: dt.datetime, timezone: str) -> str:
    local = instant.astimezone(ZoneInfo(timezone))
    city = timezone.rsplit("/", 1)[-1].replace("_", " ")
    return f"{local.hour % 12 or 12}:{local.minute:02} {'am' if local.hour < 12 else 'pm'}, {city} time"


def _require_booking(actor: Actor, patient: Patient, practitioner: Practitioner) -> None:
    organization_id = practitioner.organization_id
    if patient.organization_id != organization_id:
        raise NotFound
    if actor.type != "system" and actor.organization_id != organization_id:
        raise NotFound
    own = actor.practitioner_id is not None and actor.practitioner_id == practitioner.pk
    relations = (Relation.SAME_CLINIC, Relation.OWN) if own else (Relation.SAME_CLINIC,)
    if not any(may(actor, "scheduling.appointment.book", relation) for relation in relations):
        raise NotFound


def _require_possible(actor: Actor, starts_at: dt.datetime, ends_at: dt.datetime, timezone: str) -> None:
    if starts_at.tzinfo is None or ends_at.tzinfo is None:
        raise Invalid("Say the time with its zone.", code="appointment.zone_missing")
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid("Choose a time zone from the list.", code="appointment.zone_unknown") from None
    if ends_at <= starts_at:
        raise Invalid("The visit must end after it starts. Choose a later end.", code="appointment.ends_before_start")
    if ends_at - starts_at > LONGEST:
        raise Invalid("A visit lasts 8 hours at most. Choose an earlier end.", code="appointment.too_long")
    grace = SYSTEM_GRACE if actor.type == "system" else GRACE
    if starts_at < now() - grace:
        raise Invalid("That time is over. Choose a later one.", code="appointment.in_past")
