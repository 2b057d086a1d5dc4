"""The queue board: a practitioner's own, or any of the clinic's for the desk. Its live part is the queue socket."""

import uuid as uuids

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.actors import Actor
from accounts.front import front_of
from accounts.policy import guarded, may
from accounts.selectors import get_practitioner_of
from consults.lifecycle import VisitStatus
from consults.models import Encounter, Pool, Queue
from consults.people import is_group, the_group
from consults.policies import relation_to_pool, relation_to_queue
from consults.selectors import get_queue, queues, visit_on_board, waiting_queue
from consults.services import admit_patient, call_next, open_queue
from consults.services.line import offer_unadmit
from consults.views.clinic import LATE_CHOICES
from consults.views.undone import keep_undo, kept_undo
from core.errors import Conflict


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

    A patient who is no longer there, or whom a colleague has called in, leaves you on the board, told why.
    """
    actor: Actor = request.actor  # type: ignore[attr-defined]
    board = get_queue(actor, queue)
    encounter = visit_on_board(board, visit)
    was_waiting = encounter.status == VisitStatus.ARRIVED
    try:
        called = admit_patient(actor=actor, encounter=encounter, hold_others="hold" in request.POST)
    except Conflict as refusal:
        messages.error(request, refusal.message)
        return redirect("queue-board", queue=board.uuid)
    if was_waiting:
        _keep_undo(request, called)
    return redirect("call", visit=encounter.uuid)


@require_POST
@guarded("consults.queue.call")
def queue_next(request: HttpRequest, queue: uuids.UUID) -> HttpResponse:
    """Call in whoever is next and there. Another than the button named (`named`), and the call page says so."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    board = get_queue(actor, queue)
    try:
        encounter = call_next(actor=actor, queue=board, hold_others="hold" in request.POST)
    except Conflict as refusal:
        messages.error(request, refusal.message)
        return redirect("queue-board", queue=board.uuid)
    _keep_undo(request, encounter)
    if request.POST.get("named", str(encounter.uuid)) != str(encounter.uuid):
        words = _("The one before was called in or has left meanwhile. This is %(name)s, who was next.")
        messages.info(request, words % {"name": encounter.appointment.heading})
    return redirect("call", visit=encounter.uuid)


def _keep_undo(request: HttpRequest, called: Encounter) -> None:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    said = _("%(name)s was called in.") % {"name": the_group() if is_group(called) else called.patient.given_name}
    keep_undo(request, said, offer_unadmit(actor, called), called=called.uuid)


def _door_of(actor: Actor, found: Queue) -> Pool | None:
    """The pool whose door's address this page leads to."""
    pool = found.pool
    if pool is None or not pool.takes_walk_ins:
        return None
    return pool if may(actor, "consults.pool.door", relation_to_pool(actor, pool)) else None


def _board(request: HttpRequest, found: Queue) -> HttpResponse:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    board = waiting_queue(actor, found)
    context = {
        "nav": "queue",
        "nav_count": board.counts.waiting,
        "board": board,
        # A pretend patient comes to somebody.
        "door_of": _door_of(actor, found),
        "may_pretend": settings.DEMO and board.practitioner is not None,
        "is_own": board.practitioner is not None and board.practitioner.pk == actor.practitioner_id,
        "may_call": may(actor, "consults.queue.call", relation_to_queue(actor, found)),
        "undo": kept_undo(request),
        "late_choices": LATE_CHOICES,
    }
    return render(request, "consults/queue.html", context)
