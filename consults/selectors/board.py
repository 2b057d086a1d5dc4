"""Reading queues: the board that a practitioner works through and the desk looks at."""

import datetime as dt
import uuid as uuids
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Prefetch, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.models import Practitioner
from accounts.policy import require
from consults.answering import Answering
from consults.lifecycle import BEGUN, OVER, VisitStatus
from consults.models import DeskNote, Encounter, Queue, Seat
from consults.order import in_line, stands_from
from consults.people import FOR_PATIENT, is_group, the_group
from consults.policies import relation_to_queue
from consults.presence import Presence, heard_at, kept_until, never_came_in, open_now, presence_of
from consults.selectors.answering import answering_of
from consults.selectors.checks import DeviceWords, device_words
from consults.selectors.company import NOBODY, Company, companies_of
from consults.selectors.keeping import place_kept
from consults.selectors.licence import licence_warnings
from consults.selectors.pools import PATIENT_SEATS, lines_shown
from consults.selectors.waiting import late_by
from core.clock import now
from scheduling.lifecycle import AppointmentStatus
from scheduling.models import GroupPlace
from scheduling.ports import Booked, Standing
from scheduling.selectors.groups import COMING
from scheduling.viewing import record_views

AROUND_NOW = dt.timedelta(hours=3)

RowState = Literal[
    "expected", "pending", "waiting", "reconnecting", "away", "callback", "sent-for", "in-call", "hold", "done",
    "cancelled", "noshow",
]  # fmt: skip

STANDING_NOTES = Prefetch("desk_notes", queryset=DeskNote.objects.select_related("author").filter(removed_at=None))
# Only groups have any; one query for the whole line.
MEMBERS = Prefetch(
    "appointment__places", queryset=GroupPlace.objects.filter(status__in=COMING).select_related("arrival")
)

NOT_CALLED = (VisitStatus.PLANNED, VisitStatus.ARRIVED)
CALLED = (VisitStatus.IN_PROGRESS, VisitStatus.ON_LEAVE, VisitStatus.FINISHED)
# In line, and not there.
SILENT = frozenset({"reconnecting", "away", "callback", "sent-for"})
WAITS = SILENT | {"waiting"}
NOT_BEGUN = WAITS | {"expected"}
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
    callback_at: dt.datetime | None
    called_at: dt.datetime | None
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
    # What the newest device check says; None where nobody has tried, and once the visit has begun.
    devices: DeviceWords | None = None
    note: DeskNote | None = None
    # Called, and nobody answered: "called" or "away" (consults.services.line).
    requeued: str = ""
    # They wait, are there, and nobody has called them (consults.answering).
    answering: Answering | None = None
    # The pool it waits in, on the board of somebody who has a line of their own besides.
    line: str = ""
    is_walk_in: bool = False  # `starts_at` is when they came to the door
    # On a pool's board, who sees the patient or has done so.
    by: str = ""
    company: Company = NOBODY
    # What is to be said of the licence for the place where the patient is.
    licence: str = ""
    # Of who waits and is not there: how long they are silent, or sent for, and until when their place is kept.
    silent_minutes: int | None = None
    kept_until: dt.datetime | None = None

    @property
    def waits(self) -> bool:
        return self.state in WAITS

    @property
    def tag_minutes(self) -> int | None:
        """What its tag counts; nothing of who is gone for a moment, or waits elsewhere."""
        if self.state in ("reconnecting", "callback"):
            return None
        return self.minutes if self.silent_minutes is None else self.silent_minutes


@dataclass(frozen=True)
class QueueCounts:
    with_you: int
    waiting: int
    later: int
    done: int


@dataclass(frozen=True)
class QueueBoard:
    """A queue as of `version`; a row is in one list, and `next_up` is the first of `waiting` who is there.

    A practitioner's has the lines of their pools, too, as far as nobody else has called people in from them.
    """

    queue: Queue
    version: int
    on_date: dt.date
    timezone: str
    practitioner: Practitioner | None
    name: str
    next_up: Row | None
    with_you: tuple[Row, ...]
    waiting: tuple[Row, ...]
    later: tuple[Row, ...]
    done: tuple[Row, ...]
    counts: QueueCounts
    longest_minutes: int
    late_minutes: int
    # Who waits beyond their time, until somebody has said that they saw it.
    ringing: tuple[Row, ...] = ()


