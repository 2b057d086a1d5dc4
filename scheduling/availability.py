"""When somebody can be booked: one pure function over rules, exceptions, holidays, buffers and what is taken.

No database here, and no clock: whoever asks says what stands and what time it is. Rows become a `Plan` in selectors.
"""

import datetime as dt
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from math import ceil, floor
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from scheduling.week import (
    WHOLE_DAY,
    DayChange,
    Named,
    Plan,
    Rule,
    SpanKind,
    Stretch,
    breaks_on,
    closures_on,
    merged,
    open_on,
    week_on,
    without,
)
from scheduling.zones import DAY, EPOCH, ONE_DAY, day_seconds, instant, midnight, pieces_of_days, stretches

__all__ = [
    "WHOLE_DAY",
    "DayChange",
    "OpenTimes",
    "Plan",
    "Rule",
    "Slot",
    "Slots",
    "Span",
    "breaks",
    "closures",
    "free_among",
    "free_slots",
    "is_open",
    "local_day",
    "open_spans",
]

_NEVER: Final = (1 << 62, 1 << 62)


class Slot(NamedTuple):
    """A time that can be booked, in UTC."""

    starts_at: dt.datetime
    ends_at: dt.datetime


class Span(NamedTuple):
    """A stretch of a calendar, in UTC: open, a break in it, closed (with the reason's name) or a holiday."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    label: str
    kind: SpanKind


class Slots(dict[int, Slot]):
    """Slots of one length by their beginning in seconds, each made once: practitioners share their times."""

    def __init__(self, minutes: int) -> None:
        super().__init__()
        if minutes <= 0:
            raise ValueError("a visit lasts at least a minute")
        self.seconds = minutes * 60

    def __missing__(self, at: int) -> Slot:
        slot = self[at] = Slot(instant(at), instant(at + self.seconds))
        return slot


def free_slots(
    plan: Plan,
    taken: Iterable[tuple[dt.datetime, dt.datetime]],
    *,
    minutes: int,
    from_: dt.datetime,
    until: dt.datetime,
    now: dt.datetime,
    visits: Iterable[dt.datetime] = (),
) -> list[Slot]:
    """The times that begin from `from_` until `until` (which is not in it) and can be booked, in order.

    `taken` are stretches that are somebody's already, in any order, overlapping or not. `visits` are the beginnings of
    what is booked, counted for the daily maximum.
    """
    blocked = [(_floor(starts), _ceiling(ends)) for starts, ends in taken]
    begun = [_floor(at) for at in visits]
    return free_among(plan, blocked, Slots(minutes), from_=from_, until=until, now=now, visits=begun)


def free_among(
    plan: Plan,
    taken: Iterable[Stretch],
    slots: Slots,
    *,
    from_: dt.datetime,
    until: dt.datetime,
    now: dt.datetime,
    visits: Iterable[int] = (),
) -> list[Slot]:
    """`free_slots` for many: what is taken in seconds, and slots of one length made once for all.

    The time it takes grows with the number of days and of what is taken, and with nothing else.
    """
    first, last = bounds(plan, from_, until, now)
    if first >= last or plan.daily_maximum == 0:
        return []
    from_day, until_day = local_day(plan, instant(first)), local_day(plan, instant(last - 1)) + ONE_DAY
    opened, begins = _opened(plan, from_day, until_day, _full_days(plan, visits, from_day, until_day))
    blocked = merged(sorted(taken))
    return [slots[at] for at in _fitting(plan, begins, opened, blocked, slots.seconds, first, last)]


def open_spans(plan: Plan, from_day: dt.date, until_day: dt.date) -> list[Span]:
    """What is open on the local days from `from_day` until `until_day`, which is not in it."""
    opened, _ = _opened(plan, from_day, until_day, frozenset(), days_after=0)
    return [Span(instant(first), instant(last), "", "open") for first, last in opened]


def breaks(plan: Plan, from_day: dt.date, until_day: dt.date) -> list[Span]:
    """The named breaks of these days, where it would be open without them."""
    return _spans(plan, from_day, until_day, breaks_on)


def closures(plan: Plan, from_day: dt.date, until_day: dt.date) -> list[Span]:
    """The holidays and other closed times of these days, by name, without what is open all the same."""
    return _spans(plan, from_day, until_day, closures_on)


def is_open(plan: Plan, starts_at: dt.datetime, ends_at: dt.datetime) -> bool:
    """Whether every minute from `starts_at` until `ends_at` is open; nothing else is asked."""
    first, last = local_day(plan, starts_at), local_day(plan, ends_at)
    return OpenTimes(plan, first, last + ONE_DAY).hold(starts_at, ends_at)


class OpenTimes:
    """All that is open on these days (`until_day` not in it), to ask about many visits at once."""

    def __init__(self, plan: Plan, from_day: dt.date, until_day: dt.date) -> None:
        self._opened, _ = _opened(plan, from_day, until_day, frozenset())
        self._begins = [begins for begins, _ in self._opened]

    def hold(self, starts_at: dt.datetime, ends_at: dt.datetime) -> bool:
        first, last = _floor(starts_at), _ceiling(ends_at)
        place = bisect_right(self._begins, first)
        return first < last and place > 0 and last <= self._opened[place - 1][1]


def local_day(plan: Plan, at: dt.datetime) -> dt.date:
    """The day that the practitioner's calendar shows at an instant."""
    return at.astimezone(ZoneInfo(plan.zone)).date()


