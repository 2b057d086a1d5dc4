"""The UDP port: one socket per announced address, drained in bounded turns, told apart by first byte (RFC 7983).

While packets come fast, a socket is not watched but looked at every millisecond: one wake-up then serves many packets,
and one system call sends what they become. System calls themselves are in `datagrams.py`.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Sequence
from functools import partial

from relay import stun
from relay.datagrams import BATCH, Datagrams, Inbox, Outbox, boxes
from relay.errors import ConfigError
from relay.ice import Directory, Send
from relay.peer import Counters
from relay.stun import Address

logger = logging.getLogger(__name__)

_BUFFER = 4 * 1024 * 1024
_BATCHES = 4  # taken from one socket before others get their turn
BUSY_PER_SECOND = 2000  # packets: from here on a millisecond holds several
PAUSE_SECONDS = 0.001
_TELLING_SECONDS = 60.0
_WINDOW_SECONDS = 0.02  # over which the rate is measured


class Demux:
    """Hands each datagram to its seat, or drops it. Pure but for the clock."""

    def __init__(self, directory: Directory, counters: Counters, clock: Callable[[], float]) -> None:
        self._by_ufrag = directory.by_ufrag
        self._by_address = directory.by_address
        self._counters = counters
        self.clock = clock
        self._told_at = -_TELLING_SECONDS

    def receive(self, data: bytes, address: Address, number: int, now: float) -> None:
        self._counters.packets_in += 1
        if not data:
            self._counters.stray += 1
            self._counters.dropped += 1
            return
        first = data[0]
        if 128 <= first <= 191:
            path = self._by_address[number].get(address)
            if path is not None:
                path.owner.on_media(data, path, now)
                return
        elif first <= 3:
            ufrag = stun.scan_username(data)
            peer = self._by_ufrag.get(ufrag) if ufrag is not None else None
            if ufrag is not None and peer is not None:
                peer.on_check(data, ufrag, number, address, now)
                return
        elif 20 <= first <= 63:
            path = self._by_address[number].get(address)
            if path is not None:
                path.owner.on_handshake(data, path, now)
                return
        self._counters.stray += 1
        self._counters.dropped += 1

    def receive_all(self, number: int, taken: Datagrams) -> None:
        """What one drain of socket `number` brought."""
        now = self.clock()
        receive = self.receive
        for data, address in taken:
            try:
                receive(data, address, number, now)
            except Exception:  # noqa: BLE001 - the process edge: one packet must not cost the others
                self._failed(now)

    def _failed(self, now: float) -> None:
        """Counted always, told at most once a minute: whoever made it fail can do so again."""
        self._counters.dropped += 1
        if now - self._told_at > _TELLING_SECONDS:
            self._told_at = now
            logger.exception("a datagram failed")


class UdpPort:
    """The sockets themselves. Same port number on every address."""

    def __init__(self, hosts: Sequence[str], port: int, counters: Counters) -> None:
        self._sockets = _bind_all(hosts, port)
        self._boxes = [boxes(sock, counters) for sock in self._sockets]
        self._counters = counters
        self._drains: list[Drain] = []
        self.port: int = self._sockets[0].getsockname()[1]
        _warn_if_clamped(self._sockets[0])

    @property
    def senders(self) -> list[Send]:
        return [outbox.send for _, outbox in self._boxes]

    def start(self, demux: Demux) -> None:
        loop = asyncio.get_running_loop()
        for number, sock in enumerate(self._sockets):
            receive_all = partial(demux.receive_all, number)
            self._drains.append(Drain(loop, sock, self._boxes[number], receive_all, self._counters))

    def close(self) -> None:
        """Idempotent. Sends what is still kept."""
        for drain in self._drains:
            drain.close()
        for sock in self._sockets:
            sock.close()


class Drain:
    """One socket's packets, taken as they come; while many come, once in a millisecond."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sock: socket.socket,
        boxes: tuple[Inbox, Outbox],
        receive_all: Callable[[Datagrams], None],
        counters: Counters,
    ) -> None:
        self._loop = loop
        self._sock = sock
        self._inbox, self._outbox = boxes
        self._receive_all = receive_all
        self._counters = counters
        self._taken = 0
        self._counted_at = loop.time()
        self._pause: asyncio.TimerHandle | None = None  # there while the socket is not watched
        loop.add_reader(sock, self.wake)

    def wake(self) -> None:
        """The socket has something, or the pause is over."""
        self._outbox.hold()
        try:
            for _ in range(_BATCHES):
                taken = self._inbox.take()
                self._taken += len(taken)
                self._receive_all(taken)
                if len(taken) < BATCH:
                    self._counters.behind = False
                    break
            else:
                self._counters.behind = True
        finally:  # without memory for what came: a socket that is not looked at again would be dead for good
            self._outbox.flush()
            self._pace()

    def close(self) -> None:
        """Idempotent. Sends what is still kept."""
        if self._pause is not None:
            self._pause.cancel()
        if self._sock.fileno() >= 0:
            self._loop.remove_reader(self._sock)
            self._outbox.flush()

    def _pace(self) -> None:
        """Watch the socket, or look again in a moment: whichever costs less at the present rate.

        Not in a moment but at once while packets are left waiting: on a busy machine a pause is longer than asked for.
        """
        now = self._loop.time()
        elapsed = now - self._counted_at
        busy = self._pause is not None
        if elapsed >= _WINDOW_SECONDS:
            busy = self._taken >= BUSY_PER_SECOND * elapsed
            self._taken = 0
            self._counted_at = now
        if busy:
            if self._pause is None:
                self._loop.remove_reader(self._sock)
            self._pause = self._loop.call_later(0.0 if self._counters.behind else PAUSE_SECONDS, self.wake)
        elif self._pause is not None:
            self._pause = None
            self._loop.add_reader(self._sock, self.wake)


def _warn_if_clamped(sock: socket.socket) -> None:
    granted = sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2  # Linux reports twice what it grants
    if granted < _BUFFER:
        logger.warning("receive buffer clamped to %d of %d bytes; raise net.core.rmem_max", granted, _BUFFER)


def _bind_all(hosts: Sequence[str], port: int) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    try:
        for host in hosts:
            sockets.append(_bind(host, port))
            port = sockets[0].getsockname()[1]
    except OSError as error:
        for sock in sockets:
            sock.close()
        raise ConfigError(f"UDP port {port} cannot be used: {error.strerror or error}") from error
    return sockets


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.setblocking(False)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        sock.setsockopt(socket.SOL_SOCKET, option, _BUFFER)
    try:
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock
