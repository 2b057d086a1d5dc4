"""Hostile datagrams in two phases, before and during a visit: no call is lost and nobody hears a gap."""

import contextlib
import itertools
import os
import random
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from relay import rtcp
from tests.relay.house import House
from tests.relay.peer import Peer, rtp

LONG = os.environ.get("HOUSECALL_LONG") == "1"
COUNT = 10_000 if LONG else 1_000  # datagrams in each phase
TRIES = 100 if LONG else 12
A_TIME = 10  # datagrams between one word and the next
# Seconds of work between two words. Work takes longer, too, where neighbours share caches and cores: by how much is for
# the long run; what an attack would cost is more than ten times as much.
GAP, BOMB_GAP = (0.2, 0.06) if LONG else (2.0, 0.6)
# A stranger's DTLS ClientHello, cut to its record and handshake header.
CLIENT_HELLO = bytes.fromhex("16feff000000000000000000360100002a000000000000002afefd") + bytes(40)


class Call:
    """Two people who talk all the while. Each word is waited for, so that a lost one fails the test."""

    def __init__(self, house: House, speaker: Peer, listener: Peer) -> None:
        self.house, self.speaker, self.listener = house, speaker, listener
        self.words = 0
        self.longest = 0.0
        self._mark = len(house.web.heard)
        self._spoke_at = time.process_time()

    async def say(self) -> None:
        self.words += 1
        self.speaker.send(rtp(self.speaker.ssrcs["audio"], self.words, self.words.to_bytes(4, "big")))
        await self.listener.changes.until(lambda: len(self.listener.packets) == self.words)
        # Work, not the clock: relay and test share one process, and other programs share the machine.
        spent, self._spoke_at = time.process_time() - self._spoke_at, time.process_time()
        self.longest = max(self.longest, spent)

    def check(self) -> None:
        assert [int.from_bytes(p[12:], "big") for p in self.listener.packets] == list(range(1, self.words + 1))
        assert self.longest < GAP
        states = [peer.state for room in self.house.relay.board.rooms.values() for peer in room.peers()]
        assert set(states) <= {"connected", "new"}
        assert not [m for m in self.house.web.heard[self._mark :] if m["type"] in ("error", "seat")]


@pytest.fixture
def stranger() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        yield sock


@pytest.fixture
async def other(house: House) -> AsyncIterator[House]:
    other = House(house.relay, house.web, house.control)
    yield other
    for peer in other.peers.values():
        await peer.close()


def unproved(dice: random.Random, victim: Peer, captured: list[bytes]) -> bytes:
    """One datagram as a stranger may send it; `captured` is what it saw on the wire of the victim."""
    body = dice.randbytes(dice.randrange(1400))
    kinds: list[Callable[[], bytes]] = [
        lambda: b"",
        lambda: body,
        lambda: CLIENT_HELLO,
        lambda: b"\x16\xfe\xfd" + body,
        lambda: b"\0\1\0\x0c\x21\x12\xa4\x42" + dice.randbytes(12) + b"\0\6\0\6ab:cde\0\0",  # a user of nobody
        lambda: b"\0\1" + dice.randbytes(2) + b"\x21\x12\xa4\x42" + body,  # lengths that lie
        lambda: bytes(victim.request(password="a guess")),
        lambda: rtp(dice.randrange(1 << 32), dice.randrange(1 << 16), body),
        lambda: rtp(victim.ssrcs["audio"], dice.randrange(1 << 16), body),  # as if it were the victim's
        lambda: bomb(dice),
        lambda: dice.choice(captured) if captured else b"\x80",  # replay
    ]
    return dice.choice(kinds)()


def bomb(dice: random.Random) -> bytes:
    """RTCP that claims more than it holds, or asks for as much as fits."""
    ssrc = dice.randrange(1 << 32)
    kinds: list[Callable[[], bytes]] = [
        lambda: rtcp.nack(ssrc, range(0, 4000, 17)),
        lambda: rtcp.picture_loss(ssrc) * 30,
        lambda: bytes([0x9F, 200]) + b"\xff\xff" + dice.randbytes(200),
        lambda: bytes([0x9F, 202, 0, 100]) + b"\1\xff" * 200,
        lambda: struct.pack("!BBH", 0x8F, 206, 5) + bytes(8) + b"REMB\xff\xff\xff\xff" + dice.randbytes(4),
        lambda: (
            bytes([0x80 | dice.randrange(32), dice.randrange(200, 208)]) + dice.randbytes(2 + 4 * dice.randrange(90))
        ),
    ]
    return rtcp.receiver_report(()) + dice.choice(kinds)()


