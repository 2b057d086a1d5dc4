"""The spans of time that an appointment takes: of its practitioner, its patients and, where used, room and interpreter.

Nothing here asks whether a time is free. The database's guard does, at the insert, and `refused` says whose it was.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.actors import Actor
from accounts.models import Patient
from audit.services import record
from core.clock import now
from core.errors import Conflict
from scheduling import ports
from scheduling.guards import NO_OVERLAP
from scheduling.lifecycle import AppointmentStatus, moved
from scheduling.models import Appointment, BookableActor, GroupPlace, OccupiedSpan
from scheduling.services.rows import spoken_time

JUST_NOW = dt.timedelta(minutes=5)
CANCELLED = AppointmentStatus.CANCELLED
Kind = BookableActor.Kind
# In this order actors are made and their conflicts told.
KINDS = (Kind.PRACTITIONER, Kind.PATIENT, Kind.LOCATION, Kind.INTERPRETER)
_MESSAGES = {
    Kind.PATIENT: gettext_noop("This patient already has a visit at %(time)s. Choose another time."),
    Kind.LOCATION: gettext_noop("%(room)s is taken at %(time)s. Choose another room or time."),
    Kind.INTERPRETER: gettext_noop(
        "%(interpreter)s interprets elsewhere at %(time)s. Choose another interpreter or time."
    ),
}


class Overlap(Exception):  # noqa: N818
    """The guard refused; raised through the transaction, so that whose time it was is asked after the rollback."""

    def __init__(self, spans: Sequence[OccupiedSpan], appointment: Appointment) -> None:
        super().__init__(NO_OVERLAP)
        self.spans, self.appointment = spans, appointment


@dataclass(frozen=True)
class _Place:
    """One who takes part, as BookableActor keeps it."""

    kind: str
    row_id: int

    @property
    def column(self) -> dict[str, int]:
        return {f"{self.kind}_id": self.row_id}


def occupy(actor: Actor, appointment: Appointment) -> None:
    """Take the time of everybody concerned. Raises Overlap; the caller's atomic block must end with it."""
    bookables = lock_bookables(appointment)
    _take(actor, appointment, bookables)


def reoccupy(actor: Actor, appointment: Appointment) -> None:
    """The appointment has changed: the old spans go and new ones come, under the guard like any other."""
    standing = [span.actor for span in appointment.spans.select_related("actor")]
    # Whose time is given back is locked too: of two who change places neither may wait for the other's queue.
    locked = lock_bookables(appointment, standing)
    places = _places(appointment)
    appointment.spans.all().delete()
    takes_part = [one for one in locked if any(_is_of(one, place) for place in places)]
    _take(actor, appointment, takes_part)


def occupy_more(actor: Actor, appointment: Appointment, patients: Sequence[Patient]) -> None:
    """Take the time of further patients of a group visit, whose row is locked; raises Overlap like `occupy`."""
    ids = {one.pk for one in patients}
    _take(actor, appointment, [one for one in lock_bookables(appointment) if one.patient_id in ids])


def lock_bookables(appointment: Appointment, others: Sequence[BookableActor] = ()) -> list[BookableActor]:
    """Those whose time the appointment takes, made where missing, locked in one order.

    The locks prevent no double booking, the guard does; they keep two inserts from waiting for each other's index
    entry, which PostgreSQL would end as a deadlock.
    """
    places = _places(appointment)
    known = {one.pk for one in others}
    found = _locked(places, known)
    missing = [place for place in places if not any(_is_of(one, place) for one in found)]
    if missing:
        for place in missing:
            BookableActor.objects.get_or_create(
                **place.column, defaults={"organization_id": appointment.organization_id, "kind": place.kind}
            )
        found = _locked(places, known)
    return sorted(found, key=lambda one: KINDS.index(Kind(one.kind)))


def lock_everybody_of(appointments: Sequence[Appointment], others: Sequence[BookableActor] = ()) -> None:
    """Before several locked appointments are moved in one transaction: whoever is in any of them, in one order."""
    theirs = Q(spans__appointment__in=appointments) | Q(pk__in=[one.pk for one in others])
    ids = BookableActor.objects.filter(theirs).values_list("pk", flat=True)
    list(BookableActor.objects.select_for_update().filter(pk__in=set(ids)).order_by("pk"))


def vacate(appointment: Appointment, patient: Patient | None = None) -> None:
    """Give the time back: everybody's, or that of one patient of a group."""
    spans = OccupiedSpan.objects.filter(appointment=appointment)
    if patient is None and appointment.is_group:
        GroupPlace.objects.filter(appointment=appointment, status=AppointmentStatus.PROPOSED).update(status=CANCELLED)
    if patient is not None:
        spans = spans.filter(actor__patient=patient)
    spans.delete()


def end_hold(actor: Actor, hold: Appointment, why: str) -> None:
    """A locked hold goes: released, run out, or in the way of somebody after it has run out."""
    hold.status = moved(hold.status, AppointmentStatus.CANCELLED)
    hold.save(update_fields=["status"])
    vacate(hold)
    GroupPlace.objects.filter(hold=hold, status=AppointmentStatus.PROPOSED).update(status=CANCELLED)
    ports.tell_changed(hold)
    record(actor=actor, action="scheduling.hold.end", entity=hold, detail={"why": why})


@contextmanager
def guarded() -> Iterator[None]:
    """One transaction (or savepoint); an overlap leaves it as Conflict `slot.taken` after the rollback."""
    try:
        with transaction.atomic():
            yield
    except Overlap as overlap:
        raise refused(overlap) from overlap


