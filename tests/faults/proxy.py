"""The fault proxy itself: UDP sockets between clients and the relay, and the commands. What a line does is `core.py`.

A client sends to `proxy.address` as if it were the relay. Towards the relay each client has a socket of its own, as
behind a NAT; `rebind` exchanges it for one with another port and forgets the old one, as a NAT that lost its table.
"""

import asyncio
import heapq
import itertools
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self

from tests.faults.core import Faults, Line, Streams

Address = tuple[str, int]
_DATAGRAM = 2048
_MAX_CLIENTS = 256
_SILENT_SECONDS = 30.0


@dataclass(eq=False, slots=True)
class Client:
    """One client's line: its two directions, and where it comes out towards the relay."""

    number: int
    address: Address
    up: Line
    down: Line
    upstream: socket.socket
    heard_at: float
    name: str = ""  # the relay's user fragment in its last connectivity check: says which seat it is
    former: list[int] = field(default_factory=list)  # upstream ports before rebinding

    @property
    def port(self) -> int:
        """The source port that the relay sees."""
        return int(self.upstream.getsockname()[1])


class FaultProxy:
    """`async with FaultProxy(relay_address, seed=1) as proxy` runs it; `up` is towards the relay."""

    def __init__(
        self, to: Address, *, seed: int = 0, listen: Address = ("127.0.0.1", 0), up: Faults | None = None,
        down: Faults | None = None,
    ) -> None:  # fmt: skip
        self._to = to
        self._seed = seed
        self._listen = listen
        self._up = up or Faults()
        self._down = down or Faults()
        self._waiting: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._numbers = itertools.count()
        self._timer: asyncio.TimerHandle | None = None
        self._socket: socket.socket | None = None
        self.clients: dict[Address, Client] = {}
        self.streams = Streams()

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._socket = _bound(self._listen)
        self._loop.add_reader(self._socket, self._from_clients)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Idempotent. What still waits is lost."""
        if self._timer is not None:
            self._timer.cancel()
        self._waiting.clear()
        for client in self.clients.values():
            self._let_go(client.upstream)
        self.clients.clear()
        if self._socket is not None:
            self._let_go(self._socket)
            self._socket = None

    @property
    def address(self) -> Address:
        """Where clients send to instead of the relay."""
        assert self._socket is not None
        host, port = self._socket.getsockname()[:2]
        return host, port

    def client(self, name: str) -> Client:
        """The client by the user fragment that the relay gave its seat (`a=ice-ufrag` of the offer)."""
        return next(client for client in reversed(self.clients.values()) if client.name == name)

    # -- commands

    def set(self, *, up: Faults | None = None, down: Faults | None = None, client: Client | None = None) -> None:
        """New faults for one client, or for all that are there and will come. Packets under way keep their time."""
        if client is None:
            self._up, self._down = up or self._up, down or self._down
        for one in (client,) if client is not None else tuple(self.clients.values()):
            one.up.faults = up or one.up.faults
            one.down.faults = down or one.down.faults

    def blackout(self, dark: bool, client: Client | None = None) -> None:
        """Nothing passes in either direction from now on, or everything does again."""
        if client is None:
            self._up, self._down = self._up.but(blackout=dark), self._down.but(blackout=dark)
        for one in (client,) if client is not None else tuple(self.clients.values()):
            one.up.faults = one.up.faults.but(blackout=dark)
            one.down.faults = one.down.faults.but(blackout=dark)

    def rebind(self, client: Client | None = None) -> None:
        """The client (or each) comes out of another port from now on; what is sent to the old one is lost."""
        for one in (client,) if client is not None else tuple(self.clients.values()):
            former = one.upstream
            # Bound before the old one is closed, so that the port is another one for certain.
            one.upstream = self._open_upstream(one)
            one.former.append(int(former.getsockname()[1]))
            self._let_go(former)

    # -- packets

    def _from_clients(self) -> None:
        sock = self._socket
        while sock is not None and (found := _receive(sock)) is not None:
            data, address = found
            client = self.clients.get(address) or self._new_client(address)
            if client is None:
                continue
            client.name = user_fragment(data) or client.name
            client.heard_at = now = self._loop.time()
            for at in client.up.schedule(len(data), now):
                self._at(at, partial(self._to_relay, client, data))

    def _from_relay(self, client: Client, sock: socket.socket) -> None:
        while (found := _receive(sock)) is not None:
            data, address = found
            if address != self._to or self._socket is None:
                continue
            for at in client.down.schedule(len(data), self._loop.time()):
                self._at(at, partial(self._to_client, client, data))

    def _to_relay(self, client: Client, data: bytes) -> None:
        self.streams.saw("up", data, self._loop.time())
        _send(client.upstream, data, self._to)

    def _to_client(self, client: Client, data: bytes) -> None:
        self.streams.saw("down", data, self._loop.time())
        _send(self._socket, data, client.address)

    def _new_client(self, address: Address) -> Client | None:
        now = self._loop.time()
        if len(self.clients) >= _MAX_CLIENTS and not self._forget_silent(now):
            return None
        number = next(self._numbers)
        client = Client(
            number,
            address,
            Line(self._up, f"{self._seed} up {number}"),
            Line(self._down, f"{self._seed} down {number}"),
            _bound((self._listen[0], 0)),
            heard_at=now,
        )
        self._watch(client, client.upstream)
        self.clients[address] = client
        return client

    def _forget_silent(self, now: float) -> bool:
        """Make room for one more, at the cost of whoever has been silent longest: a browser that went away."""
        silent = min(self.clients.values(), key=lambda client: client.heard_at)
        if now - silent.heard_at < _SILENT_SECONDS:
            return False
        self._let_go(self.clients.pop(silent.address).upstream)
        return True

    def _open_upstream(self, client: Client) -> socket.socket:
        sock = _bound((self._listen[0], 0))
        self._watch(client, sock)
        return sock

    def _watch(self, client: Client, sock: socket.socket) -> None:
        self._loop.add_reader(sock, self._from_relay, client, sock)

    def _let_go(self, sock: socket.socket) -> None:
        self._loop.remove_reader(sock)
        sock.close()

    # -- time

    def _at(self, when: float, action: Callable[[], None]) -> None:
        if when <= self._loop.time() and not self._waiting:
            action()
            return
        heapq.heappush(self._waiting, (when, next(self._order), action))
        self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._waiting[0][0], self._due) if self._waiting else None

    def _due(self) -> None:
        now = self._loop.time()
        while self._waiting and self._waiting[0][0] <= now:
            heapq.heappop(self._waiting)[2]()
        self._arm()


def user_fragment(data: bytes) -> str:
    """The part before the colon of a STUN request's USERNAME: the receiver's user fragment. Empty for all else."""
    if len(data) < 28 or data[:2] != b"\x00\x01" or data[4:8] != b"\x21\x12\xa4\x42":
        return ""
    at = 20
    while at + 4 <= len(data):
        kind, length = data[at : at + 2], int.from_bytes(data[at + 2 : at + 4], "big")
        name, colon, _ = data[at + 4 : at + 4 + length].partition(b":")
        if kind == b"\x00\x06":
            return name.decode("ascii", "replace") if colon else ""
        at += 4 + length + (-length & 3)
    return ""


def _bound(address: Address) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    sock.bind(address)
    return sock


def _receive(sock: socket.socket) -> tuple[bytes, Address] | None:
    while sock.fileno() >= 0:
        try:
            data, address = sock.recvfrom(_DATAGRAM)
        except (BlockingIOError, InterruptedError):
            return None
        except OSError:  # an ICMP error of an earlier send
            continue
        return data, (address[0], address[1])
    return None


def _send(sock: socket.socket | None, data: bytes, to: Any) -> None:
    if sock is None or sock.fileno() < 0:
        return
    try:
        sock.sendto(data, to)
    except OSError:  # full or unreachable: lost, as on any line
        return
