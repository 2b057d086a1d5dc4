"""The fault proxy on real sockets: who is who, rebinding, blackout, delay, and the command line."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import pytest

from tests.architecture.sources import ROOT
from tests.faults.core import Faults
from tests.faults.process import BadLine
from tests.faults.proxy import Address, FaultProxy, user_fragment
from tests.relay.peer import PATIENCE, Changes, Peer

LOOPBACK = ("127.0.0.1", 0)


class End(asyncio.DatagramProtocol):
    """One end of the line: keeps what came and from where."""

    def __init__(self) -> None:
        self.came: list[tuple[bytes, Address]] = []
        self.changes = Changes()

    async def open(self) -> "End":
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        return self

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    @property
    def address(self) -> Address:
        name: Address = self.transport.get_extra_info("sockname")
        return name

    def datagram_received(self, data: bytes, address: Any) -> None:
        self.came.append((data, address))
        self.changes.tell()

    async def heard(self, count: int) -> list[bytes]:
        await self.changes.until(lambda: len(self.came) >= count)
        return [data for data, _ in self.came]


async def turns_until(done: Callable[[], Any]) -> None:
    """Let the proxy, which runs in this loop, take its turns."""
    async with asyncio.timeout(PATIENCE):
        while not done():  # noqa: ASYNC110
            await asyncio.sleep(0)


@pytest.fixture
async def relay() -> AsyncIterator[End]:
    end = await End().open()
    yield end
    end.transport.close()


@pytest.fixture
async def ends() -> AsyncIterator[list[End]]:
    both = [await End().open(), await End().open()]
    yield both
    for end in both:
        end.transport.close()


async def test_clients_keep_apart(relay: End, ends: list[End]) -> None:
    async with FaultProxy(relay.address) as proxy:
        for number, end in enumerate(ends):
            end.transport.sendto(b"from %d" % number, proxy.address)
            await relay.heard(number + 1)
        sources = [source for _, source in relay.came]
        assert len(set(sources)) == 2
        for number, source in enumerate(sources):
            relay.transport.sendto(b"to %d" % number, source)
        for number, end in enumerate(ends):
            assert await end.heard(1) == [b"to %d" % number]
            assert end.came[0][1] == proxy.address


async def test_rebinding_changes_the_port_and_loses_what_goes_to_the_old_one(relay: End, ends: list[End]) -> None:
    async with FaultProxy(relay.address) as proxy:
        ends[0].transport.sendto(b"before", proxy.address)
        await relay.heard(1)
        proxy.rebind(proxy.clients[ends[0].address])
        relay.transport.sendto(b"to the old port", relay.came[0][1])
        ends[0].transport.sendto(b"after", proxy.address)
        await relay.heard(2)
        assert relay.came[0][1] != relay.came[1][1]
        assert proxy.clients[ends[0].address].former == [relay.came[0][1][1]]
        relay.transport.sendto(b"to the new port", relay.came[1][1])
        assert await ends[0].heard(1) == [b"to the new port"]


async def test_blackout_stops_both_ways_until_it_ends(relay: End, ends: list[End]) -> None:
    client = ends[0]
    async with FaultProxy(relay.address) as proxy:
        client.transport.sendto(b"1", proxy.address)
        await relay.heard(1)
        proxy.blackout(True)
        counts = proxy.clients[client.address]
        client.transport.sendto(b"2", proxy.address)
        relay.transport.sendto(b"down", relay.came[0][1])
        await turns_until(lambda: counts.down.counts.blacked_out + counts.up.counts.blacked_out == 2)
        proxy.blackout(False)
        client.transport.sendto(b"3", proxy.address)
        assert await relay.heard(2) == [b"1", b"3"]
        assert client.came == []


async def test_delay_is_kept_and_direction_of_its_own(relay: End, ends: list[End]) -> None:
    loop = asyncio.get_running_loop()
    async with FaultProxy(relay.address, up=Faults(delay=0.05)) as proxy:
        started_at = loop.time()
        ends[0].transport.sendto(b"late", proxy.address)
        await relay.heard(1)
        assert loop.time() - started_at >= 0.05
        relay.transport.sendto(b"back", relay.came[0][1])
        assert await ends[0].heard(1) == [b"back"]
        client = proxy.clients[ends[0].address]
        assert (client.up.faults.delay, client.down.faults.delay) == (0.05, 0.0)


async def test_closing_lets_go_of_every_socket_and_timer(relay: End, ends: list[End]) -> None:
    proxy = FaultProxy(relay.address, up=Faults(delay=60.0))
    async with proxy:
        ends[0].transport.sendto(b"never", proxy.address)
        await turns_until(lambda: proxy.clients)
        upstream = proxy.clients[ends[0].address].upstream
    proxy.close()
    assert upstream.fileno() == -1
    assert relay.came == []


def test_client_is_known_by_the_seat_it_checks() -> None:
    peer = Peer()
    peer.credentials = ("0123456789abcdef", "x" * 32)
    check = bytes(peer.request())
    assert user_fragment(check) == "0123456789abcdef"
    assert user_fragment(check[:30]) == user_fragment(b"\x80" + check[1:]) == user_fragment(b"") == ""


async def test_command_line_takes_commands_and_ends_with_its_input(relay: End, ends: list[End]) -> None:
    arguments = [f"--to=127.0.0.1:{relay.address[1]}", "--seed=3", "--up=delay=0.001"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults", *arguments, cwd=ROOT,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None

    async def ask(command: str) -> str:
        process.stdin.write(command.encode() + b"\n")  # type: ignore[union-attr]
        return (await process.stdout.readline()).decode().strip()  # type: ignore[union-attr]

    ready = (await process.stdout.readline()).decode().split()
    assert ready[0] == "ready"
    to = ("127.0.0.1", int(ready[1].rpartition(":")[2]))
    ends[0].transport.sendto(b"one", to)
    await relay.heard(1)
    assert [await ask(line) for line in ("rebind", "both loss=1", "heal", "up loss=7", "dance")] == [
        "ok", "ok", "ok", "error loss must be from 0 to 1", "error unknown command",
    ]  # fmt: skip
    ends[0].transport.sendto(b"two", to)
    await relay.heard(2)
    assert relay.came[0][1] != relay.came[1][1]
    assert '"passed": 2' in await ask("counts")
    name = Peer()
    name.credentials = ("fedcba9876543210", "x" * 32)
    ends[1].transport.sendto(bytes(name.request()), to)
    await relay.heard(3)
    assert await ask("@fedcba9876543210 blackout on") == "ok"
    assert await ask("@nobody rebind") == "error nobody has asked for that user fragment"
    ends[1].transport.sendto(b"\x80\x60 into the dark", to)
    ends[0].transport.sendto(b"\x80\x60 media in the light", to)
    await relay.heard(4)
    assert relay.came[3][0].endswith(b"light")
    assert [(each["way"], each["packets"]) for each in json.loads(await ask("gaps"))] == [("up", 1)]
    process.stdin.close()
    assert await process.wait() == 0


def test_bad_line_is_a_proxy_in_a_process_of_its_own() -> None:
    with BadLine(LOOPBACK, LOOPBACK) as line:
        assert line.ask("gaps") == []
        assert line.longest_gaps_ms(111) == []
        with pytest.raises(ValueError, match="there is no fault 'lose'"):
            line.say("up lose=0.5")
        line.say("up loss=0.5")
    with pytest.raises(AssertionError):
        line.say("rebind")
