"""A day's order of precedence, what free times refuse, holidays and the words for hours."""

import datetime as dt
import subprocess
import sys
from zoneinfo import ZoneInfoNotFoundError

import pytest

from scheduling import spoken
from scheduling.availability import (
    DayChange,
    OpenTimes,
    Plan,
    Rule,
    Slots,
    breaks,
    closures,
    free_slots,
    is_open,
    open_spans,
)
from scheduling.public_holidays import countries, country_names, holidays_of
from scheduling.week import open_on

LONG_AGO = dt.date(2020, 1, 6)
MONDAY = dt.date(2026, 6, 1)
DAY = dt.timedelta(days=1)
NOON = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
WEEK = (Rule(0, 540, 1020, LONG_AGO), Rule(0, 720, 780, LONG_AGO, is_break=True, label="Lunch"))


def opened(*changes: DayChange, holiday: bool = False) -> list[tuple[int, int]]:
    return open_on(Plan("UTC", WEEK, changes, {MONDAY: "Day off"} if holiday else {}), MONDAY)


def own(kind: str, starts: int = 0, ends: int = 1440) -> DayChange:
    return DayChange(MONDAY, kind, starts, ends)  # type: ignore[arg-type]


def clinics(kind: str, starts: int = 0, ends: int = 1440) -> DayChange:
    return DayChange(MONDAY, kind, starts, ends, of_clinic=True)  # type: ignore[arg-type]


def test_later_words_win_over_earlier_ones() -> None:
    assert opened() == [(540, 720), (780, 1020)]
    assert opened(holiday=True) == []
    assert opened(clinics("usual"), holiday=True) == [(540, 720), (780, 1020)]
    assert opened(clinics("closed")) == []
    assert opened(clinics("closed"), own("open", 600, 660)) == [(600, 660)]
    assert opened(clinics("open", 600, 900), own("closed", 0, 700), holiday=True) == [(700, 900)]
    # Of one's own words for one time, closed wins; and what is opened has no break.
    assert opened(own("open", 480, 800), own("closed", 480, 500)) == [(500, 1020)]


def test_alternate_weeks_are_counted_from_the_monday_of_the_first_day() -> None:
    rule = Rule(0, 540, 600, dt.date(2026, 6, 3), every_weeks=2)
    # That Monday is before the first day, the next is in the other week.
    held = [day for ahead in range(50) if rule.holds_on(day := MONDAY + ahead * DAY)]
    assert held == [dt.date(2026, 6, 15), dt.date(2026, 6, 29), dt.date(2026, 7, 13)]


def test_rules_that_begin_or_end_within_the_days_asked_hold_only_until_then() -> None:
    """Weeks that are all the same are computed once; these are not."""
    ends, begins = MONDAY + 9 * DAY, MONDAY + 20 * DAY
    plan = Plan("UTC", (Rule(0, 540, 600, LONG_AGO, ends), Rule(0, 600, 660, begins)), step=60)
    found = free_slots(plan, [], minutes=60, from_=NOON - DAY, until=NOON + 40 * DAY, now=NOON - DAY)
    shown = [slot.starts_at.strftime("%d.%m. %H") for slot in found]
    assert shown == ["01.06. 09", "08.06. 09", "22.06. 10", "29.06. 10", "06.07. 10"]


def test_visit_goes_on_over_midnight_where_both_days_are_open() -> None:
    plan = Plan("UTC", (Rule(0, 1380, 1440, LONG_AGO), Rule(1, 0, 60, LONG_AGO)), step=30)
    late = dt.datetime(2026, 6, 1, 23, 30, tzinfo=dt.UTC)
    assert is_open(plan, late, late + dt.timedelta(hours=1))
    assert not is_open(plan, late, late + dt.timedelta(hours=2))
    found = free_slots(plan, [], minutes=60, from_=NOON, until=NOON + DAY, now=NOON)
    assert [slot.starts_at.strftime("%H:%M") for slot in found] == ["23:00", "23:30", "00:00"]


