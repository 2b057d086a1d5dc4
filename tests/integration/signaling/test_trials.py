"""Trying the line before the visit: a room of one at a relay, which no web process closes, and which dies alone."""

import uuid
from typing import Any

import pytest
from django.core.cache import cache

from scheduling import tries
from signaling import trials
from signaling.consumers.trial import TrialConsumer
from signaling.fleet import RelayFleet
from tests.integration.signaling.house import FarRelay, Visit, do

pytestmark = pytest.mark.django_db(transaction=True)


async def test_trial_makes_a_room_of_one_and_closes_it_when_the_page_goes(
    visit: Visit, app: Any, relay: FarRelay, link: RelayFleet, settings: Any
) -> None:
    settings.TURN_URLS, settings.TURN_SECRET = ("turn:turn.example.org:3478",), "secret"
    await relay.hear("rooms")
    page = await visit.trial(app).open()
    await page.say("connect")
    told = await relay.hear("rooms", lambda line: bool(line["documents"]))
    [room] = told["documents"]
    assert room["room"] != visit.room
    assert [seat["active"] for seat in room["seats"]] == [False]
    assert trials.goes_on(uuid.UUID(room["room"]))
    wish = await relay.hear("connect")
    await relay.offer(wish)
    offer = await page.hear("offer")
    [server] = offer["ice_servers"]
    assert server["username"].endswith(room["seats"][0]["seat"])
    await page.say("answer", connection=offer["connection"], offer=1, sdp="v=0")
    assert (await relay.hear("answer"))["room"] == room["room"]
    # A report of the room, and a look at all rooms after it, leave it alone.
    await relay.say(type="report", draining=False, rooms={room["room"]: 1, str(uuid.uuid4()): 1}, load={})
    closed = await relay.hear("rooms", lambda line: any(each["closed"] for each in line["documents"]))
    assert room["room"] not in {each["room"] for each in closed["documents"]}
    await page.hang_up()
    ended = await relay.hear("rooms", lambda line: any(each["room"] == room["room"] for each in line["documents"]))
    assert [each["closed"] for each in ended["documents"]] == [True]
    assert TrialConsumer.under_way == set()


async def test_trial_without_a_relay_says_so(visit: Visit, app: Any) -> None:
    page = await visit.trial(app).open()
    await page.say("connect")
    assert (await page.hear("relay"))["state"] == "lost"


async def test_trial_ends_by_itself(visit: Visit, app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "LASTS", 0)
    assert await (await visit.trial(app).open()).closed() == 4011


async def test_trials_of_one_link_have_a_limit_and_so_has_the_house(
    visit: Visit, app: Any, relay: FarRelay, link: RelayFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    await relay.hear("rooms")
    monkeypatch.setattr(trials, "MOST", 1)
    first, second = await visit.trial(app).open(), await visit.trial(app).open()
    await first.say("connect")
    await relay.hear("connect")
    await second.say("connect")
    assert (await second.refused())["code"] == "relay_busy"
    monkeypatch.setattr(tries, "MOST_TRIALS", 2)
    third = await visit.trial(app).open()
    assert await third.closed() == 4008
    assert third.heard[0]["code"] == "rate_limited"
    cache.clear()


async def test_answer_to_a_connection_that_is_not_the_trials_own_is_refused(
    visit: Visit, app: Any, relay: FarRelay, link: RelayFleet
) -> None:
    await relay.hear("rooms")
    page = await visit.trial(app).open()
    await page.say("connect")
    await relay.hear("connect")
    await page.say("answer", connection=str(uuid.uuid4()), offer=1, sdp="v=0")
    assert (await page.refused())["code"] == "unknown_connection"


async def test_visit_that_is_over_has_no_line_to_try(visit: Visit, app: Any) -> None:
    await do(visit.begin)
    await do(visit.finish)
    assert await (await visit.trial(app).open()).closed() == 4003
