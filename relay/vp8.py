"""Is this VP8 packet the start of a key frame? Nothing else of VP8 is read."""

from __future__ import annotations


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
