"""Writing queues: each practitioner has one, from the first visit or the first look at the board on."""

from django.db import transaction

from accounts.actors import Actor
from accounts.models import Practitioner
from accounts.policy import Relation, require
from audit.services import record
from consults.models import Encounter, Pool, Queue
from consults.policies import relation_to_queue
from consults.services.rows import raise_queue_version
from core.errors import NotFound


@transaction.atomic
def open_queue(*, actor: Actor, practitioner: Practitioner) -> Queue:
    """The practitioner's queue, made if there is none yet."""
    standing = Queue.objects.filter(practitioner=practitioner).first()
    if standing is not None:
        require(actor, "consults.queue.open", relation_to_queue(actor, standing))
        return standing
    if actor.type != "system" and actor.practitioner_id != practitioner.pk:
        raise NotFound
    require(actor, "consults.queue.open", Relation.OWN)
    return ensure_queue(actor, practitioner)


def ensure_queue(actor: Actor, practitioner: Practitioner) -> Queue:
    """For the services of this app, after their own policy check. The unique practitioner makes a race harmless."""
    queue, is_new = Queue.objects.get_or_create(
        practitioner=practitioner, defaults={"organization_id": practitioner.organization_id}
    )
    if is_new:
        record(actor=actor, action="consults.queue.open", entity=queue)
    return queue


def stand_in_pool(actor: Actor, encounter: Encounter, pool: Pool) -> None:
    """For the services of this app, of a visit that is not yet waited for: it will wait in this pool's line."""
    before, encounter.queue = encounter.queue, pool.queue
    encounter.save(update_fields=["queue"])
    for queue in (before, encounter.queue):
        raise_queue_version(queue)
    record(
        actor=actor,
        action="consults.visit.stand_in_pool",
        entity=encounter,
        patient_id=encounter.patient_id,
        detail={"pool": str(pool.uuid)},
    )
