"""A relay on another machine: the web's links over TLS, with the pinned certificate and the shared secret, or none."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from relay.config import Config, TlsControl
from relay.doors import TlsDoor
from relay.server import Relay
from signaling import fleet, lifespan
from signaling.addresses import read_relays
from tests.integration.signaling.house import PATIENCE, Visit, do
from tests.relay.test_doors import SECRET, make_certificate

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


class FarRelay(Relay):
    """A real relay behind a TLS door; `refused` is set when somebody proved nothing there."""

    def __init__(self, certificate: tuple[Path, Path]) -> None:
        super().__init__(Config(("127.0.0.1",), ("127.0.0.1",), 0, TlsControl("127.0.0.1", 0, *certificate, SECRET)))
        assert isinstance(self.door, TlsDoor)
        self.tls = self.door
        self.refused = asyncio.Event()
        self.tls._refused = self.refused.set  # type: ignore[method-assign]

    async def is_refused(self) -> bool:
        async with asyncio.timeout(PATIENCE):
            return await self.refused.wait()


@pytest.fixture
async def far(certificate: tuple[Path, Path], settings: Any) -> AsyncIterator[FarRelay]:
    async with FarRelay(certificate) as far:
        settings.RELAYS = read_relays(f"far=tls://127.0.0.1:{far.tls.port}")
        settings.RELAY_SECRET, settings.RELAY_TLS_CA = SECRET, str(certificate[0])
        yield far
        await lifespan.shutdown()


async def test_visit_has_media_over_a_relay_of_another_machine(far: FarRelay, visit: Visit, app: Any) -> None:
    await lifespan.startup()
    await do(visit.arrive)
    page = await visit.patient_page(app).enter()
    if not fleet.serves(""):
        await page.hear("relay", lambda message: message["state"] == "ready")
    await page.say("connect")
    assert "a=ice-lite" in (await page.hear("offer"))["sdp"]
    assert list(far.board.rooms) == [visit.room]
    assert lifespan.relay_states() == {"far": "ready"}


async def test_web_with_another_secret_gets_no_link(far: FarRelay, settings: Any, transactional_db: None) -> None:
    settings.RELAY_SECRET = SECRET[::-1]
    await lifespan.startup()
    assert await far.is_refused()
    assert lifespan.relay_states() == {"far": "lost"}


async def test_web_that_pins_another_certificate_tells_its_secret_to_nobody(
    far: FarRelay, settings: Any, tmp_path: Path, transactional_db: None
) -> None:
    settings.RELAY_TLS_CA = str((await asyncio.to_thread(make_certificate, tmp_path))[0])
    await lifespan.startup()
    assert await far.is_refused()
    assert lifespan.relay_states() == {"far": "lost"}
    assert far.control.open == set()


async def test_certificate_of_another_host_is_not_taken(far: FarRelay, settings: Any, transactional_db: None) -> None:
    settings.RELAYS = read_relays(f"far=tls://localhost:{far.tls.port}")  # the certificate names 127.0.0.1
    await lifespan.startup()
    assert await far.is_refused()
    assert lifespan.relay_states() == {"far": "lost"}