def waiting_queue(actor: Actor, queue: Queue) -> QueueBoard:
    """The board of today (clinic time), of what is open, and of what starts within three hours; recorded as seen.

    `queue` as read just now, so that no change is missed. Six queries, and two more while somebody waits too long.
    """
    require(actor, "consults.queue.view", relation_to_queue(actor, queue))
    instant = now()
    zone = ZoneInfo(queue.organization.timezone)
    on_date = instant.astimezone(zone).date()
    lines = lines_shown(queue)
    visits = _visits_of(queue, lines, on_date, zone, instant)
    rows = list(zip(visits, rows_of(visits, zone.key, instant, queue), strict=True))
    # Of a group no name is shown here.
    seen = [encounter.patient_id for encounter, row in rows if not row.group]
    record_views(actor=actor, patient_ids=seen, page="queue")
    with_you = tuple(row for encounter, row in rows if encounter.status in BEGUN)
    waiting = tuple(row for encounter, row in rows if encounter.status == VisitStatus.ARRIVED)
    later = tuple(row for encounter, row in rows if encounter.status == VisitStatus.PLANNED and row.state != "noshow")
    done = tuple(row for encounter, row in rows if encounter.status in OVER or row.state == "noshow")
    # Nobody is promised a time in a pool's line, or without a booking.
    timely = [(one, row) for one, row in rows if one.queue.pool_id is None and not row.is_walk_in]
    return QueueBoard(
        queue=queue,
        version=sum(line.version for line in lines),
        on_date=on_date,
        timezone=queue.organization.timezone,
        practitioner=queue.practitioner,
        name=queue.practitioner.short_name if queue.practitioner else str(queue.pool),
        next_up=next((row for row in waiting if row.state == "waiting"), None),
        with_you=with_you,
        waiting=waiting,
        later=later,
        done=done,
        counts=QueueCounts(len(with_you), len(waiting), len(later), len(done)),
        ringing=tuple(row for row in waiting if row.answering is not None and row.answering.rings),
        longest_minutes=max((row.minutes or 0 for row in waiting), default=0),
        late_minutes=late_by([_timed(one, row) for one, row in timely if row.state in NOT_BEGUN]),
    )


def rows_of(visits: Sequence[Encounter], zone: str, instant: dt.datetime, queue: Queue | None = None) -> list[Row]:
    """For the selectors of this app: these visits, read by `on_boards`, as the board of that day has them.

    `queue` is whose board it is: what stands in a line of its own needs no word about its line.
    """
    on_date, checked = instant.astimezone(ZoneInfo(zone)).date(), device_words(visits)
    kept = place_kept(visits[0].organization) if visits else dt.timedelta()
    late = answering_of(visits, instant)
    companies, licences = companies_of(visits), licence_warnings(visits, queue.practitioner if queue else None)
    rows = [_row(queue, encounter, on_date, instant, kept, checked.get(encounter.pk)) for encounter in visits]
    return [
        replace(
            row,
            answering=late.get(one.pk, row.answering),
            company=companies[one.pk],
            licence="" if row.state == "done" else licences.get(one.pk, ""),
        )
        for one, row in zip(visits, rows, strict=True)
    ]


def on_boards(visits: QuerySet[Encounter]) -> QuerySet[Encounter]:
    """For the selectors of this app: these, with all that their rows are made of, in four queries."""
    people = visits.select_related(
        "appointment__visit_type",
        "patient",
        "practitioner__organization",
        "queue__pool",
        "organization__booking_terms",
    )
    return people.prefetch_related(PATIENT_SEATS, MEMBERS, STANDING_NOTES)


def states_of(actor: Actor, appointments: Sequence[Booked]) -> dict[int, Standing]:
    """How the visits of these appointments stand, as their boards say it, by the appointment's primary key."""
    if actor.organization_id is None:
        return {}
    instant = now()
    booked = {one.pk: one.status for one in appointments}
    visits = Encounter.objects.filter(appointment_id__in=list(booked), organization_id=actor.organization_id)
    columns = ("pk", "appointment_id", "status", "arrived_at", "started_at", "held_at", "callback_at", "called_at")
    rows = list(visits.values_list(*columns))
    # Only of who waits it matters whether they are there.
    seats = _seats_of([pk for pk, _, status, *_ in rows if status == VisitStatus.ARRIVED])
    found = {}
    for pk, appointment, status, arrived_at, started_at, held_at, callback_at, called_at in rows:
        moments = (arrived_at, started_at, held_at, callback_at, called_at)
        stood = _Stood(status, booked[appointment], *moments, seats.get(pk, ()))
        silent = _minutes_since(_silent_since(stood, instant), instant)
        found[appointment] = Standing(_state(stood, instant), _minutes(stood, instant) if silent is None else silent)
    return found


def version_of(organization_id: int) -> int:
    """Rises with every change of any board of the clinic."""
    found = Queue.objects.filter(organization_id=organization_id).aggregate(version=Sum("version"))
    return found["version"] or 0


def _visits_of(
    queue: Queue, lines: Sequence[Queue], on_date: dt.date, zone: ZoneInfo, instant: dt.datetime
) -> list[Encounter]:
    starts, ends = (dt.datetime.combine(on_date + dt.timedelta(days=n), dt.time.min, tzinfo=zone) for n in (0, 1))
    today = Q(appointment__starts_at__gte=starts, appointment__starts_at__lt=ends)
    around_now = Q(appointment__starts_at__range=(instant - AROUND_NOW, instant + AROUND_NOW))
    timely = (today | around_now) & ~Q(status=VisitStatus.ARRIVED)
    shown = Q(queue=queue)
    if queue.practitioner_id is not None:
        # Of a pool: who may still be called in, and whom this practitioner has called in; others' are theirs alone.
        called_in = Q(practitioner=queue.practitioner_id, status__in=CALLED)
        shown |= Q(queue__in=lines[1:], status__in=NOT_CALLED) | called_in
    found = Encounter.objects.filter(open_now(instant) | timely).filter(shown).exclude(never_came_in(instant))
    return list(on_boards(found).order_by(*in_line(instant)))


