"""What one local day has, in its own minutes: a plan's weekly rules, breaks, holidays and dated changes. Pure.

When these minutes are, and what is free of them, availability says.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Literal

WHOLE_DAY: Final = 24 * 60

# From the first until the second, which is not in it: minutes of a local day, or instants in seconds.
Stretch = tuple[int, int]
SpanKind = Literal["open", "break", "closed", "holiday", "busy"]
Named = tuple[Stretch, str, SpanKind]


@dataclass(frozen=True, slots=True)
class Rule:
    """A stretch of every week (or every second one) in minutes of the local day: open, or a break in what is open."""

    weekday: int
    starts: int
    ends: int
    first_day: dt.date
    last_day: dt.date | None = None
    every_weeks: int = 1
    is_break: bool = False
    label: str = ""

    def is_steady(self, from_day: dt.date, until_day: dt.date) -> bool:
        """Whether it is the same in every week of these days: it holds in all, or in none."""
        ends_before = self.last_day is not None and self.last_day < from_day
        goes_on = self.last_day is None or self.last_day >= until_day
        return (
            ends_before
            or self.first_day >= until_day
            or (self.every_weeks == 1 and self.first_day <= from_day and goes_on)
        )

    def holds_on(self, day: dt.date) -> bool:
        if day.weekday() != self.weekday or day < self.first_day:
            return False
        if self.last_day is not None and day > self.last_day:
            return False
        # Weeks are counted from the Monday of the first day's week.
        return ((day.toordinal() - 1) // 7 - (self.first_day.toordinal() - 1) // 7) % self.every_weeks == 0


@dataclass(frozen=True, slots=True)
class DayChange:
    """One day that is otherwise than the week says. `usual`: it is a holiday, and the week holds all the same."""

    day: dt.date
    kind: Literal["open", "closed", "usual"]
    starts: int = 0
    ends: int = WHOLE_DAY
    label: str = ""
    of_clinic: bool = False


@dataclass(frozen=True)
class Plan:
    """All that says when one practitioner can be booked, but for what is taken.

    A day's open time is found in this order, and later lines win:
    1. the week's open stretches without its breaks;
    2. a holiday closes the whole day, unless a change says `usual`;
    3. the clinic's changes: opened, then closed;
    4. the practitioner's own changes: opened, then closed.
    """

    zone: str
    rules: tuple[Rule, ...] = ()
    changes: tuple[DayChange, ...] = ()
    holidays: Mapping[dt.date, str] = field(default_factory=dict)
    # Starts are so many minutes apart, counted by the local clock from the beginning of each open stretch.
    step: int = 20
    # Not taken by anybody else either, before and after the visit. They need not be open.
    buffer_before: int = 0
    buffer_after: int = 0
    notice_minutes: int = 0
    # How many days after today can be booked; None for no end.
    horizon_days: int | None = None
    daily_maximum: int | None = None

    @cached_property
    def rules_by_weekday(self) -> tuple[tuple[Rule, ...], ...]:
        return tuple(tuple(rule for rule in self.rules if rule.weekday == weekday) for weekday in range(7))

    @cached_property
    def changes_by_day(self) -> dict[dt.date, list[DayChange]]:
        found: dict[dt.date, list[DayChange]] = {}
        for change in self.changes:
            found.setdefault(change.day, []).append(change)
        return found


def open_on(plan: Plan, day: dt.date) -> list[Stretch]:
    """The day's open stretches in minutes of the local day, in order, apart from each other."""
    rules = plan.rules_by_weekday[day.weekday()]
    opened, paused = week_on(rules, day)
    changes = plan.changes_by_day.get(day, ())
    if day in plan.holidays and not any(change.kind == "usual" for change in changes):
        opened = []
    else:
        opened = without(opened, paused)
    if changes:
        for of_clinic in (True, False):
            mine = [change for change in changes if change.of_clinic is of_clinic]
            opened = merged(sorted(opened + [(c.starts, c.ends) for c in mine if c.kind == "open"]))
            opened = without(opened, merged(sorted((c.starts, c.ends) for c in mine if c.kind == "closed")))
    return opened


def week_on(rules: Sequence[Rule], day: dt.date) -> tuple[list[Stretch], list[Stretch]]:
    """What the week alone says: the open stretches and the breaks."""
    holding = [rule for rule in rules if rule.holds_on(day)]
    opened = merged(sorted((rule.starts, rule.ends) for rule in holding if not rule.is_break))
    return opened, merged(sorted((rule.starts, rule.ends) for rule in holding if rule.is_break))


def breaks_on(plan: Plan, day: dt.date) -> Iterator[Named]:
    rules = plan.rules_by_weekday[day.weekday()]
    week, _ = week_on(rules, day)
    # A day that is closed has no breaks, and what a change opens is open.
    nothing = merged(sorted([*_closed_by_name(plan, day), *open_on(plan, day)]))
    for rule in sorted((rule for rule in rules if rule.is_break and rule.holds_on(day)), key=lambda rule: rule.starts):
        for stretch in without(common([(rule.starts, rule.ends)], week), nothing):
            yield stretch, rule.label, "break"


def closures_on(plan: Plan, day: dt.date) -> Iterator[Named]:
    opened = open_on(plan, day)
    for stretch, (label, kind) in _closed_by_name(plan, day).items():
        for part in without([stretch], opened):
            yield part, label, kind


def _closed_by_name(plan: Plan, day: dt.date) -> dict[Stretch, tuple[str, SpanKind]]:
    changes = plan.changes_by_day.get(day, [])
    found: dict[Stretch, tuple[str, SpanKind]] = {}
    if day in plan.holidays and not any(change.kind == "usual" for change in changes):
        found[(0, WHOLE_DAY)] = (plan.holidays[day], "holiday")
    for change in changes:
        if change.kind == "closed":
            found.setdefault((change.starts, change.ends), (change.label, "closed"))
    return found


def merged(found: list[Stretch]) -> list[Stretch]:
    """Sorted stretches, with those that touch or overlap made one."""
    if len(found) < 2:
        return found
    made: list[Stretch] = []
    starts, ends = found[0]
    for begins, over in found:
        if begins > ends:
            made.append((starts, ends))
            starts, ends = begins, over
        elif over > ends:
            ends = over
    made.append((starts, ends))
    return made


def without(stretches: Iterable[Stretch], taken: Sequence[Stretch]) -> list[Stretch]:
    """The first without the second; both in order and merged."""
    left = []
    for starts, ends in stretches:
        for begins, over in taken:
            if over <= starts:
                continue
            if begins >= ends:
                break
            if begins > starts:
                left.append((starts, begins))
            starts = over
        if starts < ends:
            left.append((starts, ends))
    return left


def common(one: Iterable[Stretch], other: Sequence[Stretch]) -> list[Stretch]:
    pairs = ((max(a, c), min(b, d)) for a, b in one for c, d in other)
    return [(starts, ends) for starts, ends in pairs if starts < ends]
