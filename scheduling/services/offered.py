"""Refusing a time that no page offers: what a browser sends is not believed."""

import datetime as dt

from django.utils.translation import gettext as _

from core.clock import now
from core.errors import Invalid
from scheduling.selectors.days import Wanted
from scheduling.selectors.offered import standing_of
from scheduling.services.rows import spoken_time
from scheduling.services.spans import taken


def require_offered(wanted: Wanted, starts_at: dt.datetime, timezone: str) -> None:
    """Raise Conflict `slot.taken` for a time that somebody has, Invalid for one that is over, closed or too near."""
    if starts_at <= now():
        raise Invalid(_("That time is over. Choose a later one"), code="appointment.in_past")
    standing = standing_of(wanted, starts_at, now())
    if standing == "taken":
        words = _("%(time)s, was just taken. Choose another time.") % {"time": spoken_time(starts_at, timezone)}
        raise taken(words, starts_at)
    if standing == "not offered":
        raise Invalid(_("That time cannot be booked. Choose another time"), code="slot.not_offered")
