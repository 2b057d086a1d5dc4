"""The board of the whole clinic for its desk, and telling those who wait how late a practitioner is."""

import uuid as uuids

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.actors import Actor
from accounts.policy import guarded, require
from consults.models import Queue
from consults.policies import relation_to_queue
from consults.selectors import get_queue
from consults.selectors.clinic import clinic_board
from core.errors import Conflict, Invalid
from core.http import wants_json
from scheduling.services.lateness import tell_late

LATE_CHOICES = (0, 5, 10, 15, 20, 30, 45, 60)


@guarded("consults.clinic.view")
@require_safe
def clinic(request: HttpRequest) -> HttpResponse:
    board = clinic_board(request.actor)  # type: ignore[attr-defined]
    context = {"nav": "clinic-board", "board": board, "late_choices": LATE_CHOICES}
    return render(request, "consults/clinic.html", context)


@guarded("consults.queue.late")
@require_POST
def late(request: HttpRequest, queue: uuids.UUID) -> HttpResponse:
    """So many minutes late, told to everybody who comes after today; 0 takes it back. `back` is the clinic's board."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = get_queue(actor, queue)
    require(actor, "consults.queue.late", relation_to_queue(actor, found))
    try:
        said = _tell(actor, found, request.POST.get("minutes", ""))
    except (Conflict, Invalid) as refusal:
        if wants_json(request):
            raise
        messages.error(request, refusal.message)
    else:
        if wants_json(request):
            return JsonResponse({"ok": True, "said": said})
        messages.success(request, said)
    if request.POST.get("back") == "clinic":
        return redirect("clinic-board")
    return redirect("queue-board", queue=found.uuid)


def _tell(actor: Actor, found: Queue, typed: str) -> str:
    if found.practitioner is None:
        raise Conflict(_("Nobody is promised a time in a shared line, so it cannot be late."), code="late.pool")
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 3):
        raise Invalid(_("Choose how many minutes."), code="late.minutes")
    told = tell_late(actor=actor, practitioner=found.practitioner, minutes=int(typed), move=False).told
    if not told:
        return _("Nobody is told of a delay.")
    words = ngettext("%(count)s patient is told.", "%(count)s patients are told.", len(told))
    return words % {"count": len(told)}
