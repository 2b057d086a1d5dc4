"""The control link: a Unix socket on which web processes speak JSON lines. What they say is `documents.py`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
from collections.abc import Callable
from pathlib import Path

from relay.documents import parse_line
from relay.errors import ConfigError, MessageError, RelayError
from relay.limits import MAX_LINE_BYTES, MAX_LINK_BACKLOG_BYTES, MAX_LINKS
from relay.switchboard import Switchboard, error_message

logger = logging.getLogger(__name__)

PROTOCOL = 2
_GOODBYE_SECONDS = 1.0


class ControlLink(asyncio.Protocol):
    """One web process. Lines in order; a bad one is answered with an error and the link goes on."""

    def __init__(self, server: ControlServer) -> None:
        self._server = server
        self._board = server.board
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._skipping = False  # inside a line that is already too long
        self.gone = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if len(self._server.open) >= MAX_LINKS:
            transport.abort()
            return
        self._server.open.add(self)
        self.send({"type": "hello", "protocol": PROTOCOL, "relay": self._server.relay_id})
        self._board.add_link(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.open.discard(self)
        self._board.remove_link(self)
        self._transport = None
        self.gone.set_result(None)

    def data_received(self, data: bytes) -> None:
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
        try:
            self._board.handle(message, self)
        except Exception:  # the process edge: one message must not cost this web process its link
            logger.exception("control message failed")
            self._refuse(RelayError("The relay could not do this.", "internal"))

    def _refuse(self, error: RelayError) -> None:
        self.send(error_message(error, None))


class ControlServer:
    """Listens; only the owner of the process may connect (mode 0600)."""

    def __init__(self, path: Path, board: Switchboard, relay_id: str) -> None:
        self._path = path
        self.board = board
        self.relay_id = relay_id
        self.open: set[ControlLink] = set()
        self._server: asyncio.Server | None = None
        self._inode: int | None = None

    async def start(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        _clear_stale(self._path)
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        former = os.umask(0o177)
        try:
            sock.bind(str(self._path))
        except OSError as error:
            sock.close()
            raise ConfigError(f"the control socket cannot be made: {error.strerror or error}") from error
        finally:
            os.umask(former)
        self._inode = os.stat(self._path).st_ino
        factory: Callable[[], asyncio.Protocol] = lambda: ControlLink(self)  # noqa: E731
        self._server = await asyncio.get_running_loop().create_unix_server(factory, sock=sock)

    def broadcast(self, message: dict[str, object]) -> None:
        for link in list(self.open):
            link.send(message)

    async def close(self) -> None:
        """Idempotent. Removes the socket file, unless another relay has put its own there."""
        if self._server is None:
            return
        self._server.close()
        for link in list(self.open):
            link.close()
        if self.open:
            await asyncio.wait({link.gone for link in self.open}, timeout=_GOODBYE_SECONDS)
        for link in list(self.open):
            link.abort()  # it reads no more; a newer Python would wait for it
        await self._server.wait_closed()
        self._server = None
        with contextlib.suppress(FileNotFoundError):
            if os.stat(self._path).st_ino == self._inode:
                self._path.unlink()


def _clear_stale(path: Path) -> None:
    """Remove what a killed relay left; refuse when another one answers there."""
    if not path.is_socket():
        return
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        probe.connect(str(path))
    except OSError:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
    else:
        raise ConfigError("another relay is listening on the control socket")
    finally:
        probe.close()
