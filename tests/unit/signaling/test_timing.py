"""When sockets look that have no hurry: together, and not all in the same second."""

import pytest

from consults.presence import SILENT_AFTER
from consults.services.seats import TOUCH_EVERY
from signaling.limits import MOMENTS_APART, Timing


@pytest.mark.parametrize(("when", "then"), [(10.0, 10.0), (10.01, 10.5), (10.5, 10.5), (10.99, 11.0)])
def test_looks_that_are_not_urgent_fall_on_moments_that_all_sockets_share(when: float, then: float) -> None:
    assert Timing().with_others(when) == pytest.approx(then)


def test_moments_are_close_together_where_heartbeats_are() -> None:
    assert Timing(ping_every=0.2).with_others(1.003) == pytest.approx(1.01)


def test_first_heartbeats_are_spread_over_ten_seconds_and_never_later_than_the_others() -> None:
    first = [Timing().first_ping() for _ in range(400)]
    assert 0 <= min(first) < 2
    assert 8 < max(first) <= 10
    assert min(Timing(ping_every=60.0).first_ping() for _ in range(400)) >= 50


@pytest.mark.parametrize(("present", "then"), [(20.03, 30.0), (29.9, 30.0), (30.0, 40.0), (44.2, 54.5)])
def test_heartbeats_are_one_period_apart_however_late_one_was(present: float, then: float) -> None:
    assert Timing().next_ping(20.0, present) == pytest.approx(then)


def test_who_is_there_is_noted_before_they_count_as_silent() -> None:
    """A look that comes just too soon after the last one to be noted, then one whole heartbeat."""
    timing = Timing()
    longest = TOUCH_EVERY.total_seconds() + timing.ping_every + MOMENTS_APART + timing.coalesce
    assert longest <= SILENT_AFTER.total_seconds() - 2
    assert timing.touch_every <= timing.ping_every
