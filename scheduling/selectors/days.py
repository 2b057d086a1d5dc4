"""Which days a page of free times shows: those with times, those that are full, and those that are closed for once."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from accounts.actors import Actor
from accounts.models import Practitioner
from scheduling.availability import closures, open_on
from scheduling.models import VisitType
from scheduling.selectors.plans import plans_of
from scheduling.selectors.slots import NOBODY_ELSE, free_slots
from scheduling.selectors.taken import Others

ONE_DAY = dt.timedelta(days=1)
# So many days are looked at together: enough for a strip of a practitioner who works one day a week.
AT_ONCE = 28


@dataclass(frozen=True)
class FreeDay:
    """A day of the viewer's zone with the beginnings of its free times; without any it is full or closed."""

    on: dt.date
    times: tuple[dt.datetime, ...]
    is_closed: bool = False


@dataclass(frozen=True)
class Wanted:
    """What a time is looked for: a visit type with one practitioner or any of those who offer it."""

    visit_type: VisitType
    practitioner: Practitioner | None
    pool: tuple[Practitioner, ...]
    others: Others = NOBODY_ELSE
    minutes: int | None = None

    @property
    def people(self) -> tuple[Practitioner, ...]:
        return (self.practitioner,) if self.practitioner else self.pool


def free_days(
    actor: Actor, wanted: Wanted, *, zone: str, first: dt.date, count: int, last: dt.date
) -> tuple[list[FreeDay], bool]:
    """`count` days from `first` on that are worth showing, and whether there may be more; none after `last`.

    Days on which nobody ever works are left out. Where none of the first days has a free time, it looks on.
    """
    found: list[FreeDay] = []
    start = first
    while start <= last:
        until = min(start + dt.timedelta(days=AT_ONCE), last + ONE_DAY)
        found += _days(actor, wanted, zone, start, until)
        start = until
        if len(found) > count and any(day.times for day in found):
            break
    # Nobody wants to turn over page after page of full days: begin shortly before the first that has a time.
    free = next((place for place, day in enumerate(found) if day.times), 0)
    begin = free if free >= count else 0
    return found[begin : begin + count], len(found) > begin + count or start <= last


def _days(actor: Actor, wanted: Wanted, zone: str, first: dt.date, until: dt.date) -> list[FreeDay]:
    by_day = _times(actor, wanted, zone, first, until)
    opened, closed = _usual(wanted.people, first, until)
    days = [first + dt.timedelta(days=number) for number in range((until - first).days)]
    return [
        FreeDay(day, tuple(sorted(by_day.get(day, ()))), is_closed=day not in by_day and day not in opened)
        for day in days
        if day in by_day or day in opened or day in closed
    ]


def _times(actor: Actor, wanted: Wanted, zone: str, first: dt.date, until: dt.date) -> dict[dt.date, set[dt.datetime]]:
    slots = free_slots(
        actor,
        visit_type=wanted.visit_type,
        practitioner=wanted.practitioner,
        from_day=first,
        until_day=until,
        zone=zone,
        minutes=wanted.minutes,
        others=wanted.others,
    )
    here = ZoneInfo(zone)
    found: dict[dt.date, set[dt.datetime]] = {}
    for times in slots.values():
        for slot in times:
            found.setdefault(slot.starts_at.astimezone(here).date(), set()).add(slot.starts_at)
    return found


def _usual(people: Sequence[Practitioner], first: dt.date, until: dt.date) -> tuple[set[dt.date], set[dt.date]]:
    """The days on which somebody works, and those on which somebody would work but for a closure."""
    opened: set[dt.date] = set()
    closed: set[dt.date] = set()
    for plan in plans_of(people, from_day=first, until_day=until, for_staff=False).values():
        for number in range((until - first).days):
            day = first + dt.timedelta(days=number)
            if open_on(plan, day):
                opened.add(day)
        zone = ZoneInfo(plan.zone)
        closed |= {span.starts_at.astimezone(zone).date() for span in closures(plan, first, until)}
    return opened, closed
