"""Visits on two relays: where the first connect goes, who is told what, and what moves when one is lost or drains."""

import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from signaling import fleet, lifespan
from signaling.addresses import RelayAddress
from signaling.fleet import RelayFleet
from signaling.registry import Seats
from signaling.relay_link import LinkTiming
from tests.integration.signaling.house import FarRelay, Page, Visit, Wire, do

pytestmark = pytest.mark.django_db(transaction=True)

SOON = LinkTiming(stay=0.2, last_retry=0.1)
NEVER = LinkTiming(stay=3600, last_retry=0.1, settle=3600)


class House:
    """Two relays, the fleet that knows both, and one patient's page per visit."""

    def __init__(self, folder: Path, app: Any) -> None:
        self.one, self.two = FarRelay(folder / "one.sock"), FarRelay(folder / "two.sock")
        self.app = app
        self.fleet: RelayFleet | None = None

    async def open(self, timing: LinkTiming) -> None:
        addresses = [RelayAddress(name, path=relay.control) for name, relay in (("one", self.one), ("two", self.two))]
        self.fleet = RelayFleet(addresses, timing=timing)
        fleet.use(self.fleet)
        self.fleet.start()
        for relay in (self.one, self.two):
            await relay.start(f"life 1 of {relay.control.name}")
            await relay.hear("rooms")

    async def close(self) -> None:
        fleet.use(None)
        if self.fleet is not None:
            await self.fleet.close()
        for relay in (self.one, self.two):
            await relay.stop()

    async def waiting(self, visit: Visit, relay: str = "") -> Page:
        """A patient in the waiting room; the visit on `relay` already, if one is named."""
        await do(visit.arrive)
        if relay:
            await do(visit.place, relay)
        return await visit.patient_page(self.app).enter()

    async def connected(self, page: Page, relay: FarRelay) -> Wire:
        """With media on that relay; returns the wish."""
        await page.say("connect")
        seat = page.heard[0]["seat"]
        wish = await relay.hear("connect", lambda line: line["seat"] == seat)
        await relay.offer(wish)
        await page.hear("offer", lambda m: m["connection"] == wish["connection"])
        await relay.say(type="seat", **{k: wish[k] for k in ("room", "seat", "connection")}, state="connected")
        await page.hear("media-state")
        return wish


@pytest.fixture
async def house(app: Any, transactional_db: None) -> AsyncIterator[House]:
    with tempfile.TemporaryDirectory(prefix="hc-", dir="/tmp") as folder:
        house = House(Path(folder), app)
        yield house
        await house.close()


def report(rooms: dict[str, int], seats: int = 0) -> Wire:
    return {"type": "report", "rooms": rooms, "load": {"seats": seats}}


def about(room: str, **fields: Any) -> Callable[[Wire], bool]:
    """A line of documents with one of this room that has these fields."""
    return lambda line: any(found["room"] == room and found.items() >= fields.items() for found in line["documents"])


def lines_about(relay: FarRelay, room: str) -> list[Wire]:
    return [line for line in relay.lines if line["type"] == "rooms" and about(room)(line)]


# --- where a visit goes ---


async def test_first_connect_goes_to_the_least_loaded_relay_and_nowhere_else(house: House, visit: Visit) -> None:
    await house.open(SOON)
    unknown = str(uuid4())
    await house.one.say(**report({unknown: 1}, seats=6))
    await house.one.hear("rooms", about(unknown, closed=True))  # so the report has been read
    page = await house.waiting(visit)
    await house.connected(page, house.two)
    await house.two.hear("rooms", about(visit.room))
    assert lines_about(house.one, visit.room) == []
    assert lifespan.relay_states() == {"one": "ready", "two": "ready"}


async def test_two_visits_go_to_two_relays_before_either_has_reported(house: House, visit: Visit) -> None:
    await house.open(SOON)
    other = await do(Visit.booked)
    pages = [await house.waiting(visit), await house.waiting(other)]
    await house.connected(pages[0], house.one)
    await house.connected(pages[1], house.two)


