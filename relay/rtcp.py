"""RTCP (RFC 3550, 4585, 5104, REMB): bytes to what the relay acts on, and back. Pure; policy is `seat_rtcp.py`."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

RELAY_SSRC = 1  # the sender of the relay's own reports; no seat may use it

_SR, _RR, _SDES, _RTPFB, _PSFB = 200, 201, 202, 205, 206
_NACK, _PLI, _FIR, _APP = 1, 1, 4, 15
_MAX_PACKETS = 32
_MAX_NACKS = 256  # numbers, in one compound packet
_MAX_CNAME = 255


@dataclass(frozen=True, slots=True)
class SenderReport:
    ssrc: int
    ntp_middle: int  # the middle 32 bits of the NTP time, echoed in receiver reports
    packet: bytes  # as it came, report blocks stripped


@dataclass(frozen=True, slots=True)
class ReportBlock:
    ssrc: int
    fraction_lost: int
    packets_lost: int
    highest: int
    jitter: int
    last_report: int
    delay: int


@dataclass(slots=True)
class Received:
    """One compound packet, sorted by what it asks for."""

    reports: list[SenderReport] = field(default_factory=list)
    cnames: dict[int, bytes] = field(default_factory=dict)
    blocks: dict[int, ReportBlock] = field(default_factory=dict)  # by the SSRC they are about
    nacks: list[tuple[int, list[int]]] = field(default_factory=list)
    key_frames: set[int] = field(default_factory=set)
    bitrate: int | None = None


def parse(data: bytes) -> Received:
    """Never raises: what is cut or odd is left out."""
    received = Received()
    for kind, count, body in _packets(data):
        if kind == _SR:
            _sender_report(received, count, body)
        elif kind == _RR:
            _blocks(received, count, body[4:])
        elif kind == _SDES:
            _descriptions(received, count, body)
        elif kind == _RTPFB and count == _NACK:
            _nack(received, body)
        elif kind == _PSFB:
            _payload_feedback(received, count, body)
    return received


def _packets(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 0
    for _ in range(_MAX_PACKETS):
        if at + 4 > len(data) or data[at] >> 6 != 2:
            return
        end = at + 4 + 4 * (data[at + 2] << 8 | data[at + 3])
        if end > len(data):
            return
        yield data[at + 1], data[at] & 0x1F, data[at + 4 : end]
        at = end


def _sender_report(received: Received, count: int, body: bytes) -> None:
    if len(body) < 24:
        return
    (ssrc,) = struct.unpack_from("!I", body)
    (middle,) = struct.unpack_from("!I", body, 6)
    header = struct.pack("!BBH", 0x80, _SR, 6)
    received.reports.append(SenderReport(ssrc, middle, header + body[:24]))
    _blocks(received, count, body[24:])


def _blocks(received: Received, count: int, blocks: bytes) -> None:
    for at in range(0, min(count * 24, len(blocks) - 23), 24):
        ssrc, losses, *rest = struct.unpack_from("!IIIIII", blocks, at)
        lost = losses & 0xFFFFFF
        received.blocks[ssrc] = ReportBlock(ssrc, losses >> 24, lost - (lost >> 23 << 24), *rest)


def _descriptions(received: Received, count: int, body: bytes) -> None:
    at = 0
    for _ in range(count):
        if at + 4 > len(body):
            return
        (ssrc,) = struct.unpack_from("!I", body, at)
        start = at
        at += 4
        while at + 2 <= len(body) and body[at] != 0:
            length = body[at + 1]
            if body[at] == 1 and at + 2 + length <= len(body):
                received.cnames[ssrc] = body[at + 2 : at + 2 + length]
            at += 2 + length
        at += 1
        at = start + ((at - start + 3) & ~3)


def _nack(received: Received, body: bytes) -> None:
    if len(body) < 8:
        return
    (ssrc,) = struct.unpack_from("!I", body, 4)
    numbers: list[int] = []
    room = _MAX_NACKS - sum(len(asked) for _, asked in received.nacks)
    for at in range(8, len(body) - 3, 4):
        if len(numbers) >= room:
            break
        number, mask = struct.unpack_from("!HH", body, at)
        numbers.append(number)
        numbers += [(number + bit + 1) & 0xFFFF for bit in range(16) if mask >> bit & 1]
    received.nacks.append((ssrc, numbers[:room]))


def _payload_feedback(received: Received, kind: int, body: bytes) -> None:
    if len(body) < 8:
        return
    if kind == _PLI:
        received.key_frames.add(struct.unpack_from("!I", body, 4)[0])
    elif kind == _FIR:
        for at in range(8, len(body) - 7, 8):
            received.key_frames.add(struct.unpack_from("!I", body, at)[0])
    elif kind == _APP and body[8:12] == b"REMB" and len(body) >= 16:
        exponent = body[13] >> 2
        mantissa = (body[13] & 0x03) << 16 | body[14] << 8 | body[15]
        received.bitrate = min(mantissa << exponent, 1 << 40)


def receiver_report(blocks: Iterable[ReportBlock]) -> bytes:
    """The relay's own report; with no block still the proper beginning of a compound packet."""
    packed = [
        struct.pack(
            "!IIIIII",
            block.ssrc,
            block.fraction_lost << 24 | (max(-(1 << 23), min(block.packets_lost, (1 << 23) - 1)) & 0xFFFFFF),
            block.highest & 0xFFFFFFFF,
            block.jitter & 0xFFFFFFFF,
            block.last_report,
            block.delay,
        )
        for block in blocks
    ][:31]
    return struct.pack("!BBHI", 0x80 | len(packed), _RR, 1 + 6 * len(packed), RELAY_SSRC) + b"".join(packed)


def picture_loss(ssrc: int) -> bytes:
    return struct.pack("!BBHII", 0x80 | _PLI, _PSFB, 2, RELAY_SSRC, ssrc)


def nack(ssrc: int, numbers: Iterable[int]) -> bytes:
    """One NACK for all of `numbers`, packed as base and mask, in counting order from the first."""
    ordered = list(numbers)
    pairs: list[list[int]] = []
    for number in ordered:
        if pairs and 0 < (number - pairs[-1][0]) & 0xFFFF <= 16:
            pairs[-1][1] |= 1 << (((number - pairs[-1][0]) & 0xFFFF) - 1)
        else:
            pairs.append([number, 0])
    body = b"".join(struct.pack("!HH", base, mask) for base, mask in pairs)
    return struct.pack("!BBHII", 0x80 | _NACK, _RTPFB, 2 + len(pairs), RELAY_SSRC, ssrc) + body


def bitrate_limit(bitrate: int, ssrcs: Iterable[int]) -> bytes:
    """REMB: at most `bitrate` bits a second for all of `ssrcs` together."""
    listed = list(ssrcs)
    exponent = max(0, bitrate.bit_length() - 18)
    packed = len(listed) << 24 | exponent << 18 | bitrate >> exponent
    head = struct.pack("!BBHII4sI", 0x80 | _APP, _PSFB, 4 + len(listed), RELAY_SSRC, 0, b"REMB", packed)
    return head + b"".join(struct.pack("!I", ssrc) for ssrc in listed)


def description(ssrc: int, cname: bytes) -> bytes:
    """SDES with one CNAME."""
    cname = cname[:_MAX_CNAME]
    chunk = struct.pack("!IBB", ssrc, 1, len(cname)) + cname + b"\0"
    chunk += bytes(-len(chunk) % 4)
    return struct.pack("!BBH", 0x81, _SDES, len(chunk) // 4) + chunk
