"""The queue board: a practitioner's own, or any of the clinic's for the desk. Its live part is the queue socket."""

import uuid as uuids

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.actors import Actor
from accounts.front import front_of
from accounts.policy import guarded
from accounts.selectors import get_practitioner_of
from consults.models import Queue
from consults.selectors import get_queue, get_visit_for, queues, waiting_queue
from consults.services import admit_patient, open_queue
from core.errors import Conflict, NotFound


@require_safe
@guarded("consults.front.open")
def staff(request: HttpRequest) -> HttpResponse:
    """The short address to tell a colleague: each comes to the first page of their own."""
    return redirect(front_of(request.actor))  # type: ignore[attr-defined]


@require_safe
@guarded("consults.queue.list")
def queue(request: HttpRequest) -> HttpResponse:
    """A practitioner's own board; for the desk, the list of boards."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    practitioner = get_practitioner_of(actor)
    if practitioner is not None:
        return _board(request, open_queue(actor=actor, practitioner=practitioner))
    found = queues(actor)
    return render(request, "consults/queues.html", {"nav": "queue", "queues": found})


@require_safe
@guarded("consults.queue.view")
def queue_board(request: HttpRequest, queue: uuids.UUID) -> HttpResponse:
    return _board(request, get_queue(request.actor, queue))  # type: ignore[attr-defined]


@require_POST
@guarded("consults.visit.admit")
def queue_admit(request: HttpRequest, queue: uuids.UUID, visit: uuids.UUID) -> HttpResponse:
    """Call the patient in, or take one back, and go to the call; with `hold`, whoever is with you is put on hold.

    A patient who is no longer there leaves you on the board, told why.
    """
    actor: Actor = request.actor  # type: ignore[attr-defined]
    board = get_queue(actor, queue)
    encounter = get_visit_for(actor, visit)
    if encounter.queue_id != board.pk:
        raise NotFound
    try:
        admit_patient(actor=actor, encounter=encounter, hold_others="hold" in request.POST)
    except Conflict as refusal:
        messages.error(request, refusal.message)
        return redirect("queue-board", queue=board.uuid)
    return redirect("call", visit=encounter.uuid)


def _board(request: HttpRequest, found: Queue) -> HttpResponse:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    board = waiting_queue(actor, found)
    context = {
        "nav": "queue",
        "nav_count": board.counts.waiting,
        "board": board,
        "may_pretend": settings.DEMO,
        "is_own": board.practitioner.pk == actor.practitioner_id,
    }
    return render(request, "consults/queue.html", context)
