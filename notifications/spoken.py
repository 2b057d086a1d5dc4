"""Days, times and zones as messages say them, in the language that is active. Pure."""

import datetime as dt
from zoneinfo import ZoneInfo

from django.utils.dateformat import format as format_date
from django.utils.translation import gettext, gettext_noop, pgettext

# Cities that go by another name in another language; all others stay as the zone calls them.
CITIES = (
    gettext_noop("Bogota"),
    gettext_noop("Havana"),
    gettext_noop("London"),
    gettext_noop("Los Angeles"),
    gettext_noop("Mexico City"),
    gettext_noop("New York"),
    gettext_noop("Panama"),
    gettext_noop("Rome"),
)


def day(at: dt.datetime, zone: str) -> str:
    """ "Thursday 3 September 2026": without the year nobody could tell an old mail from a new one."""
    return format_date(_local(at, zone), pgettext("day of a visit, in Django's letters", "l j F Y"))


def short_day(at: dt.datetime, zone: str) -> str:
    """ "Thu 3 Sep", for a text message."""
    return format_date(_local(at, zone), pgettext("short day of a visit, in Django's letters", "D j M"))


def clock(at: dt.datetime, zone: str) -> str:
    """ "9:20 am"."""
    local = _local(at, zone)
    half = gettext("am") if local.hour < 12 else gettext("pm")
    return f"{local.hour % 12 or 12}:{local.minute:02} {half}"


def city_words(zone: str) -> str:
    """ "Chicago time": the city of the zone."""
    if "/" not in zone:
        return zone
    city = zone.rsplit("/", 1)[-1].replace("_", " ")
    return gettext("%(city)s time") % {"city": gettext(city) if city in CITIES else city}


def zone_words(at: dt.datetime, zone: str) -> str:
    """ "Chicago time (CST)": with the zone's letters at that instant where it has any."""
    letters = _local(at, zone).tzname() or ""
    return f"{city_words(zone)} ({letters})" if letters.isalpha() and "/" in zone else city_words(zone)


def elsewhere(at: dt.datetime, zone: str, theirs: str) -> str:
    """ "10:20 am, New York time (EST)", with the day where it is another one; empty where clocks show the same."""
    if not _differs(at, zone, theirs):
        return ""
    words = f"{clock(at, theirs)}, {zone_words(at, theirs)}"
    return words if _same_day(at, zone, theirs) else f"{day(at, theirs)}, {words}"


def short_elsewhere(at: dt.datetime, zone: str, theirs: str) -> str:
    """ "10:20 am New York time", for a text message."""
    if not _differs(at, zone, theirs):
        return ""
    words = f"{clock(at, theirs)} {city_words(theirs)}"
    return words if _same_day(at, zone, theirs) else f"{short_day(at, theirs)}, {words}"


def whole(at: dt.datetime, zone: str) -> str:
    """ "Thursday 3 September 2026, 9:20 am"."""
    return f"{day(at, zone)}, {clock(at, zone)}"


def _local(at: dt.datetime, zone: str) -> dt.datetime:
    return at.astimezone(ZoneInfo(zone))


def _differs(at: dt.datetime, zone: str, theirs: str) -> bool:
    return _local(at, zone).utcoffset() != _local(at, theirs).utcoffset()


def _same_day(at: dt.datetime, zone: str, theirs: str) -> bool:
    return _local(at, zone).date() == _local(at, theirs).date()