def _opened(
    plan: Plan, from_day: dt.date, until_day: dt.date, full: AbstractSet[dt.date], *, days_after: int = 1
) -> tuple[list[Stretch], list[int]]:
    """What is open on these days and the next (a visit may go on over midnight), and where visits may begin."""
    end = until_day + days_after * ONE_DAY
    known = pieces_of_days(plan.zone, from_day, end)
    usual = _usual_week(plan, from_day, end)
    step = plan.step * 60
    opened: list[Stretch] = []
    begins: list[int] = []
    for ordinal in range(from_day.toordinal(), end.toordinal()):
        day = dt.date.fromordinal(ordinal)
        local_midnight = day_seconds(day)
        may_begin = day < until_day and day not in full
        is_usual = day not in plan.changes_by_day and day not in plan.holidays
        week = usual[day.weekday()] if is_usual else None
        for starts, ends in open_on(plan, day) if week is None else week:
            for begun, over, offset in known:
                from_ = first = local_midnight + starts * 60 - offset
                last = local_midnight + ends * 60 - offset
                if first >= over or last <= begun:
                    continue
                if first < begun:
                    # Clocks changed meanwhile: go on with the first of the local steps that they show from now on.
                    first = begun
                last = min(last, over)
                opened.append((first, last))
                if may_begin:
                    begins.extend(range(first + (from_ - first) % step, last, step))
    opened.sort()
    begins.sort()
    return merged(opened), begins


def _usual_week(plan: Plan, from_day: dt.date, until_day: dt.date) -> list[list[Stretch] | None]:
    """What is open on each weekday when that is the same in every week of these days, else None."""
    found: list[list[Stretch] | None] = []
    week = range(from_day.toordinal(), from_day.toordinal() + 7)
    for day in sorted(map(dt.date.fromordinal, week), key=dt.date.weekday):
        rules = plan.rules_by_weekday[day.weekday()]
        is_steady = all(rule.is_steady(from_day, until_day) for rule in rules)
        found.append(without(*week_on(rules, day)) if is_steady else None)
    return found


def _fitting(
    plan: Plan, begins: list[int], opened: list[Stretch], blocked: list[Stretch], length: int, first: int, last: int
) -> Iterator[int]:
    """Those beginnings whose visit is open to its end and with its buffers meets nothing that is taken."""
    before, after = plan.buffer_before * 60, length + plan.buffer_after * 60
    # A visit may begin from the end of one wall until so long before the next, where both ends are possible.
    walls = [*blocked, _NEVER]
    place = 0
    for space_begins, space_ends in opened:
        latest = min(space_ends - length, last - 1)
        earliest = max(space_begins, first)
        while earliest <= latest:
            while walls[place][1] <= earliest - before:
                place += 1
            wall_begins, wall_ends = walls[place]
            until = min(latest, wall_begins - after)
            if earliest <= until:
                yield from begins[bisect_left(begins, earliest) : bisect_right(begins, until)]
            earliest = wall_ends + before


def bounds(plan: Plan, from_: dt.datetime, until: dt.datetime, now: dt.datetime) -> Stretch:
    """The instants in which a visit may begin: as asked, not before the notice is over, not after the horizon."""
    first = max(_ceiling(from_), _ceiling(now) + plan.notice_minutes * 60)
    last = _ceiling(until)
    if plan.horizon_days is not None:
        last = min(last, _ceiling(midnight(plan.zone, local_day(plan, now) + (plan.horizon_days + 1) * ONE_DAY)))
    return first, last


def _full_days(plan: Plan, visits: Iterable[int], from_day: dt.date, until_day: dt.date) -> set[dt.date]:
    """The local days on which as many visits begin as one day may have."""
    if plan.daily_maximum is None:
        return set()
    known = pieces_of_days(plan.zone, from_day, until_day)
    count = Counter((at + offset) // DAY for at in visits for begins, ends, offset in known if begins <= at < ends)
    return {EPOCH.date() + number * ONE_DAY for number, visits_ in count.items() if visits_ >= plan.daily_maximum}


def _spans(
    plan: Plan, from_day: dt.date, until_day: dt.date, on_day: Callable[[Plan, dt.date], Iterator[Named]]
) -> list[Span]:
    known = pieces_of_days(plan.zone, from_day, until_day)
    found = []
    for ordinal in range(from_day.toordinal(), until_day.toordinal()):
        day = dt.date.fromordinal(ordinal)
        day_begins = day_seconds(day)
        for (starts, ends), label, kind in on_day(plan, day):
            for first, last in stretches(known, day_begins + starts * 60, day_begins + ends * 60):
                found.append(Span(instant(first), instant(last), label, kind))
    return sorted(found)


def _floor(at: dt.datetime) -> int:
    return floor(at.timestamp())


def _ceiling(at: dt.datetime) -> int:
    return ceil(at.timestamp())
