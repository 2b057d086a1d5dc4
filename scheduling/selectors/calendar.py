"""Reading the calendar: the visits of some days and who sees them, as its page, its list and its feed show them."""

import datetime as dt
import uuid as uuids
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from django.db.models import Count, Max, Q, QuerySet, Sum
from django.utils.translation import gettext

from accounts.actors import Actor
from accounts.models import Location, Organization, Practitioner
from accounts.policy import Relation, may, require
from accounts.selectors import practitioners
from core.clock import now
from core.errors import NotFound
from scheduling import ports
from scheduling.lifecycle import AppointmentStatus
from scheduling.models import Appointment, Modality, VisitType
from scheduling.models.appointments import HELD_HEADING, group_heading
from scheduling.selectors.appointments import standings_now
from scheduling.selectors.groups import counts_of
from scheduling.viewing import record_views

# Not begun, so another time can still be found; a patient who waits can be moved as well.
MOVABLE = frozenset({AppointmentStatus.PENDING, AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED})
BEGUN = frozenset({"in-call", "hold", "done", "cancelled", "noshow"})
WAITING = frozenset({"waiting", "reconnecting", "away", "callback", "sent-for"})
_MEETS = dict(Modality.choices)
# Fewer minutes than these are no lateness that anybody would tell.
LATE_FROM = 5
# What changes by the clock alone (who is reconnecting, who runs late) is looked at again this often.
BY_THE_CLOCK = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What the reader asked to see of the days; nothing set is everything."""

    practitioner: uuids.UUID | None = None
    visit_type: uuids.UUID | None = None
    room: int | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Of all that is shown only these: single visits, and everything of some practitioners."""

    visits: frozenset[uuids.UUID] = frozenset()
    people: frozenset[uuids.UUID] = frozenset()


EVERYTHING = Narrowed()


class _Row(NamedTuple):
    """What is read of one appointment: a day may have a thousand, so there is no whole object for each."""

    pk: int
    uuid: uuids.UUID
    practitioner_id: int
    patient_id: int | None
    starts_at: dt.datetime
    ends_at: dt.datetime
    status: str
    reason: str
    modality: str
    sequence: int
    capacity: int
    late_minutes: int
    given_name: str | None
    family_name: str | None
    kind: str | None
    room: str | None
    interpreter: str | None

    @property
    def is_group(self) -> bool:
        return self.capacity > 1

    @property
    def heading(self) -> str:
        """As `Appointment.heading` has it."""
        if self.is_group:
            return group_heading(self.kind)
        return gettext(HELD_HEADING) if self.patient_id is None else f"{self.given_name} {self.family_name}".strip()


_ELSEWHERE = {
    "given_name": "patient__given_name",
    "family_name": "patient__family_name",
    "kind": "visit_type__name",
    "room": "room__name",
    "interpreter": "interpreter__name",
}
_COLUMNS = [_ELSEWHERE.get(name, name) for name in _Row._fields]


class CalendarVisit(NamedTuple):
    """One visit, or a time that is held for one, by the clinic's own clock."""

    uuid: uuids.UUID
    practitioner_id: int
    starts_at: dt.datetime
    ends_at: dt.datetime
    name: str
    state: str
    minutes: int | None
    reason: str
    kind: str
    room: str
    interpreter: str
    sequence: int
    late: int
    movable: bool


class Timely(Protocol):
    """What of a visit says whether its practitioner is on time."""

    @property
    def starts_at(self) -> dt.datetime: ...
    @property
    def ends_at(self) -> dt.datetime: ...
    @property
    def state(self) -> str: ...
    @property
    def late(self) -> int: ...


@dataclass(frozen=True, slots=True)
class CalendarPage:
    """The visits of the days from `first_day` until `until_day` (not in it), by the clinic's clock."""

    timezone: str
    first_day: dt.date
    until_day: dt.date
    people: tuple[Practitioner, ...]
    visits: tuple[CalendarVisit, ...]


