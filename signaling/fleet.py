"""All relays of the house as one web process knows them: which room is where, and who is told. Links: relay_link.py."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import Error as DatabaseError

from consults.rooms import PlacedRoom
from signaling import choice, control, room_hints, tasks, trials
from signaling.addresses import RelayAddress
from signaling.desired import documents_for, overtaken
from signaling.moving import Mover
from signaling.recorded import Recorded, keep_watch
from signaling.records import Records
from signaling.registry import Seated, Seats
from signaling.registry import seats as local_seats
from signaling.relay_link import Beat, LinkTiming, RelayLink, Trust

log = logging.getLogger(__name__)


class RelayFleet:
    """One link per relay, one look at the rooms for all of them. All methods belong to the loop that started it."""

    def __init__(
        self,
        addresses: Sequence[RelayAddress],
        *,
        seats: Seats = local_seats,
        records: Records | None = None,
        trust: Trust | None = None,
        timing: LinkTiming | None = None,
    ) -> None:
        self.timing = timing or LinkTiming()
        self.records = records or Records()
        self.links = {address.name: RelayLink(address, self, trust=trust, timing=self.timing) for address in addresses}
        self.rooms: dict[UUID, PlacedRoom] = {}
        self._seats = seats
        self._chosen: dict[UUID, tuple[str, float]] = {}  # rooms given out here that no look has seen yet
        self._elsewhere: dict[tuple[str, UUID], float] = {}  # when a room was first seen at a relay it has left
        self._hinted: set[UUID] = set()
        self._look = asyncio.Event()
        self._mover = Mover(self)
        self._recorded = Recorded(self.records, again_after=self.timing.last_retry)
        self._tasks: list[asyncio.Task[None]] = []

    # --- life ---

    def start(self) -> None:
        if not self._tasks:
            listen = room_hints.listen(self.look, again_after=self.timing.last_retry)
            self._tasks = [
                asyncio.create_task(self._keep_desired(), name="relay-fleet"),
                asyncio.create_task(self._mover.run(), name="relay-fleet-mover"),
                asyncio.create_task(listen, name="relay-fleet-hints"),
                asyncio.create_task(self._recorded.run(), name="relay-fleet-recorded"),
                asyncio.create_task(keep_watch(self.records, every=self.timing.watch), name="relay-fleet-watch"),
            ]
            for link in self.links.values():
                link.start()

    async def close(self) -> None:
        """Idempotent; returns when every task is gone and every link closed."""
        ending, self._tasks = self._tasks, []
        await tasks.end(*ending)
        await asyncio.gather(*(link.close() for link in self.links.values()))

    # --- where visits are ---

    def choose(self, room: UUID) -> choice.Choice:
        """For a join: where this room may stay, else where it goes. The place is held until the next look."""
        choosing = choice.choose(self._standings(), self._placed())
        if self._placed().get(room) in choosing.kept:
            return choosing
        if choosing.target:
            self._chosen[room] = (choosing.target, time.monotonic())
        return choosing

    def place_of_trial(self) -> str:
        """The relay for a room that no record knows; empty when none takes rooms."""
        return choice.choose(self._standings(), self._placed()).target

    def serves(self, relay: str) -> bool:
        """Whether a seat of a visit on this relay (empty: on none) can be connected now."""
        link = self.links.get(relay)
        if link is not None and link.ready:
            return True
        choosing = choice.choose(self._standings(), self._placed())
        return choosing.of(relay) != relay

    def accept(self, room: PlacedRoom) -> None:
        """The records say that this room is there now: its relay and our people's pages hear it."""
        self._note(room)
        if (link := self.links.get(room.relay)) is not None:
            link.put(control.line("rooms", documents=[room.document]))
        self._tell_places([room])

    def _note(self, room: PlacedRoom) -> None:
        known = self.rooms.get(room.uuid)
        if known is None or known.version <= room.version:
            self.rooms[room.uuid] = room
        self._chosen.pop(room.uuid, None)

    def people(self, room: UUID) -> list[Seated]:
        """Who of that room is connected through this process."""
        return [socket for _, socket in self._seats if socket.room == room]

    def has_settled(self, room: UUID) -> bool:
        """Everybody of ours in that room has media again, and there is somebody."""
        people = self.people(room)
        return bool(people) and all(socket.has_media for socket in people)

    def _forget_chosen(self) -> None:
        """What the records have by now, and joins that came to nothing."""
        oldest = time.monotonic() - self.timing.settle
        self._chosen = {
            uuid: chosen
            for uuid, chosen in self._chosen.items()
            if chosen[1] > oldest and not (uuid in self.rooms and self.rooms[uuid].relay == chosen[0])
        }

    def _standings(self) -> list[choice.Standing]:
        return [link.standing for link in self.links.values()]

    def _placed(self) -> dict[UUID, str]:
        placed = {uuid: room.relay for uuid, room in self.rooms.items() if room.is_open}
        return placed | {uuid: relay for uuid, (relay, _) in self._chosen.items()}

    # --- towards the relays ---

    def connect(self, room: PlacedRoom, seat: UUID, connection: UUID) -> bool:
        """The room's document and then the wish, as one piece: the relay must know the room first."""
        self._note(room)
        wish = control.line("connect", room=room.uuid, seat=seat, connection=connection)
        return self.put(room.relay, control.line("rooms", documents=[room.document]) + wish)

    def put(self, relay: str, line: bytes) -> bool:
        link = self.links.get(relay)
        return link is not None and link.put(line)

    def look(self, *hinted: UUID) -> None:
        """Read the rooms now and tell every relay; of those hinted at, a closed one is told too."""
        self._hinted.update(hinted)
        self._look.set()

    async def _keep_desired(self) -> None:
        """Level-triggered: all rooms on connection, on each hint and every two seconds; one look for all relays."""
        while True:
            self._look.clear()
            if any(link.ready for link in self.links.values()):
                try:
                    await self._send_rooms()
                except Exception:  # the process edge: the next look begins anew
                    log.exception("relay.look_failed")
                    await asyncio.sleep(self.timing.first_retry)
                    continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.timing.refresh):
                    await self._look.wait()
                    await asyncio.sleep(self.timing.coalesce)

    async def _send_rooms(self) -> None:
        hinted, self._hinted = self._hinted, set()
        # Before the records are asked: what they say is then no older than these, which the relay relies on.
        beats = {link.name: link.beat for link in self.links.values()}
        try:
            rooms = await self._read_rooms(hinted)
        except DatabaseError:
            # Rooms stay as they are at the relays until the records are back.
            log.warning("relay.no_database")
            self._hinted |= hinted
            for link in self.links.values():
                link.put(control.line("rooms", documents=[]))  # a web process that says nothing counts as gone
            return
        self.rooms = rooms
        self._forget_chosen()
        self._forget_elsewhere()
        for link in self.links.values():
            if link.ready and not self._send_to(link, hinted, beats[link.name]):
                self._hinted |= hinted
        self._tell_places(rooms.values())
        self._mover.stir()

    async def _read_rooms(self, hinted: set[UUID]) -> dict[UUID, PlacedRoom]:
        """The open rooms, and those that relays report or hints name, as the records have them."""
        reports = [_visits_at(link) for link in self.links.values()]
        rooms = {room.uuid: room for room in await self.records.open_rooms()}
        if others := hinted.union(*reports) - rooms.keys():
            rooms |= {room.uuid: room for room in await self.records.rooms_of(others)}
        if ahead := overtaken(rooms, reports):
            for uuid, version in ahead.items():
                if await self.records.outrun(uuid, version):
                    log.warning("relay.overtook_records")
            rooms |= {room.uuid: room for room in await self.records.rooms_of(ahead)}
        return rooms

    def _send_to(self, link: RelayLink, hinted: set[UUID], beat: Beat | None) -> bool:
        documents = documents_for(
            link.name, self.rooms, _visits_at(link), hinted=hinted, lingers=lambda room: self._lingers(link, room)
        )
        # One that was lost a moment ago is awaited, as by its own visits: it may only be starting again.
        if link.state == "draining" and not any(other.standing.is_kept for other in self.links.values()):
            link.put(control.line("nowhere"))
        at = beat.at if beat is not None and beat.relay == link.relay else None  # another process has another clock
        return all(link.put(line) for line in control.room_lines(documents, at))

    def _lingers(self, link: RelayLink, room: UUID) -> bool:
        """People of a room that has moved keep what they have here until they are connected there, if that is soon."""
        now = time.monotonic()
        since = self._elsewhere.setdefault((link.name, room), now)
        return now - since < self.timing.settle and not self.has_settled(room)

    def _forget_elsewhere(self) -> None:
        """Rooms that the relay they have left has closed by now, or has again."""
        self._elsewhere = {
            (name, room): since
            for (name, room), since in self._elsewhere.items()
            if room in self.links[name].rooms and room in self.rooms and self.rooms[room].relay != name
        }

    # --- from the relays (relay_link.LinkOwner) ---

    def link_ready(self, link: RelayLink, *, kept: bool) -> None:
        for seat, socket in self._seats:
            if socket.relay == link.name and kept:
                if socket.connection is not None:
                    link.put(control.line("repeat", room=socket.room, seat=seat, connection=socket.connection))
            elif socket.relay in ("", link.name):
                socket.relay_ready()
        self.look()
        self._mover.stir()

    def link_lost(self, link: RelayLink) -> None:
        for _, socket in self._seats:
            if socket.relay == link.name or (not socket.relay and not self.serves("")):
                socket.relay_lost()
        self._mover.stir()

    def link_changed(self, link: RelayLink) -> None:
        visits = _visits_at(link)
        if link.state == "draining" or visits.keys() - self.rooms.keys() or overtaken(self.rooms, [visits]):
            self.look()
        self._mover.stir()

    def relay_said(self, link: RelayLink, message: control.FromRelay) -> None:
        socket = self._seats.get(message.seat) if message.seat is not None else None
        if socket is not None and socket.room == message.room:
            socket.relay_said(message, link.name)
            self._mover.heard()
        elif isinstance(message, control.RelayError) and message.seat is None and message.code != "draining":
            log.error("relay.refused_line", extra={"code": message.code})

    def relay_recorded(self, link: RelayLink, message: control.RelayRecorded) -> None:
        self._recorded.hear(link.name, link.relay or "", message)

    def _tell_places(self, rooms: Any) -> None:
        known = {room.uuid: room for room in rooms}
        for _, socket in self._seats:
            room = known.get(socket.room)
            if room is not None and room.is_open and room.relay:
                socket.room_is_on(room.relay, room.version)


def _visits_at(link: RelayLink) -> dict[UUID, int]:
    """What that relay reports, less the trials that go on; one that drains waits for none of them."""
    return dict(link.rooms) if link.state == "draining" else trials.without_trials(link.rooms)


_current: RelayFleet | None = None


def use(fleet: RelayFleet | None) -> None:
    """The fleet of this process from now on; set by lifespan."""
    global _current
    _current = fleet


def current() -> RelayFleet | None:
    return _current


def serves(relay: str) -> bool:
    return _current is not None and _current.serves(relay)


def send(relay: str, kind: str, **fields: Any) -> bool:
    """A line about one connection to the relay where it lives; False when it cannot take it."""
    return _current is not None and _current.put(relay, control.line(kind, **fields))


def relay_status() -> dict[str, dict[str, Any]]:
    """For /readyz, from any thread: per relay its `state` (ready, draining, lost), `seconds` since, its last load."""
    links = _current.links.values() if _current is not None else ()
    return {link.name: {"state": link.state, "seconds": int(link.seconds), "load": dict(link.load)} for link in links}
