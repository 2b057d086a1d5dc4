"""Moving visits off a relay: what a process does that sees other relays than another one. The rest: test_fleet.py."""

from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

from consults.rooms import PlacedRoom
from signaling.choice import Standing
from signaling.fleet import RelayFleet
from signaling.moving import MOST_MOVES, Mover
from signaling.relay_link import LinkTiming


def placed(room: UUID, relay: str) -> PlacedRoom:
    return PlacedRoom(room, relay, 1, {"closed": False})


class Fleet:
    """Sees relay `ours` only; another process sees `theirs` only, and moves every visit back to it at once."""

    def __init__(self) -> None:
        self.timing = LinkTiming(pace=0.0)
        self.links = {"ours": SimpleNamespace(standing=Standing("ours", is_open=True, is_kept=True), ready=True)}
        self.rooms = {room: placed(room, "theirs") for room in (uuid4(), uuid4())}
        self.moves: list[UUID] = []
        self.records = self

    async def move(self, room: PlacedRoom, relay: str) -> PlacedRoom:
        self.moves.append(room.uuid)
        return placed(room.uuid, relay)

    def choose(self, room: UUID) -> Any:
        return SimpleNamespace(target="ours")

    def people(self, room: UUID) -> list[Any]:
        return []

    def accept(self, room: PlacedRoom) -> None:
        self.rooms[room.uuid] = placed(room.uuid, "theirs")

    def look(self) -> None:
        return


async def test_visit_that_another_process_moves_back_each_time_is_left_after_a_few() -> None:
    fleet = Fleet()
    mover = Mover(cast(RelayFleet, fleet))
    rounds = 0
    while await mover._move_one() and rounds < 100:
        rounds += 1
    assert sorted(fleet.moves) == sorted([*fleet.rooms] * MOST_MOVES)
