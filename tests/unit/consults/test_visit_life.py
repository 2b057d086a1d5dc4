"""The table of a visit's life, and the hours of its door."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consults.lifecycle import (
    BEGUN,
    DOOR_CLOSES_AFTER,
    DOOR_OPENS_BEFORE,
    MOVES,
    OVER,
    VisitStatus,
    door_state,
    moved,
)
from core.errors import IllegalTransition

STATUSES = st.sampled_from(VisitStatus)
NINE = dt.datetime(2026, 11, 24, 9, tzinfo=dt.UTC)
TWENTY = dt.timedelta(minutes=20)


def test_table_covers_every_status_and_over_is_what_nothing_leaves() -> None:
    assert set(MOVES) == set(VisitStatus)
    assert {status for status, targets in MOVES.items() if not targets} == OVER


@given(STATUSES, STATUSES)
def test_moved_any_pair_follows_the_table_and_nothing_else(current: VisitStatus, target: VisitStatus) -> None:
    if target in MOVES[current]:
        assert moved(current.value, target) is target
    else:
        with pytest.raises(IllegalTransition):
            moved(current.value, target)


@given(st.lists(STATUSES, max_size=20))
def test_moved_any_walk_never_leaves_an_end_and_never_begins_unmet(targets: list[VisitStatus]) -> None:
    walked = [VisitStatus.PLANNED]
    for target in targets:
        try:
            walked.append(moved(walked[-1], target))
        except IllegalTransition:
            continue
    assert not any(status in OVER for status in walked[:-1])
    begun = [i for i, status in enumerate(walked) if status is VisitStatus.IN_PROGRESS]
    first, later = begun[:1], begun[1:]
    assert all(walked[i - 1] is VisitStatus.ARRIVED for i in first)
    # Begun once: it comes back from being on hold, or from the line into which it was put back.
    assert all(walked[i - 1] in {VisitStatus.ON_LEAVE, VisitStatus.ARRIVED} for i in later)


def test_moved_call_that_has_begun_cannot_be_cancelled_but_a_wait_can() -> None:
    assert moved("arrived", VisitStatus.CANCELLED) == "cancelled"
    for begun in BEGUN:
        with pytest.raises(IllegalTransition):
            moved(begun.value, VisitStatus.CANCELLED)


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (NINE - DOOR_OPENS_BEFORE - dt.timedelta(microseconds=1), "early"),
        (NINE - DOOR_OPENS_BEFORE, "open"),
        (NINE + TWENTY + DOOR_CLOSES_AFTER, "open"),
        (NINE + TWENTY + DOOR_CLOSES_AFTER + dt.timedelta(microseconds=1), "late"),
    ],
)
def test_door_state_at_the_edges_is_exact(now: dt.datetime, state: str) -> None:
    assert door_state(starts_at=NINE, ends_at=NINE + TWENTY, now=now) == state


@given(st.lists(st.integers(-3 * 86400, 3 * 86400), min_size=2, max_size=10))
def test_door_state_as_time_passes_only_goes_forward(offsets: list[int]) -> None:
    order = ["early", "open", "late"]
    instants = [NINE + dt.timedelta(seconds=offset) for offset in sorted(offsets)]
    seen = [order.index(door_state(starts_at=NINE, ends_at=NINE + TWENTY, now=instant)) for instant in instants]
    assert seen == sorted(seen)
