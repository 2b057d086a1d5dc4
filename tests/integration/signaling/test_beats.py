"""The relay's beat goes back with what the records said after it, so that the relay knows how old that is at most."""

import asyncio
from typing import Any

import pytest

from consults.rooms import PlacedRoom
from signaling.addresses import RelayAddress
from signaling.fleet import RelayFleet
from signaling.records import Records
from signaling.relay_link import LinkTiming
from tests.integration.signaling.house import FarRelay

pytestmark = pytest.mark.django_db(transaction=True)

OFTEN = LinkTiming(first_retry=0.01, refresh=0.01)


class Slow(Records):
    """The look that is `asked` ends when it is `told` to; those after it are empty and quick."""

    def __init__(self) -> None:
        self.asked, self.told = asyncio.Event(), asyncio.Event()

    async def open_rooms(self) -> list[PlacedRoom]:
        self.asked.set()
        await self.told.wait()
        return []


def fleet_of(relay: FarRelay, **others: Any) -> RelayFleet:
    return RelayFleet([RelayAddress("relay-1", path=relay.control)], timing=OFTEN, **others)


async def test_look_at_the_rooms_carries_the_newest_beat_and_until_then_the_greetings(relay: FarRelay) -> None:
    relay.greeting["beat"] = 5
    fleet = fleet_of(relay)
    fleet.start()
    assert (await relay.hear("rooms"))["beat"] == 5
    await relay.say(type="beat", beat=9)
    assert (await relay.hear("rooms", lambda line: line["beat"] != 5))["beat"] == 9
    await fleet.close()


async def test_beat_that_comes_while_the_records_are_asked_does_not_make_them_younger(relay: FarRelay) -> None:
    records = Slow()
    fleet = fleet_of(relay, records=records)
    fleet.start()
    await records.asked.wait()
    await relay.say(type="beat", beat=9)
    await relay.say(type="report", rooms={}, load={"seats": 7})
    while not fleet.links["relay-1"].load:  # noqa: ASYNC110 - the link has no event to wait for
        await asyncio.sleep(0)
    records.told.set()
    assert (await relay.hear("rooms"))["beat"] == 0
    assert (await relay.hear("rooms"))["beat"] == 9
    await fleet.close()


async def test_beat_of_a_relay_process_that_is_gone_is_not_said_to_the_next(relay: FarRelay) -> None:
    records = Slow()
    relay.greeting["beat"] = 5
    fleet = fleet_of(relay, records=records)
    fleet.start()
    await records.asked.wait()
    relay.relay, relay.greeting["beat"] = "another", 2
    await relay.drop()
    link = fleet.links["relay-1"]
    while link.relay != "another" or not link.ready:  # noqa: ASYNC110
        await asyncio.sleep(0)
    records.told.set()
    assert (await relay.hear("rooms"))["beat"] is None
    assert (await relay.hear("rooms"))["beat"] == 2
    await fleet.close()
