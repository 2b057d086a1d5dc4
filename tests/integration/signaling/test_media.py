"""Offers and answers between a page and a relay, over a real Unix socket whose far end speaks the protocol."""

import asyncio
import json
import uuid
from typing import Any

import pytest

from consults import services
from consults.rooms import PlacedRoom
from signaling import connections, fleet, lifespan
from signaling.addresses import RelayAddress
from signaling.consumers.visit import VisitConsumer
from signaling.fleet import RelayFleet
from signaling.records import Records
from signaling.relay_link import LinkTiming, RelayLink
from tests.integration.signaling.house import FarRelay, Page, Visit, Wire, do, sockets

pytestmark = pytest.mark.django_db(transaction=True)


async def seated(visit: Visit, app: Any, relay: FarRelay, link: RelayFleet) -> Page:
    """A patient in the waiting room, with the link up."""
    await do(visit.arrive)
    await relay.hear("rooms")
    return await visit.patient_page(app).enter()


def one_relay(relay: FarRelay, **options: Any) -> RelayFleet:
    return RelayFleet([RelayAddress("relay-1", path=relay.control)], **options)


async def connected(page: Page, relay: FarRelay) -> tuple[Wire, Wire]:
    await page.say("connect")
    wish = await relay.hear("connect")
    await relay.offer(wish)
    return wish, await page.hear("offer")


# --- what a page says ---


