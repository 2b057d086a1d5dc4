"""Reading all lines of a clinic at once, for the desk: what needs somebody now, before everything else."""

import datetime as dt
import uuid as uuids
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db.models import Q

from accounts.actors import Actor
from accounts.policy import require
from consults.lifecycle import BEGUN, VisitStatus
from consults.models import Encounter, Queue
from consults.presence import never_came_in, open_now
from consults.selectors.board import AROUND_NOW, NOT_BEGUN, Row, on_boards, rows_of
from consults.selectors.queues import queues
from consults.selectors.waiting import late_by
from core.clock import now
from scheduling.viewing import record_views

AHEAD = dt.timedelta(hours=12)


@dataclass(frozen=True)
class ClinicRow:
    """A visit, and whose line it stands in."""

    row: Row
    line: str
    queue: uuids.UUID
    # Where the patient is called back, for who has trouble.
    phone: str


@dataclass(frozen=True)
class Line:
    """One line of the clinic in numbers. `now_with` names who is called in by given name."""

    queue: Queue
    name: str
    now_with: tuple[str, ...]
    waiting: int
    longest_minutes: int
    later: int
    late_minutes: int
    may_be_late: bool


@dataclass(frozen=True)
class ClinicBoard:
    """As of `version`. Somebody is in one of the three lists: the first that they belong to."""

    version: int
    on_date: dt.date
    timezone: str
    trouble: tuple[ClinicRow, ...]
    unanswered: tuple[ClinicRow, ...]
    waiting: tuple[ClinicRow, ...]
    lines: tuple[Line, ...]
    count: int
    longest_minutes: int


@dataclass(frozen=True)
class _Timed:
    starts_at: dt.datetime
    ends_at: dt.datetime
    state: str
    late: int


def clinic_board(actor: Actor) -> ClinicBoard:
    """All who wait in the clinic, and who will have trouble with their devices; recorded as seen.

    The queries do not grow with lines or visits. The versions are read first.
    """
    require(actor, "consults.clinic.view")
    lines, instant = queues(actor), now()
    clinic = lines[0].organization if lines else None
    zone = ZoneInfo(clinic.timezone if clinic else "UTC")
    visits = _visits(lines, instant, zone)
    rows = list(zip(visits, rows_of(visits, zone.key, instant), strict=True))
    names = {line.pk: _name(line) for line in lines}
    shown = [(one, _clinic_row(one, row, names)) for one, row in rows]
    open_ones = [(one, said) for one, said in shown if one.status == VisitStatus.ARRIVED or _in_trouble(said)]
    record_views(
        actor=actor, patient_ids=[one.patient_id for one, said in open_ones if not said.row.group], page="queue"
    )
    trouble = [said for _, said in open_ones if _in_trouble(said)]
    late = [said for one, said in open_ones if not _in_trouble(said) and _is_unanswered(said)]
    others = [said for one, said in open_ones if not _in_trouble(said) and not _is_unanswered(said)]
    waiting = [said for one, said in shown if one.status == VisitStatus.ARRIVED]
    return ClinicBoard(
        version=sum(line.version for line in lines),
        on_date=instant.astimezone(zone).date(),
        timezone=zone.key,
        trouble=tuple(sorted(trouble, key=lambda said: said.row.starts_at)),
        unanswered=tuple(sorted(late, key=lambda said: -_overdue(said))),
        waiting=tuple(sorted(others, key=lambda said: -(said.row.minutes or 0))),
        lines=tuple(_line(line, names[line.pk], rows) for line in lines),
        count=len(waiting),
        longest_minutes=max((said.row.minutes or 0 for said in waiting), default=0),
    )


def _visits(lines: list[Queue], instant: dt.datetime, zone: ZoneInfo) -> list[Encounter]:
    """Who is there, and who is still to come today; shortly after midnight also who should have come before."""
    today = instant.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    since = min(today, instant - AROUND_NOW)
    to_come = Q(status=VisitStatus.PLANNED, appointment__starts_at__range=(since, instant + AHEAD))
    found = Encounter.objects.filter(open_now(instant) | to_come, queue__in=lines).exclude(never_came_in(instant))
    return list(on_boards(found).order_by("appointment__starts_at", "pk"))


def _clinic_row(encounter: Encounter, row: Row, names: dict[int, str]) -> ClinicRow:
    phone = encounter.callback_phone or (encounter.patient.phone if not row.group else "")
    return ClinicRow(row, names[encounter.queue_id], encounter.queue.uuid, phone)


def _line(line: Queue, name: str, rows: list[tuple[Encounter, Row]]) -> Line:
    mine = [(one, row) for one, row in rows if one.queue_id == line.pk]
    waiting = [row for one, row in mine if one.status == VisitStatus.ARRIVED]
    timed = [
        _Timed(one.stands_from or row.starts_at, one.appointment.ends_at, row.state, one.appointment.late_minutes)
        for one, row in mine
        if row.state in NOT_BEGUN and not row.is_walk_in
    ]
    return Line(
        queue=line,
        name=name,
        now_with=tuple(row.given_name for one, row in mine if one.status in BEGUN),
        waiting=len(waiting),
        longest_minutes=max((row.minutes or 0 for row in waiting), default=0),
        later=sum(row.state == "expected" for _, row in mine),
        late_minutes=late_by(timed) if line.practitioner_id is not None else 0,
        may_be_late=line.practitioner_id is not None,
    )


def _name(line: Queue) -> str:
    return line.practitioner.display_name if line.practitioner else str(line.pool)


def _in_trouble(said: ClinicRow) -> bool:
    """Their devices will fail them, or their page has gone while they waited."""
    row = said.row
    return row.state in ("reconnecting", "away") or (
        row.state in NOT_BEGUN and row.devices is not None and row.devices.is_trouble
    )


def _is_unanswered(said: ClinicRow) -> bool:
    return said.row.answering is not None


def _overdue(said: ClinicRow) -> int:
    return said.row.answering.minutes if said.row.answering is not None else 0
