"""Reading queues: the board that a practitioner works through and the desk looks at."""

import datetime as dt
import uuid as uuids
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Prefetch, Q, Sum

from accounts.actors import Actor
from accounts.models import Practitioner
from accounts.policy import may, require
from consults.lifecycle import BEGUN, OVER, VisitStatus
from consults.models import Encounter, Queue, Seat
from consults.people import THE_GROUP, is_group
from consults.policies import relation_to_queue
from consults.presence import open_now, patient_is_there
from consults.selectors.waiting import late_by
from core.clock import now
from core.errors import NotFound
from scheduling.lifecycle import AppointmentStatus
from scheduling.models import GroupPlace
from scheduling.ports import Booked, Standing
from scheduling.selectors.groups import COMING
from scheduling.viewing import record_views

AROUND_NOW = dt.timedelta(hours=3)
PATIENT_SEATS = Prefetch("seats", queryset=Seat.objects.filter(actor_type="patient"))

RowState = Literal["expected", "pending", "waiting", "reconnecting", "in-call", "hold", "done", "cancelled", "noshow"]

# Only groups have any; one query for the whole line.
MEMBERS = Prefetch(
    "appointment__places", queryset=GroupPlace.objects.filter(status__in=COMING).select_related("arrival")
)

NOT_BEGUN = frozenset({"expected", "waiting", "reconnecting"})
_PLANNED_BUT: dict[AppointmentStatus, RowState] = {
    AppointmentStatus.PENDING: "pending",
    AppointmentStatus.NOSHOW: "noshow",
}


class _Stood(NamedTuple):
    """What of a visit says how it stands. A day is read into rows of this: whole visits would be a thousand objects."""

    status: str
    booked_as: str
    arrived_at: dt.datetime | None
    started_at: dt.datetime | None
    held_at: dt.datetime | None
    patients_seats: Sequence[Seat]


class _Timed(NamedTuple):
    """What of a visit says whether its practitioner is late."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    state: str
    late: int


@dataclass(frozen=True)
class Row:
    """One visit on the board. `minutes` counts the wait, the call once it has begun, or how long it is on hold."""

    visit_uuid: uuids.UUID
    starts_at: dt.datetime
    patient_name: str
    given_name: str
    age: int
    reason: str
    modality: str
    state: RowState
    minutes: int | None
    face: str
    # "3 of 5 are here"; empty at a visit for one.
    group: str = ""


@dataclass(frozen=True)
class QueueCounts:
    with_you: int
    waiting: int
    later: int
    done: int


@dataclass(frozen=True)
class QueueBoard:
    """A queue as of `version`; a row is in one list, and `next_up` is the first of `waiting` who is there."""

    queue: Queue
    version: int
    on_date: dt.date
    timezone: str
    practitioner: Practitioner
    next_up: Row | None
    with_you: tuple[Row, ...]
    waiting: tuple[Row, ...]
    later: tuple[Row, ...]
    done: tuple[Row, ...]
    counts: QueueCounts
    longest_minutes: int
    late_minutes: int


def queues(actor: Actor) -> list[Queue]:
    """The queues the actor may look at, by name: practitioners their own, the desk all of its clinic."""
    require(actor, "consults.queue.list")
    if actor.organization_id is None:
        raise NotFound
    found = Queue.objects.select_related("organization", "practitioner").filter(organization_id=actor.organization_id)
    by_name = found.order_by("practitioner__family_name", "practitioner__given_name", "pk")
    return [queue for queue in by_name if may(actor, "consults.queue.view", relation_to_queue(actor, queue))]


def get_queue(actor: Actor, uuid: uuids.UUID | str) -> Queue:
    """One queue, or NotFound."""
    try:
        parsed = uuid if isinstance(uuid, uuids.UUID) else uuids.UUID(uuid)
    except ValueError:
        raise NotFound from None
    queue = Queue.objects.select_related("organization", "practitioner").filter(uuid=parsed).first()
    if queue is None:
        raise NotFound
    require(actor, "consults.queue.view", relation_to_queue(actor, queue))
    return queue


def practitioners_of(actor: Actor, queue_uuids: Iterable[uuids.UUID]) -> list[uuids.UUID]:
    """Whose queues these are, of the actor's clinic."""
    require(actor, "consults.queue.list")
    found = Queue.objects.filter(organization_id=actor.organization_id or 0, uuid__in=list(queue_uuids))
    return sorted(found.values_list("practitioner__uuid", flat=True))


def waiting_queue(actor: Actor, queue: Queue) -> QueueBoard:
    """The board of today (clinic time), of what is open, and of what starts within three hours; recorded as seen.

    Five queries however long the line is; the version is read first, so that a later change is never missed.
    """
    queue = get_queue(actor, queue.uuid)
    instant = now()
    zone = ZoneInfo(queue.organization.timezone)
    on_date = instant.astimezone(zone).date()
    visits = _visits_of(queue, on_date, zone, instant)
    rows = [(encounter, _row(encounter, on_date, instant)) for encounter in visits]
    # Of a group no name is shown here.
    seen = [encounter.patient_id for encounter, row in rows if not row.group]
    record_views(actor=actor, patient_ids=seen, page="queue")
    with_you = tuple(row for encounter, row in rows if encounter.status in BEGUN)
    waiting = tuple(row for encounter, row in rows if encounter.status == VisitStatus.ARRIVED)
    later = tuple(row for encounter, row in rows if encounter.status == VisitStatus.PLANNED and row.state != "noshow")
    done = tuple(row for encounter, row in rows if encounter.status in OVER or row.state == "noshow")
    return QueueBoard(
        queue=queue,
        version=queue.version,
        on_date=on_date,
        timezone=queue.organization.timezone,
        practitioner=queue.practitioner,
        next_up=next((row for row in waiting if row.state == "waiting"), None),
        with_you=with_you,
        waiting=waiting,
        later=later,
        done=done,
        counts=QueueCounts(len(with_you), len(waiting), len(later), len(done)),
        longest_minutes=max((row.minutes or 0 for row in waiting), default=0),
        late_minutes=late_by([_timed(encounter, row) for encounter, row in rows if row.state in NOT_BEGUN]),
    )


