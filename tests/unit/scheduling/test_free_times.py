"""Free times against a slow, obvious second computation: random rules, every change of the clocks, and bad input."""

import datetime as dt
import os
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduling import availability
from scheduling.availability import DayChange, Plan, Rule, Slot
from scheduling.zones import instants, midnight
from tests.unit.scheduling import by_the_minute

CASES = 2000 if os.environ.get("HOUSECALL_LONG") else 200
# Changes of an hour, of half an hour and of two, at midnight, out of season, and offsets of a half and three quarters.
ZONES = (
    "America/Adak", "America/Anchorage", "America/Chicago", "America/Halifax", "America/Havana", "America/Los_Angeles",
    "America/New_York", "America/Nuuk", "America/Port-au-Prince", "America/Santiago", "America/Scoresbysund",
    "America/St_Johns", "Africa/Cairo", "Africa/Casablanca", "Antarctica/Troll", "Asia/Beirut", "Asia/Gaza",
    "Asia/Jerusalem", "Atlantic/Azores", "Australia/Adelaide", "Australia/Lord_Howe", "Australia/Sydney",
    "Europe/Berlin", "Europe/Chisinau", "Europe/Dublin", "Europe/London", "Pacific/Auckland", "Pacific/Chatham",
    "Pacific/Easter", "Pacific/Norfolk",
)  # fmt: skip
WITHOUT_CHANGES = ("UTC", "Asia/Kathmandu", "Asia/Kolkata", "America/Phoenix", "Pacific/Kiritimati")
HOUR, MINUTE, DAY = dt.timedelta(hours=1), dt.timedelta(minutes=1), dt.timedelta(days=1)
LONG_AGO = dt.date(2020, 1, 6)
FIRST = dt.date(2026, 3, 26)


def changes_of(zone: str) -> list[dt.datetime]:
    """The first minute after every change of a zone's clocks from 2025 to 2030."""
    clock, found = ZoneInfo(zone), []
    at = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
    while at.year < 2031:
        later = at + 12 * HOUR
        if at.astimezone(clock).utcoffset() != later.astimezone(clock).utcoffset():
            before = at.astimezone(clock).utcoffset()
            found.append(next(m for i in range(721) if (m := at + i * MINUTE).astimezone(clock).utcoffset() != before))
        at = later
    return found


def both(plan: Plan, taken: Any, **asked: Any) -> tuple[list[Slot], list[Slot]]:
    return availability.free_slots(plan, taken, **asked), by_the_minute.free_slots(plan, taken, **asked)


@pytest.mark.slow
@pytest.mark.parametrize("zone", ZONES)
def test_free_times_around_every_change_of_the_clocks_are_those_found_by_the_minute(zone: str) -> None:
    changes = changes_of(zone)
    assert len(changes) >= 10
    # All day long, and only in the hours in which clocks are changed somewhere, begun off the hour.
    whole = tuple(Rule(weekday, 0, 1440, LONG_AGO) for weekday in range(7))
    parts = tuple(
        Rule(weekday, *hours, LONG_AGO) for weekday in range(7) for hours in ((25, 100), (110, 185), (1385, 1440))
    )
    for rules, step, minutes in ((whole, 35, 20), (parts, 15, 15)):
        plan = Plan(zone, rules, step=step)
        for at in changes:
            asked = {"minutes": minutes, "from_": at - 2 * HOUR - MINUTE, "until": at + 2 * HOUR, "now": at - DAY}
            found, obvious = both(plan, [], **asked)
            assert found == obvious, f"{zone} {at} {step}"
            assert len(set(found)) == len(found)


@pytest.mark.parametrize("zone", ZONES)
def test_local_time_around_every_change_of_the_clocks_is_none_one_or_two_instants(zone: str) -> None:
    clock, seen = ZoneInfo(zone), set()
    for at in changes_of(zone):
        shown = {}
        for i in range(-300, 300):
            instant = at + i * MINUTE
            shown.setdefault(instant.astimezone(clock).replace(tzinfo=None), []).append(instant)
        start = at.astimezone(clock).replace(tzinfo=None) - 130 * MINUTE
        for local in (start + i * 5 * MINUTE for i in range(50)):
            assert instants(zone, local) == shown.get(local, []), local
            seen.add(len(shown.get(local, [])))
        day = start.date()
        first = next(a for a in (at - 30 * HOUR + i * MINUTE for i in range(3600)) if a.astimezone(clock).date() == day)
        assert midnight(zone, day) == first
    assert seen == {0, 1, 2}


