"""How long somebody will wait, as a range: from what was measured of this practitioner, by drawing the line's future.

Pure: seconds in, seconds out; no Django, no clock. `learn` turns visits that are over into habits, `foresee` draws what
may come of a line as it stands now, and `stated` is what people are told of it. Instants are seconds of any one clock.

What is learnt, each as a normal distribution: the logarithm of a visit's length over its booked length, by type of
visit; the logarithm of the gap before it; and how long before or after the booked time people come. Lengths of visits
are close to lognormal (Strum, May, Vargas 2000, Anesthesiology 92:1160; Cayirli, Veral 2003, Production and Operations
Management 12:519). With n measurements (the newest count most: weights 0.5^(i/25)), of mean x and sum of squares S, and
a prior of mean m0 and deviation s0 that counts as k0 measurements (normal-inverse-gamma: Gelman et al., Bayesian Data
Analysis, 3rd ed., 3.3), one more is normal with

    mean  m  = (k0 m0 + n x) / (k0 + n)
    own   s2 = (k0 s0^2 + S + k0 n (x - m0)^2 / (k0 + n)) / (k0 + n - 2)
    and m is uncertain itself, for all of the line together, by s2 / (k0 + n) and by what sets one day off from others.

The prior of all lengths is the booked one, that of a type what all types of this practitioner share. Measurements
beyond three deviations (by the median of absolute deviations), and far from the prior, are drawn in to that bound: a
visit that somebody forgot to finish weighs no more than a long one.

How long a present visit goes on is drawn from what is left of the distribution beyond the time that it has lasted; who
has outlasted the usual is expected to last longer, not to end at once. How slow today is follows from it and goes into
the visits behind. The future is drawn 256 times, each quantity in 256 equal strata in a fixed shuffled order (Latin
hypercube: McKay, Beckman, Conover 1979, Technometrics 21:239), so that the same line has the same range every time.
"""

import math
import random
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest
from statistics import NormalDist, median
from typing import NamedTuple

DRAWS = 256
# Told outwards to whole minutes, what lies between these holds for 80 of 100 waits and a few more.
LOW, HIGH = 0.12, 0.88
# Whoever comes further behind than this many is told nothing more exact than those before them.
LONGEST_LINE = 60
# The newest visit weighs 1, the 26th a half.
HALF_AFTER = 25
# Further from what is usual everywhere, in deviations, lies no measurement but a mistake.
FURTHEST = 3.5
# A pause longer than this is a night.
NIGHT = 6 * 3600.0
# One who has not come by their time may not come at all; so many of ten do not.
NO_SHOW = 0.1
# Below this nobody tells a difference.
LEAST_TOLD = 5 * 60.0
NARROWEST_TOLD = 3 * 60

_UNIT = NormalDist()
_STRATA = [(number + 0.5) / DRAWS for number in range(DRAWS)]
_FAR = 1e-9


class Prior(NamedTuple):
    """What is taken for true before anything was measured, as `weight` measurements; `day` is how days differ."""

    mean: float
    deviation: float
    weight: float
    day: float


LENGTH = Prior(0.0, 0.4, 4, 0.1)
GAP = Prior(math.log(75), 0.8, 4, 0.2)
FIRST_GAP = Prior(math.log(150), 1.0, 4, 0.3)
COMING = Prior(-240.0, 300.0, 6, 0.0)


class Spread(NamedTuple):
    """A normal distribution whose mean is uncertain itself: `shared` for the whole line, `own` for each in it."""

    mean: float
    own: float
    shared: float

    @property
    def total(self) -> float:
        return math.hypot(self.own, self.shared)


class Past(NamedTuple):
    """A visit that is over."""

    kind: Hashable
    booked_at: float
    booked_s: float
    arrived_at: float | None
    started_at: float
    ended_at: float


class Person(NamedTuple):
    """One of the line, in the order in which they are called; `here_since` is None for who has not come yet."""

    kind: Hashable
    booked_at: float
    booked_s: float
    here_since: float | None


