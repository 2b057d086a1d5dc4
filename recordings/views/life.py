"""The record buttons of a visit and the answers of the people in it. How they look is the visit's own pages' part."""

import uuid as uuids
from typing import Any, cast

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.actors import Actor
from accounts.policy import guarded
from consults.models import Encounter
from consults.selectors import get_visit, get_visit_for
from core.http import no_store, wants_json
from recordings import services
from recordings.limits import count_press


@guarded("recordings.start")
@no_store
@require_POST
def start(request: HttpRequest, visit: uuids.UUID) -> HttpResponseBase:
    """Record, once one other person has agreed. The press is the practitioner's own yes."""
    encounter = _of_staff(request, visit)
    services.start_recording(
        actor=_actor(request), encounter=encounter, text_version=request.POST.get("text_version", "")
    )
    return _done(request, "call", visit=visit)


@guarded("recordings.stop")
@no_store
@require_POST
def stop(request: HttpRequest, visit: uuids.UUID) -> HttpResponseBase:
    encounter = _of_staff(request, visit)
    services.stop_recording(actor=_actor(request), encounter=encounter)
    return _done(request, "call", visit=visit)


@guarded("recordings.consent")
@no_store
@require_POST
def staff_consent(request: HttpRequest, visit: uuids.UUID) -> HttpResponseBase:
    erasable = _answer(request, _of_staff(request, visit))
    return _done(request, "call", erasable, visit=visit)


@guarded("recordings.consent")
@no_store
@require_POST
def consent(request: HttpRequest, link: uuids.UUID) -> HttpResponseBase:
    encounter = get_visit(_actor(request))
    count_press(_actor(request), encounter)
    return _done(request, "visit", _answer(request, encounter), link=link)


def _of_staff(request: HttpRequest, visit: uuids.UUID) -> Encounter:
    encounter = get_visit_for(_actor(request), visit)
    count_press(_actor(request), encounter)
    return encounter


def _answer(request: HttpRequest, encounter: Encounter) -> uuids.UUID | None:
    return services.answer_recording(
        actor=_actor(request),
        encounter=encounter,
        decision=request.POST.get("decision", ""),
        text_version=request.POST.get("text_version", ""),
        asked_for=request.POST.get("asked_for", ""),
    )


def _done(request: HttpRequest, page: str, erasable: uuids.UUID | None = None, **address: Any) -> HttpResponseBase:
    if not wants_json(request):
        return redirect(page, **address)
    return JsonResponse({"ok": True, **({"erasable": str(erasable)} if erasable else {})})


def _actor(request: HttpRequest) -> Actor:
    return cast(Actor, request.actor)  # type: ignore[attr-defined]
