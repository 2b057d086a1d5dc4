"""The one place that reads the time of day."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(tz=UTC)


def today(timezone: str) -> date:
    """The present day where clocks show `timezone`."""
    return now().astimezone(ZoneInfo(timezone)).date()
