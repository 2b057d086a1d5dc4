"""A relay that records, in a loop of its own thread, for tests that are not asynchronous themselves. Holds no test."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import uuid
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

from tests.relay.house import House, open_house
from tests.relay.peer import Peer, rtp, video

PATIENCE = 60.0
T = TypeVar("T")


class Loop:
    """An event loop that runs beside the test."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run it there and wait for its end."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Seat:
    """Somebody's connection to the relay, and what they sent over it."""

    def __init__(self, name: str, peer: Peer) -> None:
        self.name = name
        self.peer = peer
        self.count = 0

    def send(self, mark: bytes) -> None:
        """A word and a picture that carry a mark."""
        self.count += 1
        self.peer.send(rtp(self.peer.ssrcs["audio"], self.count, mark, timestamp=self.count * 960))
        self.peer.send(video(self.peer.ssrcs["camera"], self.count, mark, key=True))


class TapedRoom:
    """One room at the relay, driven by documents that the web made."""

    def __init__(self, loop: Loop, house: House) -> None:
        self._loop = loop
        self._house = house
        self.seats: dict[str, Seat] = {}

    def tell(self, document: dict[str, Any]) -> None:
        """The document is in force when this returns."""
        self._loop.do(self._tell(document))

    async def _tell(self, document: dict[str, Any]) -> None:
        self._house.web.send(type="rooms", documents=[document], beat=self._house.beat())
        await self._house.sync()

    def connect(self, name: str, room: str, seat: str) -> None:
        """Over a new connection; whichever the seat had before is closed by the relay."""
        self._loop.do(self._connect(name, room, seat))

    async def _connect(self, name: str, room: str, seat: str) -> None:
        web = self._house.web
        peer = await Peer().open()
        at = {"room": room, "seat": seat, "connection": str(uuid.uuid4())}
        web.send(type="connect", **at)
        peer.take(await web.expect("offer", **at))
        web.send(type="answer", offer=peer.offer["offer"], sdp=peer.answer(), **at)
        await peer.check()
        assert await peer.handshake() == "connected"
        await web.expect("seat", state="connected", **at)
        self.seats[name] = Seat(name, peer)

    def disconnect(self, name: str) -> None:
        self._loop.do(self.seats.pop(name).peer.close())

    def speak(self, mark: str) -> None:
        """Everybody who is connected sends; it has been through the relay when this returns."""
        self._loop.do(self._speak(mark))

    async def _speak(self, mark: str) -> None:
        for seat in self.seats.values():
            seat.send(f"<{seat.name} {mark}>".encode())
        for seat in self.seats.values():
            await seat.peer.check()

    def written(self) -> None:
        """Nothing waits for the disk any more when this returns."""
        self._loop.do(self._written())

    async def _written(self) -> None:
        await self._house.sync()
        vault = self._house.relay.vault
        assert vault is not None
        async with asyncio.timeout(PATIENCE):
            while vault.waiting:  # noqa: ASYNC110 - its thread tells the loop nothing
                await asyncio.sleep(0.005)


@contextlib.contextmanager
def taped_room(control: Path, recordings: Path) -> Iterator[TapedRoom]:
    """A relay that writes into `recordings`, with one link to it."""
    loop, stack = Loop(), contextlib.AsyncExitStack()
    try:
        house = loop.do(stack.enter_async_context(open_house(control, recordings=recordings)))
        yield TapedRoom(loop, house)
    finally:
        loop.do(stack.aclose())
        loop.close()
