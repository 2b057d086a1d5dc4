"""Seats behind the fault proxy: a NAT that rebinds, and a line that loses packets."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from relay import rtcp
from tests.faults.core import Faults
from tests.faults.proxy import Client, FaultProxy
from tests.relay.house import House
from tests.relay.peer import Peer, rtp, video

PACKETS = 240  # fewer than a ring keeps
BURST = 40


def number_of(packet: bytes) -> int:
    return int.from_bytes(packet[2:4], "big")


class BehindProxy(Peer):
    """A seat that reaches the relay only through the proxy. It sends again what the relay asks for."""

    def __init__(self, proxy: FaultProxy) -> None:
        super().__init__()
        self.proxy = proxy
        self.sent: dict[tuple[int, int], bytes] = {}
        self.sent_again = 0

    def take(self, offer: dict[str, Any]) -> None:
        super().take(offer)
        self.relay = self.proxy.address

    @property
    def line(self) -> Client:
        return self.proxy.client(self.credentials[0])

    def send(self, packet: bytes) -> None:
        protected = self._dtls._tx_srtp.protect(packet)
        self.sent[int.from_bytes(packet[8:12], "big"), number_of(packet)] = protected
        self.send_raw(protected)

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        known = len(self.reports)
        super().datagram_received(data, address)
        for report in self.reports[known:]:
            for ssrc, numbers in rtcp.parse(report).nacks:
                for number in numbers:
                    if (ssrc, number) in self.sent:
                        self.sent_again += 1
                        self.send_raw(self.sent[ssrc, number])


@pytest.fixture
async def proxy(house: House) -> AsyncIterator[FaultProxy]:
    async with FaultProxy(("127.0.0.1", house.relay.port), seed=5) as proxy:
        yield proxy


async def join_both(house: House, proxy: FaultProxy) -> tuple[BehindProxy, Peer]:
    """A doctor behind the proxy and a patient beside it, settled."""
    doctor = BehindProxy(proxy)
    await house.join("doctor", peer=doctor)
    patient = await house.join("patient")
    await house.sync()
    await house.settle()
    return doctor, patient


async def test_rebinding_heals_by_the_next_check(house: House, proxy: FaultProxy) -> None:
    doctor, patient = await join_both(house, proxy)
    voice = doctor.ssrcs["audio"], patient.ssrcs["audio"]
    doctor.send(rtp(voice[0], 1, b"before"))
    patient.send(rtp(voice[1], 1, b"before"))
    await patient.changes.until(lambda: patient.packets)
    await doctor.changes.until(lambda: doctor.packets)

    proxy.rebind(doctor.line)
    doctor.send(rtp(voice[0], 2, b"from an unproven port"))
    dropped = house.relay.board.counters.dropped
    while house.relay.board.counters.dropped == dropped:
        await patient.check()
    assert len(patient.packets) == 1

    await doctor.check()  # what a browser does every few seconds anyway
    doctor.send(rtp(voice[0], 3, b"after"))
    await patient.changes.until(lambda: len(patient.packets) == 2)
    patient.send(rtp(voice[1], 2, b"after"))
    await doctor.changes.until(lambda: len(doctor.packets) == 2)
    assert [packet[12:] for packet in doctor.packets] == [b"before", b"after"]
    peer = house.relay.board.rooms[house.room].seats[house.seat("doctor")].peer
    assert peer is not None
    assert peer.ice.path is not None
    assert peer.ice.path.address == ("127.0.0.1", doctor.line.port)
    assert doctor.line.port not in doctor.line.former


async def test_rebinding_without_a_check_stays_cut_off(house: House, proxy: FaultProxy) -> None:
    doctor, patient = await join_both(house, proxy)
    proxy.rebind(doctor.line)
    dropped = house.relay.board.counters.dropped
    for number in range(20):
        doctor.send(rtp(doctor.ssrcs["audio"], number, b"x"))
    while house.relay.board.counters.dropped < dropped + 20:
        await patient.check()
    assert patient.packets == []


async def send_in_bursts(sender: Peer, beside: Peer, packets: list[bytes]) -> None:
    """So many at a time as sockets hold; the peer beside the proxy loses nothing, so its check says when to go on."""
    for start in range(0, len(packets), BURST):
        for packet in packets[start : start + BURST]:
            sender.send(packet)
        await beside.check()


async def nudge(peer: Peer, done: Any, again: Any) -> None:
    """Wait until `done`, and do `again` whenever nothing happened for a moment (a NACK or its answer was lost)."""
    for _ in range(100):
        with contextlib.suppress(TimeoutError):
            await peer.changes.until(done, 0.1)
            return
        again()
    raise AssertionError("what was lost never came")


async def test_losses_coming_up_are_filled_by_the_relays_requests(house: House, proxy: FaultProxy) -> None:
    doctor, patient = await join_both(house, proxy)
    camera = doctor.ssrcs["camera"]
    line = doctor.line
    doctor.send(video(camera, 0, b"0"))
    await patient.changes.until(lambda: patient.packets)
    proxy.set(up=Faults(loss=0.05), down=Faults(loss=0.05), client=line)
    await send_in_bursts(doctor, patient, [video(camera, number, b"%d" % number) for number in range(1, PACKETS)])
    tail = iter(range(PACKETS, PACKETS + 100))

    def whole() -> bool:
        return set(range(PACKETS)) <= {int(packet[14:]) for packet in patient.packets}

    # A loss at the very end shows only when something follows it.
    await nudge(patient, whole, lambda: doctor.send(video(camera, number := next(tail), b"%d" % number)))
    assert line.up.counts.lost > PACKETS * 0.02
    assert doctor.sent_again >= line.up.counts.lost / 2
    in_order = sorted(patient.packets, key=number_of)
    assert [int(packet[14:]) for packet in in_order] == sorted(int(packet[14:]) for packet in patient.packets)


async def test_losses_going_down_are_filled_from_the_ring(house: House, proxy: FaultProxy) -> None:
    doctor, patient = await join_both(house, proxy)
    camera = patient.ssrcs["camera"]
    line = doctor.line
    patient.send(video(camera, 0, b"0", key=True))
    await doctor.changes.until(lambda: doctor.packets)
    first = number_of(doctor.packets[0])
    proxy.set(up=Faults(loss=0.05), down=Faults(loss=0.05), client=line)
    await send_in_bursts(patient, patient, [video(camera, number, b"%d" % number) for number in range(1, PACKETS)])

    def missing() -> list[int]:
        came = {(number_of(packet) - first) & 0xFFFF for packet in doctor.packets}
        return [(first + number) & 0xFFFF for number in range(PACKETS) if number not in came]

    def ask() -> None:
        doctor.send_report(rtcp.receiver_report(()) + rtcp.nack(camera, missing()))

    await nudge(doctor, lambda: not missing(), ask)
    assert line.down.counts.lost > PACKETS * 0.02
    assert {int(packet[14:]) for packet in doctor.packets} == set(range(PACKETS))
