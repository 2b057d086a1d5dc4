"""Where web processes come in: a Unix socket, or TLS with a shared secret. What they may say then is control.py's."""

from __future__ import annotations

import asyncio
import contextlib
import grp
import hmac
import json
import logging
import os
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from relay.config import TlsControl
from relay.errors import ConfigError
from relay.limits import (
    MAX_AUTH_BYTES,
    MAX_REFUSED_PER_HOST,
    MAX_STRANGERS,
    MAX_STRANGERS_PER_HOST,
    REFUSED_SECONDS,
    STRANGER_SECONDS,
)

logger = logging.getLogger(__name__)

MakeLink = Callable[[], asyncio.Protocol]
_QUIET_SECONDS = 60.0


class Door(Protocol):
    """Lets web processes in: each gets a link of its own."""

    async def open(self, make_link: MakeLink) -> None: ...
    async def close(self) -> None: ...


class UnixDoor:
    """Only the owner of the process may connect (mode 0600), and a group if one is named: the file system proves it."""

    def __init__(self, path: Path, group: str = "") -> None:
        self._path = path
        self._group = group
        self._server: asyncio.Server | None = None
        self._inode: int | None = None

    async def open(self, make_link: MakeLink) -> None:
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
        if self._group:
            self._admit_group(sock)
        self._server = await asyncio.get_running_loop().create_unix_server(make_link, sock=sock)

    def _admit_group(self, sock: socket.socket) -> None:
        """Its group first, then the mode: at no moment may another group connect."""
        try:
            wanted = grp.getgrnam(self._group).gr_gid
            if os.stat(self._path).st_gid != wanted:  # as a unit's own group it has it already, and may not chown
                os.chown(self._path, -1, wanted)
            os.chmod(self._path, 0o660)
        except (KeyError, OSError) as error:
            sock.close()
            self._path.unlink()
            raise ConfigError("RELAY_CONTROL_GROUP is no group that the relay belongs to") from error

    async def close(self) -> None:
        """Idempotent. Removes the socket file, unless another relay has put its own there."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        await server.wait_closed()
        with contextlib.suppress(FileNotFoundError):
            if os.stat(self._path).st_ino == self._inode:
                self._path.unlink()


class TlsDoor:
    """Who connects is a stranger until the first line holds the secret. Strangers hear nothing, are few and go soon."""

    def __init__(self, control: TlsControl) -> None:
        self._control = control
        self._context = _context(control)
        self._server: asyncio.Server | None = None
        self._make_link: MakeLink | None = None
        self._strangers: Counter[str] = Counter()
        self._refused_lately: Counter[str] = Counter()
        self._admitting: set[asyncio.Task[bool]] = set()
        self._quiet_until = 0.0
        self.port = control.port

    async def open(self, make_link: MakeLink) -> None:
        self._make_link = make_link
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(lambda: _Arrival(self), self._control.host, self._control.port)
        except OSError as error:
            raise ConfigError(f"the control address cannot be used: {error.strerror or error}") from error
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Idempotent."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for task in self._admitting:
            task.cancel()
        if self._admitting:
            await asyncio.wait(set(self._admitting))
        await server.wait_closed()

    def arrived(self, transport: asyncio.Transport) -> None:
        host = str(transport.get_extra_info("peername")[0])
        if (
            len(self._admitting) >= MAX_STRANGERS
            or self._strangers[host] >= MAX_STRANGERS_PER_HOST
            # Who fails at once could come again at once, and each handshake takes the media a millisecond.
            or self._refused_lately[host] >= MAX_REFUSED_PER_HOST
        ):
            transport.abort()
            return
        transport.pause_reading()  # nothing is read before TLS is there to read it
        self._strangers[host] += 1
        task = asyncio.get_running_loop().create_task(self._admit(transport))
        self._admitting.add(task)
        task.add_done_callback(lambda done: self._forget(done, host))

    def _forget(self, task: asyncio.Task[bool], host: str) -> None:
        self._admitting.discard(task)
        _count_down(self._strangers, host)
        if self._server is not None and not task.cancelled() and not (task.exception() is None and task.result()):
            self._refused_lately[host] += 1
            asyncio.get_running_loop().call_later(REFUSED_SECONDS, _count_down, self._refused_lately, host)

    async def _admit(self, transport: asyncio.Transport) -> bool:
        """TLS, then the secret, both within a few seconds; or the connection is gone. Whether it was let in."""
        loop = asyncio.get_running_loop()
        stranger = _Stranger()
        try:
            async with asyncio.timeout(STRANGER_SECONDS):
                secured = await loop.start_tls(transport, stranger, self._context, server_side=True)
                assert secured is not None
                line = await stranger.line
        except asyncio.CancelledError:
            transport.abort()
            raise
        except (OSError, TimeoutError):
            transport.abort()
            self._refused()
            return False
        if self._make_link is None or secured.is_closing() or not self._knows_secret(line):
            secured.abort()
            self._refused()
            return False
        link = self._make_link()
        secured.set_protocol(link)
        link.connection_made(secured)
        if stranger.rest:
            link.data_received(bytes(stranger.rest))
        return True

    def _knows_secret(self, line: bytes) -> bool:
        try:
            message = json.loads(line)
            secret = message["secret"] if message["type"] == "auth" else ""
            return isinstance(secret, str) and hmac.compare_digest(secret.encode(), self._control.secret.encode())
        except (ValueError, TypeError, KeyError, RecursionError):
            return False

    def _refused(self) -> None:
        """One line a minute at most: whoever knocks must not fill the disk."""
        now = asyncio.get_running_loop().time()
        if now >= self._quiet_until:
            self._quiet_until = now + _QUIET_SECONDS
            logger.warning("a connection to the control port proved nothing and was closed")


def _count_down(counts: Counter[str], host: str) -> None:
    counts[host] -= 1
    if not counts[host]:
        del counts[host]


class _Arrival(asyncio.Protocol):
    """A TCP connection before anything is known of it."""

    def __init__(self, door: TlsDoor) -> None:
        self._door = door

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._door.arrived(transport)


class _Stranger(asyncio.Protocol):
    """Keeps the first line, and what came with it, until it is known who speaks."""

    def __init__(self) -> None:
        self.line: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.rest = bytearray()

    def data_received(self, data: bytes) -> None:
        self.rest += data
        if self.line.done():
            return
        line, newline, rest = bytes(self.rest).partition(b"\n")
        if len(line) > MAX_AUTH_BYTES:
            self.line.set_result(b"")
        elif newline:
            self.rest = bytearray(rest)
            self.line.set_result(line)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.line.done():
            self.line.set_result(b"")


def _context(control: TlsControl) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        context.load_cert_chain(control.certificate, control.key)
    except (OSError, ValueError) as error:
        raise ConfigError("RELAY_TLS_CERT and RELAY_TLS_KEY are not a certificate and its key") from error
    return context


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
