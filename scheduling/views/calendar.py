"""The staff calendar: its page (day, week, list), the feed of what changed, and finding a patient's visits."""

import datetime as dt
import uuid as uuids
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.actors import Actor
from accounts.models import Organization, Practitioner
from accounts.policy import guarded
from accounts.who import who
from core.clock import today
from core.http import wants_json
from scheduling.forms.calendar import NarrowForm, ShownForm
from scheduling.selectors.calendar import (
    CalendarPage,
    Narrowed,
    Wanted,
    calendar_counts,
    calendar_digest,
    calendar_page,
    may_book_somebody,
    people_shown,
    people_to_choose,
    rooms_to_choose,
    visit_types_to_choose,
)
from scheduling.selectors.finding import find_patients
from scheduling.selectors.slots import day_plan
from scheduling.views.calendar_rows import ShownDay, grid_data, shown_days

NAV = {"nav": "calendar"}
WEEK = 7
# More practitioners than these are not drawn side by side in seven days: the week is then counted, and each links on.
WEEK_PEOPLE = 4


@require_safe
@guarded("scheduling.appointment.list")
def calendar(request: HttpRequest) -> HttpResponse:
    """The day by practitioner, the week, or the list. The list is in every page; the grid is drawn from it."""
    actor, clinic = who(request)
    form = ShownForm(request.GET)
    asked, narrowed = form.asked(), form.narrowed()
    on, view = asked["on"] or today(clinic.timezone), asked["view"] or "day"
    first_day, until_day = _days(on, view)
    people = people_shown(actor, narrowed)
    if _is_counted(view, people):
        return _counted_week(request, actor, clinic, on, people, narrowed)
    # Read before the visits: a change in between is then looked for once more, never missed.
    digest = calendar_digest(actor, first_day=first_day, until_day=until_day, narrowed=narrowed)
    page = calendar_page(actor, first_day=first_day, until_day=until_day, narrowed=narrowed)
    days = shown_days(page)
    data = grid_data(page, days, day_plan(actor, first_day, until_day, practitioners=page.people))
    data |= {"digest": digest, "mayBook": may_book_somebody(actor)}
    shown = {"page": page, "days": days, "counted": None}
    return _answer(request, actor, clinic, on, view, narrowed, shown, data)


def _is_counted(view: str, people: Sequence[Practitioner]) -> bool:
    return view == "week" and len(people) > WEEK_PEOPLE


def _counted_week(
    request: HttpRequest,
    actor: Actor,
    clinic: Organization,
    on: dt.date,
    people: tuple[Practitioner, ...],
    narrowed: Narrowed,
) -> HttpResponse:
    """How many visits each of many practitioners has on each day: no visit is read for it, and none drawn."""
    first_day, until_day = _days(on, "week")
    counts = calendar_counts(actor, first_day=first_day, until_day=until_day, narrowed=narrowed)
    days = [first_day + dt.timedelta(days=number) for number in range(WEEK)]
    counted = []
    for each in people:
        numbers = counts.get(each.pk, [0] * WEEK)
        counted.append({"practitioner": each, "days": list(zip(days, numbers, strict=True)), "sum": sum(numbers)})
    shown = {
        "page": CalendarPage(clinic.timezone, first_day, until_day, people, ()),
        "days": [ShownDay(day, ()) for day in days],
        "counted": counted,
    }
    data = {"counted": True, "zone": clinic.timezone, "mayBook": may_book_somebody(actor)}
    return _answer(request, actor, clinic, on, "week", narrowed, shown, data)


def _answer(
    request: HttpRequest,
    actor: Actor,
    clinic: Organization,
    on: dt.date,
    view: str,
    narrowed: Narrowed,
    shown: dict[str, Any],
    data: dict[str, Any],
) -> HttpResponse:
    first_day, until_day = _days(on, view)
    context = {
        **shown,
        "calendar_data": data | _addresses(on, view, narrowed) | {"view": view},
        "view": view,
        "on": on,
        "last_day": until_day - dt.timedelta(days=1),
        # Its clocks may be changed between now and then.
        "noon": dt.datetime.combine(on, dt.time(12), tzinfo=ZoneInfo(clinic.timezone)),
        "is_today": first_day <= today(clinic.timezone) < until_day,
        "may_book": data["mayBook"],
        "narrow": _narrow_form(request, actor, narrowed),
        "narrowed": narrowed,
        **_steps(on, view, narrowed),
    }
    return render(request, "scheduling/calendar.html", NAV | context)


