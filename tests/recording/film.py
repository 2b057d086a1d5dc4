"""A short film as RTP carries it: VP8 and Opus made once by real encoders, for recordings and loads made by hand.

It claps as `tests.browser.clapper` does, so that what comes out of a recording can be laid beside what went in. Holds
no test.
"""

from __future__ import annotations

import functools
import math
import random
from array import array
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av

from tests.browser.clapper import BEEP_HZ, BEEP_MS, CHECK_BITS, FLASH_MS, PERIOD_MS, STAMP_BITS, STRIP

LONGEST_PAYLOAD = 1150
FRAMES_A_SECOND = 30
SOUND_MS = 20
RATE = 48000
_PANE = 96  # pixels of noise, wide and high: what moves costs bits
_START, _GO_ON = b"\x10", b"\x00"  # VP8 payload descriptors (RFC 7741): a frame's first packet, and the others


@dataclass(frozen=True)
class Film:
    """RTP payloads of each picture, and one of each 20 ms of sound. The first picture is a key frame."""

    pictures: tuple[tuple[bytes, ...], ...]
    sounds: tuple[bytes, ...]
    seconds: int

    @property
    def kbps(self) -> float:
        """Of its pictures."""
        return sum(len(payload) for picture in self.pictures for payload in picture) * 8 / self.seconds / 1000


def film(seconds: int, width: int = 1280, height: int = 720, kbps: int = 1400) -> Film:
    """The clock in its pictures begins at nought."""
    pictures = tuple(_payloads(data) for data in _video(seconds, width, height, kbps))
    return Film(pictures, tuple(_audio(seconds)), seconds)


def _payloads(frame: bytes) -> tuple[bytes, ...]:
    room = LONGEST_PAYLOAD - 1
    cuts = range(0, len(frame), room)
    return tuple((_GO_ON if at else _START) + frame[at : at + room] for at in cuts)


def _video(seconds: int, width: int, height: int, kbps: int) -> list[bytes]:
    encoder: Any = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, FRAMES_A_SECOND), Fraction(FRAMES_A_SECOND)
    encoder.bit_rate = kbps * 1000
    encoder.gop_size = FRAMES_A_SECOND * seconds
    encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "error-resilient": "1"}
    found: list[bytes] = []
    for number in range(seconds * FRAMES_A_SECOND):
        picture = draw(number * 1000 // FRAMES_A_SECOND, width, height)
        picture.pts = number
        found += [bytes(packet) for packet in encoder.encode(picture)]
    return found + [bytes(packet) for packet in encoder.encode(None)]


def draw(at_ms: int, width: int, height: int) -> Any:
    """One picture of the clapper at a moment."""
    frame = av.VideoFrame(width, height, "yuv420p")
    flashes = at_ms % PERIOD_MS < FLASH_MS
    strip = int(height * STRIP)
    luma = bytearray(b"\xeb" * (width * height)) if flashes else _passing_by(at_ms, width, height)
    left = at_ms // 8 % (width - _PANE)
    noise = random.Random(at_ms)
    for row in range(height // 4, height // 4 + _PANE):
        luma[row * width + left : row * width + left + _PANE] = noise.randbytes(_PANE)
    code = stamped(at_ms)
    cells = STAMP_BITS + CHECK_BITS
    line = bytearray(width)
    for cell in range(cells):
        first, last = width * cell // cells, width * (cell + 1) // cells
        line[first:last] = (b"\xeb" if code >> (cells - 1 - cell) & 1 else b"\x10") * (last - first)
    luma[(height - strip) * width :] = bytes(line) * strip
    _fill(frame.planes[0], bytes(luma), width)
    for plane in frame.planes[1:]:
        plane.update(bytes([128]) * plane.buffer_size)
    return frame


def _passing_by(at_ms: int, width: int, height: int) -> bytearray:
    """A wall with grain, seen from a slow train: encoders have something to do, and it stays dark."""
    wall = _wall(width * 2)
    shift = at_ms // 20 % width
    rows = (shift + row // 16 * 37 % width for row in range(height))
    return bytearray(b"".join(wall[left : left + width] for left in rows))


@functools.cache
def _wall(width: int) -> bytes:
    grain, level, found = random.Random(7), 60.0, bytearray()
    for _ in range(width):
        level = min(90.0, max(35.0, level + grain.uniform(-6, 6)))
        found.append(int(level))
    return bytes(found)


def stamped(at_ms: int) -> int:
    """The number in a picture's strip: its time, and a check."""
    check = sum(at_ms >> shift & 15 for shift in range(0, STAMP_BITS, 4)) % 16
    return at_ms << CHECK_BITS | check


def _fill(plane: Any, data: bytes, width: int) -> None:
    pad = bytes(plane.line_size - width)
    rows = range(0, len(data), width)
    plane.update(b"".join(data[at : at + width] + pad for at in rows) if pad else data)


def _audio(seconds: int) -> list[bytes]:
    encoder: Any = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = RATE, "stereo", "s16"
    encoder.bit_rate = 32000
    encoder.options = {"application": "voip", "frame_duration": str(SOUND_MS)}
    samples = RATE * SOUND_MS // 1000
    found: list[bytes] = []
    for number in range(seconds * 1000 // SOUND_MS):
        frame: Any = av.AudioFrame("s16", "stereo", samples)
        frame.sample_rate, frame.pts, frame.time_base = RATE, number * samples, Fraction(1, RATE)
        frame.planes[0].update(_sound(number * SOUND_MS, samples))
        found += [bytes(packet) for packet in encoder.encode(frame)]
    return found[: seconds * 1000 // SOUND_MS]


def _sound(from_ms: int, samples: int) -> bytes:
    values = array("h")
    for sample in range(samples):
        at = from_ms + sample * 1000 / RATE
        value = int(16000 * math.sin(2 * math.pi * BEEP_HZ * at / 1000)) if at % PERIOD_MS < BEEP_MS else 0
        values.extend((value, value))
    return values.tobytes()
