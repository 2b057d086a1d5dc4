"""Rooms of up to eight: who may send what, a shared screen that comes and goes, sections that are used again."""

from collections.abc import Iterator

import pytest

from relay import switchboard
from relay.limits import MAX_SDP_BYTES, MAX_SDP_SECTIONS
from relay.peer import Peer as Seat
from relay.room import Room
from tests.relay.house import House
from tests.relay.peer import Peer, rtp, video

EVERYTHING = ["audio", "camera", "screen"]
SHARES = 50


def seat_of(house: House, name: str) -> Seat:
    peer = house.relay.board.rooms[house.room].seats[house.seat(name)].peer
    assert peer is not None
    return peer


async def meet(house: House, names: list[str], sends: tuple[str, ...]) -> dict[str, Peer]:
    for name in names:
        await house.join(name, peer=Peer(sends))
        await house.sync()
        await house.settle()
    return house.peers


@pytest.mark.parametrize("source", EVERYTHING)
async def test_source_goes_to_others_only_while_the_document_allows_it(house: House, source: str) -> None:
    house.may["doctor"] = EVERYTHING
    peers = await meet(house, ["doctor", "patient"], ("audio", "camera", "screen"))
    doctor, patient = peers["doctor"], peers["patient"]
    payload_type = 111 if source == "audio" else 96
    doctor.send(rtp(doctor.ssrcs[source], 1, b"allowed", payload_type))
    await patient.changes.until(lambda: patient.packets)
    house.may["doctor"] = [name for name in EVERYTHING if name != source]
    house.tell()
    await house.sync()
    doctor.send(rtp(doctor.ssrcs[source], 2, b"denied", payload_type))  # before it has heard of it, and after
    await doctor.check()
    await house.settle()
    doctor.send(rtp(doctor.ssrcs[source], 3, b"denied", payload_type))
    await doctor.check()
    assert [packet[12:] for packet in patient.packets] == [b"allowed"]
    assert source not in {track["kind"] for track in patient.offer["down"]}
    assert source not in seat_of(house, "doctor").tracks


async def test_screen_allowed_later_is_offered_anew_and_passes_on(house: House) -> None:
    peers = await meet(house, ["doctor", "patient"], ("audio", "camera", "screen"))
    doctor, patient = peers["doctor"], peers["patient"]
    assert _directions(doctor)[:3] == ["recvonly", "recvonly", "inactive"]
    house.may["doctor"] = EVERYTHING
    house.tell()
    await house.sync()
    await house.settle()
    assert _directions(doctor)[:3] == ["recvonly", "recvonly", "recvonly"]
    assert [track["kind"] for track in patient.offer["down"]] == EVERYTHING
    doctor.send(video(doctor.ssrcs["screen"], 1, b"text", key=True))
    await patient.changes.until(lambda: patient.packets)
    assert int.from_bytes(patient.packets[0][8:12], "big") == doctor.ssrcs["screen"]


async def test_answer_that_sends_a_screen_it_was_not_asked_for_sends_nothing(house: House) -> None:
    peers = await meet(house, ["doctor"], ("audio", "camera"))
    doctor = peers["doctor"]
    house.web.send(type="restart-ice", **house.at("doctor"))
    doctor.take(await house.web.expect("offer", offer=doctor.offer["offer"] + 1, **house.at("doctor")))
    head, _, screen = doctor.answer().rpartition("a=inactive")
    house.answer("doctor", f"{head}a=sendonly\r\na=ssrc:{doctor.ssrcs['screen']} cname:x{screen}")
    await house.sync()
    assert set(seat_of(house, "doctor").announced) == {"audio", "camera"}


