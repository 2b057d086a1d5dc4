"""A database that was put back to an earlier state, under a relay that goes on: desired state holds again by itself."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from consults.models import Encounter, Seat
from relay.config import Config
from relay.server import Relay
from signaling.fleet import RelayFleet
from tests.integration.signaling.house import Page, Visit, do
from tests.relay.peer import Changes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


class WatchedRelay(Relay):
    """A relay that the test can look into, again at each of its turns."""

    def __init__(self, control: Path) -> None:
        super().__init__(Config(("127.0.0.1",), ("127.0.0.1",), 0, control))
        self.changes = Changes()

    def _turn(self, count: int) -> None:
        super()._turn(count)
        self.changes.tell()


@pytest.fixture
async def real(control: Path) -> AsyncIterator[WatchedRelay]:
    async with WatchedRelay(control) as real:
        yield real


async def connected(visit: Visit, app: Any) -> Page:
    await do(visit.begin)
    page = await visit.patient_page(app).enter()
    await page.say("connect")
    await page.hear("offer")
    return page


def put_back(visit: Visit, **fields: Any) -> None:
    Encounter.objects.filter(pk=visit.encounter.pk).update(room_version=1, **fields)


async def test_visit_that_ends_after_the_database_was_put_back_ends_at_the_relay(
    visit: Visit, app: Any, real: WatchedRelay, link: RelayFleet
) -> None:
    await real.changes.until(lambda: link.serves(""))
    await connected(visit, app)
    assert real.board.rooms[visit.room].version > 3
    await do(put_back, visit)
    await do(visit.finish)
    await real.changes.until(lambda: visit.room not in real.board.rooms)


async def test_visit_that_had_ended_opens_again_when_the_database_says_so(
    visit: Visit, app: Any, real: WatchedRelay, link: RelayFleet
) -> None:
    await real.changes.until(lambda: link.serves(""))
    page = await connected(visit, app)
    await do(visit.finish)
    await real.changes.until(lambda: visit.room not in real.board.rooms)
    assert await page.closed() == 4004
    await do(put_back, visit, status="in-progress", ended_at=None)
    await do(lambda: Seat.objects.filter(encounter=visit.encounter).update(left_at=None))
    link.look()
    await real.changes.until(lambda: visit.room in real.board.rooms)
    again = await visit.patient_page(app).enter()
    await again.say("connect")
    await again.hear("offer")
