"""A member that floods: muted, then removed, and nobody else hears a gap. The clock of the rooms is the test's own."""

import asyncio
import os
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import cast

import pytest

from relay import rtcp
from relay.documents import SeatWish
from relay.flood import FloodGuard
from relay.limits import (
    AGAIN_BURST,
    FLOOD_MEMORY_SECONDS,
    MAX_GUARDS,
    MUTE_SECONDS,
    PACKET_COST,
    PATIENCE_BURST,
    REMOVED_SECONDS,
)
from relay.negotiation import TrackRef
from relay.peer import Peer as RelayPeer
from relay.room import Room, Seat
from relay.tracks import UpTrack
from tests.relay.house import House
from tests.relay.peer import Peer, rtp

PACKETS_A_SECOND = 5_000
SIZE = 500  # 20 Mbit/s
TURN = 0.02
SECONDS = 60 if os.environ.get("HOUSECALL_LONG") == "1" else 4


def exhaust(guard: FloodGuard, now: float) -> None:
    for _ in range(3 * PATIENCE_BURST):  # a bucket may be credited once for the time since it was made
        guard.denied(now)


def test_guard_mutes_who_goes_on_and_removes_who_floods_again() -> None:
    guard = FloodGuard(0.0)
    exhaust(guard, 1.0)
    assert guard.verdict(1.0) == "mute"
    assert guard.verdict(1.0 + MUTE_SECONDS - 0.1) is None
    assert guard.verdict(1.0 + MUTE_SECONDS) == "unmute"
    assert guard.verdict(12.0) is None
    exhaust(guard, 13.0)
    assert guard.verdict(13.0) == "remove"


def test_guard_forgives_a_burst_and_forgets_a_flood_long_ago() -> None:
    guard = FloodGuard(0.0)
    for _ in range(PATIENCE_BURST):
        guard.denied(1.0)
    assert guard.verdict(1.0) is None
    exhaust(guard, 2.0)
    assert guard.verdict(2.0) == "mute"
    assert guard.verdict(12.0) == "unmute"
    later = 13.0 + FLOOD_MEMORY_SECONDS
    exhaust(guard, later)
    assert guard.verdict(later) == "mute"


@pytest.fixture
async def other(house: House) -> AsyncIterator[House]:
    """Another room of the same relay."""
    other = House(house.relay, house.web, house.control)
    yield other
    for peer in other.peers.values():
        await peer.close()


class Speech:
    """Somebody speaks and somebody in the same room should hear every word."""

    def __init__(self, speaker: Peer, listener: Peer) -> None:
        self.speaker, self.listener = speaker, listener
        self.said = 0
        self._heard: list[int] = []
        self._looked_at = 0

    def say(self) -> None:
        self.said += 1
        self.speaker.send(rtp(self.speaker.ssrcs["audio"], self.said, self.said.to_bytes(4, "big")))

    @property
    def heard(self) -> list[int]:
        fresh = self.listener.packets[self._looked_at :]  # each packet is looked at once: most are of the flood
        self._looked_at += len(fresh)
        ssrc = self.speaker.ssrcs["audio"].to_bytes(4, "big")
        self._heard += [int.from_bytes(p[12:], "big") for p in fresh if p[8:12] == ssrc]
        return self._heard

    async def was_heard(self) -> None:
        await self.listener.changes.until(lambda: len(self.heard) == self.said)


async def three(house: House) -> tuple[Peer, Peer, Peer]:
    doctor, patient = await house.both()
    flooder = await house.join("flooder")
    await house.sync()
    await house.settle()
    return doctor, patient, flooder


@pytest.mark.slow
async def test_member_that_floods_is_muted_then_removed_and_others_hear_everything(house: House, other: House) -> None:
    doctor, patient, flooder = await three(house)
    speeches = [Speech(doctor, patient), Speech(*await other.both())]
    now = house.clock()
    house.clock = lambda: now  # type: ignore[method-assign]
    board, at = house.relay.board, house.at("flooder")
    junk, ssrc, sent = bytes(SIZE - 40), flooder.ssrcs["audio"], 0
    moments: dict[str, float] = {}
    start = now
    while "removed_flood" not in moments and now < start + 40:
        now += TURN
        for _ in range(int(PACKETS_A_SECOND * TURN)):
            sent += 1
            flooder.send(rtp(ssrc, sent, junk))
        for speech in speeches:
            speech.say()
            await speech.was_heard()
        board.tick(now)
        for message in house.web.heard:
            if message["type"] == "error":
                moments.setdefault(message["code"], now - start)
    assert moments["flooding"] < 3
    assert moments["flooding"] + MUTE_SECONDS < moments["removed_flood"] < moments["flooding"] + MUTE_SECONDS + 3
    for speech in speeches:
        assert speech.heard == list(range(1, speech.said + 1))
    assert await house.web.expect("seat", state="closed", **at)
    await house.settle()
    assert not {track["seat"] for track in doctor.offer["down"]} & {house.seat("flooder")}
    mark = len(house.web.heard)
    house.web.send(type="connect", **at)
    assert await house.web.expect("error", mark, code="removed_flood", **at)
    now += REMOVED_SECONDS
    house.web.send(type="connect", **at)
    assert await house.web.expect("offer", mark, **at)


