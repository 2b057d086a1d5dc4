"""The channel layer is away: sockets open all the same, find changes by themselves, and hear hints once it is back."""

from collections.abc import Callable
from typing import Any

import pytest

from signaling.limits import Timing
from telehealth.layers import ThreadSafeInMemoryChannelLayer
from tests.integration.signaling.house import UNLIMITED, Visit, do, sockets

TIMING = Timing(ping_every=60.0, hints_again=0.05)


class Layer(ThreadSafeInMemoryChannelLayer):
    """In memory, and away while `is_away`."""

    is_away = True

    async def new_channel(self, prefix: str = "specific.") -> str:
        self._reach()
        return await super().new_channel(prefix)

    async def group_add(self, group: str, channel: str) -> None:
        self._reach()
        await super().group_add(group, channel)

    async def group_send(self, group: str, message: Any) -> None:
        self._reach()
        await super().group_send(group, message)

    def _reach(self) -> None:
        if self.is_away:
            raise ConnectionError("Redis is away")


@pytest.fixture
def layer(monkeypatch: pytest.MonkeyPatch) -> Layer:
    layer = Layer()
    monkeypatch.setattr("signaling.consumers.base.get_channel_layer", lambda: layer)
    monkeypatch.setattr("consults.hints.get_channel_layer", lambda: layer)
    return layer


def has_status(status: str) -> Callable[[dict[str, Any]], bool]:
    """A page that looks again may find something else first: presence, a place in line."""
    return lambda message: message["visit"]["status"] == status


async def test_socket_opens_without_the_layer_and_finds_changes_by_itself(visit: Visit, layer: Layer) -> None:
    page = await visit.patient_page(sockets(timing=TIMING, limits=UNLIMITED)).enter()
    await do(visit.arrive)
    assert await page.hear("visit", has_status("arrived"))


async def test_socket_hears_hints_once_the_layer_is_back(visit: Visit, layer: Layer) -> None:
    page = await visit.patient_page(sockets(timing=TIMING, limits=UNLIMITED)).enter()
    await do(visit.arrive)
    await page.hear("visit", has_status("arrived"))
    layer.is_away = False
    while f"visit.{visit.encounter.uuid.hex}" not in layer.groups:
        await page.say("ping", n=1)
        await page.hear("pong")
    await do(visit.admit)
    assert await page.hear("visit", has_status("in-progress"))