class Present(NamedTuple):
    """The visit that the practitioner is in."""

    kind: Hashable
    booked_s: float
    started_at: float


@dataclass(frozen=True)
class Line:
    """A line as it stands; `free_since` is when the last visit ended, None when none was held since the night.

    Before `not_before` the practitioner has said not to begin.
    """

    now: float
    present: Present | None
    free_since: float | None
    people: Sequence[Person]
    not_before: float = 0.0


@dataclass(frozen=True)
class Habits:
    """What is known of one practitioner. `early` is how likely they call somebody before the booked time."""

    lengths: Mapping[Hashable, Spread]
    any_length: Spread
    gap: Spread
    first_gap: Spread
    coming: Spread
    early: float

    def length(self, kind: Hashable) -> Spread:
        return self.lengths.get(kind, self.any_length)


class Range(NamedTuple):
    low_s: float
    high_s: float


# ---- what was measured


def learn(pasts: Sequence[Past]) -> Habits:
    """Habits from visits that are over, the newest first; from none, what is taken for true of everybody."""
    ratios = [(one.kind, _log(one.ended_at - one.started_at) - _log(one.booked_s)) for one in pasts]
    every = _spread([ratio for _, ratio in ratios], LENGTH)
    shared = Prior(every.mean, every.own, 3, LENGTH.day)
    kinds = {kind: _spread([ratio for of, ratio in ratios if of == kind], shared) for kind in dict(ratios)}
    gaps: list[float] = []
    first_gaps: list[float] = []
    coming: list[float] = []
    might, did = 0, 0
    for one, before in zip_longest(pasts, pasts[1:]):
        if one.arrived_at is None:
            continue
        coming.append(one.arrived_at - one.booked_at)
        is_first = before is None or one.started_at - before.ended_at > NIGHT
        ready = one.arrived_at if before is None or is_first else max(before.ended_at, one.arrived_at)
        if ready < one.booked_at - 60:
            might, did = might + 1, did + (one.started_at < one.booked_at)
        if one.started_at >= one.booked_at:
            ready = max(ready, one.booked_at)
        # Who is called in before the last visit was finished says nothing about gaps.
        if one.started_at >= ready:
            (first_gaps if is_first else gaps).append(_log(one.started_at - ready))
    return Habits(
        kinds,
        _spread([], shared),
        _spread(gaps, GAP),
        _spread(first_gaps, FIRST_GAP),
        _spread(coming, COMING),
        (1 + did) / (2 + might),
    )


def _spread(newest_first: Sequence[float], prior: Prior) -> Spread:
    values = _drawn_in(newest_first, prior)
    weights = [0.5 ** (number / HALF_AFTER) for number in range(len(values))]
    count = sum(weights)
    mean = sum(w * x for w, x in zip(weights, values, strict=True)) / count if values else prior.mean
    squares = sum(w * (x - mean) ** 2 for w, x in zip(weights, values, strict=True))
    weight = prior.weight + count
    off = prior.weight * count / weight * (mean - prior.mean) ** 2
    variance = (prior.weight * prior.deviation**2 + squares + off) / (weight - 2 if weight > 4 else weight)
    settled = (prior.weight * prior.mean + count * mean) / weight
    return Spread(settled, math.sqrt(variance), math.sqrt(variance / weight + prior.day**2))


def _drawn_in(values: Sequence[float], prior: Prior) -> Sequence[float]:
    reach = FURTHEST * prior.deviation
    values = [min(max(x, prior.mean - reach), prior.mean + reach) for x in values]
    if len(values) < 5:
        return values
    middle = median(values)
    reach = 3 * 1.4826 * median(abs(x - middle) for x in values)
    return [min(max(x, middle - reach), middle + reach) for x in values] if reach else values


def _log(seconds: float) -> float:
    return math.log(max(seconds, 5.0))


# ---- what may come


