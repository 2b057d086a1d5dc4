"""What a page of free times shows: the strip of days, the times of the chosen day, the zone and how to change it.

Everything chosen so far is in the address, so that back, reload and a bookmark do what they say.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext, gettext_noop, ngettext, pgettext

from accounts.actors import Actor
from core.clock import now, today
from core.templatetags.ui import clock_time
from scheduling.selectors.days import FreeDay, Wanted, free_days
from scheduling.selectors.groups import places_left
from scheduling.zones import known_zones

STRIP = 7
NOON, EVENING = 12, 18
PARTS = ("morning", "afternoon", "evening")
# Continents and oceans, as zones are named by.
AREAS = (
    gettext_noop("Africa"),
    gettext_noop("America"),
    gettext_noop("Antarctica"),
    gettext_noop("Arctic"),
    gettext_noop("Asia"),
    gettext_noop("Atlantic"),
    gettext_noop("Australia"),
    gettext_noop("Europe"),
    gettext_noop("Indian"),
    gettext_noop("Pacific"),
)
# Old names of zones and names that are no place.
_NO_PLACES = ("Etc/", "SystemV/", "US/", "posix/", "right/", "Canada/", "Brazil/", "Chile/", "Mexico/")


@dataclass(frozen=True)
class Cell:
    """One day of the strip."""

    on: dt.date
    word: str
    query: str
    """Where pressing it leads; empty where nothing is free."""
    is_chosen: bool
    is_closed: bool


@dataclass(frozen=True)
class Choice:
    """One time as a radio button."""

    starts_at: dt.datetime
    value: str
    label: str
    is_chosen: bool
    note: str = ""
    """How many places a group that stands has left."""


@dataclass(frozen=True)
class Part:
    """A morning, an afternoon or an evening with its times."""

    name: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Times:
    """The whole of it, for booking/_times.html."""

    zone: str
    theirs: str
    """The practitioner's own zone where its clocks differ from the viewer's at these times."""
    day: FreeDay | None
    cells: tuple[Cell, ...]
    parts: tuple[Part, ...]
    more: str
    earlier: str
    chosen: dt.datetime | None
    kept: tuple[tuple[str, str], ...]
    """What the form that changes the zone carries along."""

    @property
    def at(self) -> dt.datetime:
        """An instant of the shown day, for the letters of a zone."""
        return self.day.times[0] if self.day else now()


def read_zone(asked: str | None, usual: str) -> str:
    """The zone that was asked for, if there is such a one."""
    return asked if asked and asked in known_zones() else usual


def zones() -> dict[str, list[tuple[str, str]]]:
    """The zones to choose from, by continent: ("America/Chicago", "Chicago")."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(known_zones()):
        area, slash, place = name.partition("/")
        if slash and not name.startswith(_NO_PLACES):
            found.setdefault(gettext(area) if area in AREAS else area, []).append(
                (name, place.replace("_", " ").replace("/", ", "))
            )
    return found | {gettext("Elsewhere"): [("UTC", "UTC")]}


def times(
    actor: Actor,
    wanted: Wanted,
    query: QueryDict,
    *,
    zone: str,
    last: dt.date,
    chosen: dt.datetime | None = None,
    theirs: str = "",
) -> Times:
    """Read the days from `query` (`from`, `day`) and show `chosen` as chosen, where it is free."""
    present = today(zone)
    first = max(_day(query.get("from")) or present, present)
    asked = chosen.astimezone(ZoneInfo(zone)).date() if chosen else _day(query.get("day"))
    found, has_more = free_days(actor, wanted, zone=zone, first=first, count=STRIP, last=last)
    if asked and found and found[-1].on < asked <= last:
        # A day that is further on, as somebody comes back to it: the strip begins there.
        first = asked
        found, has_more = free_days(actor, wanted, zone=zone, first=first, count=STRIP, last=last)
    day = next((one for one in found if one.on == asked and one.times), None)
    day = day or next((one for one in found if one.times), None)
    return Times(
        zone=zone,
        theirs=theirs if theirs and _differ(zone, theirs, day.times[0] if day else now()) else "",
        day=day,
        cells=tuple(_cell(one, one is day, query) for one in found),
        parts=tuple(_parts(day, zone, chosen, _places_left(wanted, day))) if day else (),
        more=_query(query, **{"from": found[-1].on + dt.timedelta(days=1)}, day="") if found and has_more else "",
        earlier=_query(query, **{"from": ""}, day="") if first > present else "",
        chosen=chosen if day and chosen in day.times else None,
        kept=tuple((name, str(query[name])) for name in query if name not in {"zone", "time"}),
    )


