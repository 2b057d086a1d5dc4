"""Opus packets (RFC 6716) as far as a muxer must know them: how long one lasts, silence, and the stream's header."""

import functools
import io
import struct

import av
from av.audio.stream import AudioStream

# One 20 ms frame of digital silence: 48 kHz, mono, nothing coded.
SILENCE = b"\xf8\xff\xfe"
SILENCE_US = 20_000
LONGEST_US = 120_000
_SILK, _HYBRID, _CELT = (10_000, 20_000, 40_000, 60_000), (10_000, 20_000), (2_500, 5_000, 10_000, 20_000)
_HEAD = b"OpusHead" + struct.pack("<BBHIhB", 1, 2, 0, 48_000, 0, 0)


def duration(packet: bytes) -> int | None:
    """How long a packet lasts in µs (RFC 6716, 3.1 and 3.2); None if it is none."""
    if not packet:
        return None
    kind, code = packet[0] >> 3, packet[0] & 3
    if kind < 12:
        frame = _SILK[kind & 3]
    elif kind < 16:
        frame = _HYBRID[kind & 1]
    else:
        frame = _CELT[kind & 3]
    counts = (1, 2, 2, packet[1] & 0x3F if len(packet) > 1 else 0)
    lasts = frame * counts[code]
    return lasts if 0 < lasts <= LONGEST_US else None


@functools.cache
def template() -> AudioStream:
    """A stereo Opus stream to copy parameters from: a stream for muxing alone cannot be given its header by PyAV."""
    ogg = _page(2, 0, 0, _HEAD) + _page(0, 0, 1, b"OpusTags" + bytes(8)) + _page(4, 960, 2, SILENCE)
    return av.open(io.BytesIO(ogg)).streams.audio[0]


def _page(flags: int, position: int, number: int, data: bytes) -> bytes:
    """An Ogg page of one packet (RFC 3533, 6)."""
    header = b"OggS" + struct.pack("<BBqIIIB", 0, flags, position, 1, number, 0, 1) + bytes([len(data)])
    page = header + data
    return page[:22] + struct.pack("<I", _checksum(page)) + page[26:]


def _checksum(data: bytes) -> int:
    value = 0
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ (0x04C11DB7 if value & 0x8000_0000 else 0)) & 0xFFFF_FFFF
    return value
