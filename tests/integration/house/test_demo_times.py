"""When demo visits start: one of them can be joined at every minute, at midnight and while clocks change too."""

import datetime as dt
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from consults.lifecycle import door_state
from telehealth.demo import cast, times

CHICAGO = ZoneInfo(cast.CLINIC["timezone"])
PRESENT = [visit for visit in cast.VISITS if times.is_present(visit)]
MOMENTS = [
    dt.datetime(2026, 11, 24, 23, 59, 59, tzinfo=CHICAGO),
    dt.datetime(2026, 11, 25, 0, 0, tzinfo=CHICAGO),
    dt.datetime(2026, 11, 24, 10, 4, tzinfo=CHICAGO),
    # The nights on which an hour is missing and on which one comes twice.
    dt.datetime(2026, 3, 8, 1, 59, 30, tzinfo=CHICAGO),
    dt.datetime(2026, 3, 8, 3, 0, tzinfo=CHICAGO),
    dt.datetime(2026, 11, 1, 1, 30, tzinfo=CHICAGO),
    dt.datetime(2026, 11, 1, 1, 30, fold=1, tzinfo=CHICAGO),
]


@pytest.mark.parametrize("visit", PRESENT, ids=lambda visit: visit.patient)
@pytest.mark.parametrize("now", MOMENTS, ids=str)
def test_present_visit_is_open_at_every_time_it_may_get(visit: cast.PlannedVisit, now: dt.datetime) -> None:
    now = now.astimezone(dt.UTC)
    starts = list(times.possible_starts(visit, now))
    states = {door_state(starts_at=start, ends_at=start + times.LENGTH, now=now) for start in starts}
    assert states == {"open"}
    assert len(starts) > 100


@pytest.mark.parametrize("visit", cast.VISITS, ids=lambda visit: visit.patient)
@pytest.mark.parametrize("now", MOMENTS, ids=str)
def test_first_choice_is_kept_by_a_second_start(visit: cast.PlannedVisit, now: dt.datetime) -> None:
    now = now.astimezone(dt.UTC)
    start = next(times.possible_starts(visit, now))
    assert times.still_fits(visit, start, now + dt.timedelta(seconds=30))
    assert not times.still_fits(visit, start, now + dt.timedelta(hours=14))


def test_first_choices_of_one_practitioner_do_not_overlap() -> None:
    now = MOMENTS[0].astimezone(dt.UTC)
    for practitioner in {visit.practitioner for visit in cast.VISITS}:
        own = [visit for visit in cast.VISITS if visit.practitioner == practitioner]
        starts = sorted(next(times.possible_starts(visit, now)) for visit in own)
        assert all(later - earlier >= times.LENGTH for earlier, later in pairwise(starts))
