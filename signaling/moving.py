"""Taking visits off a relay that drains or stays lost, one by one. Which relay is next: choice.py."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import Error as DatabaseError

from consults.rooms import PlacedRoom

if TYPE_CHECKING:
    from signaling.fleet import RelayFleet

log = logging.getLogger(__name__)

MOST_MOVES = 3  # of one visit by one process, in
MOVES_WITHIN = 30.0  # seconds


class Mover:
    """Each web process moves visits by itself; the records let only one of them move each."""

    def __init__(self, fleet: RelayFleet) -> None:
        self._fleet = fleet
        self._stirred = asyncio.Event()
        self._heard = asyncio.Event()
        self._moved: dict[UUID, list[float]] = {}  # when we moved which visit, lately

    def stir(self) -> None:
        """Something about a relay or a room changed: look whether a visit has to go."""
        self._stirred.set()

    def heard(self) -> None:
        """A relay said something about a seat of ours."""
        self._heard.set()

    async def run(self) -> None:
        """Never returns."""
        while True:
            self._stirred.clear()
            try:
                if await self._move_one():
                    continue
            except DatabaseError:
                log.warning("relay.no_database")
            except Exception:  # the process edge: the next round begins anew
                log.exception("relay.move_failed")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._pause()):
                    await self._stirred.wait()

    async def _move_one(self) -> bool:
        waiting = self._waiting()
        if not waiting:
            return False
        room = waiting[0]
        target = self._fleet.choose(room.uuid).target
        if not target:
            return False
        people = [socket for socket in self._fleet.people(room.uuid) if socket.has_media]
        self._moved.setdefault(room.uuid, []).append(time.monotonic())
        moved = await self._fleet.records.move(room, target)
        if moved is None:
            self._fleet.rooms.pop(room.uuid, None)
            return True
        log.info("relay.visit_moved")
        self._fleet.accept(moved)
        if people:
            await self._settle(moved, self._patience(room.relay, len(waiting)))
        else:
            await asyncio.sleep(self._fleet.timing.pace)
        self._fleet.look()  # the relay that it has left may close it now
        return True

    def _waiting(self) -> list[PlacedRoom]:
        """Visits that must go, if there is where to go. Those of our own people first: others have a process too."""
        links = self._fleet.links
        if not any(link.standing.is_open for link in links.values()):
            return []
        kept = {name for name, link in links.items() if link.standing.is_kept}
        self._forget_moves()
        waiting = [
            room
            for room in self._fleet.rooms.values()
            if room.is_open
            and room.relay
            and room.relay not in kept
            # A process that sees other relays than we do would move it back, and so on without end.
            and len(self._moved.get(room.uuid, ())) < MOST_MOVES
        ]
        return sorted(waiting, key=lambda room: (not self._fleet.people(room.uuid), room.uuid))

    def _forget_moves(self) -> None:
        oldest = time.monotonic() - MOVES_WITHIN
        recent = {uuid: [at for at in times if at > oldest] for uuid, times in self._moved.items()}
        self._moved = {uuid: times for uuid, times in recent.items() if times}

    async def _settle(self, room: PlacedRoom, patience: float) -> None:
        """Until our people in it have media again: so a drain disturbs one visit at a time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while not self._fleet.has_settled(room.uuid):
                    self._heard.clear()
                    await self._heard.wait()

    def _patience(self, relay: str, waiting: int) -> float:
        """Shorter when the draining relay has more visits than time."""
        link = self._fleet.links.get(relay)
        left = link.drains_until - time.monotonic() if link is not None and link.drains_until is not None else 0.0
        return min(self._fleet.timing.settle, max(self._fleet.timing.pace, left / (waiting + 1)))

    def _pause(self) -> float:
        """Until a relay has been lost for so long that its visits go, or the next refresh."""
        timing = self._fleet.timing
        lost = [link.seconds for link in self._fleet.links.values() if not link.ready]
        return min([timing.refresh, *(timing.stay - seconds + 0.01 for seconds in lost if seconds <= timing.stay)])
