"""Writing the seats of many patients at once, as when a whole house comes back after a restart. Of one: seats.py."""

import uuid as uuids
from collections.abc import Sequence
from typing import NamedTuple

from django.db import transaction
from django.db.models import F

from audit.services import record_many
from consults import hints
from consults.lifecycle import VisitStatus
from consults.models import Encounter, Queue, Seat
from consults.people import FOR_PATIENT
from consults.presence import heard_at, is_open
from consults.selectors.keeping import place_kept
from consults.selectors.together import OwnVisit
from core.clock import now
from scheduling.models import MOST_PEOPLE, PersonalLink


class Comer(NamedTuple):
    """A patient whose page says hello by the socket `holder`; with a seat, one who is heard again by it."""

    own: OwnVisit
    holder: uuids.UUID
    seat: Seat | None = None


@transaction.atomic
def take_seats(comers: Sequence[Comer]) -> dict[int, Seat]:
    """The seats taken, by the visit's primary key: those of whom `take_seat` would do nothing else than note it.

    Everybody else is left to it: whose visit somebody has locked now, who does not wait, was called back, shares a
    screen, or finds the room full; and of two sockets of one visit the second.
    """
    encounters = _locked(comers)
    standing = _standing_links(comers)
    seats: dict[int, list[Seat]] = {}
    for one in Seat.objects.filter(encounter_id__in=encounters):
        seats.setdefault(one.encounter_id, []).append(one)
    taken: dict[int, Seat] = {}
    sat: list[Comer] = []
    for comer in comers:
        pk = comer.own.encounter.pk
        fresh = encounters.get(pk)
        if fresh is None or pk in taken or comer.own.link.pk not in standing or not _only_sits(fresh, comer):
            continue
        seat = None if _is_long_silent(fresh, comer, seats.get(pk, [])) else _seat_for(comer, seats.get(pk, []))
        if seat is not None:
            taken[pk] = seat
            sat.append(comer)
    _write(list(taken.values()))
    _tell(sat, taken, encounters)
    return taken


def _locked(comers: Sequence[Comer]) -> dict[int, Encounter]:
    """In one order everywhere; whose row somebody holds is passed over, so that one does not keep all waiting."""
    wanted = [comer.own.encounter.pk for comer in comers]
    rows = Encounter.objects.filter(pk__in=wanted).order_by("pk")
    return {one.pk: one for one in rows.select_for_update(skip_locked=True)}


def _standing_links(comers: Sequence[Comer]) -> set[int]:
    """Read again behind the lock: a link may have been closed since."""
    links = PersonalLink.objects.filter(pk__in=[comer.own.link.pk for comer in comers], revoked_at=None)
    return set(links.values_list("pk", flat=True))


def _only_sits(fresh: Encounter, comer: Comer) -> bool:
    """The visit as it was when its patient was found to be its own, waiting, and nobody has to be told more."""
    known = comer.own.encounter
    is_same = (fresh.patient_id, fresh.appointment_id) == (known.patient_id, known.appointment_id)
    waits = fresh.status == known.status == VisitStatus.ARRIVED and is_open(known, now())
    return is_same and waits and fresh.called_at is None


def _is_long_silent(fresh: Encounter, comer: Comer, seats: Sequence[Seat]) -> bool:
    """Their place may be lost: that is looked at alone, before they count as heard again."""
    heard = heard_at([seat for seat in seats if seat.role in FOR_PATIENT], fresh.arrived_at)
    return heard is None or heard < now() - place_kept(comer.own.encounter.organization)


def _seat_for(comer: Comer, seats: Sequence[Seat]) -> Seat | None:
    """Their own seat or a new one, not written yet."""
    actor = comer.own.actor
    mine = [seat for seat in seats if (seat.actor_type, seat.actor_id) == (actor.type, actor.id)]
    if not mine and len(seats) >= MOST_PEOPLE:
        return None
    if not mine and actor.id is not None:
        label = comer.own.link.patient.full_name
        mine = [
            Seat(encounter=comer.own.encounter, actor_type=actor.type, actor_id=actor.id, label=label, role="patient")
        ]
    [seat] = mine
    is_lost = comer.seat is not None and (seat.holder != comer.holder or seat.left_at is not None)
    if seat.sharing is not None or is_lost:
        return None
    if comer.seat is not None:
        # What was read for the look that found it silent is shown as it is now.
        comer.seat.connected, comer.seat.last_seen_at = True, now()
    seat.holder, seat.connected, seat.last_seen_at, seat.left_at = comer.holder, True, now(), None
    return seat


def _write(seats: Sequence[Seat]) -> None:
    Seat.objects.bulk_create([seat for seat in seats if seat.pk is None])
    known = [seat for seat in seats if seat.pk is not None]
    Seat.objects.filter(pk__in=[seat.pk for seat in known]).update(connected=True, last_seen_at=now(), left_at=None)
    Seat.objects.bulk_update(known, ["holder"])


def _tell(sat: Sequence[Comer], taken: dict[int, Seat], encounters: dict[int, Encounter]) -> None:
    """What `store_change` and `record_visit` do for one."""
    Encounter.objects.filter(pk__in=taken).update(room_version=F("room_version") + 1)
    queues = sorted({comer.own.encounter.queue_id for comer in sat})
    locked = Queue.objects.filter(pk__in=queues).order_by("pk").select_for_update()
    Queue.objects.filter(pk__in=[one.pk for one in locked]).update(version=F("version") + 1)
    for comer in sat:
        encounter = comer.own.encounter
        encounter.room_version = encounters[encounter.pk].room_version + 1
        hints.visit_stored(encounter)
        hints.room_changed(encounter)
    for queue in {comer.own.encounter.queue_id: comer.own.encounter.queue for comer in sat}.values():
        hints.queue_changed(queue)
    record_many(
        (comer.own.actor, "consults.seat.take", comer.own.encounter, {"seat": str(taken[comer.own.encounter.pk].uuid)})
        for comer in sat
        if comer.seat is None
    )