def calendar_page(
    actor: Actor,
    *,
    first_day: dt.date,
    until_day: dt.date,
    narrowed: Narrowed = EVERYTHING,
    wanted: Wanted | None = None,
) -> CalendarPage:
    """What the calendar shows of these days; practitioners see their own. Recorded as seen.

    The number of queries does not depend on how many visits or practitioners there are.
    """
    clinic = _clinic_of(actor)
    people = _people(actor, narrowed)
    rows = _rows(actor, clinic, first_day, until_day, narrowed)
    if wanted is not None:
        rows = rows.filter(Q(uuid__in=wanted.visits) | Q(practitioner__uuid__in=wanted.people))
    rows = rows.filter(practitioner_id__in=[each.pk for each in people]).order_by("starts_at", "pk")
    found = [_Row._make(row) for row in rows.values_list(*_COLUMNS)]
    standing = standings_now(actor, found)
    movable = {each.pk for each in people if _may_move(actor, each)}
    coming = counts_of(row for row in found if row.patient_id is not None)
    visits = tuple(_visit(row, *standing[row.pk], row.practitioner_id in movable, coming.get(row.pk)) for row in found)
    # Of a group no name is shown here.
    seen = [row.patient_id for row in found if row.patient_id is not None and not row.is_group]
    record_views(actor=actor, patient_ids=seen, page="calendar")
    return CalendarPage(clinic.timezone, first_day, until_day, people, visits)


def calendar_counts(
    actor: Actor, *, first_day: dt.date, until_day: dt.date, narrowed: Narrowed = EVERYTHING
) -> dict[int, list[int]]:
    """By practitioner's primary key, how many visits each of these days has; cancelled ones are none. Two queries.

    Names nobody, so nobody is recorded as seen.
    """
    clinic = _clinic_of(actor)
    zone = ZoneInfo(clinic.timezone)
    days = [first_day + dt.timedelta(days=number) for number in range((until_day - first_day).days + 1)]
    bounds = [dt.datetime.combine(day, dt.time.min, tzinfo=zone) for day in days]
    standing = _rows(actor, clinic, first_day, until_day, narrowed).exclude(status=AppointmentStatus.CANCELLED)
    columns = {
        f"day_{number}": Count("pk", filter=Q(starts_at__gte=starts, starts_at__lt=ends))
        for number, (starts, ends) in enumerate(pairwise(bounds))
    }
    rows = standing.order_by().values_list("practitioner_id").annotate(**columns)
    return {practitioner: list(counts) for practitioner, *counts in rows}


def people_shown(actor: Actor, narrowed: Narrowed = EVERYTHING) -> tuple[Practitioner, ...]:
    """Whose visits the calendar shows then, by name."""
    return _people(actor, narrowed)


