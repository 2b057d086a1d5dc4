"""Writing who stands where in line after a call: nobody answered, or it was a mistake."""

import datetime as dt
from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import Actor
from consults import ports
from consults.lifecycle import VisitStatus, moved
from consults.models import Encounter, Queue, Seat
from consults.order import STANDS_FROM, YIELDS, stands_from
from consults.people import FOR_PATIENT
from consults.policies import require_row, require_visit
from consults.presence import is_open, open_now, patient_is_there
from consults.selectors.met import was_met
from consults.selectors.pools import PATIENT_SEATS
from consults.services import undoing
from consults.services.rows import PLACE_FIELDS, empty_seats, line_changed, locked_visit, record_visit, store_change
from consults.services.stations import unclaim
from consults.services.waits import forget_told, uncount_called_in
from core.clock import now
from core.errors import Conflict

CALLED, AWAY = "called", "away"
_NEXT = dt.timedelta(microseconds=1)


class Requeued(NamedTuple):
    encounter: Encounter
    undo: str


@transaction.atomic
def requeue_visit(*, actor: Actor, encounter: Encounter) -> Requeued:
    """Called, and nobody answered: they go behind those who are there, and are told so. Returns what undoes it.

    Whoever was called in and has not been met goes back into the line; so does, in its place, whoever waits and is not
    there. Conflict `requeue.there` for one who waits and is, `requeue.met` for one whom the practitioner has met.
    """
    encounter = locked_visit(encounter)
    require_row(actor, "consults.visit.requeue", encounter)
    why = _why(encounter)
    before: dict[str, str | bool | None]
    before = {"stands_from": undoing.stamp(encounter.stands_from), "at": undoing.stamp(encounter.requeued_at)}
    before |= {"why": encounter.requeued_why, "behind_walk_ins": encounter.behind_walk_ins}
    behind = _behind(encounter)
    if behind is None and why == AWAY:
        raise Conflict(_("Nobody else is there, so their place stays."), code="requeue.alone")
    if why == CALLED:
        back_to_line(actor, encounter)
    forget_told(encounter)
    encounter.requeued_at, encounter.requeued_why = now(), why
    if behind is not None:
        encounter.stands_from, encounter.behind_walk_ins = behind
    store_change(encounter, "status", "started_at", "held_at", "practitioner", "performer_since", *PLACE_FIELDS)
    line_changed(encounter.queue)
    record_visit(actor, "consults.visit.requeue", encounter, why=why)
    now_at = undoing.stamp(encounter.requeued_at)
    return Requeued(encounter, undoing.offer(actor, undoing.REQUEUE, encounter, now=now_at, **before))


def restore_place(actor: Actor, encounter: Encounter, before: dict[str, Any]) -> None:
    """For the undoing, of a locked visit: the place that they had, while they still wait where they were put."""
    require_row(actor, "consults.visit.requeue", encounter)
    if encounter.status != VisitStatus.ARRIVED or undoing.stamp(encounter.requeued_at) != before["now"]:
        raise undoing.too_late()
    encounter.stands_from = undoing.instant(before["stands_from"])
    encounter.requeued_at, encounter.requeued_why = undoing.instant(before["at"]), before["why"] or ""
    encounter.behind_walk_ins = bool(before.get("behind_walk_ins"))
    store_change(encounter, *PLACE_FIELDS)
    line_changed(encounter.queue)
    record_visit(actor, "consults.visit.unrequeue", encounter)


def offer_unadmit(actor: Actor, encounter: Encounter) -> str:
    """What undoes calling in this visit, which has just begun."""
    before = {"now": encounter.started_at, "callback": encounter.called_from[0], "called": encounter.called_from[1]}
    stamps = {name: undoing.stamp(at) for name, at in before.items()}
    return undoing.offer(actor, undoing.ADMIT, encounter, chat=encounter.chat_seq, **stamps)


