"""VP8 frames from RTP payloads (RFC 7741): whole frames in order, and none shown that rests on a lost one."""

from typing import NamedTuple

from recordings.assembly.rtp import Packet

LARGEST_FRAME = 4 << 20


class Descriptor(NamedTuple):
    """The payload descriptor: where the frame's bytes begin, and what the frame rests on, as far as it says."""

    size: int
    starts: bool
    picture: int | None
    base_layer: int | None
    layer: int
    rests_on_base: bool


class Frame(NamedTuple):
    """One whole frame; `time` as in its first packet."""

    time: float
    data: bytes
    is_key: bool


def describe(payload: bytes) -> Descriptor | None:
    """Read the descriptor; None if the payload is too short for what it announces."""
    try:
        first, place = payload[0], 1
        picture = base_layer = None
        layer, rests_on_base = 0, False
        if first & 0x80:
            extension, place = payload[1], 2
            if extension & 0x80:
                picture = payload[place]
                place += 1
                if picture & 0x80:
                    picture = (picture & 0x7F) << 8 | payload[place]
                    place += 1
            if extension & 0x40:
                base_layer = payload[place]
                place += 1
            if extension & 0x30:
                if extension & 0x20:
                    layer, rests_on_base = payload[place] >> 6, bool(payload[place] & 0x20)
                place += 1
    except IndexError:
        return None
    if place >= len(payload):
        return None
    return Descriptor(place, bool(first & 0x10) and not first & 0x07, picture, base_layer, layer, rests_on_base)


def key_size(data: bytes, start: int = 0) -> tuple[int, int] | None:
    """Width and height if a key frame starts here (RFC 6386, 9.1); None for any other."""
    if len(data) < start + 10 or data[start] & 1 or data[start + 3 : start + 6] != b"\x9d\x01\x2a":
        return None
    width = (data[start + 6] | data[start + 7] << 8) & 0x3FFF
    height = (data[start + 8] | data[start + 9] << 8) & 0x3FFF
    return (width, height) if width and height else None


# How many bytes the descriptor takes by its second byte, before a long picture number (RFC 7741, 4.2).
_SIZES = [2 + bool(flags & 0x80) + bool(flags & 0x40) + bool(flags & 0x30) for flags in range(256)]


def _body(payload: bytes) -> bytes:
    """What follows the descriptor, the short way; nothing if it does not fit."""
    if not payload[0] & 0x80:
        return payload[1:]
    if len(payload) < 3:
        return b""
    return payload[_SIZES[payload[1]] + (payload[1] >> 7 & payload[2] >> 7) :]


class FrameBuilder:
    """Packets of one RTP stream in order, to whole frames.

    After a loss a frame is given only if it is a key frame, or says itself that nothing before it is missing: the next
    picture number, or in layers the next base layer (RFC 7741, 4.2). Else old and new would be mixed in one picture.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self.losses = 0
        self._pieces: list[bytes] = []
        self._size = 0
        self._first: Descriptor | None = None
        self._time = 0.0
        self._stamp = -1
        self._next_number: int | None = None
        self._needs_proof = True
        self._picture: int | None = None
        self._base: int | None = None

    def push(self, packet: Packet) -> Frame | None:
        """Take the next packet; a frame when this one completes it."""
        number, stamp, marker, payload, _ = packet
        if number != self._next_number:
            self._lose()
        self._next_number = number + 1
        if not payload:  # Padding, which senders use to probe the line.
            return None
        if self._first is None or stamp != self._stamp:
            if self._first is not None:
                self._lose()
            if not self._begin(packet):
                return None
        piece = _body(payload)
        self._pieces.append(piece)
        self._size += len(piece)
        if not piece or self._size > LARGEST_FRAME:
            self._lose()
            return None
        return self._complete() if marker else None

    def _begin(self, packet: Packet) -> bool:
        descriptor = describe(packet.payload)
        if descriptor is None or not descriptor.starts:
            self._lose()
            return False
        self._pieces, self._size, self._first = [], 0, descriptor
        self._time, self._stamp = packet.time, packet.stamp
        return True

    def _lose(self) -> None:
        if self._first is not None:
            self.dropped += 1
        self.losses += 1
        self._pieces, self._size, self._first = [], 0, None
        self._needs_proof = True

    def _complete(self) -> Frame | None:
        first = self._first
        assert first is not None
        data = b"".join(self._pieces)
        self._pieces, self._size, self._first = [], 0, None
        is_key = key_size(data) is not None
        if self._needs_proof and not is_key and not self._is_proven(first):
            self.dropped += 1
            self.losses += 1
            return None
        self._needs_proof = False
        self._picture = first.picture
        if first.layer == 0:
            self._base = first.base_layer
        return Frame(self._time, data, is_key)

    def _is_proven(self, first: Descriptor) -> bool:
        """Whether everything that this frame rests on was given."""
        if first.picture is not None and self._picture is not None:
            span = 0x7FFF if max(first.picture, self._picture) > 0x7F else 0x7F
            if (first.picture - self._picture) & span == 1:
                return True
        if first.base_layer is None or self._base is None:
            return False
        step = 1 if first.layer == 0 else 0
        return (first.base_layer - self._base) & 0xFF == step and (first.layer == 0 or first.rests_on_base)
