"""Reading how long those in line will wait: a queue's line and its practitioner's past, for consults.waits to judge.

What a queue's pages are shown is kept in the process for seconds: a thousand of them look again every ten, and for the
same line at the same time there is one answer.
"""

import datetime as dt
import uuid as uuids
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from django.db.models import F, Q

from consults import waits
from consults.lifecycle import VisitStatus
from consults.models import Encounter, Queue
from consults.order import STANDS_FROM, in_line
from consults.presence import open_now
from scheduling.lifecycle import AppointmentStatus
from scheduling.models import Appointment
from scheduling.selectors.calendar import Timely, lateness

# The newest of so long ago tell how a practitioner works now.
MOST_PASTS = 200
PASTS_SINCE = dt.timedelta(days=180)
# Who is later than this, or booked later than this, is nobody's wait now.
STILL_TO_COME = dt.timedelta(hours=2)
KEPT_S = 30
MOST_KEPT = 500
# Lateness is told as "about 5 minutes", "about 10 minutes".
LATE_STEP = 5

Standing = Literal["going", "not-begun", "away", "long", "shared"]


class QueueWaits(NamedTuple):
    """How a practitioner stands, how late they are in minutes, and what each who waits is told, by visit: seconds."""

    standing: Standing
    late_minutes: int
    told: Mapping[int, tuple[int, int]]


class _Kept(NamedTuple):
    version: int
    slot: int
    waits: QueueWaits


class _Row(NamedTuple):
    pk: int
    status: str
    arrived_at: dt.datetime | None
    started_at: dt.datetime | None
    kind: int | None
    # Where they stand in line, as if it were their time; and the time that they have.
    starts_at: dt.datetime
    booked_at: dt.datetime
    ends_at: dt.datetime
    late: int
    how: str

    @property
    def state(self) -> str:
        """As boards and calendars say it, whose line is read here."""
        return {VisitStatus.IN_PROGRESS: "in-call", VisitStatus.ARRIVED: "waiting"}.get(
            VisitStatus(self.status), "expected"
        )


_COLUMNS = (
    "pk", "status", "arrived_at", "started_at", "appointment__visit_type_id", "from_", "appointment__starts_at",
    "appointment__ends_at", "appointment__late_minutes", "appointment__appointment_type",
)  # fmt: skip
_kept: dict[uuids.UUID, _Kept] = {}


