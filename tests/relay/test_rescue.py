"""The rescue ladder in the relay: what a receiver on each rung gets, what the room hears of it, and the way back up."""

import asyncio
import base64
import itertools
from typing import Any

import pytest

from relay import rtcp
from relay.bandwidth import FLOOR, VOICE
from relay.limits import STARVE_SECONDS
from tests.faults.core import Faults
from tests.faults.proxy import FaultProxy
from tests.relay.house import House
from tests.relay.listener import FarListener, Listener
from tests.relay.peer import Peer, rtp
from tests.relay.visit import Visit, met

pytestmark = pytest.mark.slow  # each waits for what ladders do in real seconds

JPEG = b"\xff\xd8\xff\xe0" + bytes(500)
# VP8 descriptors with picture id, TL0PICIDX and TID (RFC 7741): the upper layer with and without its sync bit.
LOWER, UPPER, UPPER_SYNC = (bytes([0x90, 0xE0, 0x80, 0x01, 0x07, layer]) for layer in (0x00, 0x40, 0x60))


def still(picture: bytes = JPEG) -> str:
    return base64.b64encode(picture).decode()


@pytest.fixture
async def visit(house: House) -> Visit:
    return await met(house, Listener())


def asked_for_pictures(peer: Peer) -> int:
    return sum(peer.ssrcs["camera"] in rtcp.parse(report).key_frames for report in peer.reports)


def limits(peer: Peer) -> list[int]:
    return [limit for report in peer.reports if (limit := rtcp.parse(report).bitrate) is not None]


async def test_narrow_line_gets_the_voice_and_no_video(visit: Visit) -> None:
    await visit.fall("audio", 64_000)
    visit.doctor.packets.clear()
    visit.show()
    visit.speak()
    await visit.passed()
    assert [packet[12:] for packet in visit.doctor.packets] == [b"voice"]


async def test_receiver_without_video_asks_for_pictures_in_vain(visit: Visit) -> None:
    await visit.fall("audio", 64_000)
    visit.show(key=True)
    await visit.passed()
    asked = asked_for_pictures(visit.patient)
    for _ in range(20):
        visit.house.skew += 0.5
        ask = rtcp.picture_loss(visit.patient.ssrcs["camera"])
        visit.doctor.send_report(rtcp.receiver_report(()) + ask)
        await visit.passed()
    assert asked_for_pictures(visit.patient) == asked


async def test_sender_nobody_can_see_is_kept_small_and_alive(visit: Visit) -> None:
    await visit.fall("audio", 64_000)
    await visit.until(lambda: limits(visit.patient)[-1:] == [FLOOR + VOICE], visit.speak)


async def test_room_of_three_is_not_held_down_by_who_gets_no_video(visit: Visit) -> None:
    guest = Listener()
    await visit.house.join("guest", peer=guest)
    await visit.house.sync()
    await visit.house.settle()
    visit.show()
    await guest.changes.until(lambda: guest.packets)
    await visit.fall("audio", 64_000)

    def wide() -> bool:
        # The patient's and the doctor's voice come off; both cameras share the rest.
        return bool(limits(visit.patient)) and abs(limits(visit.patient)[-1] - (950_000 + VOICE)) < 10_000

    def say() -> None:
        guest.report(2_000_000)
        visit.speak()

    await visit.until(wide, say)


async def test_late_comer_hears_of_rungs_below_full(visit: Visit) -> None:
    await visit.fall("audio", 64_000)
    await visit.house.join("guest")
    doctor = visit.house.seat("doctor")
    await visit.house.web.expect("rung", about=doctor, rung="audio", why="bandwidth", **visit.house.at("guest"))
    told = [message for message in visit.house.web.heard if message["type"] == "rung"]
    assert {message["about"] for message in told} == {doctor}


async def test_trains_answered_fast_bring_full_video_and_a_key_frame_at_once(visit: Visit) -> None:
    await visit.fall("audio", 64_000)
    visit.show(key=True)
    await visit.passed()
    asked = asked_for_pictures(visit.patient)
    await visit.until(visit.on("full"), visit.speak)
    for about in ("doctor", "patient"):
        await visit.house.web.expect(
            "rung", about=visit.house.seat("doctor"), rung="full", why="recovered", **visit.house.at(about)
        )
    await visit.patient.changes.until(lambda: asked_for_pictures(visit.patient) > asked)
    visit.doctor.packets.clear()
    visit.show(key=True)
    await visit.doctor.changes.until(lambda: any(packet[-7:] == b"picture" for packet in visit.doctor.packets))
    assert len(visit.doctor.padding) >= 14