def foresee(habits: Habits, line: Line) -> list[Range | None]:
    """For each of the line who is here, within which 80 of 100 such waits end; None for who has not come.

    Also None, for everybody, when what goes on is nothing that was seen before: the practitioner is away, or the
    present visit lasts beyond all measure.
    """
    people = line.people[:LONGEST_LINE]
    if not people:
        return []
    if is_beyond_measure(habits, line) or is_away(habits, line):
        return [None] * len(line.people)
    pace, free_at = _free(habits, line)
    early = [u < habits.early for u in _shuffled(2)]
    lengths = [_lengths(habits, one, pace, number) for number, one in enumerate(people)]
    gaps = [_exp(habits.gap, _z(3), _z(5 + 3 * number)) for number in range(len(people))]
    ready = [_ready(habits, line.now, one, early, number) for number, one in enumerate(people)]
    first = habits.gap if line.free_since is not None or line.present is not None else habits.first_gap
    waits: list[list[float]] = [[] for _ in people]
    for draw, at in enumerate(free_at):
        them = [each[draw] for each in ready]
        begins = _first_call(line, at, them)
        gap_of_first = _left(first, max(0.0, line.now - begins), _STRATA_OF_FIRST[draw])
        _run(line.now, begins, gap_of_first, them, [g[draw] for g in gaps], [x[draw] for x in lengths], waits)
    found = [_range(each) if one.here_since is not None else None for one, each in zip(people, waits, strict=True)]
    last = next((each for each in reversed(found) if each is not None), None)
    return [*found, *(last if one.here_since is not None else None for one in line.people[LONGEST_LINE:])]


def is_away(habits: Habits, line: Line) -> bool:
    """Whether the practitioner is with nobody although somebody's time has come long ago, as gaps go here."""
    here = [max(one.here_since, one.booked_at) for one in line.people if one.here_since is not None]
    if line.present is not None or not here:
        return False
    since = max(min(here), line.free_since or 0.0, line.not_before)
    usual = habits.first_gap if line.free_since is None else habits.gap
    return line.now - since > max(600.0, math.exp(usual.mean + 2.33 * usual.total))


def is_beyond_measure(habits: Habits, line: Line) -> bool:
    """Whether the present visit lasts so long that nothing can be said from what was measured."""
    if line.present is None:
        return False
    usual = habits.length(line.present.kind)
    longest = line.present.booked_s * max(3.0, math.exp(usual.mean + 2.58 * usual.total))
    return line.now - line.present.started_at > longest


def _free(habits: Habits, line: Line) -> tuple[list[float], list[float]]:
    """For each draw how slow the day is, in deviations, and when the practitioner is free."""
    if line.present is None:
        return _z(1), [line.free_since or 0.0] * DRAWS
    usual, lasted = habits.length(line.present.kind), line.now - line.present.started_at
    pace, free_at = [], []
    for u, other in zip(_shuffled(4), _z(1), strict=True):
        whole = _beyond((_log(lasted) - _log(line.present.booked_s) - usual.mean) / usual.total, u)
        length = line.present.booked_s * math.exp(usual.mean + usual.total * whole)
        free_at.append(max(line.now, line.present.started_at + length))
        # A slow visit is one part a slow day: the two parts of a sum of normals, given the sum.
        pace.append((usual.shared * whole + usual.own * other) / usual.total)
    return pace, free_at


def _lengths(habits: Habits, one: Person, pace: list[float], number: int) -> list[float]:
    usual = habits.length(one.kind)
    return [one.booked_s * length for length in _exp(usual, pace, _z(6 + 3 * number))]


def _exp(usual: Spread, shared: Sequence[float], own: Sequence[float]) -> list[float]:
    return [math.exp(usual.mean + usual.shared * a + usual.own * b) for a, b in zip(shared, own, strict=True)]


