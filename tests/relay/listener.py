"""A peer that answers as a browser's receiver does: it asks at once for numbers left out, and reports what it got."""

import struct
from typing import Any

from relay import rtcp
from relay.rtcp import ReportBlock
from tests.faults.proxy import FaultProxy
from tests.relay.peer import Peer


def sender_report(ssrc: int, ntp_middle: int = 0x22223333, rtp_time: int = 90_000) -> bytes:
    return struct.pack("!BBHIHIHIII", 0x80, 200, 6, ssrc, 0x1111, ntp_middle, 0, rtp_time, 1, 2)


class Track:
    """What came under one SSRC, counted as RFC 3550 says."""

    def __init__(self, number: int) -> None:
        self.first = self.highest = number
        self.received = 0
        self.last_report = 0  # the sender report that it says it got; a test's to set

    def take(self, number: int) -> list[int]:
        """Count one packet; the numbers that it shows to be missing."""
        self.received += 1
        step = ((number - self.highest + 0x8000) & 0xFFFF) - 0x8000
        if step <= 0:
            return []
        missing = [(self.highest + ahead) & 0xFFFF for ahead in range(1, step)]
        self.highest += step
        return missing

    def block(self, ssrc: int) -> ReportBlock:
        lost = self.highest - self.first + 1 - self.received
        return ReportBlock(ssrc, 0, lost, self.highest, 0, self.last_report, 0)


class Listener(Peer):
    """Its video is what is not padding only; `padding` is what is."""

    def __init__(self, asks: bool = True) -> None:
        super().__init__()
        self.asks = asks
        self.inbound: dict[int, Track] = {}
        self.padding: list[bytes] = []

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        packets = len(self.packets)
        super().datagram_received(data, address)
        for packet in self.packets[packets:]:
            self._take(packet)

    def _take(self, packet: bytes) -> None:
        number, ssrc = struct.unpack("!2xH4xI", packet[:12])
        if packet[0] & 0x20 and packet[-1] == len(packet) - 12:
            self.padding.append(packet)
            self.packets.remove(packet)
        track = self.inbound.setdefault(ssrc, Track(number))
        missing = track.take(number)
        if missing and self.asks:
            self.send_report(self.blocks() + rtcp.nack(ssrc, missing))

    def blocks(self) -> bytes:
        return rtcp.receiver_report([track.block(ssrc) for ssrc, track in self.inbound.items()])

    def report(self, estimate: int | None = None, lost: dict[int, int] | None = None) -> None:
        """What a browser says each second; `lost` adds losses to what it counted, by SSRC."""
        for ssrc, count in (lost or {}).items():
            self.inbound[ssrc].received -= count
        limit = rtcp.bitrate_limit(estimate, self.inbound) if estimate is not None else b""
        self.send_report(self.blocks() + limit)


class FarListener(Listener):
    """A listener that reaches the relay only through the proxy."""

    def __init__(self, proxy: FaultProxy) -> None:
        super().__init__()
        self.proxy = proxy

    def take(self, offer: dict[str, Any]) -> None:
        super().take(offer)
        self.relay = self.proxy.address
