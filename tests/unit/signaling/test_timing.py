"""When sockets look that have no hurry: together, and not all in the same second."""

import pytest

from signaling.limits import Timing


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
