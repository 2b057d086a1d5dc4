"""Turns what the calendar's selectors give into what its templates and its grid show: words and wall-clock times."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext

from accounts.models import Practitioner
from core.clock import now
from core.templatetags.ui import STATES, tag
from scheduling.availability import SpanKind
from scheduling.selectors.calendar import WAITING, CalendarPage, CalendarVisit, lateness
from scheduling.selectors.slots import DayPlan

# Shown even where nobody is booked or open: a day that is drawn small looks like a mistake.
FIRST_HOUR, LAST_HOUR = 9, 17
ROW = "scheduling/_calendar_row.html"
_ANY = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class ShownVisit:
    """A row of the list. Wall-clock times are the clinic's; `starts` and `ends` are for the grid."""

    visit: CalendarVisit
    person: str
    starts: str
    ends: str
    time: str
    until: str
    tag: SafeString
    word: str
    what: str
    address: str

    @property
    def html(self) -> SafeString:
        return row_html(self, get_language() or "")


@dataclass(frozen=True, slots=True)
class ShownPerson:
    """One practitioner's part of a day."""

    practitioner: Practitioner
    late: int | None
    rows: tuple[ShownVisit, ...]

    @property
    def late_words(self) -> str:
        if self.late is None:
            return ""
        return gettext("%(minutes)s min late") % {"minutes": self.late} if self.late else gettext("on time")


@dataclass(frozen=True, slots=True)
class ShownDay:
    day: dt.date
    people: tuple[ShownPerson, ...]


def shown_days(page: CalendarPage) -> list[ShownDay]:
    """The page's visits by day and practitioner; only a practitioner's own day says whether they are late."""
    zone = ZoneInfo(page.timezone)
    today = now().astimezone(zone).date()
    by_person = {each.pk: each for each in page.people}
    sorted_in: dict[tuple[dt.date, int], list[ShownVisit]] = {}
    for visit in page.visits:
        shown = shown_visit(visit, by_person[visit.practitioner_id], zone)
        sorted_in.setdefault((dt.date.fromisoformat(shown.starts[:10]), visit.practitioner_id), []).append(shown)
    days = (page.until_day - page.first_day).days
    return [
        ShownDay(day, tuple(_person(each, sorted_in.get((day, each.pk), []), day == today) for each in page.people))
        for day in (page.first_day + dt.timedelta(days=number) for number in range(days))
    ]


def shown_visit(visit: CalendarVisit, practitioner: Practitioner, zone: ZoneInfo) -> ShownVisit:
    starts, ends = visit.starts_at.astimezone(zone), visit.ends_at.astimezone(zone)
    # Where the clocks go back a visit may seem to end before it begins; the grid draws it as long as it is.
    drawn_ends = starts.replace(tzinfo=None) + (visit.ends_at - visit.starts_at)
    interpreter = gettext("Interpreter: %(name)s") % {"name": visit.interpreter} if visit.interpreter else ""
    parts = [visit.reason.capitalize() if visit.reason.islower() else visit.reason, visit.kind, visit.room, interpreter]
    return ShownVisit(
        visit=visit,
        person=str(practitioner.uuid),
        starts=wall(starts),
        ends=drawn_ends.isoformat(timespec="minutes"),
        time=clock(starts),
        until=clock(ends),
        tag=_tag(visit.state, _told_minutes(visit), get_language() or ""),
        word=state_words(visit),
        what=". ".join(part for part in parts if part),
        address=_address().replace(_ANY, str(visit.uuid)),
    )


def state_words(visit: CalendarVisit) -> str:
    word, minutes = gettext(STATES[visit.state][0]), _told_minutes(visit)
    return f"{word} {minutes} min" if minutes else word


def clock(local: dt.datetime) -> str:
    """ "10:10 am", of a time that is local already."""
    return f"{local.hour % 12 or 12}:{local.minute:02} {gettext('am') if local.hour < 12 else gettext('pm')}"


def wall(local: dt.datetime) -> str:
    """ "2026-11-24T10:10": a clock on the wall knows no zone."""
    return local.replace(tzinfo=None).isoformat(timespec="minutes")


