"""Reading queues as such: which there are, one by its id, what stands in it, and whose days it is about."""

import datetime as dt
import uuid as uuids
from collections.abc import Iterable

from django.db.models import Q

from accounts.actors import Actor
from accounts.policy import may, require
from consults.models import Encounter, Queue
from consults.policies import relation_to_queue
from consults.selectors.pools import lines_shown
from core.clock import now
from core.errors import NotFound


def queues(actor: Actor) -> list[Queue]:
    """The queues the actor may look at, by name: practitioners their own, the desk all of its clinic."""
    require(actor, "consults.queue.list")
    if actor.organization_id is None:
        raise NotFound
    found = Queue.objects.select_related("organization", "practitioner", "pool").filter(
        organization_id=actor.organization_id
    )
    by_name = found.order_by("practitioner__family_name", "practitioner__given_name", "pool__name", "pk")
    return [queue for queue in by_name if may(actor, "consults.queue.view", relation_to_queue(actor, queue))]


def get_queue(actor: Actor, uuid: uuids.UUID | str) -> Queue:
    """One queue, or NotFound."""
    try:
        parsed = uuid if isinstance(uuid, uuids.UUID) else uuids.UUID(uuid)
    except ValueError:
        raise NotFound from None
    queue = Queue.objects.select_related("organization", "practitioner", "pool").filter(uuid=parsed).first()
    if queue is None:
        raise NotFound
    require(actor, "consults.queue.view", relation_to_queue(actor, queue))
    return queue


def visit_on_board(queue: Queue, uuid: uuids.UUID) -> Encounter:
    """A visit that this board shows; NotFound for any other. What may be done with it, the service says."""
    rows = Encounter.objects.select_related("practitioner", "queue__pool", "patient", "appointment")
    mine = Q(queue__in=lines_shown(queue))
    if queue.practitioner_id is not None:
        mine |= Q(practitioner=queue.practitioner_id)
    found = rows.filter(mine, uuid=uuid).first()
    if found is None:
        raise NotFound
    return found


def practitioners_of(actor: Actor, queue_uuids: Iterable[uuids.UUID]) -> list[uuids.UUID]:
    """Whose days these queues are about, of the actor's clinic: of a pool's, its members' and of who was passed on."""
    require(actor, "consults.queue.list")
    rows = Queue.objects.filter(organization_id=actor.organization_id or 0, uuid__in=list(queue_uuids))
    instant = now()
    around_now = (instant - dt.timedelta(days=1), instant + dt.timedelta(days=1))
    shared = rows.filter(pool__isnull=False)
    booked = Encounter.objects.filter(queue__in=shared, appointment__starts_at__range=around_now)
    found = {
        *rows.values_list("practitioner__uuid", flat=True),
        *shared.values_list("pool__members__uuid", flat=True),
        *(booked.values_list("appointment__practitioner__uuid", flat=True) if shared else ()),
    }
    return sorted(one for one in found if one is not None)
