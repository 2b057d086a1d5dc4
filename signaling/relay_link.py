"""One relay's control link, dialled for as long as the process lives: lines down, messages up. Rooms: fleet.py."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import time
from collections import deque
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from signaling import control, tasks
from signaling.addresses import RelayAddress
from signaling.choice import Standing

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LinkTiming:
    """Seconds. A relay is restarted at once when it dies, so the first tries follow fast."""

    first_retry: float = 0.1
    last_retry: float = 1.0
    hello_within: float = 5.0
    silence: float = 10.0
    refresh: float = 2.0
    watch: float = 1.0  # a recording that stands still is found out after HEARD_FOR and this: in under 5 s
    coalesce: float = 0.01
    stay: float = 3.0  # visits wait so long for a lost relay before they move to another
    settle: float = 5.0  # a drain waits so long for the people of one visit before it moves the next
    pace: float = 0.05  # between two visits of a lost relay, so that a hundred pages do not connect at once


@dataclass(frozen=True)
class Beat:
    """The newest word of the clock of one relay process."""

    relay: str | None
    at: int


@dataclass(frozen=True)
class Trust:
    """What proves web and relay to each other on the way between machines."""

    secret: str
    certificates: ssl.SSLContext

    @classmethod
    def read(cls, secret: str, certificate: str) -> Trust:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_verify_locations(certificate)
        return cls(secret, context)


class LinkLostError(Exception):
    """The link cannot be used any longer; the next one heals what was lost."""


class LinkOwner(Protocol):
    """Who is told what a link learns. None of these may wait."""

    def link_ready(self, link: RelayLink, *, kept: bool) -> None: ...
    def link_lost(self, link: RelayLink) -> None: ...
    def link_changed(self, link: RelayLink) -> None: ...
    def relay_said(self, link: RelayLink, message: control.FromRelay) -> None: ...
    def relay_recorded(self, link: RelayLink, message: control.RelayRecorded) -> None: ...


class RelayLink:
    """Keeps one link to one relay. All methods belong to the loop that started it."""

    MAX_LINES = 512

    def __init__(
        self, address: RelayAddress, owner: LinkOwner, *, trust: Trust | None = None, timing: LinkTiming | None = None
    ) -> None:
        self.address = address
        self._owner = owner
        self._trust = trust
        self._timing = timing or LinkTiming()
        self._task: asyncio.Task[None] | None = None
        self._lines: deque[bytes] = deque()
        self._written = asyncio.Event()
        self._told_lost = False
        self._changed_at = time.monotonic()
        self.relay: str | None = None
        self.load: dict[str, float] = {}
        self.rooms: Mapping[UUID, int] = {}
        self.beat: Beat | None = None
        self.ready = False
        self.drains_until: float | None = None

    @property
    def name(self) -> str:
        return self.address.name

    @property
    def state(self) -> str:
        if not self.ready:
            return "lost"
        return "ready" if self.drains_until is None else "draining"

    @property
    def seconds(self) -> float:
        """How long it has been ready, or lost."""
        return time.monotonic() - self._changed_at

    @property
    def standing(self) -> Standing:
        is_open = self.ready and self.drains_until is None
        is_awaited = not self.ready and self.seconds <= self._timing.stay
        return Standing(self.name, is_open, is_open or is_awaited, int(self.load.get("seats", 0)), self.rooms)

    # --- life ---

    def start(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=f"relay-link-{self.name}")

    async def close(self) -> None:
        """Idempotent; returns when the task is gone and the connection closed."""
        ending, self._task = self._task, None
        await tasks.end(ending)
        self._set_ready(False)

    async def _run(self) -> None:
        pause = self._timing.first_retry
        while True:
            try:
                async with asyncio.timeout(self._timing.hello_within):
                    reader, writer = await self._dial()
            except (OSError, TimeoutError):  # a certificate that is not the pinned one is an OSError too
                self._tell_lost()
            else:
                pause = self._timing.first_retry if await self._serve(reader, writer) else pause
            await asyncio.sleep(pause)
            pause = min(self._timing.last_retry, pause * 2)

    async def _dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        address = self.address
        if address.path is not None:
            return await asyncio.open_unix_connection(str(address.path), limit=control.MAX_LINE)
        if self._trust is None:
            raise OSError("no trust for a relay on another machine")
        reader, writer = await asyncio.open_connection(
            address.host, address.port, ssl=self._trust.certificates, limit=control.MAX_LINE
        )
        writer.write(control.line("auth", secret=self._trust.secret))
        return reader, writer

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
            jobs: list[Coroutine[Any, Any, None]] = [self._write(writer), self._hear(reader)]
            self._welcome(hello.relay, hello.beat)
            for job in jobs:
                group.create_task(job)

    # --- towards the relay ---

    def put(self, line: bytes) -> bool:
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
                case control.RelayBeat():
                    self.beat = Beat(self.relay, message.beat)
                case control.RelayReport():
                    self.load, self.rooms = message.load, message.rooms
                    self._owner.link_changed(self)
                case control.RelayDraining():
                    self.drains_until = time.monotonic() + message.seconds
                    self._owner.link_changed(self)
                case control.RelayRecorded():
                    self._owner.relay_recorded(self, message)
                case control.RelayHello():
                    pass
                case _:
                    self._owner.relay_said(self, message)

    def _welcome(self, relay: str, beat: int) -> None:
        """The same relay as before has kept its connections; another has none, and its pages must connect again."""
        kept = relay == self.relay and not self._told_lost
        if relay != self.relay:
            self._tell_lost()
            self.load, self.rooms, self.drains_until = {}, {}, None
        self.relay, self.beat = relay, Beat(relay, beat)
        self._set_ready(True)
        self._told_lost = False
        log.info("relay.linked")
        self._owner.link_ready(self, kept=kept)

    def _tell_lost(self) -> None:
        if not self._told_lost:
            self._told_lost = True
            self._owner.link_lost(self)

    def _set_ready(self, ready: bool) -> None:
        if ready != self.ready:
            self.ready = ready
            self._changed_at = time.monotonic()
            if not ready:
                self._owner.link_changed(self)
