"""The forms of the waiting room, under /v/<link>/: to be called back, and to stay after all."""

import uuid as uuids
from typing import cast

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.actors import Actor
from accounts.policy import guarded
from consults import selectors, services
from core.http import no_store, wants_json


@guarded("consults.callback.ask")
@no_store
@require_POST
def callback(request: HttpRequest, link: uuids.UUID) -> HttpResponseBase:
    """Wait elsewhere: the page may be closed, and a message says when it is their turn."""
    actor = cast(Actor, request.actor)  # type: ignore[attr-defined]
    services.ask_callback(actor=actor, encounter=selectors.get_visit(actor))
    return _back(request, link)


@guarded("consults.callback.ask")
@no_store
@require_POST
def stay(request: HttpRequest, link: uuids.UUID) -> HttpResponseBase:
    """Wait on the page after all."""
    actor = cast(Actor, request.actor)  # type: ignore[attr-defined]
    services.stay_in_line(actor=actor, encounter=selectors.get_visit(actor))
    return _back(request, link)


def _back(request: HttpRequest, link: uuids.UUID) -> HttpResponseBase:
    return JsonResponse({"ok": True}) if wants_json(request) else redirect("visit", link=link)