async def test_train_is_padding_under_numbers_of_the_track_without_a_hole_left(visit: Visit) -> None:
    camera = visit.patient.ssrcs["camera"]
    await visit.fall("audio", 64_000)
    await visit.until(visit.on("full"), visit.speak)
    visit.show(key=True)
    track = visit.doctor.inbound[camera]
    await visit.doctor.changes.until(lambda: track.received == track.highest - track.first + 1)
    numbers = [int.from_bytes(packet[2:4], "big") for packet in visit.doctor.padding]
    assert len(set(numbers)) == len(numbers)
    for packet in visit.doctor.padding:
        assert packet[1] & 0x7F == 96
        assert int.from_bytes(packet[4:8], "big") - 90_000 < 90_000 * 60
        assert packet[12:] == bytes(packet[-1] - 1) + packet[-1:]


async def test_receiver_that_answers_no_train_is_tried_after_a_while(visit: Visit) -> None:
    visit.doctor.asks = False
    await visit.fall("audio", 64_000)
    await visit.until(visit.on("full"), visit.speak, step=1.0)
    assert visit.receiver.ladder.why == "recovered"


async def test_stills_are_asked_for_passed_on_and_ended(visit: Visit) -> None:
    house = visit.house
    await visit.fall("stills", 100_000)
    await house.web.expect("stills", wanted=True, **house.at("patient"))
    house.web.send(type="still", jpeg=still(), **house.at("patient"))
    await house.web.expect("still", jpeg=still(), **{"from": house.seat("patient")}, **house.at("doctor"))
    await visit.until(visit.on("full"), visit.speak)
    await house.web.expect("stills", wanted=False, **house.at("patient"))
    heard = len(house.web.heard)
    house.web.send(type="still", jpeg=still(), **house.at("patient"))
    await house.sync()
    assert [message["type"] for message in house.web.heard[heard:]] == ["error"]


async def test_stills_that_come_too_often_or_unasked_are_dropped(visit: Visit) -> None:
    house = visit.house
    await visit.fall("stills", 100_000)
    heard = len(house.web.heard)
    for _ in range(3):
        house.web.send(type="still", jpeg=still(), **house.at("patient"))
        house.web.send(type="still", jpeg=still(), **house.at("doctor"))
    await house.sync()
    assert sum(message["type"] == "still" for message in house.web.heard[heard:]) == 1
    house.skew += 1.6
    house.web.send(type="still", jpeg=still(), **house.at("patient"))
    await house.sync()
    assert sum(message["type"] == "still" for message in house.web.heard[heard:]) == 2


@pytest.mark.parametrize(
    "jpeg", [still(b"GIF89a" + bytes(99)), still(JPEG + bytes(8192)), "not base64!", "", 7, still()[:-3]]
)
async def test_still_that_is_no_small_jpeg_is_refused(visit: Visit, jpeg: object) -> None:
    house = visit.house
    await visit.fall("stills", 100_000)
    heard = len(house.web.heard)
    house.web.send(type="still", jpeg=jpeg, **house.at("patient"))
    await house.web.expect("error", heard, code="bad_message")
    await house.sync()
    assert not any(message["type"] == "still" for message in house.web.heard)


async def test_low_rate_withholds_the_upper_layer_without_a_gap_and_rises_at_a_sync_point(visit: Visit) -> None:
    doctor = visit.doctor

    def layers() -> None:
        visit.show(LOWER)
        visit.show(UPPER)
        visit.show(UPPER)

    def layered() -> bool:
        return bool(visit.receiver.signs(visit.house.clock()).layered)

    await visit.until(layered, layers)
    await visit.fall("low-rate", 130_000)
    doctor.packets.clear()
    for _ in range(20):
        layers()
    await doctor.changes.until(lambda: len(doctor.packets) == 20)
    numbers = [int.from_bytes(packet[2:4], "big") for packet in doctor.packets]
    assert numbers == list(range(numbers[0], numbers[0] + 20))
    assert {packet[12:18] for packet in doctor.packets} == {LOWER}

    def more() -> None:
        doctor.report(400_000)
        layers()

    await visit.until(visit.on("full"), more)
    await visit.passed()
    doctor.packets.clear()
    for descriptor in (UPPER, LOWER, UPPER_SYNC, UPPER, LOWER):
        visit.show(descriptor)
    await doctor.changes.until(lambda: len(doctor.packets) == 4)
    assert [packet[12:18] for packet in doctor.packets] == [LOWER, UPPER_SYNC, UPPER, LOWER]
    numbers = [int.from_bytes(packet[2:4], "big") for packet in doctor.packets]
    assert numbers == list(range(numbers[0], numbers[0] + 4))


async def test_figures_go_to_whom_the_document_says_and_nobody_else(visit: Visit) -> None:
    house = visit.house
    house.figures = {"doctor"}
    house.tell()

    def more() -> None:
        visit.speak(5)
        visit.doctor.inbound[visit.patient.ssrcs["camera"]].last_report = 0x22223333
        visit.doctor.report(800_000)

    def told() -> list[dict[str, Any]]:
        return [message for message in house.web.heard if message["type"] == "figures"]

    await visit.until(lambda: len(told()) >= 3, more)
    assert {message["seat"] for message in told()} == {house.seat("doctor")}
    doctor, patient = (
        next(entry for entry in told()[-1]["seats"] if entry["seat"] == house.seat(name))
        for name in ("doctor", "patient")
    )
    assert doctor["down_kbps"] in (799, 800)
    assert doctor["rung"] == patient["rung"] == "full"
    assert doctor["rtt_ms"] is not None
    assert patient["up_kbps"] > 0
    assert patient["up_loss_pct"] == 0.0
    assert patient["down_kbps"] is patient["rtt_ms"] is None


