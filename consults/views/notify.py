"""Notifications of the visit page: the browser's yes and no."""

import uuid as uuids
from typing import cast

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.actors import Actor
from accounts.policy import guarded
from consults import selectors
from consults.models import Encounter
from consults.people import patient_of
from consults.policies import require_visit
from core.errors import Invalid
from core.http import no_store
from notifications.services.subscribing import subscribe, unsubscribe

# As the browser writes them; no longer than the columns.
LONGEST = {"endpoint": 800, "p256dh": 120, "auth": 60}


@guarded("notifications.push.subscribe")
@no_store
@require_POST
def notify(request: HttpRequest, link: uuids.UUID) -> HttpResponse:
    """This browser is to be told."""
    actor, encounter = _own(request)
    subscribe(actor=actor, patient=patient_of(actor, encounter), **_posted(request, *LONGEST))
    return JsonResponse({"ok": True})


@guarded("notifications.push.subscribe")
@no_store
@require_POST
def notify_off(request: HttpRequest, link: uuids.UUID) -> HttpResponse:
    """This browser is not to be told any more."""
    actor, encounter = _own(request)
    unsubscribe(actor=actor, patient=patient_of(actor, encounter), **_posted(request, "endpoint"))
    return JsonResponse({"ok": True})


def _own(request: HttpRequest) -> tuple[Actor, Encounter]:
    actor = cast(Actor, request.actor)  # type: ignore[attr-defined]
    encounter = selectors.get_visit(actor)
    require_visit(actor, "notifications.push.subscribe", encounter)
    return actor, encounter


def _posted(request: HttpRequest, *names: str) -> dict[str, str]:
    given = {name: request.POST.get(name, "") for name in names}
    if any(not value or len(value) > LONGEST[name] or "\x00" in value for name, value in given.items()):
        raise Invalid(_("This browser cannot be told. Leave this page open."), code="push.unusable")
    return given
