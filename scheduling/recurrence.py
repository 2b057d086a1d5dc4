"""Repeating times: an RFC 5545 RRULE over local time, as instants. No database; conflicts are the services' part."""

import datetime as dt
import re
from typing import NamedTuple
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr
from django.utils.translation import gettext as _

from core.errors import Invalid

MOST = 60
LONGEST_DAYS = 2 * 366
LONGEST_RULE = 200
# What a series of visits needs; hours and seconds are the start's own, so that no rule can make a million times.
_FREQUENCIES = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}
_PART = re.compile(r"(FREQ|INTERVAL|COUNT|UNTIL|BYDAY|BYMONTHDAY|BYMONTH|BYSETPOS|WKST)=([A-Z0-9,+:-]+)", re.IGNORECASE)


class Occurrence(NamedTuple):
    """One time of a series. The clocks skip some local times in spring: those have no instant."""

    local: dt.datetime
    starts_at: dt.datetime | None


def occurrences(rule: str, starts_local: dt.datetime, zone: str) -> list[Occurrence]:
    """The times of a rule from a naive local start on, in order: 9:00 stays 9:00 when the clocks change.

    Raises Invalid `series.rule` for what is no rule of ours and `series.too_many` for more than 60 times or two years.
    """
    parsed = _parsed(rule, starts_local)
    last = starts_local + dt.timedelta(days=LONGEST_DAYS)
    # The end is part of the rule, so that one which never comes true does not search to the end of the calendar.
    until = parsed._until
    if until is None and parsed._count is None:
        raise Invalid(_("Say how often, or until when. Add a number of visits."), code="series.endless")
    bounded = parsed.replace(until=min(until, last) if until is not None else last, count=None)
    most = parsed._count if parsed._count is not None else MOST + 1
    found: list[Occurrence] = []
    for local in bounded:
        if len(found) == most:
            break
        found.append(Occurrence(local, instant_of(local, zone)))
        if len(found) > MOST:
            words = _("A series has %(count)s visits at most. Choose fewer.") % {"count": MOST}
            raise Invalid(words, code="series.too_many")
    if not found:
        raise Invalid(_("There is no such day. Choose other days."), code="series.rule")
    if parsed._count is not None and len(found) < parsed._count:
        raise Invalid(_("A series lasts two years at most. Choose fewer visits."), code="series.too_many")
    return found


def instant_of(local: dt.datetime, zone: str, *, fold: int = 0) -> dt.datetime | None:
    """The instant at which clocks in `zone` show a naive time; None where they skip it.

    One that comes twice, in autumn, is the first unless `fold` is 1.
    """
    here = ZoneInfo(zone)
    instant = local.replace(tzinfo=here, fold=fold).astimezone(dt.UTC)
    return instant if instant.astimezone(here).replace(tzinfo=None) == local else None


def comes_twice(local: dt.datetime, zone: str) -> bool:
    """Whether clocks show this naive time twice, as in the hour that autumn repeats."""
    first, second = instant_of(local, zone), instant_of(local, zone, fold=1)
    return first is not None and second is not None and first != second


def _parsed(rule: str, starts_local: dt.datetime) -> rrule:
    wrong = Invalid(_("Choose how often from the list."), code="series.rule")
    text = rule.strip().removeprefix("RRULE:").upper()
    parts = text.split(";")
    if len(text) > LONGEST_RULE or not all(_PART.fullmatch(part) for part in parts):
        raise wrong
    names = [part.partition("=")[0] for part in parts]
    frequency = dict(part.split("=", 1) for part in parts).get("FREQ")
    if len(set(names)) != len(names) or frequency not in _FREQUENCIES or {"COUNT", "UNTIL"} <= set(names):
        raise wrong
    # A naive start compares with a naive end only; "until" means the local day all the same.
    text = re.sub(r"(UNTIL=\d{8})(T\d{6})?Z?", lambda match: match[1] + (match[2] or "T235959"), text)
    try:
        parsed = rrulestr(text, dtstart=starts_local)
    except (ValueError, TypeError, OverflowError):
        raise wrong from None
    if not isinstance(parsed, rrule) or parsed._interval < 1:
        raise wrong
    return parsed
