"""Reading pools: for administrators who keep them, and the lines of boards. What their doors say: walkin.py."""

import datetime as dt
import uuid as uuids
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Prefetch, Q

from accounts.actors import Actor
from accounts.policy import require
from consults.lifecycle import VisitStatus
from consults.models import Encounter, Pool, Queue, Seat
from consults.order import in_line
from consults.people import FOR_PATIENT
from consults.policies import require_pool
from consults.presence import open_now, patient_is_there
from core.errors import NotFound

PATIENT_SEATS = Prefetch("seats", queryset=Seat.objects.filter(role__in=FOR_PATIENT))


@dataclass(frozen=True)
class KeptPool:
    """A line as administrators see it, with its members by name and how many wait in it now."""

    pool: Pool
    members: tuple[str, ...]
    waiting: int


def pools_kept(actor: Actor, instant: dt.datetime) -> list[KeptPool]:
    """All lines of the actor's clinic that several practitioners share, those in use first."""
    require(actor, "consults.pool.list")
    here = Q(queue__encounters__status=VisitStatus.ARRIVED)
    rows = Pool.objects.filter(organization_id=actor.organization_id or 0).prefetch_related("members")
    rows = rows.annotate(waiting=Count("queue__encounters", filter=here))
    return [
        KeptPool(pool, tuple(sorted(one.display_name for one in pool.members.all())), pool.waiting)
        for pool in rows.order_by("-is_active", "name", "pk")
    ]


def get_pool(actor: Actor, uuid: uuids.UUID) -> Pool:
    """One line of the actor's clinic, for those who keep them, or NotFound."""
    found = Pool.objects.select_related("organization").filter(uuid=uuid).first()
    if found is None:
        raise NotFound
    require_pool(actor, found)
    return found


def lines_shown(queue: Queue) -> list[Queue]:
    """The lines on one board: a practitioner's own, then those of their pools by name; or that of a pool alone."""
    if queue.practitioner_id is None:
        return [queue]
    shared = Queue.objects.select_related("pool").filter(pool__memberships__practitioner_id=queue.practitioner_id)
    return [queue, *shared.order_by("pool__name", "pk")]


def next_in(lines: Sequence[Queue], instant: dt.datetime) -> list[int]:
    """Who waits in these lines and is there, in the order of the board; two queries."""
    waiting = Encounter.objects.filter(open_now(instant), queue__in=lines, status=VisitStatus.ARRIVED)
    ordered = waiting.order_by(*in_line(instant)).prefetch_related(PATIENT_SEATS)
    return [one.pk for one in ordered if patient_is_there(one.seats.all(), one.arrived_at, instant)]
