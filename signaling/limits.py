"""How much and how often: the timing of the sockets and their token buckets. All of it can be injected by tests."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from signaling.messages import Rate

Clock = Callable[[], float]
MOMENTS_APART = 0.5
SPREAD = 10.0


@dataclass(frozen=True)
class Timing:
    """Seconds, except where a name says otherwise. `clock` is monotonic."""

    ping_every: float = 10.0
    silence: float = 30.0
    hello_within: float = 10.0
    coalesce: float = 0.05
    hints_again: float = 2.0
    touch_every: float = 10.0
    minutes_every: float = 20.0
    clock: Clock = time.monotonic

    def first_ping(self) -> float:
        """Seconds: those who come back together after a restart have their heartbeats one after the other."""
        return self.ping_every - random.random() * min(self.ping_every, SPREAD)  # noqa: S311  nothing is hidden by it

    def next_ping(self, last: float, present: float) -> float:
        """By the clock: one period after the last was due, or after now where that is over already."""
        due = last + self.ping_every
        return due if due > present else self.with_others(present + self.ping_every)

    def with_others(self, when: float) -> float:
        """The next moment from `when` on, by the clock, at which all sockets of the process do what is not urgent.

        One trip to the database then answers many (rounds.py): alone, a look costs more than ten times as much.
        """
        step = min(MOMENTS_APART, self.ping_every / 20)
        return math.ceil(when / step) * step


@dataclass(frozen=True)
class Bucket:
    """`burst` at once, then `rate` a second."""

    burst: float
    rate: float


DEFAULT_BUCKETS: Mapping[Rate, Bucket] = {
    Rate.FRAME: Bucket(120, 30),
    Rate.CONTROL: Bucket(30, 4),
    Rate.CHAT: Bucket(10, 2),
    Rate.CONNECT: Bucket(8, 0.5),
    Rate.ANSWER: Bucket(30, 5),
    Rate.STILL: Bucket(1, 1 / 1.5),
    Rate.SHARE: Bucket(6, 0.2),
}


@dataclass(frozen=True)
class Limits:
    buckets: Mapping[Rate, Bucket] = field(default_factory=lambda: DEFAULT_BUCKETS)
    strikes: Bucket = Bucket(40, 1)
    sockets_per_person: int = 4
    outbox: int = 256


class TokenBucket:
    """Starts full. `take` is False when nothing is left."""

    def __init__(self, size: Bucket, clock: Clock) -> None:
        self._size = size
        self._clock = clock
        self._level = size.burst
        self._at = clock()

    def take(self) -> bool:
        now = self._clock()
        self._level = min(self._size.burst, self._level + (now - self._at) * self._size.rate)
        self._at = now
        if self._level < 1:
            return False
        self._level -= 1
        return True


class Meter:
    """The buckets of one socket. `allow` counts one message; `abused` is true once dropping did not help."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._buckets = {rate: TokenBucket(size, clock) for rate, size in limits.buckets.items()}
        self._strikes = TokenBucket(limits.strikes, clock)
        self.abused = False

    def allow(self, rate: Rate) -> bool:
        if self._buckets[rate].take():
            return True
        if not self._strikes.take():
            self.abused = True
        return False
