"""Fixtures of the socket tests: a visit, an app, a control link with a relay's end on it."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from channels.layers import channel_layers
from django.conf import settings as django_settings
from websockets.asyncio.client import ClientConnection, connect

from signaling import boards, fleet, registry
from signaling.addresses import RelayAddress
from signaling.fleet import RelayFleet
from tests.integration.signaling.house import FarRelay, Page, Visit, signed_in, sockets
from tests.integration.signaling.served import Client, Served


@pytest.fixture(autouse=True)
def own_layer() -> Iterator[None]:
    """A layer belongs to the loop it is used in, and each test has its own loop."""
    channel_layers.backends.clear()
    yield
    channel_layers.backends.clear()


@pytest.fixture(autouse=True)
async def pages() -> AsyncIterator[None]:
    """Closes every page that a test opened, and shows that nothing of it is kept."""
    Page.opened.clear()
    yield
    for page in Page.opened:
        await page.hang_up()
    await boards.close_all()
    assert len(registry.seats) == 0
    assert len(registry.people) == 0


@pytest.fixture
def visit(transactional_db: None) -> Visit:
    return Visit.booked()


@pytest.fixture
def doctor(visit: Visit) -> Any:
    """The doctor's cookies."""
    return signed_in(visit.doctor)


@pytest.fixture
def app() -> Any:
    return sockets()


@pytest.fixture
def control() -> Iterator[Path]:
    # A short path: a Unix socket's may be 107 bytes long at most.
    with tempfile.TemporaryDirectory(prefix="hc-", dir="/tmp") as folder:
        yield Path(folder) / "relay.sock"


@pytest.fixture
async def relay(control: Path) -> AsyncIterator[FarRelay]:
    relay = await FarRelay(control).start("one")
    yield relay
    await relay.stop()


@pytest.fixture
async def link(control: Path, transactional_db: None) -> AsyncIterator[RelayFleet]:
    """This process's links: one, to the relay at `control`."""
    relays = RelayFleet([RelayAddress("relay-1", path=control)])
    fleet.use(relays)
    relays.start()
    yield relays
    fleet.use(None)
    await relays.close()


@pytest.fixture
def served(visit: Visit, control: Path, settings: Any) -> Iterator[Served]:
    settings.RELAYS = (RelayAddress("relay-1", path=control),)
    served = Served()
    served.thread.start()
    yield served
    served.stop()


@pytest.fixture
async def clients() -> AsyncIterator[Any]:
    opened: list[ClientConnection] = []

    async def open_client(address: tuple[str, dict[str, str]]) -> Client:
        uri, headers = address
        connection = await connect(
            uri, origin=django_settings.ORIGINS[0], additional_headers=headers, compression=None, proxy=None
        )
        opened.append(connection)
        return Client(connection)

    yield open_client
    for connection in opened:
        await connection.close()