minutes_of_day = st.integers(0, 96).map(lambda quarter: quarter * 15)
stretches = st.tuples(minutes_of_day, minutes_of_day).filter(lambda pair: pair[0] != pair[1]).map(sorted)
days = st.integers(-9, 9).map(lambda ahead: FIRST + ahead * DAY)


@st.composite
def rules(draw: Any) -> Rule:
    starts, ends = draw(stretches)
    first_day = draw(days)
    return Rule(
        draw(st.integers(0, 6)),
        starts,
        ends,
        first_day,
        draw(st.none() | st.integers(0, 20).map(lambda ahead: first_day + ahead * DAY)),
        every_weeks=draw(st.sampled_from((1, 1, 1, 2, 3))),
        is_break=draw(st.integers(0, 3)) == 0,
    )


@st.composite
def changes(draw: Any) -> DayChange:
    starts, ends = draw(st.just((0, 1440)) | stretches)
    kind = draw(st.sampled_from(("open", "closed", "usual")))
    return DayChange(draw(days), kind, starts, ends, of_clinic=draw(st.booleans()))


@st.composite
def plans(draw: Any) -> Plan:
    wide = tuple(Rule(weekday, *draw(stretches), LONG_AGO) for weekday in range(7))
    return Plan(
        zone=draw(st.sampled_from(ZONES + WITHOUT_CHANGES)),
        rules=wide + tuple(draw(st.lists(rules(), max_size=6))),
        changes=tuple(draw(st.lists(changes(), max_size=4))),
        holidays=dict.fromkeys(draw(st.lists(days, max_size=3)), "Day off"),
        step=draw(st.sampled_from((5, 10, 15, 20, 35, 60))),
        buffer_before=draw(st.sampled_from((0, 0, 5, 30))),
        buffer_after=draw(st.sampled_from((0, 0, 10, 45))),
        notice_minutes=draw(st.sampled_from((0, 60, 1500))),
        horizon_days=draw(st.sampled_from((None, 0, 2, 60))),
        daily_maximum=draw(st.sampled_from((None, None, 0, 1, 2))),
    )


moments = st.integers(-600, 3600).map(lambda ahead: dt.datetime(2026, 3, 28, tzinfo=dt.UTC) + ahead * MINUTE)
takings = st.tuples(moments, st.sampled_from((5, 20, 60, 600))).map(lambda one: (one[0], one[0] + one[1] * MINUTE))


@pytest.mark.slow
@settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    plans(), st.lists(takings, max_size=8), moments, st.integers(30, 2500), st.sampled_from((5, 20, 45, 480)), moments
)
def test_free_times_by_any_rules_are_those_found_by_the_minute(
    plan: Plan,
    taken: list[tuple[dt.datetime, dt.datetime]],
    from_: dt.datetime,
    lasts: int,
    minutes: int,
    now: dt.datetime,
) -> None:
    asked = {"minutes": minutes, "from_": from_, "until": from_ + lasts * MINUTE, "now": min(now, from_ + HOUR)}
    found, obvious = both(plan, taken, **asked, visits=[starts for starts, _ in taken])
    assert found == obvious


@settings(max_examples=CASES // 4, deadline=None, suppress_health_check=list(HealthCheck))
@given(plans(), st.lists(takings, max_size=8), st.integers(1, 30))
def test_free_times_of_many_days_are_those_of_each_day_alone(
    plan: Plan, taken: list[tuple[dt.datetime, dt.datetime]], ahead: int
) -> None:
    noons = [dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC) + i * DAY for i in range(ahead + 1)]
    visits = [starts for starts, _ in taken]

    def free(from_: dt.datetime, until: dt.datetime) -> list[Slot]:
        return availability.free_slots(
            plan, taken, minutes=20, from_=from_, until=until, now=noons[0] - DAY, visits=visits
        )

    alone = [slot for first, last in pairwise(noons) for slot in free(first, last)]
    assert free(noons[0], noons[-1]) == alone
