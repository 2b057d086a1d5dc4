"""Where an RTP time stamp stands in time: pure arithmetic over arrivals at the relay and the sender's own reports.

A packet cannot come before it was sent, and now and then one comes almost at once. So the smallest difference of
arrival and time stamp is the clock's true distance; everything above it is delay. It is taken piece by piece, a piece
being one part of a recording:

    base of a piece = the larger of the least difference up to it and the least difference from it on

A delay that passes changes nothing, since the least before and the least after are alike. A clock that runs slow or
fast, or jumps, or stops with a sleeping computer, moves what comes after (or was before) for good, and is followed.
"""

import statistics
from collections.abc import Sequence
from itertools import accumulate

# The ends of a stream have little before or after them to compare with, so these many pieces count as one there.
EDGE = 3
# The base stays as it was unless it moves by more than this: packets keep their sender's spacing.
DEADBAND = 10_000
# Farther apart than this, voice and camera are left to their arrivals: such reports are wrong, or meant to be.
MOST_SHIFT = 500_000

# A time further away from its arrival than this is not believed: stamps are what a browser says.
MOST_LATE, MOST_EARLY = 10_000_000, 1_000_000


def believed(time: float, arrival: int) -> float:
    """The time, or the arrival where the time cannot be."""
    return time if -MOST_LATE < time - arrival < MOST_EARLY else arrival


def bases(least: Sequence[float]) -> list[float]:
    """For each piece in order, what to add to a time stamp (µs) to have its time. `least`: arrival less time stamp."""
    if not least:
        return []
    edge = min(EDGE, len(least))
    before = list(accumulate(least, min))
    after = list(accumulate(reversed(least), min))[::-1]
    before[:edge] = [before[edge - 1]] * edge
    after[-edge:] = [after[-edge]] * edge
    return _steady([max(pair) for pair in zip(before, after, strict=True)])


def _steady(values: list[float]) -> list[float]:
    steady, current = [], values[0]
    for value in values:
        if abs(value - current) > DEADBAND:
            current = value
        steady.append(current)
    return steady


def shift(voice: Sequence[tuple[float, float]], picture: Sequence[tuple[float, float]]) -> float:
    """What to add to a camera's base so that it is in step with the voice of the same connection.

    Each report is a pair: the piece's base, and the sender's clock less the time stamp (both µs). 0 without reports of
    both, and where they contradict the arrivals too much.
    """
    if not voice or not picture:
        return 0.0
    heard = statistics.median(base - sent for base, sent in voice)
    seen = statistics.median(base - sent for base, sent in picture)
    found = heard - seen
    return found if abs(found) <= MOST_SHIFT else 0.0
