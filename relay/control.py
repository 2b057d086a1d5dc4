"""The control links: web processes speak JSON lines. How they come in: doors.py; what they say: documents.py."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator

from relay.documents import Nowhere, parse_line
from relay.doors import Door
from relay.errors import MessageError, RelayError
from relay.limits import MAX_LINE_BYTES, MAX_LINK_BACKLOG_BYTES, MAX_LINK_SILENCE_SECONDS, MAX_LINKS
from relay.switchboard import Switchboard, error_message

logger = logging.getLogger(__name__)

PROTOCOL = 4
_GOODBYE_SECONDS = 1.0


class ControlLink(asyncio.Protocol):
    """One web process. Lines in order; a bad one is answered with an error and the link goes on."""

    def __init__(self, server: ControlServer) -> None:
        self._server = server
        self._board = server.board
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._skipping = False  # inside a line that is already too long
        self._clock = asyncio.get_running_loop().time
        self.heard_at = self._clock()
        self.said_nowhere = False
        self.gone = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if len(self._server.open) >= MAX_LINKS:
            transport.abort()
            return
        self._server.open.add(self)
        for greeting in self._server.greetings():
            self.send(greeting)
        self._board.add_link(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.open.discard(self)
        self._board.remove_link(self)
        self._transport = None
        self.gone.set_result(None)

    def data_received(self, data: bytes) -> None:
        self.heard_at = self._clock()
        *lines, rest = data.split(b"\n")
        for line in lines:
            self._end_of_line(line)
        self._more(rest)

    def send(self, message: dict[str, object]) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if transport.get_write_buffer_size() > MAX_LINK_BACKLOG_BYTES:
            transport.abort()
            return
        transport.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _more(self, data: bytes) -> None:
        if self._skipping:
            return
        if len(self._buffer) + len(data) > MAX_LINE_BYTES:
            self._buffer.clear()
            self._skipping = True
            self._refuse(MessageError("The line is too long.", "too_big"))
        else:
            self._buffer += data

    def _end_of_line(self, tail: bytes) -> None:
        self._more(tail)
        if self._skipping:
            self._skipping = False
            return
        line = bytes(self._buffer)
        self._buffer.clear()
        if not line.strip():
            return
        try:
            message = parse_line(line)
        except MessageError as error:
            self._refuse(error)
            return
        if isinstance(message, Nowhere):
            self.said_nowhere = True
            return
        try:
            self._board.handle(message, self)
        except Exception:  # the process edge: one message must not cost this web process its link
            logger.exception("control message failed")
            self._refuse(RelayError("The relay could not do this.", "internal"))

    def _refuse(self, error: RelayError) -> None:
        self.send(error_message(error, None))


class ControlServer:
    """Every link of this relay, whichever way it came in."""

    def __init__(self, door: Door, board: Switchboard, relay_id: str) -> None:
        self._door = door
        self.board = board
        self.relay_id = relay_id
        self.open: set[ControlLink] = set()
        self._draining: dict[str, object] | None = None

    async def start(self) -> None:
        await self._door.open(lambda: ControlLink(self))

    def greetings(self) -> Iterator[dict[str, object]]:
        yield {"type": "hello", "protocol": PROTOCOL, "relay": self.relay_id, "beat": self.board.beat()}
        if self._draining is not None:
            yield self._draining

    def drain(self, seconds: float) -> None:
        """Tell every web process, and whoever comes, that this relay will end."""
        self._draining = {"type": "draining", "seconds": seconds}
        self.broadcast(self._draining)

    @property
    def has_where_to_go(self) -> bool:
        """Somebody is there who may still move rooms elsewhere."""
        return any(not link.said_nowhere for link in self.open)

    def broadcast(self, message: dict[str, object]) -> None:
        for link in list(self.open):
            link.send(message)

    def drop_silent(self, now: float) -> None:
        """A web process speaks every two seconds. One that does not is gone, with its machine perhaps."""
        for link in list(self.open):
            if now - link.heard_at > MAX_LINK_SILENCE_SECONDS:
                link.abort()

    async def close(self) -> None:
        """Idempotent."""
        for link in list(self.open):
            link.close()
        if self.open:
            await asyncio.wait({link.gone for link in self.open}, timeout=_GOODBYE_SECONDS)
        for link in list(self.open):
            link.abort()  # it reads no more; a newer Python would wait for it
        await self._door.close()