def test_open_times_hold_a_visit_only_as_a_whole() -> None:
    times = OpenTimes(Plan("UTC", WEEK), MONDAY, MONDAY + DAY)
    assert times.hold(NOON - dt.timedelta(hours=1), NOON)
    assert not times.hold(NOON - dt.timedelta(minutes=1), NOON + dt.timedelta(minutes=1))
    assert not times.hold(NOON, NOON)
    assert not times.hold(NOON, NOON - dt.timedelta(hours=1))


def test_spans_are_named_and_in_order() -> None:
    plan = Plan("UTC", WEEK, (DayChange(MONDAY, "closed", 960, 1440, "Training"),))
    assert [span.kind for span in open_spans(plan, MONDAY, MONDAY + DAY)] == ["open", "open"]
    assert [(span.label, span.kind) for span in breaks(plan, MONDAY, MONDAY + DAY)] == [("Lunch", "break")]
    assert [(span.label, span.kind) for span in closures(plan, MONDAY, MONDAY + DAY)] == [("Training", "closed")]
    holiday = Plan("UTC", WEEK, holidays={MONDAY: "Day off"})
    assert breaks(holiday, MONDAY, MONDAY + DAY) == []
    assert [(span.label, span.kind) for span in closures(holiday, MONDAY, MONDAY + DAY)] == [("Day off", "holiday")]


@pytest.mark.parametrize("minutes", [0, -20])
def test_visit_without_length_is_an_error(minutes: int) -> None:
    with pytest.raises(ValueError, match="at least a minute"):
        Slots(minutes)


def test_zone_that_there_is_not_is_an_error() -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        free_slots(Plan("Mars/Olympus", WEEK), [], minutes=20, from_=NOON, until=NOON + DAY, now=NOON)


def test_time_asked_backwards_or_over_has_nothing_free() -> None:
    plan = Plan("UTC", WEEK)
    assert free_slots(plan, [], minutes=20, from_=NOON + DAY, until=NOON, now=NOON) == []
    assert free_slots(plan, [], minutes=20, from_=NOON, until=NOON + DAY, now=NOON + 2 * DAY) == []
    assert free_slots(plan, [], minutes=481, from_=NOON - DAY, until=NOON + DAY, now=NOON - DAY) == []


def test_maximum_of_none_a_day_leaves_nothing_free() -> None:
    plan = Plan("UTC", WEEK, daily_maximum=0)
    assert free_slots(plan, [], minutes=20, from_=NOON, until=NOON + DAY, now=NOON) == []


def test_holidays_are_those_of_the_country_and_its_part() -> None:
    anywhere, illinois = (holidays_of("US", part, [2026]) for part in ("", "IL"))
    assert anywhere[dt.date(2026, 11, 26)] == "Thanksgiving Day"
    assert dt.date(2026, 2, 12) in illinois
    assert dt.date(2026, 2, 12) not in anywhere
    assert holidays_of("", "", [2026]) == {}
    assert holidays_of("QQ", "", [2026]) == {}
    assert holidays_of("US", "QQ", [2026]) == {}
    assert "IL" in countries()["US"]
    assert country_names()["US"] == "United States"
    assert len(country_names()) > 200


def test_library_of_holidays_is_not_loaded_until_it_is_asked() -> None:
    ask = "import sys, scheduling.public_holidays as p; p.holidays_of('', '', []); sys.exit('holidays' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", ask], check=False).returncode == 0


def test_hours_are_said_in_plain_words() -> None:
    assert spoken.weekdays([0, 1, 2, 3, 4]) == "Monday to Friday"
    assert spoken.weekdays([0, 2]) == "Monday and Wednesday"
    assert spoken.weekdays([0, 2, 4]) == "Monday, Wednesday and Friday"
    assert spoken.weekdays([6]) == "Sunday"
    assert spoken.stretch(540, 1440) == "9:00 am to midnight"
    assert spoken.stretch(0, 1440) == "all day"
    assert spoken.when_it_holds(1, LONG_AGO, None, MONDAY) == ""
    assert spoken.when_it_holds(2, dt.date(2026, 6, 3), dt.date(2026, 7, 1), MONDAY) == (
        "every 2nd week, counted from the week of 1 June 2026, from 3 June 2026, until 1 July 2026"
    )
