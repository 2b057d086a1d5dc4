"""A TURN client for the check: aioice's, with what it leaves out (permissions alone, IPv6, codes of refusals)."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from aioice import stun
from aioice.turn import TCP_TRANSPORT, UDP_TRANSPORT, TurnClientProtocol, TurnClientTcpProtocol, TurnClientUdpProtocol

from telehealth.turn.addresses import TurnAddress

PATIENCE = 2.0  # seconds for one question
TRIES = 3
SOMEBODY_ELSES = {437, 441}  # RFC 8656 sections 7.2 and 5: this port has an allocation, and of another user
ALLOCATION = 60  # seconds that an allocation of the check may stand when it is not taken back

Peer = tuple[str, int]

# RFC 8656 section 18.10. aioice asks for IPv4 only, so its table of attributes lacks this one.
FAMILY = "REQUESTED-ADDRESS-FAMILY"
IPV6 = 0x02000000
_ROW: stun.AttributeEntry = (0x0017, FAMILY, stun.pack_unsigned, stun.unpack_unsigned)
stun.ATTRIBUTES_BY_NAME.setdefault(FAMILY, _ROW)
stun.ATTRIBUTES_BY_TYPE.setdefault(0x0017, _ROW)


class UnansweredError(Exception):
    """The server, or what lies before it, did not answer in time or at all."""


class _Receiver(asyncio.DatagramProtocol):
    """What comes from peers over one connection, and that it is gone."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[tuple[bytes, Peer]] = asyncio.Queue(64)
        self.gone = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone.set()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        with contextlib.suppress(asyncio.QueueFull):
            self.heard.put_nowait((data, addr))


Open = Callable[[], Awaitable[TurnClientProtocol]]


class Client:
    """One connection to a TURN server. Each method returns 0, or the code of the server's refusal."""

    def __init__(self, opens: Open, protocol: TurnClientProtocol) -> None:
        self._opens = opens
        self._stands = False
        self._relayed: str | None = None
        self._channel = 0x4FFF  # from the end: aioice counts from the beginning
        self._use(protocol)

    def _use(self, protocol: TurnClientProtocol) -> None:
        self._protocol = protocol
        self._receiver = protocol.receiver = _Receiver()

    async def _close(self) -> None:
        """TLS takes its leave before the socket is shut, and the loop may end right after us."""
        self._protocol.transport.close()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._receiver.gone.wait()
        except TimeoutError:
            self._protocol.transport.abort()

    async def allocate(self, *, ipv6: bool = False, tcp: bool = False) -> int:
        """For a while a server remembers who used a UDP port before us: then we come again from another one."""
        attributes = {"LIFETIME": ALLOCATION, "REQUESTED-TRANSPORT": TCP_TRANSPORT if tcp else UDP_TRANSPORT}
        if ipv6:
            attributes[FAMILY] = IPV6
        for tries_left in reversed(range(TRIES)):
            try:
                code = await self._ask(stun.Method.ALLOCATE, dict(attributes))
            except UnansweredError:
                if not tries_left:
                    raise
            else:
                if code not in SOMEBODY_ELSES or not tries_left:
                    break
            await self._close()
            self._use(await self._opens())
        self._stands = self._stands or code == 0
        return code

    @property
    def relayed_address(self) -> str | None:
        """From where this allocation speaks to its peers."""
        return self._relayed

    async def permit(self, peer: Peer) -> int:
        return await self._ask(stun.Method.CREATE_PERMISSION, {"XOR-PEER-ADDRESS": peer})

    async def bind(self, peer: Peer) -> int:
        self._channel -= 1
        return await self._ask(stun.Method.CHANNEL_BIND, {"CHANNEL-NUMBER": self._channel, "XOR-PEER-ADDRESS": peer})

    async def send(self, data: bytes, peer: Peer) -> None:
        """Data without a permission of ours: what a server must drop. No answer is due."""
        attributes = {"XOR-PEER-ADDRESS": peer, "DATA": data}
        message = stun.Message(stun.Method.SEND, stun.Class.INDICATION, attributes=attributes)
        self._protocol.send_stun(message, self._protocol.server)

    async def exchange(self, data: bytes, peer: Peer) -> bytes:
        """Send to the peer, three times if need be, and return what it sent back."""
        for _ in range(3):
            await self._protocol.send_data(data, peer)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    while True:
                        answer, sender = await self._receiver.heard.get()
                        if sender[:2] == peer:
                            return answer
        raise UnansweredError

    async def give_back(self) -> None:
        """Idempotent; the connection is closed whatever happens."""
        try:
            if self._stands and not self._protocol.transport.is_closing():
                self._stands = False
                await self._ask(stun.Method.REFRESH, {"LIFETIME": 0})
        except UnansweredError:
            pass  # it ends by itself after ALLOCATION
        finally:
            await self._close()

    async def _ask(self, method: stun.Method, attributes: dict[str, Any]) -> int:
        request = stun.Message(method, stun.Class.REQUEST, attributes=attributes)
        try:
            async with asyncio.timeout(PATIENCE):
                response, _ = await self._protocol.request_with_retry(request)
        except stun.TransactionFailed as refusal:
            return refusal.response.error_code or 500
        except (TimeoutError, stun.TransactionTimeout, OSError):
            raise UnansweredError from None
        if "XOR-RELAYED-ADDRESS" in response.attributes:
            self._relayed = response.attributes["XOR-RELAYED-ADDRESS"][0]
        return 0


@contextlib.asynccontextmanager
async def connected(
    address: TurnAddress, username: str, password: str, context: ssl.SSLContext | None = None
) -> AsyncIterator[Client]:
    """A connection as the address says: UDP, TCP or TLS. Raises UnansweredError where nobody takes it."""

    async def opens() -> TurnClientProtocol:
        return await _open(address, username, password, context)

    client = Client(opens, await opens())
    try:
        yield client
    finally:
        await client.give_back()


async def _open(
    address: TurnAddress, username: str, password: str, context: ssl.SSLContext | None
) -> TurnClientProtocol:
    loop = asyncio.get_running_loop()
    server = (address.host, address.port)
    options: dict[str, Any] = {"lifetime": ALLOCATION, "channel_refresh_time": ALLOCATION}
    protocol: TurnClientProtocol
    try:
        async with asyncio.timeout(PATIENCE):
            if address.transport == "udp":
                _, protocol = await loop.create_datagram_endpoint(
                    lambda: TurnClientUdpProtocol(server, username, password, **options), remote_addr=server
                )
            else:
                tls = (context or ssl.create_default_context()) if address.tls else None
                _, protocol = await loop.create_connection(
                    lambda: TurnClientTcpProtocol(server, username, password, **options), *server, ssl=tls
                )
    except (OSError, TimeoutError) as error:
        raise UnansweredError(str(error) or "no answer") from None
    return protocol
