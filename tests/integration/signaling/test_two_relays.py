"""Two real relays behind the real server, and people with real media: a kill, a drain, and a new web process."""

import asyncio
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest

from consults.models import Encounter
from signaling import fleet
from signaling.addresses import RelayAddress
from signaling.relay_link import RelayLink
from tests.integration.signaling.house import Visit, Wire, do
from tests.integration.signaling.served import Client, Served, patient_address, start_relay
from tests.relay.peer import Peer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

NAMES = ("relay-1", "relay-2")


class Caller:
    """A patient's page: its socket, and its media connection."""

    def __init__(self, visit: Visit, client: Client) -> None:
        self.visit = visit
        self.client = client
        self.peer: Peer | None = None
        self.offer: Wire = {}

    async def connect(self) -> None:
        """A fresh media connection, until it stands."""
        former, self.peer = self.peer, await Peer().open()
        await self.client.say("connect")
        self.offer = await self.client.hear("offer")
        self.peer.take(self.offer)
        await self.answer()
        await self.peer.check()
        assert await self.peer.handshake() == "connected"
        await self.client.hear("media-state", connection=self.offer["connection"], state="connected")
        if former is not None:
            await former.close()

    async def answer(self) -> None:
        assert self.peer is not None
        about = {name: self.offer[name] for name in ("connection", "offer")}
        await self.client.say("answer", **about, sdp=self.peer.answer())


@pytest.fixture
def linked(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Waits until this process has a link to both relays."""
    names: set[str] = set()
    all_there = threading.Event()
    welcome = RelayLink._welcome

    def heard(link: RelayLink, relay: str, beat: int) -> None:
        welcome(link, relay, beat)
        names.add(link.name)
        if names >= set(NAMES):
            all_there.set()

    monkeypatch.setattr(RelayLink, "_welcome", heard)
    return lambda: None if all_there.wait(20) else pytest.fail("the relays were not linked")


@pytest.fixture
def relays(control: Path) -> Iterator[dict[str, Popen[bytes]]]:
    running = {name: start_relay(control.parent / f"{name}.sock") for name in NAMES}
    yield running
    for process in running.values():
        process.kill()
        process.wait()


@pytest.fixture
def both(
    visit: Visit, control: Path, settings: Any, relays: dict[str, Popen[bytes]], linked: Callable[[], None]
) -> Iterator[Served]:
    """The server, linked to both relays."""
    settings.RELAYS = tuple(RelayAddress(name, path=control.parent / f"{name}.sock") for name in NAMES)
    served = Served()
    served.thread.start()
    try:
        linked()
        yield served
    finally:
        served.stop()


@pytest.fixture
async def callers(both: Served, visit: Visit, clients: Any) -> AsyncIterator[Callable[[int], Any]]:
    """Patients that wait in visits of their own, all with media on the first relay."""
    made: list[Caller] = []

    async def call(count: int) -> list[Caller]:
        for visit_of_one in [visit, *[await do(Visit.booked) for _ in range(count - 1)]]:
            await do(visit_of_one.arrive)
            await do(visit_of_one.place, NAMES[0])
            caller = Caller(visit_of_one, await clients(patient_address(both, visit_of_one)))
            made.append(caller)
            await caller.client.hello()
            await caller.connect()
        return made

    yield call
    for caller in made:
        if caller.peer is not None:
            await caller.peer.close()


def relay_of(visit: Visit) -> str:
    return Encounter.objects.get(pk=visit.encounter.pk).relay


async def test_killed_relay_leaves_its_visits_to_the_other(callers: Any, relays: dict[str, Popen[bytes]]) -> None:
    two = await callers(2)
    began = time.monotonic()
    relays[NAMES[0]].kill()
    for caller in two:
        await caller.client.hear("relay", state="lost")
        await caller.client.hear("relay", state="moved")
        await caller.connect()
        assert await do(relay_of, caller.visit) == NAMES[1]
    assert time.monotonic() - began > 3.0  # its supervisor had its chance to bring it back


async def test_drain_moves_three_visits_one_by_one_and_the_relay_ends_well(
    callers: Any, relays: dict[str, Popen[bytes]]
) -> None:
    three = await callers(3)
    order: list[str] = []

    async def follow(caller: Caller) -> None:
        await caller.client.hear("relay", state="moved")
        order.append("moved")
        await caller.connect()
        order.append("connected")

    following = asyncio.gather(*(follow(caller) for caller in three))
    relays[NAMES[0]].send_signal(signal.SIGTERM)
    await following
    async with asyncio.timeout(30):
        assert await asyncio.to_thread(relays[NAMES[0]].wait) == 0
    # The next goes when the former's media stands, which its page may hear a moment after. All at once would be three.
    on_the_way = [order[: index + 1].count("moved") - order[:index].count("connected") for index in range(len(order))]
    assert max(on_the_way) <= 2
    for caller in three:
        assert [m for m in caller.client.heard if m["type"] == "relay"] == [{"type": "relay", "state": "moved"}]
        assert await do(relay_of, caller.visit) == NAMES[1]


async def test_new_web_process_finds_the_media_where_it_was(
    callers: Any, both: Served, relays: dict[str, Popen[bytes]], clients: Any, settings: Any
) -> None:
    [caller] = await callers(1)
    await asyncio.to_thread(both.stop)
    assert fleet.current() is None
    served = Served()
    served.thread.start()
    try:
        assert caller.peer is not None
        caller.client = await clients(patient_address(served, caller.visit))
        await caller.client.hello()
        # The same tab, the same connection: the relay that has it makes the offer, over the link of the new process.
        await caller.client.say("restart-ice", connection=caller.offer["connection"])
        offer = await caller.client.hear("offer", connection=caller.offer["connection"])
        assert offer["offer"] > caller.offer["offer"]
        caller.peer.take(offer)
        caller.offer = offer
        await caller.answer()
        await caller.peer.check()
        assert [m for m in caller.client.heard if m["type"] == "error"] == []
        assert await do(relay_of, caller.visit) == NAMES[0]
    finally:
        await asyncio.to_thread(served.stop)