async def test_second_person_of_a_visit_goes_where_the_first_is(house: House, visit: Visit, doctor: Any) -> None:
    await house.open(SOON)
    patient = await house.waiting(visit, "two")
    await do(visit.admit)
    page = await visit.doctor_page(house.app, headers=doctor).enter()
    await house.connected(patient, house.two)
    await house.connected(page, house.two)


# --- a relay is lost ---


async def test_visits_of_a_lost_relay_move_and_their_pages_hear_it(house: House, visit: Visit) -> None:
    await house.open(SOON)
    other = await do(Visit.booked)
    pages = [await house.waiting(visit, "one"), await house.waiting(other, "one")]
    wishes = [await house.connected(page, house.one) for page in pages]
    await house.one.stop()
    for page, former in zip(pages, wishes, strict=True):
        assert (await page.hear("relay"))["state"] == "lost"
        assert (await page.hear("relay"))["state"] == "moved"
        wish = await house.connected(page, house.two)
        assert wish["connection"] != former["connection"]
    assert lifespan.relay_states() == {"one": "lost", "two": "ready"}


async def test_visit_stays_when_its_relay_is_back_soon(house: House, visit: Visit) -> None:
    await house.open(NEVER)
    page = await house.waiting(visit, "one")
    await house.connected(page, house.one)
    await house.one.stop()
    assert (await page.hear("relay"))["state"] == "lost"
    await page.say("connect")
    assert (await page.hear("relay"))["state"] == "lost"
    await house.one.start("life 2")
    assert (await page.hear("relay"))["state"] == "ready"
    await house.connected(page, house.one)
    assert lines_about(house.two, visit.room) == []


async def test_visit_that_moved_stays_where_it_is_and_its_old_relay_is_told_to_close_it(
    house: House, visit: Visit
) -> None:
    await house.open(LinkTiming(stay=0.2, last_retry=0.1, refresh=0.1, settle=0.2))
    page = await house.waiting(visit, "one")
    await house.connected(page, house.one)
    version = lines_about(house.one, visit.room)[-1]["documents"][0]["version"]
    await house.one.stop()
    await page.hear("relay", lambda m: m["state"] == "moved")
    await house.connected(page, house.two)
    house.one.forget()
    await house.one.start("life 1 of one.sock")  # it was only out of reach, and still has the room
    await house.one.hear("rooms")
    await house.one.say(**report({visit.room: version}, seats=2))
    closed = await house.one.hear("rooms", about(visit.room, closed=True))
    assert [found["version"] for found in closed["documents"]] == [version]
    # Should it come back, its version is above the one it was closed at.
    await do(visit.place, "one")
    back = await house.one.hear("rooms", about(visit.room, closed=False))
    assert back["documents"][0]["version"] > version


async def test_visit_on_a_relay_that_is_not_in_the_settings_goes_to_one_that_is(house: House, visit: Visit) -> None:
    await house.open(SOON)
    page = await house.waiting(visit, "former")
    await house.connected(page, house.one)


# --- a relay drains ---


async def test_drain_moves_the_next_visit_when_the_former_has_media_again(house: House, visit: Visit) -> None:
    await house.open(NEVER)
    visits = [visit, await do(Visit.booked), await do(Visit.booked)]
    pages = {}
    for each in visits:
        pages[each.room] = await house.waiting(each, "one")
        await house.connected(pages[each.room], house.one)
    await house.one.say(type="draining", seconds=3600)
    for room in sorted(pages, key=UUID):
        later = [each for each in sorted(pages, key=UUID) if UUID(each) > UUID(room)]
        assert (await pages[room].hear("relay"))["state"] == "moved"
        assert [each for each in later if lines_about(house.two, each)] == []
        await house.connected(pages[room], house.two)
    for page in pages.values():
        assert [message["state"] for message in page.heard if message["type"] == "relay"] == ["moved"]
    assert lifespan.relay_states() == {"one": "draining", "two": "ready"}