def unadmit(actor: Actor, encounter: Encounter, before: dict[str, Any]) -> None:
    """For the undoing, of a locked visit: called in by mistake; they wait again, where and how they did.

    Who waited elsewhere, to be called back, does so still: their page is closed, and silence alone costs the place.
    While nothing was done in the call: nobody was identified, wrote, was recorded, or was put on hold.
    """
    require_visit(actor, "consults.visit.unadmit", encounter)
    is_same = encounter.status == VisitStatus.IN_PROGRESS and undoing.stamp(encounter.started_at) == before["now"]
    if not is_same or encounter.chat_seq != before["chat"] or was_met(encounter):
        raise undoing.too_late()
    uncount_called_in(encounter)
    back_to_line(actor, encounter)
    encounter.callback_at, encounter.called_at = (undoing.instant(before.get(at)) for at in ("callback", "called"))
    fields = ("status", "started_at", "held_at", "practitioner", "performer_since", "callback_at", "called_at")
    store_change(encounter, *fields)
    line_changed(encounter.queue)
    record_visit(actor, "consults.visit.unadmit", encounter)


def back_to_line(actor: Actor, encounter: Encounter) -> None:
    """For the services of this app, of a locked visit in progress: whoever waited waits again where they stood.

    The caller saves status, started_at, held_at, practitioner and performer_since.
    """
    to_line(actor, encounter)
    unclaim(encounter)


def to_line(actor: Actor, encounter: Encounter) -> None:
    """For the services of this app, of a locked visit that has begun: its patient waits again, with their arrival.

    Only the patient keeps a seat. The caller saves status, started_at and held_at.
    """
    encounter.status = moved(encounter.status, VisitStatus.ARRIVED)
    encounter.started_at = encounter.held_at = None
    seats = Seat.objects.filter(encounter=encounter)
    empty_seats(encounter, seats.exclude(role__in=FOR_PATIENT))
    seats.filter(sharing__isnull=False).update(sharing=None)
    ports.tell_seats_changed(actor, encounter)


def _why(encounter: Encounter) -> str:
    """Whether they were called in or are away; Conflict for whom it would not be true of."""
    if encounter.status == VisitStatus.IN_PROGRESS:
        if was_met(encounter):
            raise Conflict(_("You have met them. Put the visit on hold, or finish it."), code="requeue.met")
        return CALLED
    if not is_open(encounter, now()) or encounter.status != VisitStatus.ARRIVED:
        raise Conflict(_("They are not in the waiting room now."), code="visit.not_waiting")
    if encounter.callback_at is not None and encounter.called_at is None:
        words = _("They asked to be called back when it is their turn, and their place is kept until then.")
        raise Conflict(words, code="requeue.callback")
    if patient_is_there(encounter.seats.filter(role__in=FOR_PATIENT), encounter.arrived_at, now()):
        raise Conflict(_("They are there. Call them in first."), code="requeue.there")
    return AWAY


def _behind(encounter: Encounter) -> tuple[dt.datetime, bool] | None:
    """Right behind the last of those who are there, and whether there is somebody without a booking among them.

    None where they stand there already, or nobody is. The queue is locked, so that of two who are put back at once one
    stands behind the other.
    """
    instant = now()
    Queue.objects.select_for_update().get(pk=encounter.queue_id)
    waiting = Encounter.objects.filter(open_now(instant), queue=encounter.queue_id, status=VisitStatus.ARRIVED)
    rows = waiting.exclude(pk=encounter.pk).annotate(from_=STANDS_FROM, yields=YIELDS).prefetch_related(PATIENT_SEATS)
    there = [row for row in rows if patient_is_there(row.seats.all(), row.arrived_at, instant)]
    if not there:
        return None
    mine, yields = stands_from(encounter), encounter.behind_walk_ins or encounter.appointment.is_walk_in
    last = max((row.yields or row.from_ > instant, row.from_) for row in there)
    if last < (yields or mine > instant, mine):
        return None
    return max(row.from_ for row in there) + _NEXT, yields or any(row.yields for row in there)