def states_of(actor: Actor, appointments: Sequence[Booked]) -> dict[int, Standing]:
    """How the visits of these appointments stand, as their boards say it, by the appointment's primary key."""
    if actor.organization_id is None:
        return {}
    instant = now()
    booked = {one.pk: one.status for one in appointments}
    visits = Encounter.objects.filter(appointment_id__in=list(booked), organization_id=actor.organization_id)
    rows = list(visits.values_list("pk", "appointment_id", "status", "arrived_at", "started_at", "held_at"))
    # Only of who waits it matters whether they are there.
    seats = _seats_of([pk for pk, _, status, *_ in rows if status == VisitStatus.ARRIVED])
    found = {}
    for pk, appointment, status, arrived_at, started_at, held_at in rows:
        stood = _Stood(status, booked[appointment], arrived_at, started_at, held_at, seats.get(pk, ()))
        found[appointment] = Standing(_state(stood, instant), _minutes(stood, instant))
    return found


def version_of(organization_id: int) -> int:
    """Rises with every change of any board of the clinic."""
    found = Queue.objects.filter(organization_id=organization_id).aggregate(version=Sum("version"))
    return found["version"] or 0


def _visits_of(queue: Queue, on_date: dt.date, zone: ZoneInfo, instant: dt.datetime) -> list[Encounter]:
    day_starts = dt.datetime.combine(on_date, dt.time.min, tzinfo=zone)
    day_ends = dt.datetime.combine(on_date + dt.timedelta(days=1), dt.time.min, tzinfo=zone)
    today = Q(appointment__starts_at__gte=day_starts, appointment__starts_at__lt=day_ends)
    around_now = Q(appointment__starts_at__range=(instant - AROUND_NOW, instant + AROUND_NOW))
    timely = (today | around_now) & ~Q(status=VisitStatus.ARRIVED)
    found = (
        Encounter.objects.select_related("appointment__visit_type", "patient")
        .prefetch_related(PATIENT_SEATS, MEMBERS)
        .filter(open_now(instant) | timely, queue=queue)
    )
    return list(found.order_by("appointment__starts_at", "arrived_at", "pk"))


def _seats_of(visits: Sequence[int]) -> dict[int, list[Seat]]:
    """The patients' seats of these visits."""
    found: dict[int, list[Seat]] = {}
    if visits:
        for seat in Seat.objects.filter(actor_type="patient", encounter_id__in=visits):
            found.setdefault(seat.encounter_id, []).append(seat)
    return found


def _timed(encounter: Encounter, row: Row) -> _Timed:
    appointment = encounter.appointment
    return _Timed(appointment.starts_at, appointment.ends_at, row.state, appointment.late_minutes)


def _stood(encounter: Encounter) -> _Stood:
    return _Stood(
        encounter.status,
        encounter.appointment.status,
        encounter.arrived_at,
        encounter.started_at,
        encounter.held_at,
        list(encounter.seats.all()),
    )


def _row(encounter: Encounter, on_date: dt.date, instant: dt.datetime) -> Row:
    patient, group, stood = encounter.patient, _group_words(encounter), _stood(encounter)
    return Row(
        visit_uuid=encounter.uuid,
        starts_at=encounter.appointment.starts_at,
        patient_name=encounter.appointment.heading if group else patient.full_name,
        given_name=THE_GROUP if group else patient.given_name,
        age=_age(patient.birth_date, on_date),
        reason=encounter.appointment.reason,
        modality="" if encounter.appointment.is_video else encounter.appointment.get_modality_display(),
        state=_state(stood, instant),
        minutes=_minutes(stood, instant),
        face="" if group else patient.face,
        group=group,
    )


def _group_words(encounter: Encounter) -> str:
    if not is_group(encounter):
        return ""
    places = list(encounter.appointment.places.all())
    here = [one for one in places if hasattr(one, "arrival") and one.arrival.arrived_at is not None]
    return f"{len(here)} of {len(places)} are here"


def _state(visit: _Stood, instant: dt.datetime) -> RowState:
    match VisitStatus(visit.status):
        case VisitStatus.PLANNED:
            return _PLANNED_BUT.get(AppointmentStatus(visit.booked_as), "expected")
        case VisitStatus.ARRIVED:
            is_there = patient_is_there(visit.patients_seats, visit.arrived_at, instant)
            return "waiting" if is_there else "reconnecting"
        case VisitStatus.IN_PROGRESS:
            return "in-call"
        case VisitStatus.ON_LEAVE:
            return "hold"
        case VisitStatus.FINISHED:
            return "done"
        case VisitStatus.CANCELLED:
            return "cancelled"


def _minutes(visit: _Stood, instant: dt.datetime) -> int | None:
    begins = {
        VisitStatus.ARRIVED: visit.arrived_at,
        VisitStatus.IN_PROGRESS: visit.started_at,
        VisitStatus.ON_LEAVE: visit.held_at,
    }
    since = begins.get(VisitStatus(visit.status))
    return None if since is None else max(0, int((instant - since).total_seconds() // 60))


def _age(birth_date: dt.date, on_date: dt.date) -> int:
    had_birthday = (on_date.month, on_date.day) >= (birth_date.month, birth_date.day)
    return on_date.year - birth_date.year - (0 if had_birthday else 1)