def waits_of(queue: Queue, instant: dt.datetime) -> QueueWaits:
    """What everybody in this queue is told now; two queries, or none when it was asked a moment ago."""
    # Not all lines of the house in the same second.
    slot = int((instant.timestamp() + queue.uuid.int % KEPT_S) // KEPT_S)
    kept = _kept.get(queue.uuid)
    if kept is not None and (kept.version, kept.slot) == (queue.version, slot):
        return kept.waits
    found = waits_now(queue, instant)
    if len(_kept) >= MOST_KEPT:
        _kept.clear()
    _kept[queue.uuid] = _Kept(queue.version, slot, found)
    return found


def waits_now(queue: Queue, instant: dt.datetime) -> QueueWaits:
    """The same, read afresh."""
    if queue.pool_id is not None:
        return QueueWaits("shared", 0, {})
    rows = _rows(queue, instant)
    pasts = _pasts(queue, instant)
    waiting = [row for row in rows if row.status == VisitStatus.ARRIVED]
    # Whoever came without a booking was promised no time.
    late_minutes = late_by([row for row in rows if row.how != Appointment.Type.WALK_IN])
    if not waiting:
        return QueueWaits("going", late_minutes, {})
    last = rows.index(waiting[-1])
    before = [row for row in rows[: last + 1] if row.status != VisitStatus.IN_PROGRESS]
    line = _line(rows, before, pasts, instant)
    habits = waits.learn(pasts)
    told = {
        row.pk: waits.stated(found)
        for row, found in zip(before, waits.foresee(habits, line), strict=True)
        if found is not None
    }
    return QueueWaits(_standing(habits, line), late_minutes, told)


def late_by(rows: Sequence[Timely]) -> int:
    """The minutes that a calendar would say of these visits, by time, as people say them: "about 5", "about 10"."""
    return round((lateness(rows) or 0) / LATE_STEP) * LATE_STEP


def _standing(habits: waits.Habits, line: waits.Line) -> Standing:
    if waits.is_away(habits, line):
        return "away"
    if waits.is_beyond_measure(habits, line):
        return "long"
    return "not-begun" if line.present is None and line.free_since is None else "going"


def _line(
    rows: Sequence[_Row], people: Sequence[_Row], pasts: Sequence[waits.Past], instant: dt.datetime
) -> waits.Line:
    present = _present(rows, pasts)
    now = instant.timestamp()
    ended = max((past.ended_at for past in pasts[:5]), default=0.0)
    first = next(row for row in people if row.status == VisitStatus.ARRIVED)
    return waits.Line(
        now,
        waits.Present(present.kind, _booked_s(present), _seconds(present.started_at)) if present else None,
        min(ended, now) if now - ended <= waits.NIGHT else None,
        [
            waits.Person(
                row.kind,
                _seconds(row.starts_at),
                _booked_s(row),
                _seconds(row.arrived_at) if row.status == VisitStatus.ARRIVED else None,
            )
            for row in people
        ],
        _seconds(first.starts_at) + first.late * 60 if first.late else 0.0,
    )


def _present(rows: Sequence[_Row], pasts: Sequence[waits.Past]) -> _Row | None:
    """The visit begun last. Whoever has finished one that began later has left the other open and gone on."""
    begun = [row for row in rows if row.status == VisitStatus.IN_PROGRESS]
    last = max(begun, key=lambda row: _seconds(row.started_at), default=None)
    if last is None or (pasts and pasts[0].started_at > _seconds(last.started_at)):
        return None
    return last


def _rows(queue: Queue, instant: dt.datetime) -> list[_Row]:
    """The line, and who is still to come, in the order in which they are called."""
    to_come = Q(
        status=VisitStatus.PLANNED,
        appointment__status=AppointmentStatus.BOOKED,
        appointment__starts_at__range=(instant - STILL_TO_COME, instant + STILL_TO_COME),
    )
    # Whoever is on hold is taken back between two visits: nobody knows when, and they stand in no line.
    found = Encounter.objects.filter(open_now(instant) | to_come, queue=queue).exclude(status=VisitStatus.ON_LEAVE)
    ordered = found.annotate(from_=STANDS_FROM).order_by(*in_line(instant))
    return [_Row._make(row) for row in ordered.values_list(*_COLUMNS)]


def _pasts(queue: Queue, instant: dt.datetime) -> list[waits.Past]:
    done = Encounter.objects.filter(
        practitioner_id=queue.practitioner_id or 0,
        status=VisitStatus.FINISHED,
        started_at__range=(instant - PASTS_SINCE, instant),
        ended_at__gte=F("started_at"),
    ).order_by("-started_at")
    columns = (
        "appointment__visit_type_id", "appointment__starts_at", "appointment__ends_at", "arrived_at", "started_at",
        "ended_at", "appointment__appointment_type",
    )  # fmt: skip
    return [
        waits.Past(
            kind,
            _seconds(starts_at),
            _seconds(ends_at) - _seconds(starts_at),
            # Who came without a booking was neither early nor late.
            _seconds(arrived_at) if arrived_at and how != Appointment.Type.WALK_IN else None,
            _seconds(started_at),
            _seconds(ended_at),
        )
        for kind, starts_at, ends_at, arrived_at, started_at, ended_at, how in done.values_list(*columns)[:MOST_PASTS]
    ]


def _booked_s(row: _Row) -> float:
    return (row.ends_at - row.booked_at).total_seconds()


def _seconds(instant: dt.datetime | None) -> float:
    """On the clock of consults.waits."""
    return instant.timestamp() if instant is not None else 0.0