async def test_muted_members_media_is_not_decrypted(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    doctor, patient = await house.both()
    peer = house.relay.board.rooms[house.room].seats[house.seat("doctor")].peer
    assert peer is not None
    assert peer._sessions is not None
    opened, unprotect = [0], peer._sessions.unprotect

    def spy(data: bytes) -> bytes:
        opened[0] += 1
        return unprotect(data)

    monkeypatch.setattr(peer._sessions, "unprotect", spy)
    exhaust(peer.flood, house.clock())
    assert await house.web.expect("error", code="flooding", **house.at("doctor"))
    for number in range(500):
        doctor.send(rtp(doctor.ssrcs["audio"], number, b"muted"))
    await doctor.check()
    assert opened == [0]
    patient.send(rtp(patient.ssrcs["audio"], 1, b"to the muted one"))  # who still hears the others
    await doctor.changes.until(lambda: doctor.packets)
    house.skew += MUTE_SECONDS + 1
    await patient.changes.until(lambda: (doctor.send(rtp(doctor.ssrcs["audio"], 1000, b"back")), patient.packets)[1])


async def test_new_connection_does_not_end_a_mute(house: House) -> None:
    _, patient = await house.both()
    peer = house.relay.board.rooms[house.room].seats[house.seat("doctor")].peer
    assert peer is not None
    exhaust(peer.flood, house.clock())
    assert await house.web.expect("error", code="flooding", **house.at("doctor"))
    await house.peers.pop("doctor").close()
    await house.web.expect("seat", state="closed", **house.at("doctor"))
    doctor = await house.join("doctor")
    await house.sync()
    await house.settle()
    for number in range(20):
        doctor.send(rtp(doctor.ssrcs["audio"], number, b"muted"))
    await doctor.check()
    await patient.check()
    assert patient.packets == []
    house.skew += MUTE_SECONDS + 1
    await patient.changes.until(lambda: (doctor.send(rtp(doctor.ssrcs["audio"], 1000, b"back")), patient.packets)[1])


async def test_leaving_and_taking_the_seat_again_does_not_end_a_mute(house: House) -> None:
    _, patient = await house.both()
    peer = house.relay.board.rooms[house.room].seats[house.seat("doctor")].peer
    assert peer is not None
    exhaust(peer.flood, house.clock())
    assert await house.web.expect("error", code="flooding", **house.at("doctor"))
    await house.leave("doctor")
    doctor = await house.join("doctor")
    await house.sync()
    await house.settle()
    for number in range(20):
        doctor.send(rtp(doctor.ssrcs["audio"], number, b"muted"))
    await doctor.check()
    await patient.check()
    assert patient.packets == []
    house.skew += MUTE_SECONDS + 1
    await patient.changes.until(lambda: (doctor.send(rtp(doctor.ssrcs["audio"], 1000, b"back")), patient.packets)[1])


def test_guards_of_seats_that_left_are_bounded_and_the_oldest_goes_first() -> None:
    room = Room("r")
    peers = [SimpleNamespace(flood=FloodGuard(0.0)) for _ in range(MAX_GUARDS + 2)]
    room.seats["0"] = Seat(SeatWish(True, frozenset(), False))
    for number, peer in enumerate(peers):
        room.guard(str(number), cast(RelayPeer, peer))
    assert len(room.guards) == MAX_GUARDS
    assert [name in room.guards for name in ("0", "1", "2", "3")] == [True, False, False, True]
    again = SimpleNamespace(flood=FloodGuard(0.0))
    room.guard("0", cast(RelayPeer, again))
    assert again.flood is peers[0].flood


async def test_datagrams_that_are_not_the_members_own_do_not_have_it_muted(house: House) -> None:
    doctor, patient = await house.both()
    for turn in range(100):
        for number in range(50):  # from its address and under its SSRC, but not under its keys
            doctor.send_raw(rtp(doctor.ssrcs["audio"], number, bytes(1000)))
        doctor.send(rtp(doctor.ssrcs["audio"], turn, b"own"))
        await patient.changes.until(lambda turn=turn: len(patient.packets) == turn + 1)
    await house.sync()
    assert not [message for message in house.web.heard if message.get("code") == "flooding"]


async def test_flood_of_requests_to_send_again_gets_its_budget_and_no_more(house: House) -> None:
    doctor, patient = await house.both()
    camera = doctor.ssrcs["camera"]
    now = house.clock()
    house.clock = lambda: now  # type: ignore[method-assign]
    for number in range(60):
        doctor.send(rtp(camera, number, bytes(1000), 96))
    await patient.changes.until(lambda: len(patient.packets) == 60)
    first = int.from_bytes(patient.packets[0][2:4], "big")
    again = rtcp.receiver_report(()) + rtcp.nack(camera, [(first + number) & 0xFFFF for number in range(60)])
    before = house.relay.board.counters.packets_out
    for _ in range(50):
        patient.send_report(again)
    await patient.check()
    sent_again = house.relay.board.counters.packets_out - before
    assert 60 < sent_again <= AGAIN_BURST / (1000 + PACKET_COST)


async def test_sender_whose_numbers_are_full_of_holes_gets_no_honest_receiver_muted(house: House) -> None:
    """A hundred packets a second, ten holes between each two; asked for twenty times (browsers do so ten times)."""
    doctor, patient = await house.both()
    camera, voice = doctor.ssrcs["camera"], Speech(patient, doctor)
    now = house.clock()
    house.clock = lambda: now  # type: ignore[method-assign]
    number = 0
    for turn in range(200):  # of 20 ms
        now += TURN
        for _ in range(2):
            number += 11
            doctor.send(rtp(camera, number & 0xFFFF, b"video", 96))
        await patient.changes.until(lambda turn=turn: len(patient.packets) == 2 * (turn + 1))
        newest = int.from_bytes(patient.packets[-1][2:4], "big")
        holes = [(newest - back) & 0xFFFF for back in range(255) if back % 11]
        for _ in range(2):
            patient.send_report(rtcp.receiver_report(()) + rtcp.nack(camera, holes))
        voice.say()
        await voice.was_heard()
        house.relay.board.tick(now)
    assert not [message for message in house.web.heard if message.get("code") == "flooding"]


async def test_seat_that_changes_its_ssrcs_without_end_uses_up_nobody_elses(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await three(house)
    monkeypatch.setattr("relay.peer.MAX_NUMBERINGS_PER_SEAT", 5)

    def connection(name: str) -> RelayPeer:
        peer = house.relay.board.rooms[house.room].seats[house.seat(name)].peer
        assert peer is not None
        return peer

    def track(name: str, ssrc: int) -> UpTrack:
        return UpTrack(connection(name), TrackRef(house.seat(name), "camera", ssrc))

    doctor = connection("doctor")
    taken = [doctor.down(track("flooder", ssrc)) is not None for ssrc in range(1000, 1010)]
    assert taken.count(True) <= 5
    assert doctor.down(track("flooder", 1000)) is not None  # one that it had goes on under its numbers
    assert doctor.down(track("patient", 2000)) is not None


@pytest.mark.slow
async def test_flood_at_full_rate_costs_the_other_room_under_one_percent(house: House, other: House) -> None:
    """5,000 packets a second, 20 Mbit/s, by the real clock; speech every 20 ms in the other room."""
    _, _, flooder = await three(house)
    speech = Speech(*await other.both())
    junk, ssrc, sent = bytes(SIZE - 40), flooder.ssrcs["audio"], 0
    loop = asyncio.get_running_loop()
    start = loop.time()
    for turn in range(int(SECONDS / TURN)):
        for _ in range(int(PACKETS_A_SECOND * TURN)):
            sent += 1
            flooder.send(rtp(ssrc, sent, junk))
        speech.say()
        if turn % 250 == 0:  # consent lasts 30 s
            for peer in (speech.speaker, speech.listener, flooder):
                peer.send_raw(bytes(peer.request()))
        due = loop.create_future()
        loop.call_at(start + (turn + 1) * TURN, due.set_result, None)
        await due
    speech.say()
    await speech.listener.changes.until(lambda: speech.heard[-1:] == [speech.said])
    assert len(speech.heard) >= 0.99 * speech.said
    assert await house.web.expect("error", code="flooding")