async def test_hostile_datagrams_before_a_visit_disturb_neither_it_nor_others(
    house: House, other: House, stranger: socket.socket
) -> None:
    call = Call(house, *await other.both())
    house.tell(doctor=True, patient=True)
    doctor = await house.connect("doctor")
    dice, captured = random.Random(21), list[bytes]()
    for turn in range(COUNT // A_TIME):
        for _ in range(A_TIME):
            datagram = unproved(dice, doctor, captured)
            stranger.sendto(datagram, doctor.relay)
            if turn % 2:  # also from the very address that will be proven, before it is
                doctor.send_raw(datagram)
        await call.say()
    house.answer("doctor")
    await doctor.check()
    for _ in range(50):  # the race for the handshake
        stranger.sendto(CLIENT_HELLO, doctor.relay)
    assert await doctor.handshake() == "connected"
    await house.web.expect("seat", state="connected", **house.at("doctor"))
    call._mark = len(house.web.heard)
    await call.say()
    call.check()
    patient = await house.join("patient")
    await house.sync()
    await house.settle()
    doctor.send(rtp(doctor.ssrcs["audio"], 1, b"well"))
    await patient.changes.until(lambda: patient.packets)


async def test_hostile_datagrams_of_strangers_during_a_visit_disturb_nobody(
    house: House, stranger: socket.socket
) -> None:
    doctor, patient = await house.both()
    captured = patient.raw
    call = Call(house, doctor, patient)
    dice = random.Random(22)
    for _ in range(COUNT // A_TIME):
        for _ in range(A_TIME):
            stranger.sendto(unproved(dice, doctor, captured), doctor.relay)
        await call.say()
    call.check()
    assert len(house.relay.board.directory.by_address[0]) == 2


async def test_hostile_datagrams_of_a_member_during_a_visit_disturb_nobody(house: House, other: House) -> None:
    """From a proven address; a third of them under the member's own keys."""
    quiet = Call(house, *await other.both())
    doctor, patient = await house.both()
    member = await house.join("member")
    await house.sync()
    await house.settle()
    sent: list[bytes] = []
    member_ssrc = member.ssrcs["audio"]
    call = Call(house, doctor, patient)
    quiet._mark = call._mark
    dice = random.Random(23)

    numbers = itertools.count()

    def sealed() -> bytes:
        forged = dice.choice([doctor.ssrcs["audio"], doctor.ssrcs["camera"], rtcp.RELAY_SSRC, dice.randrange(1 << 32)])
        kind = dice.randrange(3)
        if kind == 0:
            return member._dtls._tx_srtp.protect_rtcp(bomb(dice))
        if kind == 1:
            return member._dtls._tx_srtp.protect(rtp(forged, next(numbers), bytes(100)))
        packet = member._dtls._tx_srtp.protect(rtp(member_ssrc, next(numbers), b"odd", dice.randrange(128)))
        return dice.choice([packet, packet[:-1], packet[:12], packet[:40] + b"\0" + packet[41:]])

    for _ in range(COUNT // A_TIME):
        for _ in range(A_TIME):
            datagram = sealed() if dice.random() < 0.34 else unproved(dice, doctor, sent)
            sent = [*sent[-50:], datagram]
            member.send_raw(datagram)
        await quiet.say()
        call.words += 1
        call.speaker.send(rtp(doctor.ssrcs["audio"], call.words, call.words.to_bytes(4, "big")))
        await patient.changes.until(lambda: len(words(patient, doctor)) == call.words)
    assert words(patient, doctor) == list(range(1, call.words + 1))
    quiet.check()


def words(listener: Peer, speaker: Peer) -> list[int]:
    ssrc = speaker.ssrcs["audio"].to_bytes(4, "big")
    return [int.from_bytes(p[12:], "big") for p in listener.packets if p[8:12] == ssrc]


@pytest.mark.parametrize("claim", ["wrong", "missing", "sha-1", "two-of-which-none"])
async def test_who_cannot_show_the_announced_certificate_has_no_frame_accepted(house: House, claim: str) -> None:
    doctor = await house.join("doctor")
    dice = random.Random(claim)
    for _ in range(TRIES // 4):
        mark = len(house.web.heard)
        house.tell(intruder=True)
        intruder = await house.connect("intruder")
        house.answer("intruder", claimed(intruder, claim, dice))
        await intruder.check()
        code = "dtls_failed" if claim in ("wrong", "two-of-which-none") else "bad_sdp"
        if code == "dtls_failed":
            await intruder.handshake()
            if intruder._dtls._tx_srtp is not None:
                for number in range(20):
                    intruder.send(rtp(intruder.ssrcs["audio"], number, b"frame"))
        for number in range(20):
            intruder.send_raw(rtp(intruder.ssrcs["audio"], number, b"frame"))
        assert await house.web.expect("error", mark, code=code, **house.at("intruder"))
        del house.seats["intruder"]
        house.tell()
        await house.sync()
        await house.settle()
        await house.peers.pop("intruder").close()
    assert doctor.packets == []
    assert house.relay.board.counters.packets_out == 0


def claimed(peer: Peer, claim: str, dice: random.Random) -> str:
    digests = {size: dice.randbytes(size).hex(":").upper() for size in (20, 32, 64)}
    lines = {
        "wrong": f"a=fingerprint:sha-256 {digests[32]}\r\n",
        "missing": "",
        "sha-1": f"a=fingerprint:sha-1 {digests[20]}\r\n",
        "two-of-which-none": f"a=fingerprint:sha-256 {digests[32]}\r\na=fingerprint:sha-512 {digests[64]}\r\n",
    }
    own = f"a=fingerprint:sha-256 {peer.certificate.getFingerprints()[0].value}\r\n"
    answer = peer.answer()
    assert own in answer
    return answer.replace(own, lines[claim])


def bombs(peer: Peer) -> dict[str, str]:
    answer = peer.answer()
    many = "".join(f"a=candidate:{n} 1 udp 1 10.0.{n >> 8}.{n & 255} 9 typ host\r\n" for n in range(3000))
    section = answer[answer.index("m=audio") :].split("m=video")[0]
    return {
        "3,000 candidates": answer.replace("a=mid:0\r\n", "a=mid:0\r\n" + many),
        "500 sections": answer + section * 500,
        "60,000 bytes": answer + "a=x\r\n" * 12_000,
        "900 fingerprints": answer.replace("a=setup", f"a=fingerprint:sha-256 {'AB:' * 31}AB\r\n" * 300 + "a=setup"),
        "1 MB": answer + "a=x\r\n" * 200_000,
    }


async def test_bombs_for_answers_are_refused_while_another_call_goes_on(house: House, other: House) -> None:
    call = Call(house, *await other.both())
    house.tell(doctor=True)
    doctor = await house.connect("doctor")
    texts = bombs(doctor)
    for text in texts.values():
        mark = len(house.web.heard)
        house.answer("doctor", text)
        error = await house.web.expect("error", mark)
        assert error["code"] in ("bad_sdp", "too_big")
        await call.say()
    assert call.longest < BOMB_GAP
    call._mark = len(house.web.heard)
    call.check()
    house.answer("doctor")  # its offer is still open
    await doctor.check()
    assert await doctor.handshake() == "connected"


async def test_addresses_in_an_answer_are_never_sent_to(house: House) -> None:
    targets = ["127.0.0.1", "0.0.0.0", "10.0.0.1", "169.254.169.254", "192.168.0.1", "::1", "fe80::1", "host.local"]
    with contextlib.ExitStack() as stack:
        listeners = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(22)]
        for sock in listeners:
            sock.bind(("127.0.0.1", 0))
            sock.setblocking(False)
        ports = [sock.getsockname()[1] for sock in listeners]
        lines = [f"a=candidate:{n} 1 udp 1 127.0.0.1 {port} typ host\r\n" for n, port in enumerate(ports)]
        lines += [f"a=candidate:{30 + n} 1 udp 1 {host} 9 typ host\r\n" for n, host in enumerate(targets)]
        doctor = await house.join("doctor")
        house.tell(patient=True)
        patient = await house.connect("patient")
        house.answer("patient", patient.answer().replace("a=mid:0\r\n", "a=mid:0\r\n" + "".join(lines)))
        await patient.check()
        assert await patient.handshake() == "connected"
        await house.web.expect("seat", state="connected", **house.at("patient"))
        await house.sync()
        await house.settle()
        doctor.send(rtp(doctor.ssrcs["audio"], 1, b"hello"))
        await patient.changes.until(lambda: patient.packets)
        for sock in listeners:
            with pytest.raises(BlockingIOError):
                sock.recv(1)
