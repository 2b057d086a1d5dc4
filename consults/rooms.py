"""The documents that tell the relay which rooms are open and who sits in them. Sending them is signaling's part."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from accounts.roles import Role
from consults import ports
from consults.lifecycle import VisitStatus
from consults.models import Encounter, Seat
from consults.presence import is_open, is_sharing, open_now
from core.clock import now

Document = dict[str, Any]


@dataclass(frozen=True)
class PlacedRoom:
    """A room's document, and the relay that it is meant for (empty while it is on none)."""

    uuid: UUID
    relay: str
    version: int
    document: Document

    @property
    def is_open(self) -> bool:
        return not self.document["closed"]


def room_document(encounter: Encounter) -> Document:
    """One room as it should be: seats that were left are not in it, and only a visit in progress is active."""
    instant = now()
    if not is_open(encounter, instant):
        return closed_document(encounter.uuid, encounter.room_version)
    active = encounter.status == VisitStatus.IN_PROGRESS
    seats = sorted((seat for seat in encounter.seats.all() if seat.left_at is None), key=lambda seat: seat.pk)
    document = {
        "room": str(encounter.uuid),
        "version": encounter.room_version,
        "closed": False,
        "seats": [_seat(seat, active, instant) for seat in seats],
        "recording": None,
    }
    ports.contribute(encounter, document)
    return document


def _seat(seat: Seat, active: bool, instant: dt.datetime) -> dict[str, Any]:
    """`may` is what the seat may send, `figures` whether it is told how the line of everybody in the room is."""
    return {
        "seat": str(seat.uuid),
        "active": active,
        "may": ["audio", "camera", *(["screen"] if is_sharing(seat, instant) else [])],
        "figures": seat.role == Role.PRACTITIONER,
    }


def open_rooms() -> list[PlacedRoom]:
    """All rooms that are open now and on a relay, in a few queries however many they are.

    Whoever only waits is on none yet: a full house is read in the time that its calls take.
    """
    return [placed_room(encounter) for encounter in _open_visits(now()).exclude(relay="")]


def rooms_of(uuids: Iterable[UUID]) -> list[PlacedRoom]:
    """These rooms, open or closed, as far as the records know them."""
    found = Encounter.objects.select_related("appointment").prefetch_related("seats", *ports.document_prefetches())
    return [placed_room(encounter) for encounter in found.filter(uuid__in=list(uuids))]


def placed_room(encounter: Encounter) -> PlacedRoom:
    return PlacedRoom(encounter.uuid, encounter.relay, encounter.room_version, room_document(encounter))


def closed_document(uuid: UUID, version: int) -> Document:
    """For a relay that should not have this room. At the version that it reported: a relay closes what it has."""
    return {"room": str(uuid), "version": version, "closed": True, "seats": [], "recording": None}


def _open_visits(instant: dt.datetime) -> QuerySet[Encounter]:
    return (
        Encounter.objects.select_related("appointment")
        .prefetch_related(Prefetch("seats", queryset=Seat.objects.filter(left_at=None)), *ports.document_prefetches())
        .filter(open_now(instant))
    )
