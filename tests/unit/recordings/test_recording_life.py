"""The table of a recording's moves, and where one stands by what is known of it. No database."""

import datetime as dt
from itertools import product

import pytest

from core.errors import IllegalTransition
from recordings.lifecycle import MOVES, OPEN, Facts, RecordingStatus, bytes_arrive, moved, standing

NOW = dt.datetime(2026, 12, 1, 10, 0, tzinfo=dt.UTC)
S = RecordingStatus


def ago(seconds: float) -> dt.datetime:
    return NOW - dt.timedelta(seconds=seconds)


def test_every_move_is_allowed_or_raises() -> None:
    for current, target in product(S, S):
        if target in MOVES[current]:
            assert moved(current, target) is target
        else:
            with pytest.raises(IllegalTransition):
                moved(current, target)


def test_nothing_that_ended_opens_again_and_erased_is_the_end() -> None:
    reached = {target for status in set(S) - OPEN for target in MOVES[status]}
    assert not reached & OPEN
    assert MOVES[S.ERASED] == frozenset()
    assert all(MOVES[status] for status in set(S) - {S.ERASED})


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (Facts(False, None, "", None), (S.WAITING, "consent")),
        (Facts(True, None, "recording", ago(0)), (S.PAUSED, "consent")),
        (Facts(False, None, "", None, key_missing=True), (S.WAITING, "keys")),
        (Facts(False, ago(1), "", None), (S.WAITING, "")),
        (Facts(False, ago(4), "", None), (S.WAITING, "lost")),
        (Facts(True, ago(9), "recording", ago(3)), (S.RECORDING, "")),
        (Facts(True, ago(9), "recording", ago(3), key_missing=True), (S.RECORDING, "keys")),
        (Facts(True, ago(9), "recording", ago(3.1)), (S.PAUSED, "lost")),
        # What was heard before bytes were due again says nothing of them.
        (Facts(True, ago(1), "recording", ago(2)), (S.PAUSED, "")),
        (Facts(True, ago(9), "waiting", ago(2)), (S.PAUSED, "silent")),
        (Facts(True, ago(2), "waiting", ago(2)), (S.PAUSED, "")),
        (Facts(True, ago(99), "full", ago(90)), (S.PAUSED, "full")),
        (Facts(False, ago(0), "unavailable", ago(0)), (S.WAITING, "unavailable")),
    ],
)
def test_standing_follows_from_what_was_heard_and_when(facts: Facts, expected: tuple[S, str]) -> None:
    assert standing(facts, NOW) == expected
    assert bytes_arrive(facts, NOW) == (expected[0] is S.RECORDING)
