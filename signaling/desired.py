"""What each relay is told of the rooms. Pure: rooms as the records have them and as relays report them in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from uuid import UUID

from consults.rooms import Document, PlacedRoom, closed_document

Rooms = Mapping[UUID, PlacedRoom]
Reported = Mapping[UUID, int]


def documents_for(
    relay: str, rooms: Rooms, reported: Reported, *, hinted: Collection[UUID] = (), lingers: Callable[[UUID], bool]
) -> list[Document]:
    """Its own rooms as they should be; and of those that it reports, what is not its own, closed.

    `lingers` says of a room that has moved away whether people may still be on their way from here.
    """
    own = [
        room.document
        for room in rooms.values()
        if room.relay == relay and (room.is_open or room.uuid in reported or room.uuid in hinted)
    ]
    return own + [
        closed_document(uuid, version)
        for uuid, version in reported.items()
        if not _belongs(relay, rooms.get(uuid)) and not (_is_elsewhere(rooms.get(uuid)) and lingers(uuid))
    ]


def overtaken(rooms: Rooms, reports: Iterable[Reported]) -> dict[UUID, int]:
    """Rooms of which some relay has a higher version than the records: it would ignore what they say."""
    highest: dict[UUID, int] = {}
    for reported in reports:
        for uuid, version in reported.items():
            highest[uuid] = max(version, highest.get(uuid, 0))
    return {uuid: version for uuid, version in highest.items() if uuid in rooms and version > rooms[uuid].version}


def _belongs(relay: str, room: PlacedRoom | None) -> bool:
    return room is not None and room.relay == relay


def _is_elsewhere(room: PlacedRoom | None) -> bool:
    return room is not None and room.is_open
