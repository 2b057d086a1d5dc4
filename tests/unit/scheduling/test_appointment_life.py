"""The table of an appointment's life."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import IllegalTransition
from scheduling.lifecycle import MOVES, OVER, AppointmentStatus, moved

STATUSES = st.sampled_from(AppointmentStatus)


def test_table_covers_every_status_and_nothing_leaves_over_but_the_correction_of_a_no_show() -> None:
    assert set(MOVES) == set(AppointmentStatus)
    assert {"fulfilled", "cancelled", "noshow"} == OVER
    assert {status for status in OVER if MOVES[status]} == {"noshow"}


@given(STATUSES, STATUSES)
def test_moved_any_pair_follows_the_table_and_nothing_else(
    current: AppointmentStatus, target: AppointmentStatus
) -> None:
    if target in MOVES[current]:
        assert moved(current.value, target) is target
    else:
        with pytest.raises(IllegalTransition) as refused:
            moved(current.value, target)
        assert refused.value.status == 409


@given(st.lists(STATUSES, max_size=20))
def test_moved_any_walk_never_leaves_an_end_but_a_wrong_no_show(targets: list[AppointmentStatus]) -> None:
    status = AppointmentStatus.BOOKED
    for target in targets:
        before = status
        try:
            status = moved(status, target)
        except IllegalTransition:
            continue
        assert before not in OVER - {"noshow"}


@pytest.mark.parametrize(
    ("current", "target"),
    [
        ("proposed", "pending"),
        ("proposed", "booked"),
        ("pending", "booked"),
        ("booked", "arrived"),
        ("arrived", "booked"),
        ("arrived", "fulfilled"),
        ("booked", "cancelled"),
        ("booked", "noshow"),
        ("noshow", "booked"),
        ("noshow", "fulfilled"),
    ],
)
def test_moved_move_of_daily_life_is_allowed_and_its_way_out_of_the_end_is_not(current: str, target: str) -> None:
    assert moved(current, AppointmentStatus(target)) == target
    with pytest.raises(IllegalTransition):
        moved("cancelled", AppointmentStatus(target))
