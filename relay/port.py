"""The UDP port: one socket per announced address, drained in bounded turns, told apart by first byte (RFC 7983)."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Sequence
from functools import partial

from relay import stun
from relay.errors import ConfigError
from relay.ice import Directory, Send
from relay.peer import Counters
from relay.stun import Address

logger = logging.getLogger(__name__)

_BUFFER = 4 * 1024 * 1024
_TURN = 64  # datagrams taken from one socket before others get their turn
_DATAGRAM = 2048


class Demux:
    """Hands each datagram to its seat, or drops it. Pure but for the clock."""

    def __init__(self, directory: Directory, counters: Counters, clock: Callable[[], float]) -> None:
        self._by_ufrag = directory.by_ufrag
        self._by_address = directory.by_address
        self._counters = counters
        self.clock = clock

    def receive(self, data: bytes, address: Address, number: int, now: float) -> None:
        self._counters.packets_in += 1
        if not data:
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
        self._counters.dropped += 1


class UdpPort:
    """The sockets themselves. Same port number on every address."""

    def __init__(self, hosts: Sequence[str], port: int) -> None:
        self._sockets = _bind_all(hosts, port)
        self.port: int = self._sockets[0].getsockname()[1]
        _warn_if_clamped(self._sockets[0])

    @property
    def senders(self) -> list[Send]:
        return [sock.sendto for sock in self._sockets]

    def start(self, demux: Demux) -> None:
        loop = asyncio.get_running_loop()
        for number, sock in enumerate(self._sockets):
            loop.add_reader(sock, partial(_drain, sock, number, demux))

    def close(self) -> None:
        """Idempotent."""
        for sock in self._sockets:
            if sock.fileno() >= 0:
                asyncio.get_running_loop().remove_reader(sock)
                sock.close()


def _drain(sock: socket.socket, number: int, demux: Demux) -> None:
    now = demux.clock()
    receive = demux.receive
    recvfrom = sock.recvfrom
    for _ in range(_TURN):
        try:
            data, address = recvfrom(_DATAGRAM)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:  # an ICMP error of an earlier send: nothing of ours is lost
            continue
        receive(data, address, number, now)


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
