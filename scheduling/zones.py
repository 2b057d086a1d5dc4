"""Local time and instants, exact over every change of the clocks. What is open when, availability says."""

import datetime as dt
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
DAY: Final = 24 * 60 * 60
ONE_DAY: Final = dt.timedelta(days=1)
_EPOCH_DAY: Final = EPOCH.toordinal()
# No zone has changed its clocks there and back within so many seconds.
_LOOK_EVERY: Final = 6 * 60 * 60


@lru_cache(maxsize=1)
def known_zones() -> frozenset[str]:
    """The names of zones that mean the same on every machine: `localtime` is wherever the server stands."""
    return frozenset(available_timezones()) - {"localtime", "posixrules", "Factory"}


class Piece(NamedTuple):
    """A stretch in which a zone keeps one offset: `begins` and `ends` are instants, all in seconds (since 1970)."""

    begins: int
    ends: int
    offset: int


def pieces(zone: str, first: int, last: int) -> list[Piece]:
    """The pieces that cover the instants from `first` to `last`, in order and without a gap."""
    years = range(instant(first).year, instant(last).year + 1)
    return [piece for year in years for piece in _year(zone, year) if piece.begins < last and piece.ends > first]


def day_seconds(day: dt.date) -> int:
    """The day's local midnight, counted as if local time were UTC."""
    return (day.toordinal() - _EPOCH_DAY) * DAY


def pieces_of_days(zone: str, from_day: dt.date, until_day: dt.date) -> list[Piece]:
    """All pieces in which some local time of these days may lie: no zone is a day away from UTC."""
    return pieces(zone, day_seconds(from_day) - DAY, day_seconds(until_day) + DAY)


def instant(seconds: int) -> dt.datetime:
    return EPOCH + dt.timedelta(seconds=seconds)


def stretches(known: list[Piece], starts: int, ends: int) -> Iterator[tuple[int, int]]:
    """The instants at which clocks show from `starts` until `ends` (local seconds), as stretches of instants.

    None or less where clocks jump over it, and twice where they are set back.
    """
    for begins, over, offset in known:
        first, last = max(starts - offset, begins), min(ends - offset, over)
        if first < last:
            yield first, last


def instants(zone: str, local: dt.datetime) -> list[dt.datetime]:
    """The instants at which clocks show this local time: none, one, or two that their offsets tell apart.

    In UTC and in order. Raises ZoneInfoNotFoundError for a zone that there is not.
    """
    shown = int((local.replace(tzinfo=dt.UTC) - EPOCH).total_seconds())
    known = pieces_of_days(zone, local.date(), local.date() + ONE_DAY)
    found = [first for first, _ in stretches(known, shown, shown + 1)]
    return [EPOCH + dt.timedelta(seconds=at, microseconds=local.microsecond) for at in found]


def midnight(zone: str, day: dt.date) -> dt.datetime:
    """The instant at which a local day begins, also where clocks jump over its midnight."""
    starts = day_seconds(day)
    possible = (
        (max(begins, starts - offset), ends) for begins, ends, offset in pieces_of_days(zone, day, day + ONE_DAY)
    )
    return instant(min(at for at, ends in possible if at < ends))


@lru_cache(maxsize=1024)
def _year(zone: str, year: int) -> tuple[Piece, ...]:
    clock = ZoneInfo(zone)
    first, last = (day_seconds(dt.date(each, 1, 1)) for each in (year, year + 1))
    found, begins, offset = [], first, _offset(clock, first)
    for at in range(first + _LOOK_EVERY, last + 1, _LOOK_EVERY):
        if (then := _offset(clock, at)) == offset:
            continue
        changed = _change(clock, at - _LOOK_EVERY, at, offset)
        found.append(Piece(begins, changed, offset))
        begins, offset = changed, then
    if begins < last:
        found.append(Piece(begins, last, offset))
    return tuple(found)


def _change(clock: ZoneInfo, before: int, after: int, offset: int) -> int:
    """The first second at which the offset is not that of `before` any more."""
    while after - before > 1:
        between = (before + after) // 2
        before, after = (between, after) if _offset(clock, between) == offset else (before, between)
    return after


def _offset(clock: ZoneInfo, at: int) -> int:
    there = instant(at).astimezone(clock).utcoffset()
    return int(there.total_seconds()) if there else 0
