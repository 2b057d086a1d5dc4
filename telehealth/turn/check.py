"""What `check_turn` finds out: that the path to the relay is open and all else is shut. It prints nothing."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from core.ids import new_uuid
from signaling.addresses import RelayAddress
from signaling.relay_link import Trust
from signaling.turn import credentials
from telehealth.turn.addresses import TurnAddress
from telehealth.turn.borrowed import IceEnd, NoRelayError, borrowed_seat
from telehealth.turn.client import Client, Peer, UnansweredError, connected
from telehealth.turn.targets import FORBIDDEN

QUOTA = 10
REFUSED, UNAUTHORIZED, NO_IPV6, NO_TRANSPORT, OTHER_FAMILY, NO_MORE = 403, 401, 440, 442, 443, 486
CREDENTIALS_LAST = 120  # seconds: longer than the check
EXPIRED_SECONDS = 30  # ago: coturn looks at a clock of its own, which lags behind on a busy machine


@dataclass(frozen=True)
class Finding:
    """One line of the report. `note` is neither good nor bad, but somebody should know it."""

    ok: bool
    sentence: str
    note: bool = False


@dataclass
class TurnCheck:
    """`tries` is how many allocations one user attempts."""

    addresses: tuple[TurnAddress, ...]
    secret: str
    relays: tuple[RelayAddress, ...]
    trust: Trust | None = None
    certificates: ssl.SSLContext | None = None
    tries: int = 30
    _relays_at: set[str] = field(default_factory=set)

    async def findings(self) -> AsyncIterator[Finding]:
        """Every finding, as it is made; one address after another."""
        parts = (self._paths, self._other_ports, self._shut_doors, self._wrong_credentials, self._quota)
        for address in self.addresses:
            try:
                for part in parts:
                    async for finding in part(address):
                        yield finding
            except UnansweredError:
                yield Finding(False, f"{address.url}: no answer. Is the port open, and the certificate right?")

    def _connected(self, address: TurnAddress, name: str = "") -> contextlib.AbstractAsyncContextManager[Client]:
        expires_at = int(time.time()) + CREDENTIALS_LAST
        username, password = credentials(name or str(new_uuid()), secret=self.secret, expires_at=expires_at)
        return connected(address, username, password, self.certificates)

    # --- open: the relay ---

    async def _paths(self, address: TurnAddress) -> AsyncIterator[Finding]:
        for relay in self.relays:
            try:
                async with borrowed_seat(relay, self.trust) as end:
                    for peer in end.addresses:
                        self._relays_at.add(peer[0])
                        yield await self._path(address, relay, end, peer)
                    if not end.addresses:
                        yield Finding(False, f"{relay.name} announces loopback only: nobody else can reach it.")
            except NoRelayError as error:
                yield Finding(False, f"{relay.name} did not give {error}. Is it running?")

    async def _path(self, address: TurnAddress, relay: RelayAddress, end: IceEnd, peer: Peer) -> Finding:
        where = f"{relay.name} at {peer[0]} port {peer[1]}"
        is_ipv6 = ":" in peer[0]
        async with self._connected(address) as client:
            code = await client.allocate(ipv6=is_ipv6)
            if code == NO_IPV6:
                return Finding(True, f"{address.url}: relays no IPv6, so it does not reach {where}.", note=True)
            code = code or await client.permit(peer)
            if code:
                return Finding(False, f"{address.url}: the way to {where} is refused ({code}). {_advice(code)}")
            request, asked_at = end.check(), time.perf_counter()
            try:
                answer = await client.exchange(bytes(request), peer)
            except UnansweredError:
                return Finding(False, f"{address.url}: {where} does not answer. Does a firewall stand between them?")
            took = (time.perf_counter() - asked_at) * 1000
            if not end.is_answer(request, answer):
                return Finding(False, f"{address.url}: somebody else answers for {where}.")
            return Finding(True, f"{address.url}: {where} answers a check in {took:.0f} ms.")

    # --- shut: everything else ---

    async def _shut_doors(self, address: TurnAddress) -> AsyncIterator[Finding]:
        for is_ipv6 in (False, True):
            async with self._connected(address) as client:
                code = await client.allocate(ipv6=is_ipv6)
                if code == NO_IPV6:
                    yield Finding(True, f"{address.url}: relays no IPv6 at all.")
                    continue
                if code:
                    yield Finding(False, f"{address.url}: no allocation ({code}). {_advice(code)}")
                    continue
                targets = [*FORBIDDEN, *self._own_address(client)]
                open_doors = await _open_doors(client, targets)
            family = "IPv6" if is_ipv6 else "IPv4"
            for what, peer in open_doors:
                yield Finding(False, f"{address.url}: passes on to {peer[0]}, {what}. Look at denied-peer-ip.")
            if not open_doors:
                yield Finding(True, f"{address.url}: sends nothing to {len(targets)} forbidden addresses ({family}).")
        async with self._connected(address) as client:
            code = await client.allocate(tcp=True)
        is_refused = code == NO_TRANSPORT
        yield Finding(is_refused, f"{address.url}: relaying TCP is {'refused' if is_refused else f'not ({code})'}.")

    def _own_address(self, client: Client) -> list[tuple[str, Peer]]:
        own = client.relayed_address
        return [] if own is None or own in self._relays_at else [("the TURN server itself", (own, 80))]

    async def _other_ports(self, address: TurnAddress) -> AsyncIterator[Finding]:
        """coturn knows addresses, not ports. What is left open is found where the relay's address is this machine's."""
        for host in sorted(self._relays_at):
            async with _listener(host) as port:
                if port is None:
                    continue
                async with self._connected(address) as client:
                    if await client.allocate(ipv6=":" in host) or await client.permit((host, port)):
                        continue
                    with contextlib.suppress(UnansweredError):
                        await client.exchange(b"is this port open?", (host, port))
                        yield Finding(
                            True,
                            f"{address.url}: other UDP ports of {host} can be reached too. "
                            "The firewall lines of docs/networks.md close them.",
                            note=True,
                        )

    # --- who may use it ---

    async def _wrong_credentials(self, address: TurnAddress) -> AsyncIterator[Finding]:
        present, name = int(time.time()), str(new_uuid())
        good = present + CREDENTIALS_LAST
        username, password = credentials(name, secret=self.secret, expires_at=good)
        attempts = {
            "no credentials": ("", ""),
            "expired credentials": credentials(name, secret=self.secret, expires_at=present - EXPIRED_SECONDS),
            "credentials made with another secret": credentials(name, secret=self.secret[::-1] + "x", expires_at=good),
            "another seat's password": (f"{good}:{new_uuid()}", password),
            "expired credentials, used again with a later date": (f"{good + 3600}:{name}", password),
            "a user name without a date": (name, password),
        }
        for what, (user, secret) in attempts.items():
            async with connected(address, user, secret, self.certificates) as client:
                code = await client.allocate()
            sentence = f"refused ({code})" if code else "TAKEN"
            yield Finding(code == UNAUTHORIZED, f"{address.url}: {what}: {sentence}.")
        async with connected(address, username, password, self.certificates) as client:
            code = await client.allocate()
        yield Finding(code == 0, f"{address.url}: right credentials: {'taken' if code == 0 else f'refused ({code})'}.")

    async def _quota(self, address: TurnAddress) -> AsyncIterator[Finding]:
        name = str(new_uuid())
        async with contextlib.AsyncExitStack() as stack:
            codes = [
                await (await stack.enter_async_context(self._connected(address, name))).allocate()
                for _ in range(self.tries)
            ]
        granted, refusals = codes.count(0), set(codes) - {0}
        is_right = 0 < granted <= QUOTA and refusals == {NO_MORE}
        rest = f", the others refused ({', '.join(map(str, sorted(refusals)))})" if refusals else ""
        yield Finding(is_right, f"{address.url}: of {self.tries} allocations of one seat {granted} are granted{rest}.")


async def _open_doors(client: Client, targets: list[tuple[str, Peer]]) -> list[tuple[str, Peer]]:
    """Those that the server would send to: by a permission, or by a channel."""

    async def is_open(peer: Peer) -> bool:
        codes = {await client.permit(peer), await client.bind(peer)}
        return not codes <= {REFUSED, OTHER_FAMILY}

    answers = await asyncio.gather(*(is_open(peer) for _, peer in targets))
    return [target for target, answer in zip(targets, answers, strict=True) if answer]


class _Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._transport.sendto(data, addr)


@contextlib.asynccontextmanager
async def _listener(host: str) -> AsyncIterator[int | None]:
    """A port of this machine that answers at that address; None where the address is another machine's."""
    try:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(_Echo, local_addr=(host, 0))
    except OSError:
        yield None
        return
    try:
        yield int(transport.get_extra_info("sockname")[1])
    finally:
        transport.close()


def _advice(code: int) -> str:
    advice = {
        UNAUTHORIZED: "TURN_SECRET and static-auth-secret must be the same, and both clocks right.",
        REFUSED: "Name this address as allowed-peer-ip.",
        NO_MORE: "The server is full: see total-quota and the ports of min-port to max-port.",
    }
    return advice.get(code, "See the server's log.")
