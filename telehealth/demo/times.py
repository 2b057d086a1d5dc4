"""When a demo visit may start, so that one can be joined at any minute of any day. Pure: no database."""

import datetime as dt
from collections.abc import Iterator

from consults.lifecycle import DOOR_OPENS_BEFORE
from telehealth.demo.cast import PlannedVisit

LENGTH = dt.timedelta(minutes=15)
STEP = dt.timedelta(minutes=5)
LATEST = dt.timedelta(hours=12)
EARLIEST = dt.timedelta(hours=11)


def starts_ahead(visit: PlannedVisit, now: dt.datetime) -> Iterator[dt.datetime]:
    """Times to try, best first: as planned, or the next after it that is free. None is over."""
    start = _present(now) + dt.timedelta(minutes=visit.minutes)
    while start <= now + LATEST:
        yield start
        start += STEP


def starts_with_open_door(now: dt.datetime) -> Iterator[dt.datetime]:
    """Times to try for a visit that must be joined at once. Only when all ahead are taken does it go back."""
    present = _present(now)
    yield from (present + STEP * count for count in range(DOOR_OPENS_BEFORE // STEP + 1))
    yield from (present - STEP * count for count in range(1, EARLIEST // STEP))


def still_fits(starts_at: dt.datetime, ends_at: dt.datetime, now: dt.datetime) -> bool:
    """Whether a visit that a former start made can stay, so that the links printed then go on working."""
    return now < ends_at and starts_at <= now + LATEST


def _present(now: dt.datetime) -> dt.datetime:
    """The last whole five minutes: a visit now has most of its time ahead."""
    seconds = int(STEP.total_seconds())
    return dt.datetime.fromtimestamp(now.timestamp() // seconds * seconds, dt.UTC)
