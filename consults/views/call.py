"""The doctor's call page and its buttons: identity confirmed, leave, finish. The call itself is static/js/call.js."""

import datetime as dt
import uuid as uuids
from typing import Any, cast

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.actors import Actor
from accounts.policy import guarded
from consent.selectors import language_shown
from consults import selectors, services
from consults.models import Arrival, Encounter
from consults.people import is_group, the_group
from consults.selectors.passing import elsewhere, stops_of
from consults.views.asking import NO_RECORDING, recording_words, records
from consults.views.people import emergency_of, seen_by_doctor
from consults.views.undone import undo_of_call
from core.clock import now, today
from core.http import no_store, wants_json
from core.templatetags.ui import clock_time
from scheduling.selectors.groups import coming_to
from scheduling.selectors.guests import guests_of


@guarded("consults.visit.view")
@no_store
@require_safe
def call(request: HttpRequest, visit: uuids.UUID) -> HttpResponseBase:
    encounter = selectors.get_visit_for(_actor(request), visit)
    queue = reverse("queue") if encounter.queue.pool_id else reverse("queue-board", args=[encounter.queue.uuid])
    state = selectors.visit_state(encounter, now())
    group = is_group(encounter)
    members = _members(encounter) if group else []
    pass_lines, pass_people = elsewhere(encounter)
    context = {
        "encounter": encounter,
        "stops": stops_of(encounter),
        "pass_lines": pass_lines,
        "pass_people": pass_people,
        "patient": encounter.patient,
        "members": members,
        "here": sum(one["is_here"] for one in members),
        "face": "" if group else encounter.patient.face,
        "whom": the_group() if group else encounter.patient.given_name,
        "Whom": the_group().capitalize() if group else encounter.patient.given_name,
        "appointment": encounter.appointment,
        "guests": guests_of(encounter.appointment),
        **({} if group else seen_by_doctor(encounter)),
        "age": _age(encounter.patient.birth_date, today(encounter.organization.timezone)),
        "state": state,
        "queue_url": queue,
        "undo": undo_of_call(request, visit) if state == "call" else None,
        "identity_words": _identity_words(encounter, encounter),
        "zone": encounter.organization.timezone,
        "recording_urls": _recording_urls(visit),
        "records": records(_actor(request), encounter),
        **recording_words(encounter, language_shown(encounter.organization.language)),
        "page_data": {
            "path": reverse("call", kwargs={"visit": visit}),
            "state": state,
            "patient": the_group() if group else encounter.patient.given_name,
            "queue": queue,
        },
    }
    return render(request, "consults/call.html", context)


@guarded("consults.visit.identify")
@no_store
@require_POST
def confirm_identity(request: HttpRequest, visit: uuids.UUID) -> HttpResponseBase:
    encounter = selectors.get_visit_for(_actor(request), visit)
    seen = services.confirm_identity(
        actor=_actor(request), encounter=encounter, member=_uuid(request.POST.get("member", ""))
    )
    if wants_json(request):
        return JsonResponse({"ok": True, "words": _identity_words(seen, encounter)})
    return redirect("call", visit=visit)


@guarded("consults.seat.leave")
@no_store
@require_POST
def leave(request: HttpRequest, visit: uuids.UUID) -> HttpResponseBase:
    """Hang up and go back to the board. The visit goes on; whoever pressed comes back by the same row."""
    encounter = selectors.get_visit_for(_actor(request), visit)
    services.leave_call(actor=_actor(request), encounter=encounter)
    return _to_board(request, encounter)


@guarded("consults.visit.hold")
@no_store
@require_POST
def hold(request: HttpRequest, visit: uuids.UUID) -> HttpResponseBase:
    """Put on hold and go back to the board, where the same row takes the patient back."""
    encounter = selectors.get_visit_for(_actor(request), visit)
    services.hold_visit(actor=_actor(request), encounter=encounter)
    return _to_board(request, encounter)


@guarded("consults.visit.finish")
@no_store
@require_POST
def finish(request: HttpRequest, visit: uuids.UUID) -> HttpResponseBase:
    encounter = selectors.get_visit_for(_actor(request), visit)
    services.finish_visit(actor=_actor(request), encounter=encounter)
    return _to_board(request, encounter)


def _recording_urls(visit: uuids.UUID) -> dict[str, str]:
    names = {"consent": "recording-staff-consent", "start": "recording-start", "stop": "recording-stop"}
    return {
        **{what: reverse(name, kwargs={"visit": visit}) for what, name in names.items()},
        "erase": reverse("recording-erase-mine", kwargs={"recording": NO_RECORDING}),
    }


def _actor(request: HttpRequest) -> Actor:
    return cast(Actor, request.actor)  # type: ignore[attr-defined]


def _to_board(request: HttpRequest, encounter: Encounter) -> HttpResponseBase:
    if wants_json(request):
        return JsonResponse({"ok": True})
    # Out of a shared line it is one's own board that shows them.
    return redirect("queue") if encounter.queue.pool_id else redirect("queue-board", queue=encounter.queue.uuid)


def _identity_words(seen: Encounter | Arrival, encounter: Encounter) -> str:
    """Who confirmed it and when, in the clinic's time; empty while nobody has."""
    if seen.identity_confirmed_at is None:
        return ""
    by: Any = seen.identity_confirmed_by
    at = clock_time(seen.identity_confirmed_at, encounter.organization.timezone)
    return _("Identity confirmed by %(name)s at %(at)s") % {"name": by.name, "at": at}


def _members(encounter: Encounter) -> list[dict[str, Any]]:
    """Everybody who comes to a group, and what each said at the door."""
    arrivals = {one.member_id: one for one in encounter.arrivals.select_related("identity_confirmed_by")}
    found = []
    for place in coming_to(encounter.appointment):
        arrival = arrivals.get(place.pk)
        found.append(
            {
                "place": place,
                "patient": place.patient,
                "arrival": arrival,
                "is_here": arrival is not None and arrival.arrived_at is not None,
                "words": _identity_words(arrival, encounter) if arrival is not None else "",
                **(emergency_of(arrival, place.patient) if arrival is not None and place.patient is not None else {}),
            }
        )
    return found


def _uuid(text: str) -> uuids.UUID | None:
    try:
        return uuids.UUID(text)
    except ValueError:
        return None


def _age(born: dt.date, on: dt.date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
