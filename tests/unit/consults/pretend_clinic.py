"""A clinic of which everything is known: days played out beside the house, what stood when people came, and what came.

It knows nothing of how the house estimates; only the shapes that it is given and takes are the house's.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from consults.waits import Line, Past, Person, Present

DAY = 86_400.0
NINE = 9 * 3600.0


@dataclass(frozen=True)
class Kind:
    """A type of visit: booked for so many minutes, held for a share of them, more or less."""

    name: str
    booked: int
    share: float
    deviation: float
    shape: str = "lognormal"

    def length(self, dice: random.Random, pace: float) -> float:
        typical = self.booked * 60 * self.share * pace
        if self.shape == "gamma":
            shape = 1 / self.deviation**2
            return max(60.0, dice.gammavariate(shape, typical / shape))
        return max(60.0, typical * dice.lognormvariate(0, self.deviation))


@dataclass(frozen=True)
class Clinic:
    """How one practitioner works and how people come. `drift` is by how much each day is slower than the one before."""

    name: str
    kinds: tuple[Kind, ...]
    measured_days: int
    per_day: int = 14
    early: float = 1.0
    gap: float = 75
    begins_late: float = 180
    comes: float = -300
    comes_deviation: float = 240
    no_shows: float = 0.05
    day_deviation: float = 0.08
    drift: float = 0.0
    forgotten: float = 0.0
    slack: float = 1.0


@dataclass
class _Visit:
    kind: Kind
    booked_at: float
    arrives_at: float | None
    length: float
    started_at: float | None = None
    ended_at: float | None = None


@dataclass(frozen=True)
class Asked:
    """Somebody comes in: the line then, where they stand in it, what was measured before, and their true wait."""

    clinic: Clinic
    pasts: list[Past]
    line: Line
    place: int
    wait: float


@dataclass
class Practice:
    """The days of one clinic, one after the other."""

    clinic: Clinic
    dice: random.Random
    pasts: list[Past] = field(default_factory=list)
    day: int = 0

    def days(self) -> Iterator[list[Asked]]:
        while True:
            self.day += 1
            visits = self._play()
            if self.day > self.clinic.measured_days:
                yield [self._asked(visits, one) for one in visits if one.started_at is not None]
            self.pasts = [*reversed(self._over(visits, float("inf"))), *self.pasts][:200]

    def _play(self) -> list[_Visit]:
        clinic, dice, at = self.clinic, self.dice, self.day * DAY + NINE
        pace = dice.lognormvariate(0, clinic.day_deviation) * (1 + clinic.drift) ** self.day
        visits = []
        for _ in range(clinic.per_day):
            kind = dice.choice(clinic.kinds)
            comes = max(at + dice.gauss(clinic.comes, clinic.comes_deviation), at - 900)
            visits.append(_Visit(kind, at, None if dice.random() < clinic.no_shows else comes, kind.length(dice, pace)))
            at += kind.booked * 60 * clinic.slack
        self._work(visits, self.day * DAY + NINE + abs(dice.gauss(0, clinic.begins_late)))
        return visits

    def _work(self, visits: list[_Visit], free: float) -> None:
        """Always the first in line who is there and whose time has come, or counts not."""
        left = [one for one in visits if one.arrives_at is not None]
        early = self.dice.random() < self.clinic.early
        while left:
            can = [max(one.arrives_at or 0.0, 0.0 if early else one.booked_at) for one in left]
            free = max(free, min(can))
            gap = self.dice.lognormvariate(0, 0.6) * self.clinic.gap
            one = next(one for one, at in zip(left, can, strict=True) if at <= free)
            one.started_at = free + gap
            one.ended_at = free = one.started_at + one.length
            if self.dice.random() < self.clinic.forgotten:
                one.ended_at += 3 * 3600
            left.remove(one)

    def _over(self, visits: list[_Visit], now: float) -> list[Past]:
        done = [
            Past(one.kind.name, one.booked_at, one.kind.booked * 60.0, one.arrives_at, one.started_at, one.ended_at)
            for one in visits
            if one.started_at is not None and one.ended_at is not None and one.ended_at <= now
        ]
        return sorted(done, key=lambda one: one.started_at)

    def _asked(self, visits: list[_Visit], me: _Visit) -> Asked:
        assert me.arrives_at is not None
        assert me.started_at is not None
        now = me.arrives_at
        over = self._over(visits, now)
        in_call = [
            Present(one.kind.name, one.kind.booked * 60.0, one.started_at)
            for one in visits
            if one.started_at is not None and one.ended_at is not None and one.started_at <= now < one.ended_at
        ]
        present = max(in_call, key=lambda one: one.started_at, default=None)
        if present is not None and over and over[-1].started_at > present.started_at:
            present = None  # Somebody has forgotten to finish it.
        open_visits = [one for one in visits if one.started_at is None or one.started_at > now]
        people = [
            Person(
                one.kind.name,
                one.booked_at,
                one.kind.booked * 60.0,
                one.arrives_at if one.arrives_at is not None and one.arrives_at <= now else None,
            )
            for one in open_visits
            if one.booked_at <= me.booked_at
        ]
        line = Line(now, present, over[-1].ended_at if over else None, people)
        return Asked(self.clinic, [*reversed(over), *self.pasts][:200], line, len(people) - 1, me.started_at - now)


SHORT = Kind("check", 10, 0.9, 0.35)
USUAL = Kind("visit", 20, 0.95, 0.4)
LONG = Kind("first", 45, 0.85, 0.3)
GAMMA = Kind("talk", 30, 1.0, 0.45, "gamma")

CLINICS = (
    Clinic("new, short", (SHORT,), 0, per_day=20),
    Clinic("new, mixed", (USUAL, LONG), 0, per_day=10),
    Clinic("measured, short", (SHORT,), 20, per_day=24),
    Clinic("measured, mixed", (SHORT, USUAL, LONG), 20),
    Clinic("measured, gamma", (GAMMA, USUAL), 15),
    Clinic("few measured", (USUAL, GAMMA), 1),
    Clinic("slower each day", (USUAL,), 15, drift=0.01),
    Clinic("faster each day", (USUAL, SHORT), 15, drift=-0.01),
    Clinic("overbooked", (SHORT, USUAL), 10, slack=0.85),
    Clinic("people come late", (USUAL,), 10, comes=120, comes_deviation=420, no_shows=0.12),
    Clinic("never before the time", (USUAL, SHORT), 10, early=0.0),
    Clinic("mostly at the time", (USUAL,), 10, early=0.2),
    Clinic("slow to begin", (USUAL,), 10, begins_late=1200),
    Clinic("long gaps", (SHORT,), 10, gap=240),
    Clinic("booked too short", (Kind("visit", 10, 1.6, 0.35),), 10, per_day=12),
    Clinic("booked too long", (Kind("visit", 30, 0.5, 0.35),), 10),
    Clinic("forgets to finish", (USUAL, SHORT), 12, forgotten=0.04),
)  # fmt: skip


def waits(count: int, seed: int) -> Iterator[Asked]:
    """So many people who come in, from all clinics in turn, day by day."""
    days = [Practice(clinic, random.Random(f"{seed} {clinic.name}")).days() for clinic in CLINICS]
    told = 0
    while True:
        for each in days:
            for asked in next(each):
                yield asked
                told += 1
                if told == count:
                    return