def calendar_digest(actor: Actor, *, first_day: dt.date, until_day: dt.date, narrowed: Narrowed = EVERYTHING) -> str:
    """Another one whenever what the calendar shows of these days may have changed; two queries."""
    clinic = _clinic_of(actor)
    shown = _rows(actor, clinic, first_day, until_day, narrowed)
    sums = shown.order_by().aggregate(
        Count("pk"),
        Sum("sequence"),
        Sum("late_minutes"),
        Max("pk"),
        cancelled=Count("pk", filter=Q(status="cancelled")),
    )
    starts, ends = _instants(clinic, first_day, until_day)
    present = now()
    clock = int(present.timestamp() // BY_THE_CLOCK.total_seconds()) if starts <= present < ends else 0
    parts = [*sums.values(), ports.version_of(clinic.pk), clock]
    return "-".join(str(part or 0) for part in parts)


def lateness(visits: Sequence[Timely]) -> int | None:
    """Minutes that a practitioner is late by now, 0 for on time; None when nothing of theirs says so.

    Either the desk has told so, or somebody waits although their time has come; who has not come holds nobody up.
    """
    present = now()
    ahead = [visit for visit in visits if visit.state not in BEGUN and visit.state != "held"]
    if not ahead:
        return None
    told = next((visit.late for visit in ahead if visit.ends_at > present), 0)
    overdue = [int((present - visit.starts_at).total_seconds() // 60) for visit in ahead if visit.state in WAITING]
    late = max(told, *overdue, 0)
    return late if late >= LATE_FROM else 0


def people_to_choose(actor: Actor) -> QuerySet[Practitioner]:
    """Whose visits the actor may look at, by name: the desk everybody's, a practitioner their own."""
    require(actor, "scheduling.appointment.list")
    found = practitioners(actor)
    return found if may_see_all(actor) else found.filter(pk=actor.practitioner_id or 0)


def visit_types_to_choose(actor: Actor) -> QuerySet[VisitType]:
    """The visit types of the clinic by name: what the calendar can be narrowed to."""
    require(actor, "scheduling.appointment.list")
    return VisitType.objects.filter(organization_id=actor.organization_id or 0).order_by("name")


def rooms_to_choose(actor: Actor) -> QuerySet[Location]:
    """The clinic's rooms whose time can be taken, by name."""
    require(actor, "scheduling.appointment.list")
    return Location.objects.filter(organization_id=actor.organization_id or 0, is_room=True).order_by("name")


def may_book_somebody(actor: Actor) -> bool:
    return any(may(actor, "scheduling.appointment.book", relation) for relation in (Relation.SAME_CLINIC, Relation.OWN))


def may_see_all(actor: Actor) -> bool:
    """Whether the whole clinic's visits are shown, or one's own only."""
    return may(actor, "scheduling.appointment.view", Relation.SAME_CLINIC)


def _clinic_of(actor: Actor) -> Organization:
    require(actor, "scheduling.appointment.list")
    clinic = Organization.objects.filter(pk=actor.organization_id or 0).first()
    if clinic is None:
        raise NotFound
    return clinic


def _people(actor: Actor, narrowed: Narrowed) -> tuple[Practitioner, ...]:
    found = people_to_choose(actor)
    if narrowed.practitioner is not None:
        found = found.filter(uuid=narrowed.practitioner)
    return tuple(found)


def _rows(
    actor: Actor, clinic: Organization, first_day: dt.date, until_day: dt.date, narrowed: Narrowed
) -> QuerySet[Appointment]:
    starts, ends = _instants(clinic, first_day, until_day)
    found = Appointment.objects.filter(organization=clinic, starts_at__gte=starts, starts_at__lt=ends)
    # Who came without a booking has nobody's time: they are on the boards.
    found = found.filter(appointment_type=Appointment.Type.ROUTINE)
    # A hold that is over is nobody's time, and neither is one that was let go; a held place is in its group's time.
    held = Q(status="proposed", held_until__gt=now(), holds_place=None)
    found = found.filter(Q(patient__isnull=False) | held)
    if not may_see_all(actor):
        found = found.filter(practitioner_id=actor.practitioner_id or 0)
    if narrowed.practitioner is not None:
        found = found.filter(practitioner__uuid=narrowed.practitioner)
    if narrowed.visit_type is not None:
        found = found.filter(visit_type__uuid=narrowed.visit_type)
    if narrowed.room is not None:
        found = found.filter(room_id=narrowed.room)
    return found


def _instants(clinic: Organization, first_day: dt.date, until_day: dt.date) -> Sequence[dt.datetime]:
    zone = ZoneInfo(clinic.timezone)
    return [dt.datetime.combine(day, dt.time.min, tzinfo=zone) for day in (first_day, until_day)]


def _may_move(actor: Actor, practitioner: Practitioner) -> bool:
    own = actor.practitioner_id is not None and actor.practitioner_id == practitioner.pk
    asked = (Relation.SAME_CLINIC, Relation.OWN) if own else (Relation.SAME_CLINIC,)
    return any(may(actor, "scheduling.appointment.move", one) for one in asked)


def _visit(row: _Row, state: str, minutes: int | None, may_move: bool, coming: int | None = None) -> CalendarVisit:
    modality = str(_MEETS[row.modality])
    return CalendarVisit(
        uuid=row.uuid,
        practitioner_id=row.practitioner_id,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        name=row.heading
        if coming is None
        else gettext("Group: %(coming)s of %(capacity)s") % {"coming": coming, "capacity": row.capacity},
        state=state,
        minutes=minutes,
        reason=row.reason,
        kind=modality if row.kind is None else f"{row.kind}, {modality.lower()}",
        room=row.room or "",
        interpreter=row.interpreter or "",
        sequence=row.sequence,
        late=row.late_minutes,
        movable=may_move and row.status in MOVABLE and state not in BEGUN,
    )
