"""What who waits and the front desk write to each other: the page of staff, and what the patient's page asks for."""

import uuid as uuids
from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.actors import Actor
from accounts.policy import guarded
from consults import selectors, services
from consults.limits import count_desk_message
from consults.selectors import desk as reading
from core.errors import HousecallError, Invalid
from core.http import no_store, wants_json
from core.ids import new_uuid

ASKED = ["GET", "HEAD", "POST"]
MOST_DIGITS = 9


@guarded("consults.desk.view")
@no_store
@require_http_methods(ASKED)
def patient_desk(request: HttpRequest, link: uuids.UUID) -> HttpResponseBase:
    """The patient's own thread after a number (`after`), noted as read up to `read`; and what they write."""
    actor = _actor(request)
    encounter = selectors.get_visit(actor)
    if request.method == "POST" and "body" in request.POST:
        count_desk_message(actor, encounter)
        line = services.post_to_desk(
            actor=actor, encounter=encounter, body=request.POST["body"], client_id=_client_id(request)
        )
        return JsonResponse({"ok": True, "line": line}) if wants_json(request) else redirect("visit", link=link)
    if request.method == "POST":
        services.read_by_patient(actor=actor, encounter=encounter, seq=_number(request.POST.get("read", "")))
        return JsonResponse({"ok": True})
    if not wants_json(request):
        return redirect("visit", link=link)
    lines = reading.patient_lines(actor, encounter, _number(request.GET.get("after", "")))
    return JsonResponse({"ok": True, "lines": lines, "open": reading.may_patient_write(encounter)})


@guarded("consults.desk.view")
@no_store
@require_http_methods(ASKED)
def staff_desk(request: HttpRequest, visit: uuids.UUID) -> HttpResponse:
    """The threads of one visit; its script asks for what came after a number, and notes what is seen as read."""
    actor = _actor(request)
    encounter = reading.visit_at_desk(actor, visit)
    if request.method == "POST" and "body" in request.POST:
        return _post(request, actor, visit)
    member = _uuid(request.POST.get("member", "") or request.GET.get("member", ""))
    if request.method == "POST":
        read = _number(request.POST.get("read", ""))
        services.read_at_desk(actor=actor, encounter=encounter, seq=read, member=member)
        return JsonResponse({"ok": True})
    if wants_json(request):
        lines = reading.staff_lines(actor, encounter, member, _number(request.GET.get("after", "")))
        return JsonResponse({"ok": True, "lines": lines, "open": reading.desk_page(actor, visit).may_write})
    return _page(request, actor, visit)


def _post(request: HttpRequest, actor: Actor, visit: uuids.UUID) -> HttpResponse:
    encounter = reading.visit_at_desk(actor, visit)
    count_desk_message(actor, encounter)
    try:
        line = services.post_from_desk(
            actor=actor,
            encounter=encounter,
            body=request.POST["body"],
            client_id=_client_id(request),
            member=_uuid(request.POST.get("member", "")),
        )
    except HousecallError as refusal:
        if wants_json(request) or refusal.status == 404:
            raise
        messages.error(request, refusal.message)
        return _page(request, actor, visit, typed=request.POST["body"], status=refusal.status)
    return JsonResponse({"ok": True, "line": line}) if wants_json(request) else redirect("desk", visit=visit)


def _page(request: HttpRequest, actor: Actor, visit: uuids.UUID, *, typed: str = "", status: int = 200) -> HttpResponse:
    page = reading.desk_page(actor, visit)
    talks: list[dict[str, Any]] = [
        {"talk": talk, "client_id": new_uuid(), "last": talk.lines[-1]["seq"] if talk.lines else 0}
        for talk in page.talks
    ]
    context = {
        "nav": "queue",
        "page": page,
        "encounter": page.encounter,
        "talks": talks,
        "typed": typed,
        "zone": page.encounter.organization.timezone,
        "board_url": reverse("queue-board", kwargs={"queue": page.encounter.queue.uuid}),
    }
    return render(request, "consults/desk.html", context, status=status)


def _client_id(request: HttpRequest) -> uuids.UUID:
    found = _uuid(request.POST.get("client_id", ""))
    if found is None:
        raise Invalid(code="desk.client_id")
    return found


def _uuid(text: str) -> uuids.UUID | None:
    try:
        return uuids.UUID(text)
    except ValueError:
        return None


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else 0


def _actor(request: HttpRequest) -> Actor:
    return cast(Actor, request.actor)  # type: ignore[attr-defined]
