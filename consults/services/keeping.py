"""Writing whose place in line is kept: who asks to be called back keeps theirs, a page silent for too long does not."""

import datetime as dt

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.actors import Actor, system_actor
from accounts.models import Patient
from consults import messages, uptime
from consults.lifecycle import VisitStatus, moved
from consults.models import Arrival, Encounter, Queue, Seat
from consults.people import FOR_PATIENT, is_group
from consults.policies import require_visit
from consults.presence import AWAY_AFTER, SILENT_AFTER, kept_until, open_now
from consults.selectors.keeping import callback_until, place_kept
from consults.services.door import KEEPING, leave_door
from consults.services.rows import (
    empty_seats,
    line_changed,
    locked_visit,
    own_place_again,
    record_visit,
    seats_of_patient,
    send_for_next,
    store_change,
)
from consults.services.stations import close_station
from consults.services.waits import forget_told
from consults.turns import patient_seats
from core.clock import now
from core.errors import Conflict
from scheduling.services import lock_appointment, mark_not_arrived


@transaction.atomic
def ask_callback(*, actor: Actor, encounter: Encounter) -> Encounter:
    """Wait elsewhere: the place is kept, and a message says when it is their turn. Asking twice changes nothing, nor
    does it keep a walk-in's place for longer.

    Conflict `callback.no_way` for whom neither a text nor a notification reaches, `visit.not_waiting` outside the line.
    """
    encounter = locked_visit(encounter)
    require_visit(actor, "consults.callback.ask", encounter)
    if encounter.status != VisitStatus.ARRIVED or is_group(encounter):
        raise Conflict(_("You are not in line now. Open your page again."), code="visit.not_waiting")
    if encounter.callback_at is not None:
        return encounter
    if not messages.way_to_call_back(encounter):
        raise Conflict(
            _("We have no way to reach you when it is your turn. Leave this page open, or let your device tell you."),
            code="callback.no_way",
        )
    encounter.callback_at, encounter.called_at = now(), None
    encounter.callback_until = callback_until(encounter, encounter.callback_at)
    store_change(encounter, "callback_at", "called_at", "callback_until")
    record_visit(actor, "consults.callback.ask", encounter)
    return encounter


@transaction.atomic
def stay_in_line(*, actor: Actor, encounter: Encounter) -> Encounter:
    """Wait on the page after all; staying twice changes nothing."""
    encounter = locked_visit(encounter)
    require_visit(actor, "consults.callback.ask", encounter)
    if encounter.callback_at is None:
        return encounter
    encounter.callback_at = encounter.called_at = None
    store_change(encounter, "callback_at", "called_at")
    record_visit(actor, "consults.callback.end", encounter)
    return encounter


def keep_places(*, queue: Queue | None = None) -> int:
    """Take those out of the line (or all lines) whose page is silent for too long; how many. Send for who is next.

    Everybody's look at a line asks this, and the schedule; it costs two queries while nobody is silent.
    """
    up_since = uptime.up_since()
    if up_since is None:
        return 0
    instant = now()
    rows = _silent(instant).select_related("organization__booking_terms", "queue", "appointment")
    taken, silent = 0, {}
    for encounter in rows.filter(queue=queue) if queue is not None else rows:
        if is_group(encounter):
            taken += _take_out_of_group(encounter, up_since, instant)
        elif _is_lost(encounter, up_since, instant):
            taken += _take_out(encounter, up_since)
        silent[encounter.queue_id] = encounter.queue
    for one in silent.values():
        with transaction.atomic():
            send_for_next(one)
    return taken


def keep_own_place(*, encounter: Encounter) -> None:
    """Before somebody's own page counts as heard again: too late is too late, whoever looks first."""
    up_since = uptime.up_since()
    if up_since is None or encounter.status != VisitStatus.ARRIVED or is_group(encounter):
        return
    if _is_lost(encounter, up_since, now()) and _take_out(encounter, up_since):
        encounter.refresh_from_db()


def _silent(instant: dt.datetime) -> QuerySet[Encounter]:
    """Of those who wait the ones whose page is not heard, and all groups, of whom some may not be."""
    heard = Seat.objects.filter(
        encounter=OuterRef("pk"),
        role__in=FOR_PATIENT,
        left_at=None,
        connected=True,
        last_seen_at__gte=instant - SILENT_AFTER,
    )
    rows = Encounter.objects.filter(open_now(instant), status=VisitStatus.ARRIVED, arrived_at__lt=instant - AWAY_AFTER)
    return rows.filter(Q(appointment__capacity__gt=1) | ~Exists(heard)).prefetch_related("seats").order_by("pk")


def _is_lost(encounter: Encounter, up_since: dt.datetime, instant: dt.datetime) -> bool:
    kept = place_kept(encounter.organization)
    until = kept_until(encounter, patient_seats(encounter), kept)
    return until is not None and instant >= max(until, up_since + kept)


@transaction.atomic
def _take_out(found: Encounter, up_since: dt.datetime) -> int:
    """Looked at again under lock: they may have come back, left or been called in this moment."""
    appointment = lock_appointment(found.appointment_id)
    encounter = locked_visit(found)
    instant = now()
    if encounter.status != VisitStatus.ARRIVED or not _is_lost(encounter, up_since, instant):
        return 0
    actor = system_actor("queue", encounter.organization_id)
    encounter.status = moved(encounter.status, VisitStatus.PLANNED)
    encounter.arrived_at = encounter.callback_at = encounter.called_at = None
    encounter.place_lost_at = instant
    encounter.turns += 1
    empty_seats(encounter)
    mark_not_arrived(actor=actor, appointment=appointment)
    store_change(encounter, "status", "arrived_at", "turns", *KEEPING, *own_place_again(encounter))
    close_station(encounter)
    line_changed(encounter.queue)
    forget_told(encounter)
    messages.tell_place_lost(encounter, encounter.patient)
    record_visit(actor, "consults.visit.lose_place", encounter)
    return 1


def _take_out_of_group(found: Encounter, up_since: dt.datetime, instant: dt.datetime) -> int:
    """Each of a group has a place of their own; the visit waits while somebody is there."""
    kept = place_kept(found.organization)
    taken = 0
    for pk in _arrivals(found).filter(arrived_at__lt=instant - AWAY_AFTER).values_list("pk", flat=True):
        with transaction.atomic():
            appointment = lock_appointment(found.appointment_id)
            encounter = locked_visit(found)
            arrival = _arrivals(encounter).select_related("member__patient").filter(pk=pk).first()
            patient: Patient | None = arrival.member.patient if arrival is not None else None
            if arrival is None or patient is None or encounter.status != VisitStatus.ARRIVED:
                continue
            seats = list(seats_of_patient(encounter, patient.pk))
            heard = max(one for one in (arrival.arrived_at, *(s.last_seen_at for s in seats)) if one is not None)
            if instant < max(heard, up_since) + kept:
                continue
            actor = system_actor("queue", encounter.organization_id)
            leave_door(actor, encounter, appointment, arrival.member)
            Arrival.objects.filter(pk=arrival.pk).update(place_lost_at=instant)
            messages.tell_place_lost(encounter, patient)
            taken += 1
    return taken


def _arrivals(encounter: Encounter) -> QuerySet[Arrival]:
    return Arrival.objects.filter(encounter=encounter, arrived_at__isnull=False).order_by("pk")