def _ready(habits: Habits, now: float, one: Person, early: list[bool], number: int) -> list[float]:
    """For each draw from when on this one can be called: once they are here, and their time has come or counts not."""
    if one.here_since is not None:
        return [one.here_since if is_early else max(one.here_since, one.booked_at) for is_early in early]
    usual = habits.coming
    late = (now - one.booked_at - usual.mean) / usual.own
    to_come = (1 - NO_SHOW) * (1 - _UNIT.cdf(late))
    comes = to_come / (to_come + NO_SHOW)
    ready = []
    for u, is_early in zip(_shuffled(7 + 3 * number), early, strict=True):
        if u >= comes:
            ready.append(math.inf)
            continue
        at = max(now, one.booked_at + usual.mean + usual.own * _beyond(late, u / comes))
        ready.append(at if is_early else max(at, one.booked_at))
    return ready


def _first_call(line: Line, free_at: float, ready: list[float]) -> float:
    """When the gap before the next call begins, or has begun."""
    return max(free_at, min(ready), line.not_before if line.present is None else 0.0)


def _run(
    now: float, at: float, first_gap: float, ready: list[float], gaps: list[float], lengths: list[float],
    waits: list[list[float]],
) -> None:  # fmt: skip
    """Call in one after the other, always the first of those who can be, and note when each was."""
    left = list(range(len(ready)))
    gap: float | None = first_gap
    while left:
        soonest = min(ready[one] for one in left) if ready[left[0]] > at else at
        if soonest == math.inf:
            return
        at = max(at, soonest)
        looks = max(at, now)
        called = next(one for one in left if ready[one] <= looks)
        left.remove(called)
        at += gaps[called] if gap is None else gap
        gap = None
        waits[called].append(at - now)
        at += lengths[called]


def _left(usual: Spread, lasted: float, u: float) -> float:
    """A gap that has lasted so long already, by the part `u` of what it may still be."""
    beyond = (math.log(lasted) - usual.mean) / usual.total if lasted > 0 else -math.inf
    return math.exp(usual.mean + usual.total * _beyond(beyond, u))


def _beyond(least: float, u: float) -> float:
    """The quantile `u` of a standard normal of which it is known to be above `least`."""
    above = (1 - _UNIT.cdf(least)) * (1 - u) if least > -8 else 1 - u
    # So far out nothing is left of the numbers; the tail falls off like this.
    return _UNIT.inv_cdf(1 - above) if above > _FAR else least + (1 - u) / max(least, 1.0)


@lru_cache(maxsize=4 * LONGEST_LINE)
def _shuffled(number: int) -> list[float]:
    """The strata in the order of this quantity; the same in every process."""
    found = _STRATA.copy()
    random.Random(number).shuffle(found)  # noqa: S311  Nothing is kept secret by it.
    return found


@lru_cache(maxsize=4 * LONGEST_LINE)
def _z(number: int) -> list[float]:
    return [_UNIT.inv_cdf(u) for u in _shuffled(number)]


_STRATA_OF_FIRST = _shuffled(0)


def _range(waits: Iterable[float]) -> Range | None:
    ordered = sorted(waits)
    if not ordered:
        return None
    return Range(max(0.0, _quantile(ordered, LOW)), max(0.0, _quantile(ordered, HIGH)))


def _quantile(ordered: Sequence[float], part: float) -> float:
    place = part * len(ordered) - 0.5
    below = min(max(int(place), 0), len(ordered) - 1)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * min(max(place - below, 0.0), 1.0)


# ---- what is told


def stated(found: Range) -> tuple[int, int]:
    """The range as people are told it, in seconds: outwards to whole minutes, coarser when it is long.

    Nobody is told less than "less than 5 minutes".
    """
    if found.high_s <= LEAST_TOLD:
        return 0, int(LEAST_TOLD)
    low = math.floor(found.low_s / _step(found.low_s)) * _step(found.low_s)
    high = math.ceil(found.high_s / _step(found.high_s)) * _step(found.high_s)
    return low, max(high, low + NARROWEST_TOLD)


def _step(seconds: float) -> int:
    if seconds < 30 * 60:
        return 60
    return 300 if seconds < 120 * 60 else 900
