"""One row of a board by itself: its note, who did not come or answer, the way back. A page, and a dialog's inside."""

import uuid as uuids
from collections.abc import Callable
from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.actors import Actor
from accounts.policy import guarded
from consults import services
from consults.models import Encounter
from consults.people import is_group, the_group
from consults.selectors.passing import target_of
from consults.selectors.rows import board_row, get_row
from consults.services.undoing import WITHIN
from consults.views.undone import keep_undo, take_undo
from core.errors import HousecallError, Invalid
from core.http import wants_json


@require_safe
@guarded("consults.row.view")
def row(request: HttpRequest, visit: uuids.UUID) -> HttpResponse:
    return _page(request, visit)


@require_POST
@guarded("consults.note.change")
def note(request: HttpRequest, visit: uuids.UUID) -> HttpResponse:
    """Save what is typed, or take the note off the board (`remove`)."""
    actor, found = _actor(request), get_row(_actor(request), visit)
    standing = _uuid(request.POST.get("note", ""))

    def save() -> tuple[str, str]:
        if "remove" in request.POST and standing is not None:
            return _("The note is off the board."), services.remove_note(actor=actor, encounter=found, note=standing)
        services.put_note(actor=actor, encounter=found, text=request.POST.get("text", ""), instead_of=standing)
        return _("The note is on the board."), ""

    return _done(request, found, save)


@require_POST
@guarded("consults.visit.requeue")
def requeue(request: HttpRequest, visit: uuids.UUID) -> HttpResponse:
    actor, found = _actor(request), get_row(_actor(request), visit)
    said = _("%(name)s is behind those who are there.") % {"name": _name(found)}
    return _done(request, found, lambda: (said, services.requeue_visit(actor=actor, encounter=found).undo))


@require_POST
@guarded("consults.visit.pass_on")
def pass_on(request: HttpRequest, visit: uuids.UUID) -> HttpResponse:
    """To the line of a colleague or a shared one; from a row, and from the call page."""
    actor, found = _actor(request), get_row(_actor(request), visit)

    def save() -> tuple[str, str]:
        if not request.POST.get("to"):
            raise Invalid(_("Choose to whom."), code="pass_on.to", field="to")
        to = target_of(actor, request.POST["to"])
        passed = services.pass_on(actor=actor, encounter=found, to=to, why=request.POST.get("why", ""))
        said = _("%(name)s waits in the line of %(to)s.") % {"name": _name(found), "to": str(to)}
        return said, services.offer_unpass(actor, passed)

    return _done(request, found, save)


@require_POST
@guarded("scheduling.appointment.attend")
def missed(request: HttpRequest, visit: uuids.UUID) -> HttpResponse:
    actor, found = _actor(request), get_row(_actor(request), visit)
    said = _("Noted: %(name)s did not come.") % {"name": _name(found)}
    return _done(request, found, lambda: (said, services.mark_missed(actor=actor, encounter=found)))


@require_POST
@guarded("consults.unanswered.see")
def seen(request: HttpRequest, visit: uuids.UUID) -> HttpResponse:
    """The practitioner knows that this patient waits: the board need not ring."""
    actor, found = _actor(request), get_row(_actor(request), visit)
    services.see_unanswered(actor=actor, encounter=found)
    if wants_json(request):
        return JsonResponse({"ok": True})
    return redirect("queue")


@guarded("consults.board.undo")
@require_POST
def undo(request: HttpRequest) -> HttpResponse:
    """Take back what this member of staff pressed last: the word comes with the form, or was kept with the session."""
    kept = take_undo(request)
    token = request.POST.get("undo") or (kept.token if kept else "")
    try:
        done = services.undo(actor=_actor(request), token=token)
    except HousecallError as refusal:
        if wants_json(request):
            raise
        messages.error(request, refusal.message)
        return redirect("queue")
    if wants_json(request):
        return JsonResponse({"ok": True, "said": done.said})
    messages.success(request, done.said)
    return redirect("queue-board", queue=done.encounter.queue.uuid)


def _done(request: HttpRequest, found: Encounter, act: Callable[[], tuple[str, str]]) -> HttpResponse:
    """Do it and say so: to a script as JSON with what undoes it, to a form on the board it goes back to."""
    try:
        said, token = act()
    except HousecallError as refusal:
        if wants_json(request) or refusal.status == 404:
            raise
        messages.error(request, refusal.message)
        return redirect("queue-row", visit=found.uuid)
    if wants_json(request):
        return JsonResponse({"ok": True, "said": said, "undo": token, "undo_s": WITHIN.total_seconds()})
    if token:
        keep_undo(request, said, token)
    else:
        messages.success(request, said)
    return redirect("queue-board", queue=found.queue.uuid)


def _page(request: HttpRequest, visit: uuids.UUID) -> HttpResponse:
    page = board_row(_actor(request), visit)
    context = {"nav": "queue", "page": page, "row": page.row, "zone": page.encounter.organization.timezone}
    if wants_json(request):
        return JsonResponse({"html": render_to_string("consults/_queue_row_more.html", context, request)})
    return render(request, "consults/queue_row.html", context)


def _actor(request: HttpRequest) -> Actor:
    return cast(Actor, request.actor)  # type: ignore[attr-defined]


def _name(encounter: Encounter) -> str:
    return the_group() if is_group(encounter) else encounter.patient.given_name


def _uuid(text: str) -> uuids.UUID | None:
    try:
        return uuids.UUID(text)
    except ValueError:
        return None
