"""Fixtures of the TURN tests: a coturn from the shipped file, and a relay behind it."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from signaling.addresses import read_relays
from tests.turn import servers
from tests.turn.servers import SECRET, Turn


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """These start servers: `./run test fast` leaves them out."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short, because a Unix socket lies in it, and open to the user that coturn becomes."""
    with tempfile.TemporaryDirectory(prefix="hc-turn-", dir="/tmp") as made:
        yield Path(made)


@pytest.fixture
def relay(folder: Path) -> Iterator[Path]:
    with servers.relay_process(folder, servers.primary_address()) as control:
        yield control


@pytest.fixture
def turn(folder: Path) -> Iterator[Turn]:
    with servers.turnserver(folder, relay_at=servers.primary_address()) as turn:
        yield turn


@pytest.fixture
def told(settings: Any, relay: Path) -> Any:
    """The settings of a clinic that has this relay; `told.urls` names its TURN server."""
    settings.RELAYS = read_relays(f"relay-1=unix:{relay}")
    settings.TURN_SECRET = SECRET
    return settings
