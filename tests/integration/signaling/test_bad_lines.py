"""Sharing, stills, rungs, figures and TURN addresses over the visit socket, with a relay's end on the control link."""

import base64
import hashlib
import hmac
import json
import time
import uuid
from datetime import timedelta
from typing import Any

import pytest

from signaling.fleet import RelayFleet
from signaling.limits import DEFAULT_BUCKETS, Bucket, Timing, TokenBucket
from signaling.messages import ProtocolError, Rate, client_messages, parse
from tests.integration.signaling.house import UNLIMITED, FarRelay, Page, Visit, Wire, do, sockets

pytestmark = pytest.mark.django_db(transaction=True)

JPEG = base64.b64encode(b"\xff\xd8\xff\xe0" + bytes(200)).decode()


async def in_call(page: Page, relay: FarRelay) -> Wire:
    """Media connected: the wish, whose ids address whatever the relay says."""
    await page.enter()
    await page.say("connect")
    wish = await relay.hear("connect")
    await relay.offer(wish)
    await page.hear("offer")
    return {name: wish[name] for name in ("room", "seat", "connection")}


def shares(message: Wire) -> list[str]:
    return [seat["id"] for seat in message["visit"]["seats"] if seat["screen"]]


# --- sharing ---


async def test_share_shows_at_both_and_in_the_room_and_a_second_is_refused_by_name(
    visit: Visit, app: Any, doctor: Any, relay: FarRelay, link: RelayFleet
) -> None:
    await do(visit.begin)
    await do(visit.place)
    patient = await visit.patient_page(app).enter()
    page = await visit.doctor_page(app, headers=doctor).enter()
    seat = page.heard[0]["seat"]
    await page.say("share", on=True)
    assert shares(await patient.hear("visit", shares)) == [seat]
    assert shares(await page.hear("visit", shares)) == [seat]

    def may_show(line: Wire) -> bool:
        return any("screen" in row["may"] for document in line["documents"] for row in document["seats"])

    room = (await relay.hear("rooms", may_show))["documents"][0]
    assert {row["seat"] for row in room["seats"] if "screen" in row["may"]} == {seat}
    await patient.say("share", on=True)
    error = await patient.refused()
    assert (error["code"], error["about"]) == ("share.taken", "share")
    name = visit.encounter.practitioner.short_name
    assert error["message"] == f"{name} is sharing their screen. Ask them to stop first."
    await page.say("share", on=False)
    await patient.hear("visit", lambda m: not shares(m))
    await relay.hear("rooms", lambda line: bool(line["documents"]) and not may_show(line))


async def test_share_outlives_a_lost_socket_in_its_tab_and_ends_with_a_reload(visit: Visit, app: Any) -> None:
    await do(visit.begin)
    page = await visit.patient_page(app).enter()
    await page.say("share", on=True)
    await page.hear("visit", shares)
    await page.hang_up()
    again = await visit.patient_page(app, tab=page.tab).open()
    assert shares(await again.hello())
    reloaded = await visit.patient_page(app).open()
    assert not shares(await reloaded.hello())


async def test_share_and_still_need_a_seat(visit: Visit, app: Any) -> None:
    page = await visit.patient_page(app).enter()
    for kind, fields in (("share", {"on": True}), ("still", {"jpeg": JPEG})):
        await page.say(kind, **fields)
        error = await page.refused()
        assert (error["code"], error["about"]) == ("no_seat", kind)


# --- stills ---


async def test_still_goes_to_the_relay_and_one_from_it_to_the_page(
    visit: Visit, app: Any, relay: FarRelay, link: RelayFleet
) -> None:
    await do(visit.begin)
    page = visit.patient_page(app)
    at = await in_call(page, relay)
    await page.say("still", jpeg=JPEG)
    assert await relay.hear("still") == {"type": "still", **at, "jpeg": JPEG}
    sender = str(uuid.uuid4())
    await relay.say(type="stills", **at, wanted=True)
    assert await page.hear("stills") == {"type": "stills", "wanted": True}
    await relay.say(**at, **{"type": "still", "from": sender, "jpeg": JPEG})
    assert await page.hear("still") == {"type": "still", "from": sender, "jpeg": JPEG}


async def test_second_still_within_a_second_and_a_half_is_dropped(
    visit: Visit, relay: FarRelay, link: RelayFleet
) -> None:
    await do(visit.begin)
    stopped = Timing(clock=lambda: 1000.0)
    page = visit.patient_page(sockets(timing=stopped))
    await in_call(page, relay)
    for _ in range(2):
        await page.say("still", jpeg=JPEG)
    error = await page.refused()
    assert (error["code"], error["about"]) == ("rate_limited", "still")


