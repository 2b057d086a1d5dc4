"""What the fleet of relays asks of the house: rooms read and placed, in a database thread. Tests put others here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from consults import ports, rooms, services
from consults.rooms import PlacedRoom
from signaling import lines
from signaling.database import in_database


class Records:
    """The house's own database."""

    async def open_rooms(self) -> list[PlacedRoom]:
        return await in_database(rooms.open_rooms)

    async def rooms_of(self, uuids: Iterable[UUID]) -> list[PlacedRoom]:
        return await in_database(rooms.rooms_of, list(uuids))

    async def outrun(self, room: UUID, reported: int) -> bool:
        return await in_database(services.outrun_relay, room=room, reported=reported)

    async def move(self, room: PlacedRoom, relay: str) -> PlacedRoom | None:
        """The room where it is now: moved by us, or by whoever was first. None when there is none any more."""
        return await in_database(_move, room, relay)

    async def tell(self, kind: str, events: Iterable[tuple[UUID, Mapping[str, Any]]]) -> None:
        """What relays said of rooms, to whoever listens."""
        await in_database(_tell, kind, list(events))

    async def watch(self) -> None:
        await in_database(ports.watch)
        await in_database(lines.keep_all)


def _move(room: PlacedRoom, relay: str) -> PlacedRoom | None:
    services.place_visit(room=room.uuid, former=room.relay, relay=relay)
    return next(iter(rooms.rooms_of([room.uuid])), None)


def _tell(kind: str, events: list[tuple[UUID, Mapping[str, Any]]]) -> None:
    for room, message in events:
        ports.tell_relay_event(kind, room, message)
