"""What the services share: locking a visit's row, storing a change with its versions and hints, auditing a move.

Locks are taken in one order everywhere: practitioner, appointment, visit, seat, queue.
"""

from typing import Any

from django.db.models import F, Q, QuerySet

from accounts.actors import Actor
from accounts.models import Patient
from audit.services import record
from consults import hints
from consults.models import Encounter, Queue, Seat
from consults.selectors.keeping import callback_until
from consults.services.sent_for import call_silent_ones
from core.clock import now
from core.errors import NotFound
from scheduling.models import Appointment

WITH = ("organization", "appointment", "patient", "practitioner", "queue__pool")


def locked_visit(encounter: Encounter) -> Encounter:
    """The visit read afresh and locked until the transaction ends. SQLite has locked the database already.

    Locked first and joined then: whoever waited for the lock while the visit went to another practitioner would not
    find it by a join (PostgreSQL looks again at the locked row only).
    """
    return _locked(Encounter.objects.filter(pk=encounter.pk))


def locked_visit_of(appointment: Appointment) -> Encounter:
    """The same of an appointment's visit."""
    return _locked(Encounter.objects.filter(appointment=appointment))


def _locked(rows: QuerySet[Encounter]) -> Encounter:
    pk = rows.select_for_update().values_list("pk", flat=True).first()
    if pk is None:
        raise NotFound
    return Encounter.objects.select_related(*WITH).get(pk=pk)


def store_change(encounter: Encounter, *fields: str) -> None:
    """Save a locked visit's fields, raise both versions and hint to rooms, pages and boards after the commit."""
    encounter.room_version += 1
    encounter.save(update_fields=["room_version", *fields])
    raise_queue_version(encounter.queue)
    hints.visit_stored(encounter)
    hints.room_changed(encounter)


def line_changed(queue: Queue) -> None:
    """The pages of everybody who waits look again; who has become the next one and has closed theirs is sent for."""
    hints.line_changed(queue)
    send_for_next(queue)


def send_for_next(queue: Queue) -> None:
    """Whoever's turn it is and is not there is told; boards show who was called back."""
    if call_silent_ones(queue):
        raise_queue_version(queue)


def lock_lines(*queues: Queue) -> None:
    """Before several lines are changed in one step: in one order, or two who go opposite ways wait for each other."""
    lines = Queue.objects.select_for_update(no_key=True).filter(pk__in=[queue.pk for queue in queues])
    list(lines.order_by("pk").values_list("pk"))


def raise_queue_version(queue: Queue) -> None:
    Queue.objects.filter(pk=queue.pk).update(version=F("version") + 1)
    hints.queue_changed(queue)


PLACE_FIELDS = ("stands_from", "behind_walk_ins", "requeued_at", "requeued_why")


def own_place_again(encounter: Encounter) -> tuple[str, ...]:
    """Out of this line: whoever comes again, or goes to another one, stands by booked time or arrival."""
    encounter.stands_from = encounter.requeued_at = None
    encounter.requeued_why, encounter.behind_walk_ins = "", False
    return PLACE_FIELDS


def called_back_anew(encounter: Encounter) -> tuple[str, ...]:
    """In another line: who waits elsewhere is called back when it is their turn there, and a walk-in in its hours."""
    encounter.called_at = None
    if encounter.callback_at is not None:
        encounter.callback_until = callback_until(encounter, now())
    return "called_at", "callback_until"


def empty_seats(encounter: Encounter, seats: QuerySet[Seat] | None = None) -> None:
    """Nobody sits there any more; the visit's pages learn it by the change that comes with it."""
    rows = Seat.objects.filter(encounter=encounter) if seats is None else seats
    rows.filter(left_at=None).update(left_at=now(), connected=False, holder=None, sharing=None)


def seats_of_patient(encounter: Encounter, patient_id: int | None) -> QuerySet[Seat]:
    """A patient's seat, under whichever of their names they came by a link."""
    names = Patient.objects.filter(Q(pk=patient_id or 0) | Q(merged_into_id=patient_id or 0)).values("pk")
    return Seat.objects.filter(encounter=encounter, actor_type="patient", actor_id__in=names)


def record_visit(actor: Actor, action: str, encounter: Encounter, **detail: Any) -> None:
    # Of a group everybody's own doings stand in their own record.
    own = actor.patient_id if actor.type == "patient" and encounter.appointment.is_group else None
    record(actor=actor, action=action, entity=encounter, patient_id=own or encounter.patient_id, detail=detail)
