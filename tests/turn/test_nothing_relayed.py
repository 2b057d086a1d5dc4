"""What a guest of the TURN server sends to this host does not arrive, while the relay's address does."""

import asyncio
import ssl
import time
import uuid
from typing import Any

from signaling.turn import credentials
from telehealth.turn.addresses import parse_turn_url
from telehealth.turn.client import connected
from tests.turn import servers
from tests.turn.servers import SECRET, Turn


class Listener(asyncio.DatagramProtocol):
    """Notes what comes, and answers."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.heard.append(data)
        self.transport.sendto(data, addr)


async def listen(host: str) -> tuple[Listener, int]:
    _, listener = await asyncio.get_running_loop().create_datagram_endpoint(Listener, local_addr=(host, 0))
    return listener, listener.transport.get_extra_info("sockname")[1]


async def test_data_for_this_host_is_dropped_and_for_the_relay_arrives(turn: Turn) -> None:
    loopback, loopback_port = await listen("127.0.0.1")
    relay, relay_port = await listen(servers.primary_address())
    for url in turn.urls[:2]:
        username, password = credentials(str(uuid.uuid4()), secret=SECRET, expires_at=int(time.time()) + 60)
        async with connected(parse_turn_url(url), username, password) as client:
            assert await client.allocate() == 0
            for host in ("127.0.0.1", "0.0.0.0", "127.255.255.254"):
                assert (await client.permit((host, loopback_port)), await client.bind((host, loopback_port))) == (
                    403,
                    403,
                )
                await client.send(b"for this host", (host, loopback_port))
            # The server takes what one client sends in order: once this came back, the others were decided.
            assert await client.exchange(b"for the relay", (servers.primary_address(), relay_port)) == b"for the relay"
    assert (loopback.heard, relay.heard) == ([], [b"for the relay"] * 2)
    for listener in (loopback, relay):
        listener.transport.close()


async def test_credentials_end_with_their_second(turn: Turn) -> None:
    address, name = parse_turn_url(turn.urls[0]), str(uuid.uuid4())
    for expires_at, code in ((int(time.time()) - 1, 401), (int(time.time()) + 60, 0)):
        username, password = credentials(name, secret=SECRET, expires_at=expires_at)
        async with connected(address, username, password) as client:
            assert await client.allocate() == code


async def test_connection_is_gone_when_its_block_ends(turn: Turn) -> None:
    """TLS takes its leave first: a loop that ended before would leave the socket open."""
    trust = ssl.create_default_context(cafile=str(turn.certificate.chain))
    for url in turn.urls:
        async with connected(parse_turn_url(url), "nobody", "nothing", trust) as client:
            line = client._protocol.transport.get_extra_info("socket")
            assert line.fileno() >= 0
        assert line.fileno() == -1
