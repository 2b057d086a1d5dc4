"""A relay of the test's own with the web's side of its control link: rooms, seats, offers and answers by hand."""

import asyncio
import contextlib
import json
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from relay.config import Config
from relay.server import Relay
from tests.relay.peer import Changes, Peer


class Web:
    """One web process: what it heard, and the rooms it wants."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.heard: list[dict[str, Any]] = []
        self.changes = Changes()
        self._task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        while line := await self._reader.readline():
            self.heard.append(json.loads(line))
            self.changes.tell()

    def write(self, line: bytes) -> None:
        self._writer.write(line)

    def send(self, **message: Any) -> None:
        self.write(json.dumps(message).encode() + b"\n")

    async def expect(self, kind: str, start: int = 0, **fields: Any) -> dict[str, Any]:
        """The first message of this type and with these fields that was heard after the first `start`."""

        def found() -> dict[str, Any] | None:
            for message in self.heard[start:]:
                if message["type"] == kind and all(message.get(name) == value for name, value in fields.items()):
                    return message
            return None

        result: dict[str, Any] = await self.changes.until(found)
        return result

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


class House:
    """The relay, one web process, one room, and its peers by seat."""

    def __init__(self, relay: Relay, web: Web, control: Path) -> None:
        self.relay = relay
        self.web = web
        self.control = control
        self.start_room()
        self.skew = 0.0  # added to the relay's clock
        self._stands_at = 0.0
        self.peers: dict[str, Peer] = {}
        self.connections: dict[str, str] = {}

    def start_room(self) -> None:
        """Go on with a new room, without any seat."""
        self.room = str(uuid.uuid4())
        self.seats: dict[str, bool] = {}
        self.may: dict[str, list[str]] = {}  # where it is not audio and camera
        self.figures: set[str] = set()
        self.recording: dict[str, Any] | None = None
        self.version = 0

    def clock(self) -> float:
        return (self._stands_at or time.monotonic()) + self.skew

    def stand_still(self) -> None:
        """From now on the relay's clock goes by `skew` alone: however busy the machine is, no time passes."""
        self._stands_at = time.monotonic()

    def tell(self, **seats: bool) -> None:
        """Change seats by name and send the room's document."""
        self.seats.update(seats)
        self.version += 1
        self.send_document(self.version)

    def beat(self) -> int:
        """What the relay says of its clock now, so that a test need not wait for it."""
        return int(self.clock() * 1000)

    def send_document(self, version: int, closed: bool = False, beat: int | None = None) -> None:
        """As of now, or of an earlier beat."""
        wanted = [self._wish(name, active) for name, active in self.seats.items()]
        document = {
            "room": self.room,
            "version": version,
            "closed": closed,
            "seats": wanted,
            "recording": self.recording,
        }
        self.web.send(type="rooms", documents=[document], beat=self.beat() if beat is None else beat)

    def _wish(self, name: str, active: bool) -> dict[str, Any]:
        may = self.may.get(name, ["audio", "camera"])
        return {"seat": self.seat(name), "active": active, "may": may, "figures": name in self.figures}

    def seat(self, name: str) -> str:
        return str(uuid.uuid5(uuid.UUID(self.room), name))

    def at(self, name: str) -> dict[str, str]:
        return {"room": self.room, "seat": self.seat(name), "connection": self.connections[name]}

    async def connect(self, name: str, peer: Peer | None = None) -> Peer:
        """Ask for a connection and take its first offer, unanswered."""
        peer = self.peers[name] = await (peer or Peer()).open()
        self.connections[name] = str(uuid.uuid4())
        self.web.send(type="connect", **self.at(name))
        peer.take(await self.web.expect("offer", **self.at(name)))
        return peer

    async def join(self, name: str, active: bool = True, peer: Peer | None = None) -> Peer:
        """A seat joins, connects and secures its connection; later offers are answered by `settle`."""
        self.tell(**{name: active})
        peer = await self.connect(name, peer)
        self.answer(name)
        await peer.check()
        assert await peer.handshake() == "connected"
        await self.web.expect("seat", state="connected", **self.at(name))
        return peer

    def answer(self, name: str, sdp: str | None = None) -> None:
        peer = self.peers[name]
        self.web.send(type="answer", offer=peer.offer["offer"], sdp=sdp or peer.answer(), **self.at(name))

    async def settle(self) -> None:
        """Answer every open offer until the relay is content."""
        while waiting := [name for name in self.peers if self._open(name)]:
            for name in waiting:
                offer = await self.web.expect("offer", offer=self._open(name), **self.at(name))
                self.peers[name].take(offer)
                self.answer(name)
            await self.sync()

    def _open(self, name: str) -> int | None:
        room = self.relay.board.rooms.get(self.room)
        seat = room.seats.get(self.seat(name)) if room is not None else None
        plan = seat.peer.negotiation.open if seat is not None and seat.peer is not None else None
        return plan.number if plan is not None else None

    async def sync(self) -> None:
        """Everything sent so far has been handled: an error to a question of ours came back."""
        mark = len(self.web.heard)
        self.web.send(type="sync")
        await self.web.expect("error", mark, code="unknown_type")

    async def leave(self, name: str) -> None:
        await self.peers.pop(name).close()
        del self.seats[name]
        self.tell()
        await self.web.expect("seat", state="closed", connection=self.connections.pop(name))

    async def both(self) -> tuple[Peer, Peer]:
        """A doctor and a patient, in the call, settled."""
        doctor, patient = await self.join("doctor"), await self.join("patient")
        await self.sync()
        await self.settle()
        return doctor, patient

    async def another_web(self) -> Web:
        return Web(*await asyncio.open_unix_connection(str(self.control), limit=1 << 20))


@contextlib.asynccontextmanager
async def open_house(folder: Path, **settings: Any) -> AsyncIterator[House]:
    control = folder / "relay.sock"
    holder: list[House] = []
    config = Config(bind=("127.0.0.1",), announce=("127.0.0.1",), port=0, control=control, **settings)
    async with Relay(config, lambda: holder[0].clock() if holder else time.monotonic()) as relay:
        house = House(relay, Web(*await asyncio.open_unix_connection(str(control), limit=1 << 20)), control)
        holder.append(house)
        try:
            yield house
        finally:
            for peer in house.peers.values():
                await peer.close()
            await house.web.close()
