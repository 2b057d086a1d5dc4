"""RTP as it came: header, payload, numbers that wrap, packets out of order. What a payload holds is vp8.py, opus.py."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

HEADER = struct.Struct("!BBHI")
SMALLEST = 12
RTP_MARKER = 0x80
# Version 2, an extension, neither padding nor contributors: what browsers send.
PLAIN_WITH_EXTENSION = 0x90
# A sender's number further away than this is a new beginning (RFC 3550, A.1).
MAX_DROPOUT = 3000
# How long a missing packet is waited for, in µs of arrival, and how many packets are held meanwhile.
PATIENCE = 1_000_000
MOST_HELD = 2048
_WORD = struct.Struct("!H")
_REPORT = struct.Struct("!BBHIIIIII")
_SENDER_REPORT = 200
_NTP_TO_UNIX = 2_208_988_800


def payload_bounds(body: bytes, start: int, end: int) -> tuple[int, int]:
    """Where the payload of the packet body[start:end] begins and ends. Equal where it holds none, or cannot be read."""
    if end - start < SMALLEST:
        return end, end
    flags = body[start]
    if flags >> 6 != 2:
        return end, end
    begin = start + SMALLEST + 4 * (flags & 0x0F)
    if flags & 0x10:
        if begin + 4 > end:
            return end, end
        begin += 4 + 4 * int(_WORD.unpack_from(body, begin + 2)[0])
    if flags & 0x20:
        padding = body[end - 1]
        stop = end - padding if padding else begin
        return (begin, stop) if begin < stop else (end, end)
    return (begin, end) if begin < end else (end, end)


def unwrapped(value: int, near: int, bits: int) -> int:
    """The number with these low bits that is closest to `near`."""
    span = 1 << bits
    distance = (value - near) % span
    return near + (distance - span if distance >= span >> 1 else distance)


def sender_report(body: bytes, start: int, end: int) -> tuple[float, int] | None:
    """The sender's clock (Unix µs) and RTP time stamp of a sender report (RFC 3550, 6.4.1)."""
    if end - start < _REPORT.size:
        return None
    _, kind, _, _, seconds, fraction, stamp, _, _ = _REPORT.unpack_from(body, start)
    if kind != _SENDER_REPORT or not seconds:
        return None
    return (seconds - _NTP_TO_UNIX + fraction / (1 << 32)) * 1e6, stamp


class Packet(NamedTuple):
    """One packet in its sender's order: payload, marker, and its time on the recording's clock in Unix µs."""

    number: int
    stamp: int
    marker: bool
    payload: bytes
    time: float


Sent = tuple[int, bool, bytes, float]
"""A packet without its unwrapped number: stamp, marker, payload, time."""


class Sorter:
    """One RTP stream back in its sender's order: late ones in their place, doubles dropped, losses counted."""

    def __init__(self) -> None:
        self.lost = 0
        self._next: int | None = None
        self._held: dict[int, Packet] = {}
        self._waiting_since = 0
        self._candidate = -1

    def place_of(self, number: int) -> int | None:
        """The unwrapped number of a packet that is just the next one; nearly all are, so this is the short way."""
        place = self._next
        if place is None:
            place = number
        if place & 0xFFFF != number or self._held:
            return None
        self._next = place + 1
        return place

    def push(self, number: int, packet: Sent, arrival: int) -> Iterator[Packet]:
        """Take a packet that is not the next one, and give those whose turn has come."""
        assert self._next is not None
        place = unwrapped(number, self._next, 16)
        distance = place - self._next
        if abs(distance) > MAX_DROPOUT:
            yield from self._jumped(number, packet)
            return
        self._candidate = -1
        if distance < 0 or place in self._held:
            return
        if not self._held:
            self._waiting_since = arrival
        self._held[place] = Packet(place, *packet)
        yield from self._released(arrival)

    def flush(self) -> Iterator[Packet]:
        """Give everything held; what is missing between is lost."""
        while self._held:
            yield from self._skip_gap()

    def _released(self, arrival: int) -> Iterator[Packet]:
        yield from self._in_order()
        while self._held and (arrival - self._waiting_since > PATIENCE or len(self._held) > MOST_HELD):
            yield from self._skip_gap()
            self._waiting_since = arrival

    def _in_order(self) -> Iterator[Packet]:
        assert self._next is not None
        while self._next in self._held:
            yield self._held.pop(self._next)
            self._next += 1

    def _skip_gap(self) -> Iterator[Packet]:
        assert self._next is not None
        first = min(self._held)
        self.lost += first - self._next
        self._next = first
        yield from self._in_order()

    def _jumped(self, number: int, packet: Sent) -> Iterator[Packet]:
        """Far off the row: a stray is dropped; two in a row are a new beginning."""
        if number != self._candidate:
            self._candidate = (number + 1) & 0xFFFF
            return
        yield from self.flush()
        assert self._next is not None
        # Somewhere on: only that it is a break in the row matters, not how long it was.
        self._next = self._next + MAX_DROPOUT + (number - self._next - MAX_DROPOUT) % (1 << 16)
        self._candidate = -1
        place = self._next
        self._next += 1
        yield Packet(place, *packet)
