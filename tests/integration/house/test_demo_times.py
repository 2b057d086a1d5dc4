"""When demo visits start: never over, and with an open door at every minute, at midnight and while clocks change."""

import datetime as dt
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from consults.lifecycle import door_state
from telehealth.demo import cast, times

CHICAGO = ZoneInfo(cast.CLINIC["timezone"])
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


@pytest.mark.parametrize("now", MOMENTS, ids=str)
def test_visit_that_must_be_joined_has_an_open_door_at_every_time_it_may_get(now: dt.datetime) -> None:
    now = now.astimezone(dt.UTC)
    starts = list(times.starts_with_open_door(now))
    states = {door_state(starts_at=start, ends_at=start + times.LENGTH, now=now) for start in starts}
    assert states == {"open"}
    assert len(starts) > 100


@pytest.mark.parametrize("visit", cast.VISITS, ids=lambda visit: visit.patient)
@pytest.mark.parametrize("now", MOMENTS, ids=str)
def test_planned_visit_is_never_over_and_is_kept_by_a_second_start(visit: cast.PlannedVisit, now: dt.datetime) -> None:
    now = now.astimezone(dt.UTC)
    starts = list(times.starts_ahead(visit, now))
    assert min(starts) == starts[0] > now - times.STEP
    soon = now + dt.timedelta(seconds=30)
    assert all(times.still_fits(start, start + times.LENGTH, soon) for start in starts)
    assert not times.still_fits(starts[0], starts[0] + times.LENGTH, now + dt.timedelta(hours=14))


def test_first_choices_of_one_practitioner_do_not_overlap() -> None:
    now = MOMENTS[0].astimezone(dt.UTC)
    for practitioner in {visit.practitioner for visit in cast.VISITS}:
        own = [visit for visit in cast.VISITS if visit.practitioner == practitioner]
        starts = sorted(next(times.starts_ahead(visit, now)) for visit in own)
        assert all(later - earlier >= times.LENGTH for earlier, later in pairwise(starts))