def refused(overlap: Overlap) -> Conflict:
    """The Conflict for an overlap: whose time it was, and whether it went a moment ago."""
    appointment = overlap.appointment
    kind, is_fresh, who = _in_the_way(overlap)
    time = spoken_time(appointment.starts_at, appointment.timezone)
    if kind == Kind.PATIENT and who:
        message = _("%(who)s already has a visit at %(time)s. Choose another time.")
    elif kind == Kind.PRACTITIONER and is_fresh:
        message = _("%(time)s, was just taken. Choose another time.")
    elif kind == Kind.PRACTITIONER:
        message = _("%(time)s, is taken. Choose another time.")
    else:
        message = _(_MESSAGES[kind])
    names = {"who": who, "time": time, "room": appointment.room, "interpreter": appointment.interpreter}
    return taken(message % names, appointment.starts_at, kind)


def taken(message: str, starts_at: dt.datetime, whose: str = Kind.PRACTITIONER, **extra: Any) -> Conflict:
    return Conflict(message, code="slot.taken", whose=str(whose), starts_at=starts_at.isoformat(), **extra)


def _take(actor: Actor, appointment: Appointment, bookables: Sequence[BookableActor]) -> None:
    spans = [_span(appointment, one) for one in bookables]
    _end_holds_in_the_way(actor, appointment, spans)
    try:
        OccupiedSpan.objects.bulk_create(spans)
    except IntegrityError as refusal:
        if NO_OVERLAP not in str(refusal):
            raise
        raise Overlap(spans, appointment) from refusal


def _span(appointment: Appointment, bookable: BookableActor) -> OccupiedSpan:
    starts_at, ends_at = appointment.starts_at, appointment.ends_at
    if bookable.kind == Kind.PRACTITIONER:
        starts_at -= dt.timedelta(minutes=appointment.buffer_before)
        ends_at += dt.timedelta(minutes=appointment.buffer_after)
    return OccupiedSpan(
        organization_id=appointment.organization_id,
        actor=bookable,
        appointment=appointment,
        starts_at=starts_at,
        ends_at=ends_at,
    )


def _end_holds_in_the_way(actor: Actor, appointment: Appointment, spans: Sequence[OccupiedSpan]) -> None:
    """Holds that have run out and stand where these spans shall go are cancelled here, in the same transaction.

    One that somebody else has locked is being booked or given back this moment. It is not waited for, or the two could
    wait for each other; if it stays, the guard refuses.
    """
    in_the_way = OccupiedSpan.objects.filter(
        _overlapping(spans), appointment__status=AppointmentStatus.PROPOSED, appointment__held_until__lte=now()
    ).exclude(appointment=appointment)
    ids = list(in_the_way.values_list("appointment_id", flat=True))
    if not ids:
        return
    ended = Appointment.objects.select_for_update(skip_locked=True).filter(
        pk__in=ids, status=AppointmentStatus.PROPOSED, held_until__lte=now()
    )
    for hold in ended.order_by("pk"):
        end_hold(actor, hold, "time over, wanted by another")


def _overlapping(spans: Sequence[OccupiedSpan]) -> Q:
    starts_at, ends_at = min(span.starts_at for span in spans), max(span.ends_at for span in spans)
    return Q(actor__in=[span.actor_id for span in spans], starts_at__lt=ends_at, ends_at__gt=starts_at)


def _in_the_way(overlap: Overlap) -> tuple[Kind, bool, str]:
    """Whose time is taken, whether it was taken within minutes (what stood there before is no news), and which one
    of the patients of a group that is."""
    found = (
        OccupiedSpan.objects.filter(_overlapping(overlap.spans))
        # Not by primary key: SQLite gives that of a row which was rolled back to the next one.
        .exclude(appointment__uuid=overlap.appointment.uuid)
        .select_related("actor__patient", "appointment")
    )
    rows = [row for row in found if any(_collide(row, span) for span in overlap.spans)]
    if not rows:  # Given back again since: all that is known is that it was taken.
        return Kind.PRACTITIONER, True, ""
    kind = min((Kind(row.actor.kind) for row in rows), key=KINDS.index)
    of_that_kind = [row for row in rows if row.actor.kind == kind]
    is_fresh = all(row.appointment.created_at >= now() - JUST_NOW for row in of_that_kind)
    patient = of_that_kind[0].actor.patient if overlap.appointment.is_group else None
    return kind, is_fresh, patient.full_name if patient is not None else ""


def _collide(one: OccupiedSpan, other: OccupiedSpan) -> bool:
    return one.actor_id == other.actor_id and one.starts_at < other.ends_at and one.ends_at > other.starts_at


def _places(appointment: Appointment) -> list[_Place]:
    wanted = {
        Kind.PRACTITIONER: appointment.practitioner_id,
        Kind.LOCATION: appointment.room_id,
        Kind.INTERPRETER: appointment.interpreter_id,
    }
    places = [_Place(str(kind), row_id) for kind, row_id in wanted.items() if row_id is not None]
    return places + [_Place(str(Kind.PATIENT), row_id) for row_id in _patients(appointment)]


def _patients(appointment: Appointment) -> list[int]:
    """The patient, or those who have a place in a group; nobody yet while the time is only held."""
    if appointment.is_group:
        places = GroupPlace.objects.filter(appointment=appointment, patient__isnull=False)
        return list(places.exclude(status=CANCELLED).values_list("patient_id", flat=True))
    return [] if appointment.patient_id is None else [appointment.patient_id]


def _locked(places: Sequence[_Place], known: set[int]) -> list[BookableActor]:
    wanted = Q(pk__in=known)
    for place in places:
        wanted |= Q(**place.column)
    return list(BookableActor.objects.select_for_update().filter(wanted).order_by("pk"))


def _is_of(bookable: BookableActor, place: _Place) -> bool:
    return getattr(bookable, f"{place.kind}_id") == place.row_id  # type: ignore[no-any-return]
