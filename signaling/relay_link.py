"""The web's end of the control link: desired state down, offers up. What a room allows is in consults.rooms."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from channels.layers import get_channel_layer
from django.db import Error as DatabaseError

from consults import rooms
from signaling import control, tasks
from signaling.database import in_database
from signaling.registry import Seats
from signaling.registry import seats as local_seats

log = logging.getLogger(__name__)

Document = dict[str, Any]
OpenRooms = Callable[[], Awaitable[list[Document]]]
ClosedRoom = Callable[[UUID], Awaitable[Document]]

ROOMS_GROUP = "rooms"


@dataclass(frozen=True)
class LinkTiming:
    """Seconds. The relay is restarted at once when it dies, so the first tries follow fast."""

    first_retry: float = 0.1
    last_retry: float = 1.0
    hello_within: float = 5.0
    refresh: float = 2.0
    coalesce: float = 0.01
    silence: float = 10.0


class LinkLostError(Exception):
    """The link cannot be used any longer; the next one heals what was lost."""


async def _open_rooms() -> list[Document]:
    return await in_database(rooms.open_room_documents)


async def _closed_room(room: UUID) -> Document:
    return await in_database(rooms.closed_document, room)


class RelayLink:
    """Keeps one link to one relay for as long as the process lives. All methods belong to the loop that started it."""

    MAX_LINES = 512

    def __init__(
        self,
        path: Path | str,
        *,
        seats: Seats = local_seats,
        open_rooms: OpenRooms = _open_rooms,
        closed_room: ClosedRoom = _closed_room,
        timing: LinkTiming | None = None,
    ) -> None:
        self._path = str(path)
        self._seats = seats
        self._open_rooms = open_rooms
        self._closed_room = closed_room
        self._timing = timing or LinkTiming()
        self._tasks: list[asyncio.Task[None]] = []
        self._lines: deque[bytes] = deque()
        self._written = asyncio.Event()
        self._look = asyncio.Event()
        self._suspects: set[UUID] = set()
        self._told_lost = False
        self._known: set[UUID] = set()
        self.relay: str | None = None
        self.since = time.time()
        self.load: dict[str, float] = {}
        self.ready = False

    # --- life ---

    def start(self) -> None:
        if not self._tasks:
            self._tasks = [
                asyncio.create_task(self._run(), name="relay-link"),
                asyncio.create_task(self._listen(), name="relay-link-hints"),
            ]

    async def close(self) -> None:
        """Idempotent; returns when both tasks are gone and the socket is closed."""
        ending, self._tasks = self._tasks, []
        await tasks.end(*ending)
        self._set_ready(False)

    async def _run(self) -> None:
        pause = self._timing.first_retry
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(self._path, limit=control.MAX_LINE)
            except OSError:
                self._tell_lost()
            else:
                pause = self._timing.first_retry if await self._serve(reader, writer) else pause
            await asyncio.sleep(pause)
            pause = min(self._timing.last_retry, pause * 2)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One link from hello to its end; True when it was of use."""
        useful = True
        self._lines.clear()
        try:
            async with asyncio.timeout(self._timing.hello_within):
                hello = await self._read(reader)
            if not isinstance(hello, control.RelayHello) or hello.protocol != control.PROTOCOL:
                log.error("relay.other_protocol")
                return False
            await self._talk(hello, reader, writer)
        except* (LinkLostError, OSError, TimeoutError):
            log.info("relay.link_lost")
        except* Exception:  # the process edge: whatever failed, the next link begins anew
            log.exception("relay.link_failed")
            useful = False
        finally:
            self._set_ready(False)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        return useful

    async def _talk(
        self, hello: control.RelayHello, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        async with asyncio.TaskGroup() as group:
            jobs: list[Coroutine[Any, Any, None]] = [self._write(writer), self._hear(reader), self._keep_desired()]
            self._welcome(hello.relay)
            for job in jobs:
                group.create_task(job)

    # --- towards the relay ---

    def connect(self, document: Document, seat: UUID, connection: UUID) -> bool:
        """The room's document and then the wish, as one piece: the relay must know the room first."""
        room = UUID(str(document["room"]))
        wish = control.line("connect", room=room, seat=seat, connection=connection)
        return self._put(control.line("rooms", documents=[document]) + wish)

    def answer(self, room: UUID, seat: UUID, connection: UUID, *, offer: int, sdp: str) -> bool:
        return self._put(control.line("answer", room=room, seat=seat, connection=connection, offer=offer, sdp=sdp))

    def restart_ice(self, room: UUID, seat: UUID, connection: UUID) -> bool:
        return self._put(control.line("restart-ice", room=room, seat=seat, connection=connection))

    def still(self, room: UUID, seat: UUID, connection: UUID, *, jpeg: str) -> bool:
        return self._put(control.line("still", room=room, seat=seat, connection=connection, jpeg=jpeg))

    def look(self, *suspects: UUID) -> None:
        """Send the open rooms now; of the suspects, those that are not open are closed at the relay."""
        self._suspects.update(suspects)
        self._look.set()

    def _put(self, line: bytes) -> bool:
        """False when there is no link, or the relay does not keep up: the caller tells its client."""
        if not self.ready or len(self._lines) >= self.MAX_LINES:
            return False
        self._lines.append(line)
        self._written.set()
        return True

    async def _write(self, writer: asyncio.StreamWriter) -> None:
        while True:
            while self._lines:
                writer.write(self._lines.popleft())
                await writer.drain()
            self._written.clear()
            await self._written.wait()

    async def _keep_desired(self) -> None:
        """Level-triggered: all open rooms on connection, on each hint and every two seconds."""
        while True:
            self._look.clear()
            await self._send_rooms()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._timing.refresh):
                    await self._look.wait()
                    await asyncio.sleep(self._timing.coalesce)

    async def _send_rooms(self) -> None:
        suspects, self._suspects = self._suspects, set()
        try:
            documents = await self._open_rooms()
            self._known = {UUID(str(document["room"])) for document in documents}
            closed = [await self._closed_room(room) for room in suspects - self._known]
        except DatabaseError:
            # Rooms stay as they are at the relay until the records are back.
            log.warning("relay.no_database")
            self._suspects |= suspects
            return
        for line in control.room_lines([*documents, *closed]):
            if not self._put(line):
                self._suspects |= suspects
                return

    # --- from the relay ---

    async def _read(self, reader: asyncio.StreamReader) -> control.AnyFromRelay:
        try:
            line = await reader.readline()
        except ValueError:
            raise LinkLostError("line too long") from None
        if not line.endswith(b"\n"):
            raise LinkLostError("end of link")
        try:
            return control.parse(line)
        except ValueError:
            log.exception("relay.unreadable_line")
            raise LinkLostError("unreadable line") from None

    async def _hear(self, reader: asyncio.StreamReader) -> None:
        while True:
            async with asyncio.timeout(self._timing.silence):
                message = await self._read(reader)
            match message:
                case control.RelayReport():
                    self.load = message.load
                    if unknown := set(message.rooms) - self._known:
                        self.look(*unknown)
                case control.RelayHello():
                    pass
                case _:
                    self._pass_on(message)

    def _pass_on(self, message: control.FromRelay) -> None:
        socket = self._seats.get(message.seat) if message.seat is not None else None
        if socket is not None and socket.room == message.room:
            socket.relay_said(message)
        elif isinstance(message, control.RelayError) and message.seat is None:
            log.error("relay.refused_line", extra={"code": message.code})

    def _welcome(self, relay: str) -> None:
        """The same relay as before has kept its connections; another has none, and every page must connect again."""
        same = relay == self.relay
        self.relay = relay
        self._set_ready(True)
        log.info("relay.linked")
        if same and not self._told_lost:
            for seat, socket in self._seats:
                if socket.connection is not None:
                    self._put(control.line("repeat", room=socket.room, seat=seat, connection=socket.connection))
            return
        if not same:
            self._tell_lost()
        self._told_lost = False
        for _, socket in self._seats:
            socket.relay_ready()

    def _tell_lost(self) -> None:
        if not self._told_lost:
            self._told_lost = True
            for _, socket in self._seats:
                socket.relay_lost()

    def _set_ready(self, ready: bool) -> None:
        if ready != self.ready:
            self.ready = ready
            self.since = time.time()

    # --- hints ---

    async def _listen(self) -> None:
        """Hears that a room changed. A hint that is lost costs one refresh interval."""
        while True:
            try:
                layer = get_channel_layer()
                name = await layer.new_channel()
                await layer.group_add(ROOMS_GROUP, name)
                try:
                    await self._hear_hints(layer, name)
                finally:
                    with contextlib.suppress(Exception):
                        await layer.group_discard(ROOMS_GROUP, name)
            except Exception:  # noqa: BLE001  Redis away: the refresh goes on without hints
                log.warning("relay.no_hints")
                await asyncio.sleep(self._timing.last_retry)

    async def _hear_hints(self, layer: Any, name: str) -> None:
        while True:
            hint = await layer.receive(name)
            with contextlib.suppress(KeyError, ValueError):
                self.look(UUID(hint["room"]))


_current: RelayLink | None = None


def use(link: RelayLink | None) -> None:
    """The link of this process from now on; set by lifespan."""
    global _current
    _current = link


def current() -> RelayLink | None:
    return _current


def send_answer(room: UUID, seat: UUID, connection: UUID, *, offer: int, sdp: str) -> bool:
    return _current is not None and _current.answer(room, seat, connection, offer=offer, sdp=sdp)


def send_restart_ice(room: UUID, seat: UUID, connection: UUID) -> bool:
    return _current is not None and _current.restart_ice(room, seat, connection)


def send_still(room: UUID, seat: UUID, connection: UUID, *, jpeg: str) -> bool:
    return _current is not None and _current.still(room, seat, connection, jpeg=jpeg)


def relay_status() -> dict[str, Any]:
    """For /readyz, from any thread: `state` is ready, lost or off; `seconds` since it is so; the relay's last load."""
    link = _current
    if link is None:
        return {"state": "off", "seconds": 0, "load": {}}
    state = "ready" if link.ready else "lost"
    return {"state": state, "seconds": int(time.time() - link.since), "load": dict(link.load)}