def choice(
    starts_at: dt.datetime, zone: str, chosen: dt.datetime | None = None, *, is_twice: bool = False, left: int = 0
) -> Choice:
    """A time to press. One that the clocks show twice that day is told apart by its zone's letters."""
    label = clock_time(starts_at, zone)
    if is_twice:
        label = f"{label} {starts_at.astimezone(ZoneInfo(zone)).tzname()}"
    note = ngettext("%(number)s place left", "%(number)s places left", left) % {"number": left} if left else ""
    return Choice(starts_at, starts_at.astimezone(dt.UTC).isoformat(), label, starts_at == chosen, note)


def near_choices(instants: Iterable[dt.datetime], around: dt.datetime, zone: str) -> tuple[Choice, ...]:
    """Free times near one that is taken, each once; the day is named where it is another one."""
    here = ZoneInfo(zone)
    choices = []
    for at in sorted(set(instants)):
        one, day = choice(at, zone), at.astimezone(here)
        if day.date() != around.astimezone(here).date():
            one = Choice(at, one.value, f"{format_date(day, 'D j')}, {one.label}", False)
        choices.append(one)
    return tuple(choices)


def _places_left(wanted: Wanted, day: FreeDay) -> Mapping[dt.datetime, int]:
    """Of a kind for several: at which times of the day a group stands already."""
    until = day.times[-1] + dt.timedelta(seconds=1)
    return places_left(wanted.visit_type, [one.pk for one in wanted.people], day.times[0], until)


def _parts(day: FreeDay, zone: str, chosen: dt.datetime | None, left: Mapping[dt.datetime, int]) -> Iterator[Part]:
    labels = [clock_time(at, zone) for at in day.times]
    here = ZoneInfo(zone)
    by_part: dict[int, list[Choice]] = {}
    for at, label in zip(day.times, labels, strict=True):
        hour = at.astimezone(here).hour
        part = 0 if hour < NOON else 1 if hour < EVENING else 2
        by_part.setdefault(part, []).append(
            choice(at, zone, chosen, is_twice=labels.count(label) > 1, left=left.get(at, 0))
        )
    for part in sorted(by_part):
        yield Part(PARTS[part], tuple(by_part[part]))


def _cell(day: FreeDay, is_chosen: bool, query: QueryDict) -> Cell:
    word = pgettext("a day without free times", "closed") if day.is_closed else pgettext("a day", "full")
    if day.times:
        word = ngettext("%(number)s free", "%(number)s free", len(day.times)) % {"number": len(day.times)}
    return Cell(day.on, word, _query(query, day=day.on) if day.times else "", is_chosen, day.is_closed)


def _query(query: QueryDict, **changes: object) -> str:
    """The address' query with these values; an empty one goes."""
    changed: QueryDict = query.copy()
    changed.pop("time", None)
    for name, value in changes.items():
        if value:
            changed[name] = str(value)
        else:
            changed.pop(name, None)
    return f"?{changed.urlencode()}"


def _differ(zone: str, theirs: str, at: dt.datetime) -> bool:
    return at.astimezone(ZoneInfo(zone)).utcoffset() != at.astimezone(ZoneInfo(theirs)).utcoffset()


def _day(text: str | None) -> dt.date | None:
    try:
        day = dt.date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if 1970 <= day.year < 2200 else None


def as_query(values: Mapping[str, str]) -> QueryDict:
    """These values as an address carries them, without the empty ones."""
    query = QueryDict(mutable=True)
    query.update({name: value for name, value in values.items() if value})
    return query
