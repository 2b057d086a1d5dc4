"""What the services share: locking a visit's row, storing a change with its versions and hints, auditing a move.

Locks are taken in one order everywhere: appointment, visit, seat, queue.
"""

from typing import Any

from django.db.models import F

from accounts.actors import Actor
from audit.services import record
from consults import hints
from consults.models import Encounter, Queue
from core.errors import NotFound


def locked_visit(encounter: Encounter) -> Encounter:
    """The visit read afresh and locked until the transaction ends. SQLite has locked the database already.

    Locked first and joined then: whoever waited for the lock while the visit went to another practitioner would not
    find it by a join (PostgreSQL looks again at the locked row only).
    """
    if not Encounter.objects.select_for_update().filter(pk=encounter.pk).values_list("pk", flat=True).first():
        raise NotFound
    return Encounter.objects.select_related("organization", "appointment", "patient", "practitioner", "queue").get(
        pk=encounter.pk
    )


def store_change(encounter: Encounter, *fields: str) -> None:
    """Save a locked visit's fields, raise both versions and hint to rooms, pages and boards after the commit."""
    encounter.room_version += 1
    encounter.save(update_fields=["room_version", *fields])
    raise_queue_version(encounter.queue)
    hints.visit_changed(encounter)
    hints.room_changed(encounter)


def raise_queue_version(queue: Queue) -> None:
    Queue.objects.filter(pk=queue.pk).update(version=F("version") + 1)
    hints.queue_changed(queue)


def record_visit(actor: Actor, action: str, encounter: Encounter, **detail: Any) -> None:
    record(actor=actor, action=action, entity=encounter, patient_id=encounter.patient_id, detail=detail)