async def test_losses_of_a_receivers_voice_wake_the_senders_error_correction(visit: Visit) -> None:
    voice = visit.patient.ssrcs["audio"]

    def worst() -> int:
        blocks = [rtcp.parse(report).blocks.get(voice) for report in visit.patient.reports]
        return max((block.fraction_lost for block in blocks if block is not None), default=0)

    def lose() -> None:
        visit.speak(20)
        visit.doctor.report(lost={voice: 2})

    await visit.until(lambda: worst() > 10, lose, step=0.9)
    assert visit.receiver.rung.label == "full"


async def test_receiver_is_not_blamed_for_what_the_sender_lost(visit: Visit) -> None:
    def lossy() -> None:
        visit.speak(10)
        visit.number += 10
        visit.doctor.report()

    for _ in range(12):
        lossy()
        visit.house.skew += 0.9
        await visit.passed()
        await asyncio.wait_for(visit.house.sync(), 30)
    shown = visit.receiver.signs(visit.house.clock()).voice_loss
    assert visit.receiver.rung.label == "full"
    assert shown is None or shown < 0.05


async def test_seat_whose_line_is_narrow_both_ways_is_offered_no_section_for_its_camera(visit: Visit) -> None:
    house, doctor = visit.house, visit.doctor

    def cameras(direction: str) -> bool:
        section = doctor.offer["sdp"].split("\r\nm=")[2]
        return f"a={direction}" in section.splitlines()

    async def settled(direction: str) -> None:
        await house.settle()
        assert cameras(direction)

    await visit.fall("audio", 64_000)
    number = 0

    def lose() -> None:
        nonlocal number
        for _ in range(20):
            number += 2
            doctor.send(rtp(doctor.ssrcs["audio"], number, b"voice"))

    def open_offer() -> int | None:
        return house._open("doctor")

    doctor.asks = False  # no climb meanwhile
    await visit.until(open_offer, lose, step=0.9)
    await settled("inactive")
    assert [entry["kind"] for entry in visit.patient.offer["down"]] == ["audio"]
    doctor.asks = True
    await visit.until(visit.on("full"), visit.speak)
    await doctor.changes.until(open_offer)
    await settled("recvonly")
    assert [entry["kind"] for entry in visit.patient.offer["down"]] == ["audio", "camera"]


async def test_narrow_line_that_no_video_comes_down_to_is_given_its_camera_back_in_time(visit: Visit) -> None:
    """As when both lines are narrow: nobody sends pictures, so no train can show anybody that a line has healed."""
    house, doctor = visit.house, visit.doctor

    def camera() -> list[str]:
        return doctor.offer["sdp"].split("\r\nm=")[2].splitlines()

    def open_offer() -> int | None:
        return house._open("doctor")

    await visit.fall("audio", 64_000)
    numbers = itertools.count(2, 2)

    def lose() -> None:
        for _ in range(20):
            doctor.send(rtp(doctor.ssrcs["audio"], next(numbers), b"voice"))

    doctor.asks = False
    await visit.until(open_offer, lose, step=0.9)
    await house.settle()
    house.may["patient"] = ["audio"]
    house.tell()
    await house.sync()
    await house.settle()
    assert [entry["kind"] for entry in doctor.offer["down"]] == ["audio"]
    assert "a=inactive" in camera()
    fed_at = house.clock()
    await visit.until(open_offer, visit.speak, step=0.9)
    assert house.clock() - fed_at > STARVE_SECONDS / 2
    await house.settle()
    assert "a=recvonly" in camera()


async def test_real_line_of_64_kbit_keeps_audio_and_leads_up_once_it_heals(house: House) -> None:
    narrow = Faults(rate=64_000, loss=0.05, delay=0.02)
    async with FaultProxy(("127.0.0.1", house.relay.port), seed=3) as proxy:
        visit = await met(house, FarListener(proxy))
        await visit.fall("audio", 64_000)
        proxy.set(up=narrow, down=narrow)
        house.skew += 3.0
        await visit.doctor.changes.until(lambda: len(visit.doctor.padding) >= 20)
        assert visit.receiver.rung.label == "audio"
        proxy.set(up=Faults(), down=Faults())
        await visit.doctor.changes.until(lambda: len(visit.doctor.padding) >= 30 or visit.on("full")())
        await house.web.expect("rung", rung="full", why="recovered", **house.at("doctor"))