async def test_connect_sends_the_room_and_then_the_wish(
    visit: Visit, app: Any, relay: FarRelay, link: RelayFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    await relay.hear("rooms")
    # Without hints nothing but the connect itself brings the room in time.
    monkeypatch.setattr("consults.hints.send", lambda *every: None)
    await do(visit.arrive)
    page = await visit.patient_page(app).enter()
    await page.say("connect")
    wish = await relay.hear("connect")
    seat = page.heard[0]["seat"]
    assert (wish["room"], wish["seat"]) == (visit.room, seat)
    before = relay.lines[relay.lines.index(wish) - 1]
    assert before["documents"][0]["seats"] == [
        {"seat": seat, "active": False, "may": ["audio", "camera"], "figures": False}
    ]


async def test_offer_and_answer_pass_between_page_and_relay(
    visit: Visit, app: Any, relay: FarRelay, link: RelayFleet
) -> None:
    page = await seated(visit, app, relay, link)
    wish, offer = await connected(page, relay)
    assert offer == {
        "type": "offer",
        "connection": wish["connection"],
        "offer": 1,
        "sdp": "v=0\r\n",
        "up": {"audio": "0", "camera": "1"},
        "down": [],
        "ice_servers": [],
    }
    await page.say("answer", connection=wish["connection"], offer=1, sdp="v=0\r\na=x\r\n")
    answer = await relay.hear("answer")
    assert answer == {**wish, "type": "answer", "offer": 1, "sdp": "v=0\r\na=x\r\n"}
    await relay.say(type="seat", **{k: wish[k] for k in ("room", "seat", "connection")}, state="connected")
    assert (await page.hear("media-state"))["state"] == "connected"
    await page.say("restart-ice", connection=wish["connection"])
    assert await relay.hear("restart-ice") == {**wish, "type": "restart-ice"}


async def test_error_of_the_relay_reaches_the_page_with_its_connection(
    visit: Visit, app: Any, relay: FarRelay, link: RelayFleet
) -> None:
    page = await seated(visit, app, relay, link)
    wish, _ = await connected(page, relay)
    await relay.say(**{**wish, "type": "error", "code": "bad_sdp", "message": "No."})
    error = await page.refused()
    assert (error["code"], error["connection"]) == ("bad_sdp", wish["connection"])


async def test_connection_of_another_is_refused(visit: Visit, app: Any, relay: FarRelay, link: RelayFleet) -> None:
    page = await seated(visit, app, relay, link)
    seat, tab = uuid.UUID(page.heard[0]["seat"]), page.tab
    foreign = [uuid.uuid4(), connections.issue(uuid.uuid4(), tab), connections.issue(seat, uuid.uuid4())]
    for connection in foreign:
        await page.say("answer", connection=str(connection), offer=1, sdp="v=0")
        error = await page.refused()
        assert (error["code"], error["about"], error["connection"]) == ("unknown_connection", "answer", str(connection))
        await page.say("restart-ice", connection=str(connection))
        assert (await page.refused())["code"] == "unknown_connection"
    former, _ = await connected(page, relay)
    await connected(page, relay)
    await page.say("answer", connection=former["connection"], offer=1, sdp="v=0")
    assert (await page.refused())["code"] == "unknown_connection"
    assert [line for line in relay.lines if line["type"] == "answer"] == []


async def test_messages_about_media_need_a_seat(visit: Visit, app: Any, relay: FarRelay, link: RelayFleet) -> None:
    page = await visit.patient_page(app).enter()
    await page.say("connect")
    assert (await page.refused())["code"] == "no_seat"
    for kind, fields in (("answer", {"offer": 1, "sdp": "v=0"}), ("restart-ice", {})):
        await page.say(kind, connection=str(uuid.uuid4()), **fields)
        assert (await page.refused())["code"] == "no_seat"


async def test_watching_page_sits_down_by_connect(visit: Visit, app: Any, relay: FarRelay, link: RelayFleet) -> None:
    page = await visit.patient_page(app).enter()
    await do(visit.arrive)
    await page.hear("visit", lambda m: m["visit"]["status"] == "arrived")
    await page.say("connect")
    wish = await relay.hear("connect")
    snapshot = await page.hear("visit", lambda m: m["visit"]["seats"] != [])
    assert (snapshot["visit"]["seats"][0]["id"], snapshot["visit"]["seats"][0]["you"]) == (wish["seat"], True)


async def test_offer_to_a_former_connection_is_not_passed_on(
    visit: Visit, app: Any, relay: FarRelay, link: RelayFleet
) -> None:
    page = await seated(visit, app, relay, link)
    former, _ = await connected(page, relay)
    await page.say("connect")
    wish = await relay.hear("connect")
    await relay.offer(former, number=9)
    await relay.offer(wish, room=str(uuid.uuid4()), number=8)
    await relay.offer(wish, number=1)
    assert (await page.hear("offer"))["offer"] == 1


async def test_media_goes_on_over_a_new_socket(visit: Visit, app: Any, relay: FarRelay, link: RelayFleet) -> None:
    page = await seated(visit, app, relay, link)
    wish, _ = await connected(page, relay)
    await page.hang_up()
    again = await visit.patient_page(app, tab=page.tab).enter()
    await relay.offer(wish, number=2)
    assert (await again.hear("offer"))["offer"] == 2
    await again.say("answer", connection=wish["connection"], offer=2, sdp="v=0")
    assert (await relay.hear("answer"))["connection"] == wish["connection"]


async def test_new_tab_does_not_go_on_with_the_old_tabs_connection(
    visit: Visit, app: Any, relay: FarRelay, link: RelayFleet
) -> None:
    page = await seated(visit, app, relay, link)
    wish, _ = await connected(page, relay)
    other = await visit.patient_page(app).enter()
    await other.say("restart-ice", connection=wish["connection"])
    assert (await other.refused())["code"] == "unknown_connection"


# --- the relay goes and comes ---


async def test_relay_killed_and_back_gives_a_new_offer(
    visit: Visit, app: Any, relay: FarRelay, link: RelayFleet
) -> None:
    page = await seated(visit, app, relay, link)
    former, _ = await connected(page, relay)
    await relay.stop()
    assert (await page.hear("relay"))["state"] == "lost"
    assert lifespan.relay_states() == {"relay-1": "lost"}
    await page.say("connect")
    assert (await page.hear("relay"))["state"] == "lost"
    await relay.start("two")
    assert (await page.hear("relay"))["state"] == "ready"
    wish, offer = await connected(page, relay)
    assert offer["connection"] == wish["connection"] != former["connection"]
    assert lifespan.relay_states() == {"relay-1": "ready"}


async def test_link_that_breaks_under_a_living_relay_repeats_and_troubles_nobody(
    visit: Visit, app: Any, relay: FarRelay, link: RelayFleet
) -> None:
    page = await seated(visit, app, relay, link)
    wish, _ = await connected(page, relay)
    await relay.drop()
    assert await relay.hear("repeat") == {**wish, "type": "repeat"}
    await relay.offer(wish, number=1)
    await page.hear("offer")
    assert [m for m in page.heard if m["type"] == "relay"] == []


async def test_page_that_comes_while_the_relay_is_away_is_told(visit: Visit, app: Any) -> None:
    await do(visit.arrive)
    page = await visit.patient_page(app).enter()
    assert (await page.hear("relay"))["state"] == "lost"
    assert fleet.relay_status() == {}


async def test_relay_that_does_not_read_makes_the_page_try_later(
    visit: Visit, app: Any, relay: FarRelay, link: RelayFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await seated(visit, app, relay, link)
    monkeypatch.setattr(RelayLink, "MAX_LINES", 0)
    await page.say("connect")
    assert (await page.refused())["code"] == "relay_busy"


async def test_unreadable_line_of_a_relay_ends_the_link_and_not_the_process(
    visit: Visit, app: Any, relay: FarRelay, link: RelayFleet
) -> None:
    await relay.hear("rooms")
    for line in (b"{}\n", b"\xff\n", b'{"type":"offer"}\n', b"[" * 300_000 + b"\n"):
        await relay.say_raw(line)
        await relay.hear("rooms")
        assert not any(task.done() for task in link._tasks)


async def test_relay_of_another_protocol_is_not_used(visit: Visit, control: Any, link: RelayFleet) -> None:
    relay = FarRelay(control)
    relay.greeting = {"type": "hello", "protocol": 9, "relay": "x"}
    await relay.start("x")
    await relay.ended.wait()
    assert lifespan.relay_states() == {"relay-1": "lost"}
    await relay.stop()


# --- rooms ---


async def test_rooms_are_sent_on_connection_on_hint_and_closed_at_the_end(
    visit: Visit, app: Any, relay: FarRelay, link: RelayFleet
) -> None:
    assert (await relay.hear("rooms"))["documents"] == []
    await do(visit.arrive)
    await do(visit.place)
    opened = await relay.hear("rooms", lambda line: line["documents"] != [])
    assert opened["documents"][0]["room"] == visit.room
    await do(visit.admit)
    await do(visit.finish)
    closed = await relay.hear("rooms", lambda line: any(document["closed"] for document in line["documents"]))
    assert [document["room"] for document in closed["documents"]] == [visit.room]


async def test_report_of_a_room_that_is_not_open_is_answered_closed(
    visit: Visit, relay: FarRelay, link: RelayFleet
) -> None:
    await relay.hear("rooms")
    unknown = str(uuid.uuid4())
    await relay.say(type="report", rooms={unknown: 3}, load={"seats": 1})
    answer = await relay.hear("rooms", lambda line: line["documents"] != [])
    assert [(document["room"], document["closed"]) for document in answer["documents"]] == [(unknown, True)]
    assert fleet.relay_status()["relay-1"]["load"] == {"seats": 1.0}


async def test_lost_hint_costs_one_refresh(visit: Visit, relay: FarRelay, monkeypatch: pytest.MonkeyPatch) -> None:
    link = one_relay(relay, timing=LinkTiming(refresh=0.1))
    link.start()
    await relay.hear("rooms")
    monkeypatch.setattr("consults.hints.send", lambda *every: None)
    await do(visit.arrive)
    await do(visit.place)
    assert (await relay.hear("rooms", lambda line: line["documents"] != []))["documents"][0]["room"] == visit.room
    await link.close()
    await link.close()


async def test_seat_that_left_is_gone_from_the_document(
    visit: Visit, app: Any, relay: FarRelay, link: RelayFleet
) -> None:
    page = await seated(visit, app, relay, link)
    await do(visit.place)
    await do(visit.admit)
    await relay.hear("rooms", lambda line: any(seat["active"] for room in line["documents"] for seat in room["seats"]))
    await page.say("leave")
    left = await relay.hear("rooms", lambda line: line["documents"][0]["seats"] == [])
    assert left["documents"][0]["closed"] is False


async def test_many_rooms_are_sent_in_lines_that_the_relay_reads(relay: FarRelay, transactional_db: None) -> None:
    documents = [
        {
            "room": str(uuid.uuid4()),
            "version": 1,
            "closed": False,
            "seats": [{"seat": str(uuid.uuid4()), "active": True, "may": ["audio"], "figures": False}],
        }
        for _ in range(1_300)
    ]

    class ManyRooms(Records):
        async def open_rooms(self) -> list[PlacedRoom]:
            return [PlacedRoom(uuid.UUID(document["room"]), "relay-1", 1, document) for document in documents]

    link = one_relay(relay, records=ManyRooms())
    link.start()
    heard: list[Wire] = []
    while len(heard) < len(documents):
        line = await relay.hear("rooms")
        assert len(json.dumps(line)) < 256 * 1024
        assert len(line["documents"]) <= 1_000
        heard += line["documents"]
    assert heard == documents
    await link.close()


async def test_look_that_failed_for_an_unknown_reason_is_made_again(relay: FarRelay, transactional_db: None) -> None:
    failures = [RuntimeError("nobody thought of this")]

    class FailingOnce(Records):
        async def open_rooms(self) -> list[PlacedRoom]:
            if failures:
                raise failures.pop()
            return []

    link = one_relay(relay, records=FailingOnce())
    link.start()
    await relay.hear("rooms")
    assert link.links["relay-1"].ready
    await link.close()


async def test_lifespan_starts_one_link_and_ends_it_twice(visit: Visit, relay: FarRelay, settings: Any) -> None:
    settings.RELAYS = (RelayAddress("relay-1", path=relay.control),)
    await lifespan.startup()
    link = fleet.current()
    await lifespan.startup()
    assert fleet.current() is link
    await relay.hear("rooms")
    assert lifespan.relay_states() == {"relay-1": "ready"}
    await lifespan.shutdown()
    await lifespan.shutdown()
    assert lifespan.relay_states() == {}


async def test_connect_over_a_seat_that_another_tab_took_is_refused(
    visit: Visit, relay: FarRelay, link: RelayFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused, look = asyncio.Event(), VisitConsumer.look

    async def look_later(consumer: VisitConsumer) -> None:
        await refused.wait()
        await look(consumer)

    monkeypatch.setattr(VisitConsumer, "look", look_later)
    page = await seated(visit, sockets(), relay, link)
    actor = await do(lambda: visit.patient_actor)
    await do(services.take_seat, actor=actor, encounter=visit.encounter, holder=uuid.uuid4())
    await page.say("connect")
    assert (await page.refused())["code"] == "no_seat"
    refused.set()
    await page.hear("seat-taken")
    assert await page.closed() == 4001
