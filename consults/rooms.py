"""The documents that tell the relay which rooms are open and who sits in them. Sending them is signaling's part."""

import datetime as dt
import uuid as uuids
from typing import Any

from django.db.models import Prefetch, QuerySet

from accounts.roles import Role
from consults.lifecycle import VisitStatus
from consults.models import Encounter, Seat
from consults.presence import is_open, is_sharing, open_now
from core.clock import now

# The highest number that JSON carries everywhere: nothing the relay knows about an unknown room is newer.
_LAST_VERSION = 2**53 - 1


def room_document(encounter: Encounter) -> dict[str, Any]:
    """One room as it should be: seats that were left are not in it, and only a visit in progress is active."""
    instant = now()
    if not is_open(encounter, instant):
        return _closed(encounter.uuid, encounter.room_version)
    active = encounter.status == VisitStatus.IN_PROGRESS
    seats = sorted((seat for seat in encounter.seats.all() if seat.left_at is None), key=lambda seat: seat.pk)
    return {
        "room": str(encounter.uuid),
        "version": encounter.room_version,
        "closed": False,
        "seats": [_seat(seat, active, instant) for seat in seats],
    }


def _seat(seat: Seat, active: bool, instant: dt.datetime) -> dict[str, Any]:
    """`may` is what the seat may send, `figures` whether it is told how the line of everybody in the room is."""
    return {
        "seat": str(seat.uuid),
        "active": active,
        "may": ["audio", "camera", *(["screen"] if is_sharing(seat, instant) else [])],
        "figures": seat.role == Role.PRACTITIONER,
    }


def open_room_documents() -> list[dict[str, Any]]:
    """All rooms that are open now, in two queries however many they are."""
    return [room_document(encounter) for encounter in _open_visits(now())]


def closed_document(uuid: uuids.UUID | str) -> dict[str, Any]:
    """The answer about a room that a relay still holds: closed, unless it is open after all."""
    parsed = uuid if isinstance(uuid, uuids.UUID) else uuids.UUID(uuid)
    encounter = Encounter.objects.select_related("appointment").prefetch_related("seats").filter(uuid=parsed).first()
    return _closed(parsed, _LAST_VERSION) if encounter is None else room_document(encounter)


def _open_visits(instant: dt.datetime) -> QuerySet[Encounter]:
    return (
        Encounter.objects.select_related("appointment")
        .prefetch_related(Prefetch("seats", queryset=Seat.objects.filter(left_at=None)))
        .filter(open_now(instant))
    )


def _closed(uuid: uuids.UUID, version: int) -> dict[str, Any]:
    return {"room": str(uuid), "version": version, "closed": True, "seats": []}
