"""What of a VP8 packet is read: whether it starts a key frame, and its temporal layer (RFC 7741). Nothing else."""

from __future__ import annotations

from typing import NamedTuple


class Layer(NamedTuple):
    """The temporal layer of a packet's frame. `sync`: it needs only the lowest layer; `starts`: its first packet."""

    number: int
    sync: bool
    starts: bool


_LOWEST = Layer(0, False, False)


def starts_key_frame(packet: bytes) -> bool:
    """`packet` is a whole RTP packet. False for anything too short or odd to tell."""
    try:
        at = 12 + 4 * (packet[0] & 0x0F)
        if packet[0] & 0x10:
            at += 4 + 4 * (packet[at + 2] << 8 | packet[at + 3])
        descriptor = packet[at]
        if not descriptor & 0x10 or descriptor & 0x07:  # not the first packet of the first partition
            return False
        at += 1
        if descriptor & 0x80:
            extension = packet[at]
            at += 1
            if extension & 0x80:
                at += 2 if packet[at] & 0x80 else 1
            if extension & 0x40:
                at += 1
            if extension & 0x30:
                at += 1
        return not packet[at] & 0x01
    except IndexError:
        return False


def layer(packet: bytes) -> Layer:
    """Of a whole RTP packet; the lowest where nothing is said, or nothing can be told."""
    try:
        at = 12 + 4 * (packet[0] & 0x0F)
        if packet[0] & 0x10:
            at += 4 + 4 * (packet[at + 2] << 8 | packet[at + 3])
        descriptor = packet[at]
        extension = packet[at + 1]
        if not descriptor & 0x80 or not extension & 0x20:
            return _LOWEST
        at += 2
        if extension & 0x80:
            at += 2 if packet[at] & 0x80 else 1
        if extension & 0x40:
            at += 1
        starts = bool(descriptor & 0x10) and not descriptor & 0x07
        return Layer(packet[at] >> 6, bool(packet[at] & 0x20), starts)
    except IndexError:
        return _LOWEST
