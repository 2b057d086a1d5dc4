"""When a demo visit may start, so that a present one can be joined at any minute of any day. Pure: no database."""

import datetime as dt
from collections.abc import Iterator

from consults.lifecycle import DOOR_OPENS_BEFORE
from telehealth.demo.cast import PlannedVisit

LENGTH = dt.timedelta(minutes=15)
STEP = dt.timedelta(minutes=5)
OLDEST = dt.timedelta(hours=1)
LATEST = dt.timedelta(hours=12)
EARLIEST = dt.timedelta(hours=11)


def is_present(visit: PlannedVisit) -> bool:
    """Whether the visit is one that can be joined when the demo starts."""
    return dt.timedelta(minutes=visit.minutes) <= dt.timedelta(0)


def possible_starts(visit: PlannedVisit, now: dt.datetime) -> Iterator[dt.datetime]:
    """Times to try, best first; a time may be taken by a visit that was held a moment ago.

    A present visit moves forward only as far as its door is open now, then back; a later one moves forward.
    """
    present_minute = dt.datetime.fromtimestamp(now.timestamp() // 300 * 300, dt.UTC)
    best = present_minute + dt.timedelta(minutes=visit.minutes)
    start = best
    while start <= (present_minute + DOOR_OPENS_BEFORE if is_present(visit) else now + LATEST):
        yield start
        start += STEP
    if is_present(visit):
        yield from (best - STEP * count for count in range(1, EARLIEST // STEP))


def still_fits(visit: PlannedVisit, starts_at: dt.datetime, now: dt.datetime) -> bool:
    """Whether a visit that a former start made can stay, so that the links printed then go on working."""
    if is_present(visit):
        return now - OLDEST <= starts_at <= now + DOOR_OPENS_BEFORE
    return now <= starts_at <= now + LATEST