@pytest.mark.parametrize("fresh", [False, True], ids=["same-ssrc", "new-ssrc"])
async def test_voices_go_on_whole_while_a_screen_comes_and_goes(house: House, fresh: bool) -> None:
    peers = await meet(house, ["doctor", "patient", "guest"], ("audio", "camera", "screen"))
    doctor, patient, guest = peers["doctor"], peers["patient"], peers["guest"]
    offers = {name: peer.offer["offer"] for name, peer in peers.items()}
    sent = 0

    def speak() -> None:
        nonlocal sent
        sent += 1
        for peer in (doctor, patient):
            peer.send(rtp(peer.ssrcs["audio"], sent, sent.to_bytes(4, "big")))

    for turn in range(SHARES):
        doctor.ssrcs["screen"] += fresh  # Chromium and Firefox keep the SSRC from share to share; none has to
        for may in (EVERYTHING, EVERYTHING[:2]):
            house.may["doctor"] = may
            house.tell()
            speak()
            await house.sync()
            speak()
            await house.settle()
            speak()
            doctor.send(video(doctor.ssrcs["screen"], turn, b"slide"))
            await doctor.check()
            await patient.check()
    for speaker in (doctor, patient):
        (heard,) = _heard(guest, speaker.ssrcs["audio"])
        assert [int.from_bytes(packet[12:], "big") for packet in heard] == list(range(1, sent + 1))
        first = int.from_bytes(heard[0][2:4], "big")
        assert [int.from_bytes(packet[2:4], "big") for packet in heard] == [
            (first + number) & 0xFFFF for number in range(sent)
        ]
    assert len([p for p in guest.packets if p[12:].endswith(b"slide")]) == SHARES
    for name, peer in peers.items():
        # Two rounds a share, and one section for all of them.
        assert peer.offer["offer"] - offers[name] <= 2 * SHARES
        assert peer.offer["sdp"].count("m=") == 3 + 2 * 2 + (name != "doctor")


async def test_eight_seats_with_everything_on_stay_within_the_bounds(house: House) -> None:
    names = [f"seat-{number}" for number in range(8)]
    house.may = dict.fromkeys(names, EVERYTHING)
    peers = await meet(house, names, ("audio", "camera", "screen"))
    for name, peer in peers.items():
        assert len(peer.offer["down"]) == 7 * 3
        assert peer.offer["sdp"].count("m=") == 3 + 7 * 3
        assert len(seat_of(house, name).agreed) == 7 * 3
    for _ in range(4):  # all but one come anew, under new SSRCs, at the same time
        for name in names[1:]:
            await house.leave(name)
        for name in names[1:]:
            await house.join(name, peer=Peer(("audio", "camera", "screen")))
        await house.sync()
        await house.settle()
    first = house.peers[names[0]]
    assert first.offer["sdp"].count("m=") <= MAX_SDP_SECTIONS
    assert len(first.answer()) < MAX_SDP_BYTES
    speaker = house.peers[names[5]]
    for source, number in (("audio", 111), ("camera", 96), ("screen", 96)):
        speaker.send(rtp(speaker.ssrcs[source], 1, source.encode(), number))
    for name in names[:5]:
        listener = house.peers[name]
        await listener.changes.until(lambda listener=listener: len(listener.packets) == 3)
        assert [packet[12:] for packet in listener.packets] == [b"audio", b"camera", b"screen"]


async def test_ninth_seat_is_refused_and_the_room_goes_on(house: House) -> None:
    await meet(house, ["doctor", "patient"], ("audio", "camera"))
    known = house.version
    house.tell(**{f"seat-{number}": True for number in range(7)})
    assert await house.web.expect("error", code="bad_message")
    room = house.relay.board.rooms[house.room]
    assert (room.version, len(room.seats)) == (known, 2)


async def test_room_too_many_is_refused_and_the_others_go_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    peers = await meet(house, ["doctor", "patient"], ("audio", "camera"))
    monkeypatch.setattr(switchboard, "MAX_ROOMS", 1)
    other = House(house.relay, house.web, house.control)
    other.tell(somebody=True)
    assert await house.web.expect("error", code="full", room=other.room)
    assert set(house.relay.board.rooms) == {house.room}
    peers["doctor"].send(rtp(peers["doctor"].ssrcs["audio"], 1, b"on"))
    await peers["patient"].changes.until(lambda: peers["patient"].packets)


def _directions(peer: Peer) -> list[str]:
    kinds = {"a=recvonly", "a=sendonly", "a=inactive"}
    return [line.removeprefix("a=") for line in peer.offer["sdp"].splitlines() if line in kinds]


def _heard(peer: Peer, *ssrcs: int) -> Iterator[list[bytes]]:
    return ([packet for packet in peer.packets if int.from_bytes(packet[8:12], "big") == ssrc] for ssrc in ssrcs)


async def test_room_whose_clock_fails_stops_no_other_rooms(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first = house.room
    await house.join("doctor")
    house.start_room()
    await house.join("other doctor")
    board = house.relay.board
    ticked: list[str] = []

    def tick(room: Room, now: float) -> bool:
        ticked.append(room.id)
        if room.id == first:
            raise RuntimeError("a fault in this room")
        return False

    monkeypatch.setattr(board.rescue, "tick", tick)
    for _ in range(3):
        board.tick(house.clock())
    assert ticked.count(house.room) >= 3
    assert len([record for record in caplog.records if "clock of a room" in record.message]) == 1