def test_stills_have_one_token_and_get_the_next_after_a_second_and_a_half() -> None:
    size: Bucket = DEFAULT_BUCKETS[Rate.STILL]
    at = 0.0
    bucket = TokenBucket(size, lambda: at)
    taken = [bucket.take(), bucket.take()]
    at = 1.4
    taken.append(bucket.take())
    at = 1.6
    taken += [bucket.take(), bucket.take()]
    assert taken == [True, False, False, True, False]


async def test_still_before_the_connection_is_known_is_dropped_without_a_word(
    visit: Visit, relay: FarRelay, link: RelayFleet
) -> None:
    await do(visit.begin)
    page = await visit.patient_page(sockets(limits=UNLIMITED)).enter()
    await page.say("still", jpeg=JPEG)
    await page.say("ping", n=7)
    await page.hear("pong")
    assert [message for message in page.heard if message["type"] == "error"] == []
    await page.say("connect")
    await relay.hear("connect")
    assert [line for line in relay.lines if line["type"] == "still"] == []


def jpeg_of(size: int) -> str:
    return base64.b64encode(b"\xff\xd8\xff" + bytes(size - 3)).decode()


@pytest.mark.parametrize("size", [3, 4, 5, 8192])
def test_still_of_up_to_eight_kilobytes_is_taken(size: int) -> None:
    assert parse(client_messages("visit"), json.dumps({"type": "still", "jpeg": jpeg_of(size)}))


@pytest.mark.parametrize(
    "jpeg",
    [
        jpeg_of(8195),
        base64.b64encode(b"GIF89a").decode(),
        "/9j/" + "A" * 5,
        "/9j/AA=A",
        "/9j/====",
        "/9j/AA\n=",
        "/9j/AAé=",
        "/9j/-_==",
        "",
        7,
        None,
        ["/9j/"],
    ],
)
def test_still_that_is_no_small_jpeg_in_base64_is_invalid(jpeg: Any) -> None:
    with pytest.raises(ProtocolError) as refused:
        parse(client_messages("visit"), json.dumps({"type": "still", "jpeg": jpeg}))
    assert (refused.value.code, refused.value.about) == ("invalid", "still")


# --- rungs and figures ---


async def test_rung_reaches_the_page_it_is_addressed_to(
    visit: Visit, app: Any, relay: FarRelay, link: RelayFleet
) -> None:
    await do(visit.begin)
    page = visit.patient_page(app)
    at = await in_call(page, relay)
    about = str(uuid.uuid4())
    said = {"type": "rung", "about": about, "rung": "stills", "why": "loss"}
    await relay.say(**{**at, "connection": str(uuid.uuid4())}, **{**said, "rung": "audio"})
    await relay.say(**at, **said)
    assert await page.hear("rung") == said


async def test_figures_reach_the_practitioner_and_never_the_patient(
    visit: Visit, app: Any, doctor: Any, relay: FarRelay, link: RelayFleet, caplog: pytest.LogCaptureFixture
) -> None:
    await do(visit.begin)
    patient, page = visit.patient_page(app), visit.doctor_page(app, headers=doctor)
    of_patient, of_doctor = await in_call(patient, relay), await in_call(page, relay)
    row = {
        "seat": of_patient["seat"],
        "up_kbps": 90.5,
        "up_loss_pct": 0.0,
        "down_kbps": None,
        "down_loss_pct": 1.0,
        "rtt_ms": 40.0,
        "rung": "full",
    }
    for at in (of_patient, of_doctor):
        await relay.say(type="figures", **at, seats=[{**row, "address": "192.0.2.1"}])
        await relay.say(type="rung", **at, about=at["seat"], rung="full", why="recovered")
    assert await page.hear("figures") == {"type": "figures", "seats": [row]}
    await patient.hear("rung")
    assert [message for message in patient.heard if message["type"] == "figures"] == []
    assert "relay.figures_misdirected" in caplog.text


# --- TURN ---


async def test_each_offer_brings_the_turn_server_with_credentials_of_this_seat(
    visit: Visit, app: Any, relay: FarRelay, link: RelayFleet, settings: Any
) -> None:
    settings.TURN_URLS = ["turn:turn.example.org:3478", "turns:turn.example.org:443?transport=tcp"]
    settings.TURN_SECRET, settings.TURN_TTL = "a secret of the tests", timedelta(hours=1)
    await do(visit.begin)
    page = await visit.patient_page(app).enter()
    await page.say("connect")
    wish = await relay.hear("connect")
    await relay.offer(wish)
    [server] = (await page.hear("offer"))["ice_servers"]
    assert server["urls"] == settings.TURN_URLS
    expiry, _, name = server["username"].partition(":")
    assert name == wish["seat"]
    assert 3500 < int(expiry) - time.time() <= 3600
    proof = hmac.new(settings.TURN_SECRET.encode(), server["username"].encode(), hashlib.sha1).digest()
    assert server["credential"] == base64.b64encode(proof).decode()
    settings.TURN_URLS = []
    await relay.offer(wish, number=2)
    assert (await page.hear("offer"))["ice_servers"] == []