async def test_room_lingers_at_the_draining_relay_until_its_people_have_media_elsewhere(
    house: House, visit: Visit
) -> None:
    await house.open(LinkTiming(stay=3600, settle=3600, refresh=0.05))
    page = await house.waiting(visit, "one")
    await house.connected(page, house.one)
    version = lines_about(house.one, visit.room)[-1]["documents"][0]["version"]
    await house.one.say(**report({visit.room: version}, seats=1))
    await house.one.say(type="draining", seconds=3600)
    await page.hear("relay", lambda m: m["state"] == "moved")
    for _ in range(5):
        await house.one.hear("rooms", lambda line: line["documents"] == [])
    await house.connected(page, house.two)
    closed = await house.one.hear("rooms", about(visit.room, closed=True))
    assert closed["documents"][0] == {
        "room": visit.room,
        "version": version,
        "closed": True,
        "seats": [],
        "recording": None,
    }
    assert house.fleet is not None
    assert len(house.fleet._elsewhere) == 1
    unknown = str(uuid4())
    await house.one.say(**report({unknown: 1}))
    await house.one.hear("rooms", about(unknown, closed=True))
    assert house.fleet._elsewhere == {}


async def test_draining_relay_with_nowhere_to_go_is_told_so(house: House, visit: Visit) -> None:
    await house.open(SOON)
    page = await house.waiting(visit, "one")
    await house.connected(page, house.one)
    await house.two.say(type="draining", seconds=3600)
    await house.one.say(type="draining", seconds=3600)
    await house.one.hear("nowhere")
    assert "moved" not in str(page.heard)


async def test_draining_relay_is_not_told_so_while_another_is_only_starting_again(house: House, visit: Visit) -> None:
    await house.open(LinkTiming(stay=3600, last_retry=0.1, settle=3600, refresh=0.05))
    page = await house.waiting(visit, "one")
    await house.connected(page, house.one)
    await house.two.stop()
    assert house.fleet is not None
    while house.fleet.links["two"].ready:
        await house.one.hear("rooms")
    house.one.forget()
    await house.one.say(type="draining", seconds=3600)
    for _ in range(5):
        await house.one.hear("rooms")
    assert not [line for line in house.one.lines if line["type"] == "nowhere"]
    await house.two.start("life 2 of two.sock")
    assert (await page.hear("relay"))["state"] == "moved"
    await house.connected(page, house.two)


# --- what heals ---


async def test_version_is_raised_above_one_that_the_relay_has(house: House, visit: Visit) -> None:
    await house.open(SOON)
    page = await house.waiting(visit, "one")
    await house.connected(page, house.one)
    await house.one.say(**report({visit.room: 500}, seats=1))
    again = await house.one.hear("rooms", lambda line: about(visit.room, version=501)(line))
    assert again["documents"][0]["closed"] is False
    await do(visit.admit)
    await do(visit.finish)
    closed = await house.one.hear("rooms", about(visit.room, closed=True))
    assert closed["documents"][0]["version"] > 501


async def test_two_web_processes_at_once_move_a_visit_once(house: House, visit: Visit) -> None:
    await house.open(SOON)
    page = await house.waiting(visit, "one")
    await house.connected(page, house.one)
    # The other process: its own links, none of our people.
    addresses = [link.address for link in house.fleet.links.values()] if house.fleet else []
    second = RelayFleet(addresses, seats=Seats(), timing=SOON)
    second.start()
    await house.one.stop()
    assert (await page.hear("relay"))["state"] == "lost"
    assert (await page.hear("relay"))["state"] == "moved"
    await house.connected(page, house.two)
    before = lines_about(house.two, visit.room)[0]["documents"][0]["version"]
    await do(visit.admit)
    later = await house.two.hear("rooms", lambda line: any(d["version"] > before for d in line["documents"]))
    # One move and one admission: nobody counted it up a second time.
    assert later["documents"][0]["version"] == before + 1
    await second.close()
