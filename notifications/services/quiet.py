"""Quiet hours, where the person is."""

import datetime as dt
from zoneinfo import ZoneInfo

from core.clock import now
from notifications.models import Message
from notifications.selectors.plans import Rules

DAY = dt.timedelta(days=1)


def end_of_quiet(message: Message, rules: Rules) -> dt.datetime | None:
    """When quiet hours end that are now; None outside them, and where it would be too late by then."""
    here = now().astimezone(ZoneInfo(message.patient.timezone))
    minute = here.hour * 60 + here.minute
    begins, ends = rules.quiet_from, rules.quiet_until
    overnight = begins > ends
    is_quiet = (minute >= begins or minute < ends) if overnight else begins <= minute < ends
    if not is_quiet:
        return None
    day = here.date() + (DAY if overnight and minute >= begins else dt.timedelta())
    end = dt.datetime.combine(day, dt.time(ends // 60, ends % 60), tzinfo=here.tzinfo)
    if end.astimezone(dt.UTC) <= here.astimezone(dt.UTC):
        # The clocks went back: they show this time once more, and this is the second round.
        end = end.replace(fold=1)
    end = end.astimezone(dt.UTC)
    return end if end < message.too_late_at else None