def grid_data(page: CalendarPage, days: Sequence[ShownDay], plans: Mapping[int, DayPlan]) -> dict[str, Any]:
    """What the grid draws besides the visits, which it reads from the list."""
    zone = ZoneInfo(page.timezone)
    spans = {each.pk: _walls(plans[each.pk], zone) for each in page.people if each.pk in plans}
    first, last = _hours(days, spans.values())
    return {
        "people": [{"id": str(each.uuid), "name": each.display_name, "short": each.short_name} for each in page.people],
        "first": page.first_day.isoformat(),
        "days": (page.until_day - page.first_day).days,
        "hours": [f"{first:02}:00", f"{last:02}:00"],
        "pauses": [
            {"person": str(each.uuid), **pause}
            for each in page.people
            if each.pk in spans
            for pause in _pauses(spans[each.pk], page, first, last)
        ],
        "zone": page.timezone,
        "offset": _offset(now().astimezone(zone)),
    }


@dataclass(frozen=True, slots=True)
class _Walls:
    """A practitioner's open time and pauses as the clinic's clock on the wall shows them."""

    open: list[tuple[dt.datetime, dt.datetime]]
    pauses: list[tuple[dt.datetime, dt.datetime, str]]


def _walls(plan: DayPlan, zone: ZoneInfo) -> _Walls:
    def local(at: dt.datetime) -> dt.datetime:
        return at.astimezone(zone).replace(tzinfo=None)

    return _Walls(
        [(local(span.starts_at), local(span.ends_at)) for span in plan.open],
        [(local(span.starts_at), local(span.ends_at), span.label or _pause_words(span.kind)) for span in plan.pauses],
    )


def _pause_words(kind: SpanKind) -> str:
    return gettext("Break") if kind == "break" else gettext("Closed")


def _hours(days: Iterable[ShownDay], spans: Iterable[_Walls]) -> tuple[int, int]:
    """The hours of the day that are drawn: all that is open or booked, and the usual ones."""
    ranges = [(starts, ends) for each in spans for starts, ends in each.open]
    for day in days:
        for person in day.people:
            ranges += [
                (dt.datetime.fromisoformat(row.starts), dt.datetime.fromisoformat(row.ends)) for row in person.rows
            ]
    first = min([FIRST_HOUR, *(starts.hour for starts, _ in ranges)])
    last = LAST_HOUR
    for starts, ends in ranges:
        goes_on = ends.date() > starts.date()
        last = max(last, 24 if goes_on else ends.hour + (ends.minute > 0))
    return first, last


def _pauses(spans: _Walls, page: CalendarPage, first: int, last: int) -> list[dict[str, str]]:
    """Breaks and closed times by name, and what else is not open between the hours that are drawn."""
    found = [{"start": wall(starts), "end": wall(ends), "label": label} for starts, ends, label in spans.pauses]
    taken = sorted([*spans.open, *((starts, ends) for starts, ends, _ in spans.pauses)])
    for number in range((page.until_day - page.first_day).days):
        midnight = dt.datetime.combine(page.first_day + dt.timedelta(days=number), dt.time.min)
        at, end = midnight + dt.timedelta(hours=first), midnight + dt.timedelta(hours=last)
        for starts, ends in taken:
            if ends <= at or starts >= end:
                continue
            if starts > at:
                found.append({"start": wall(at), "end": wall(starts), "label": gettext("Closed")})
            at = max(at, ends)
        if at < end:
            found.append({"start": wall(at), "end": wall(end), "label": gettext("Closed")})
    return found


def _person(practitioner: Practitioner, rows: list[ShownVisit], is_today: bool) -> ShownPerson:
    late = lateness([row.visit for row in rows]) if is_today else None
    return ShownPerson(practitioner, late, tuple(rows))


def _offset(local: dt.datetime) -> str:
    """ "-06:00", as the grid wants the zone of its now-line."""
    return local.isoformat()[-6:]


def _told_minutes(visit: CalendarVisit) -> int | None:
    """Only a wait is counted here: how long a call goes on is nothing to plan by."""
    return visit.minutes or None if visit.state in WAITING else None


@lru_cache(maxsize=4_000)
def row_html(row: ShownVisit, language: str) -> SafeString:
    """One row of the list. All that it shows is in its key, so a day that is asked for again is hardly rendered."""
    return mark_safe(render_to_string(ROW, {"row": row}))  # noqa: S308  the template has escaped it


@lru_cache(maxsize=1)
def _address() -> str:
    """Resolved once: a day of many visits would ask for it many times."""
    return reverse("appointment-move", args=[_ANY])


@lru_cache(maxsize=2_000)
def _tag(state: str, minutes: int | None, language: str) -> SafeString:
    return tag(state, minutes)