def _seats_of(visits: Sequence[int]) -> dict[int, list[Seat]]:
    """The patients' seats of these visits."""
    found: dict[int, list[Seat]] = {}
    if visits:
        for seat in Seat.objects.filter(role__in=FOR_PATIENT, encounter_id__in=visits):
            found.setdefault(seat.encounter_id, []).append(seat)
    return found


def _timed(encounter: Encounter, row: Row) -> _Timed:
    booked = encounter.appointment
    return _Timed(stands_from(encounter), booked.ends_at, row.state, booked.late_minutes)


def _stood(encounter: Encounter) -> _Stood:
    return _Stood(
        encounter.status,
        encounter.appointment.status,
        encounter.arrived_at,
        encounter.started_at,
        encounter.held_at,
        encounter.callback_at,
        encounter.called_at,
        list(encounter.seats.all()),
    )


def _row(
    queue: Queue | None,
    encounter: Encounter,
    on_date: dt.date,
    instant: dt.datetime,
    kept: dt.timedelta,
    devices: DeviceWords | None,
) -> Row:
    of_pool = queue is not None and queue.pool_id is not None
    patient, group, stood = encounter.patient, _group_words(encounter), _stood(encounter)
    silent, state = _silent_since(stood, instant), _state(stood, instant)
    is_away = not group and (silent is not None or state == "callback")
    return Row(
        visit_uuid=encounter.uuid,
        starts_at=encounter.appointment.starts_at,
        patient_name=encounter.appointment.heading if group else patient.full_name,
        given_name=the_group() if group else patient.given_name,
        age=_age(patient.birth_date, on_date),
        reason=encounter.appointment.reason,
        modality="" if encounter.appointment.is_video else encounter.appointment.get_modality_display(),
        state=state,
        minutes=_minutes(stood, instant),
        face="" if group else patient.face,
        group=group,
        devices=devices,
        note=next(iter(encounter.desk_notes.all()), None),
        requeued=encounter.requeued_why if encounter.status == VisitStatus.ARRIVED else "",
        line=encounter.queue.pool.name if encounter.queue.pool is not None and not of_pool else "",
        is_walk_in=encounter.appointment.is_walk_in,
        by=encounter.practitioner.short_name if of_pool and encounter.status in CALLED else "",
        silent_minutes=_minutes_since(silent, instant),
        kept_until=kept_until(encounter, stood.patients_seats, kept) if is_away else None,
    )


def _group_words(encounter: Encounter) -> str:
    if not is_group(encounter):
        return ""
    places = list(encounter.appointment.places.all())
    here = [one for one in places if hasattr(one, "arrival") and one.arrival.arrived_at is not None]
    return _("%(here)s of %(all)s are here") % {"here": len(here), "all": len(places)}


def _state(visit: _Stood, instant: dt.datetime) -> RowState:
    match VisitStatus(visit.status):
        case VisitStatus.PLANNED:
            return _PLANNED_BUT.get(AppointmentStatus(visit.booked_as), "expected")
        case VisitStatus.ARRIVED:
            return _waiting_state(visit, instant)
        case VisitStatus.IN_PROGRESS:
            return "in-call"
        case VisitStatus.ON_LEAVE:
            return "hold"
        case VisitStatus.FINISHED:
            return "done"
        case VisitStatus.CANCELLED:
            return "cancelled"


def _waiting_state(visit: _Stood, instant: dt.datetime) -> RowState:
    presence = presence_of(visit.patients_seats, visit.arrived_at, instant)
    if presence is Presence.HERE:
        return "waiting"
    if visit.called_at is not None:
        return "sent-for"
    if visit.callback_at is not None:
        return "callback"
    return "away" if presence is Presence.AWAY else "reconnecting"


def _silent_since(visit: _Stood, instant: dt.datetime) -> dt.datetime | None:
    """Of who is away, or was sent for and has not come."""
    if visit.status != VisitStatus.ARRIVED:
        return None
    state = _waiting_state(visit, instant)
    if state == "away":
        return heard_at(visit.patients_seats, visit.arrived_at)
    return visit.called_at if state == "sent-for" else None


def _minutes(visit: _Stood, instant: dt.datetime) -> int | None:
    begins = {
        VisitStatus.ARRIVED: visit.arrived_at,
        VisitStatus.IN_PROGRESS: visit.started_at,
        VisitStatus.ON_LEAVE: visit.held_at,
    }
    return _minutes_since(begins.get(VisitStatus(visit.status)), instant)


def _minutes_since(since: dt.datetime | None, instant: dt.datetime) -> int | None:
    return None if since is None else max(0, int((instant - since).total_seconds() // 60))


def _age(birth_date: dt.date, on_date: dt.date) -> int:
    return on_date.year - birth_date.year - ((on_date.month, on_date.day) < (birth_date.month, birth_date.day))
