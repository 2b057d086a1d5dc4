"""Reads a recorded clapper back: when the picture flashed, when it beeped, and at what time each picture was drawn.

Works on any file that PyAV decodes. Times are seconds on the file's own timeline. Holds no test.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import IO, Any

import av

from tests.browser.clapper import CHECK_BITS, PERIOD_MS, STAMP_BITS, STAMP_WRAPS, STRIP

_CELLS = STAMP_BITS + CHECK_BITS
_BRIGHT = 128
_LOUD = 0.01  # mean square; the clapper's beep has 0.125, its breath 0.000001
_STEP = 6  # every so many samples: enough to see a tone begin
_WINDOW = 0.005
_APART = 0.3  # between two beeps at least


@dataclass
class Claps:
    """What one person's recording shows."""

    pictures: list[tuple[float, int]] = field(default_factory=list)  # when shown, when drawn: ms modulo STAMP_WRAPS
    flashes: list[float] = field(default_factory=list)
    beeps: list[float] = field(default_factory=list)
    unread: int = 0  # pictures whose time could not be read
    sizes: set[tuple[int, int]] = field(default_factory=set)
    heard_until: float = 0.0  # the end of the sound

    def lag(self) -> float:
        """Seconds from a picture's drawing (modulo the clock) to its place on the timeline, the median."""
        first = self.pictures[0][1]
        lags = [at - _since(drawn, first) / 1000 for at, drawn in self.pictures]
        return statistics.median(lags) - first / 1000

    def lags(self, other: Claps) -> list[float]:
        """How far apart the two people stand, by each picture of `self` beside the nearest in time of `other`."""
        found = []
        drawn_by_other = sorted((_since(drawn, self.pictures[0][1]), at) for at, drawn in other.pictures)
        for at, drawn in self.pictures:
            since = _since(drawn, self.pictures[0][1])
            when, shown = min(drawn_by_other, key=lambda entry: abs(entry[0] - since))
            if abs(when - since) < PERIOD_MS:
                found.append((at - since / 1000) - (shown - when / 1000))
        return found

    def beeps_off(self, other: Claps) -> list[float]:
        """Seconds between each beep of `self` and the same one of `other`, where both have it."""
        found = [min((beep - their for their in other.beeps), key=abs) for beep in self.beeps if other.beeps]
        return [off for off in found if abs(off) < PERIOD_MS / 2000]


def from_moment(drawn: int, moment_ms: float) -> float:
    """How many ms after a moment (ms since 1970, within eight minutes) a picture was drawn."""
    return _signed(drawn - int(moment_ms)) - moment_ms % 1


def _since(drawn: int, first: int) -> int:
    return _signed(drawn - first)


def _signed(difference: int) -> int:
    return (difference + STAMP_WRAPS // 2) % STAMP_WRAPS - STAMP_WRAPS // 2


def claps_in(source: str | IO[bytes], offset: float = 0.0) -> Claps:
    """Decode a file; `offset` is where it starts on a longer timeline."""
    found = Claps()
    with av.open(source) as container:
        streams = [stream for stream in container.streams if stream.type in ("audio", "video")]
        sound = _Sound(found, offset)
        for frame in _frames(container, streams):
            if isinstance(frame, av.VideoFrame):
                _look(frame, found, offset)
            else:
                sound.take(frame)
    return found


def _frames(container: Any, streams: list[Any]) -> Iterable[Any]:
    for packet in container.demux(streams):
        yield from packet.decode()


def _look(frame: av.VideoFrame, found: Claps, offset: float) -> None:
    """Where it stands in time, whether it flashes, and the number in its strip."""
    found.sizes.add((frame.width, frame.height))
    at = float(frame.pts * frame.time_base) + offset
    plane = frame.reformat(format="gray").planes[0]
    pixels, line = memoryview(plane), plane.line_size
    corner = pixels[line * (frame.height // 8) + frame.width // 8]
    if corner > _BRIGHT and (not found.flashes or at - found.flashes[-1] > _APART):
        found.flashes.append(at)
    row = line * int(frame.height * (1 - STRIP / 2))
    code = 0
    for cell in range(_CELLS):
        middle = int(frame.width * (cell + 0.5) / _CELLS)
        code = code << 1 | (pixels[row + middle] > _BRIGHT)
    stamp, check = code >> CHECK_BITS, code & ((1 << CHECK_BITS) - 1)
    if sum(stamp >> shift & 15 for shift in range(0, STAMP_BITS, 4)) % 16 == check:
        found.pictures.append((at, stamp))
    else:
        found.unread += 1


class _Sound:
    """Finds where silence ends."""

    def __init__(self, found: Claps, offset: float) -> None:
        self._found = found
        self._offset = offset

    def take(self, frame: av.AudioFrame) -> None:
        at = float(frame.pts * frame.time_base) + self._offset
        planar = frame.format.is_planar
        kind, full = ("f", 1.0) if "flt" in frame.format.name else ("h", 32768.0)
        # The padding at a plane's end is no sound.
        count = frame.samples * (1 if planar else len(frame.layout.channels))
        samples = memoryview(bytes(frame.planes[0])).cast(kind)[:count]
        step = _STEP if planar else _STEP * len(frame.layout.channels)
        thin = samples[::step].tolist()
        rate = frame.sample_rate / _STEP
        window = max(1, int(_WINDOW * rate))
        for place in range(0, len(thin), window):
            part = thin[place : place + window]
            power = sum(value * value for value in part) / len(part) / full / full
            if power > _LOUD:
                self._loud(at + place / rate)
        self._found.heard_until = max(self._found.heard_until, at + frame.samples / frame.sample_rate)

    def _loud(self, at: float) -> None:
        if not self._found.beeps or at - self._found.beeps[-1] > _APART:
            self._found.beeps.append(at)


def percentile(values: Iterable[float], percent: int) -> float:
    """The value that so many percent of them do not exceed, by absolute size."""
    ranked = sorted(abs(value) for value in values)
    return ranked[max(0, -(-len(ranked) * percent // 100) - 1)]