@require_safe
@guarded("scheduling.appointment.list")
def calendar_changes(request: HttpRequest) -> HttpResponse:
    """What a calendar that is open asks for: everything anew, or only where it was told to look again.

    `seen` is the digest of what the page shows; where that still holds, the answer says just so.
    """
    actor, clinic = who(request)
    form = ShownForm(request.GET)
    asked, narrowed = form.asked(), form.narrowed()
    first_day, until_day = _days(asked["on"] or today(clinic.timezone), asked["view"] or "day")
    span: dict[str, Any] = {"first_day": first_day, "until_day": until_day, "narrowed": narrowed}
    digest = calendar_digest(actor, **span)
    if request.GET.get("seen") == digest:
        return JsonResponse({"same": True})
    wanted = _wanted(request)
    if _is_counted(asked["view"] or "day", people_shown(actor, narrowed)):
        # Its page shows numbers only, and asks for none of these.
        return JsonResponse({"rows": [], "whole": wanted is None, "late": {}, "counted": True, "digest": digest})
    page = calendar_page(actor, **span, wanted=wanted)
    days = shown_days(page)
    answer: dict[str, Any] = {"rows": _rendered(days), "whole": wanted is None, "late": _late(days, wanted)}
    if wanted is None:
        answer |= {"digest": digest, "pauses": _pauses(actor, page, days)}
    return JsonResponse(answer)


@require_safe
@guarded("scheduling.appointment.list")
def calendar_find(request: HttpRequest) -> HttpResponse:
    """The patients whose names begin as typed, with the visits that the reader may see."""
    actor, _ = who(request)
    typed = request.GET.get("q", "").strip()[:100]
    context = {"typed": typed, "found": find_patients(actor, typed) if typed else []}
    template = "scheduling/_calendar_found.html" if wants_json(request) else "scheduling/calendar_find.html"
    if wants_json(request):
        return JsonResponse({"html": render_to_string(template, context, request)})
    return render(request, template, NAV | context)


def _days(on: dt.date, view: str) -> tuple[dt.date, dt.date]:
    """The week that holds the day begins on its Monday."""
    if view != "week":
        return on, on + dt.timedelta(days=1)
    monday = on - dt.timedelta(days=on.weekday())
    return monday, monday + dt.timedelta(days=WEEK)


def _wanted(request: HttpRequest) -> Wanted | None:
    visits, people = (frozenset(_uuids(request.GET.get(name, ""))) for name in ("only", "people"))
    return Wanted(visits, people) if visits or people else None


def _uuids(text: str) -> list[uuids.UUID]:
    found = []
    for part in text.split(",")[:200]:
        try:
            found.append(uuids.UUID(part))
        except ValueError:
            continue
    return found


def _rendered(days: list[ShownDay]) -> list[str]:
    return [row.html for day in days for person in day.people for row in person.rows]


def _late(days: list[ShownDay], wanted: Wanted | None) -> dict[str, str]:
    """By practitioner, for a single day and for whom all visits are known; the others keep what stands."""
    if len(days) > 1:
        return {}
    shown = {person.practitioner.uuid: person.late_words for person in days[0].people}
    return {str(uuid): words for uuid, words in shown.items() if wanted is None or uuid in wanted.people}


def _pauses(actor: Actor, page: CalendarPage, days: list[ShownDay]) -> list[dict[str, str]]:
    plans = day_plan(actor, page.first_day, page.until_day, practitioners=page.people)
    pauses: list[dict[str, str]] = grid_data(page, days, plans)["pauses"]
    return pauses


def _narrow_form(request: HttpRequest, actor: Actor, narrowed: Narrowed) -> NarrowForm:
    return NarrowForm(
        people=people_to_choose(actor),
        kinds=visit_types_to_choose(actor),
        rooms=rooms_to_choose(actor),
        initial={"of": narrowed.practitioner, "kind": narrowed.visit_type, "room": narrowed.room},
    )


def _query(on: dt.date, view: str, narrowed: Narrowed) -> str:
    asked = {"on": on.isoformat(), "view": view, "of": narrowed.practitioner, "kind": narrowed.visit_type}
    return urlencode({name: value for name, value in (asked | {"room": narrowed.room}).items() if value})


def _steps(on: dt.date, view: str, narrowed: Narrowed) -> dict[str, str]:
    """The addresses of the neighbours: one step back and on, today, and the same day in the other views."""
    step = dt.timedelta(days=WEEK if view == "week" else 1)
    path = reverse("calendar")
    steps = {"before": _neighbour(on, -step), "after": _neighbour(on, step)}
    found = {name: f"{path}?{_query(day, view, narrowed)}" for name, day in steps.items()}
    found["today"] = f"{path}?{_query(on, view, narrowed)}".replace(f"on={on.isoformat()}&", "")
    return found | {f"as_{each}": f"{path}?{_query(on, each, narrowed)}" for each in ("day", "week", "list")}


def _neighbour(on: dt.date, step: dt.timedelta) -> dt.date:
    try:
        return on + step
    except OverflowError:
        return on


def _addresses(on: dt.date, view: str, narrowed: Narrowed) -> dict[str, str]:
    """Where the page's script asks."""
    return {
        "feed": f"{reverse('calendar-changes')}?{_query(on, view, narrowed)}",
        "find": reverse("calendar-find"),
        "book": reverse("appointment-new"),
        "socket": reverse("calendar"),
    }
