"""One WebM file, written packet by packet into a sealed file and read once more. Nothing is decoded or encoded here.

A browser plays sound without looking at its time stamps, one packet after the other, and would be early by every hole.
So holes in the sound hold digital silence, and so does the difference of two clocks, 20 ms at a time. Which holes were
real is said beside the file (Hole), never by the sound.
"""

import contextlib
import zlib
from dataclasses import dataclass
from fractions import Fraction

import av
from av.stream import Stream

from recordings.assembly import opus
from recordings.sealed import SealedReader, SealedWriter

MILLISECOND = Fraction(1, 1000)
# Sound is kept filled up to this far behind the picture, so that neither waits for the other in the muxer.
SOUND_LAG = 2_000_000
SHORTEST_HOLE = 200_000
BUFFER = 1 << 18


class Unverified(Exception):  # noqa: N818
    """What was read back is not what was written."""


@dataclass(frozen=True, slots=True)
class Hole:
    """A time (Unix µs) in which a source gave nothing that can be shown. `why`: loss, left, or off (by its owner)."""

    since: float
    until: float
    why: str
    source: str


@dataclass(slots=True)
class Written:
    """What went into one track, to compare with what comes out: packets, and a checksum over them."""

    packets: int = 0
    checksum: int = 0

    def add(self, data: bytes) -> None:
        self.packets += 1
        self.checksum = zlib.crc32(data, self.checksum)


class Webm:
    """A file of one person or one screen. Times are Unix µs on the relay's clock; `zero` is where the file begins."""

    def __init__(self, out: SealedWriter, zero: float, *, has_sound: bool, size: tuple[int, int] | None) -> None:
        self.holes: list[Hole] = []
        self.zero = zero
        self.size = size
        self.tracks: list[Written] = []
        self._container = av.open(out, "w", format="webm", buffer_size=BUFFER)
        self._sound = self._add_sound() if has_sound else None
        self._picture = self._add_picture(*size) if size else None
        # Ends of what is written, in µs since zero; None: nothing yet.
        self._sound_end = 0
        self._picture_ms = -1
        self._heard: float | None = None
        self._seen: float | None = None

    @property
    def packets(self) -> int:
        return sum(track.packets for track in self.tracks)

    @property
    def duration_ms(self) -> int:
        """To the end of the last sound, or the last picture's beginning."""
        return max(self._sound_end // 1000, self._picture_ms, 0)

    def sound(self, time: float, data: bytes, lasts: int, why: str) -> None:
        """An Opus packet. `why` names the hole before it, if there is one."""
        if self._sound is None:
            return
        if self._heard is not None and time - self._heard >= SHORTEST_HOLE:
            self.holes.append(Hole(self._heard, time, why, "audio"))
        self._heard = time + lasts
        place = int(time - self.zero)
        self._fill_sound(place)
        if self._sound_end - place >= opus.SILENCE_US:  # Two connections at once, or a clock that was put back.
            return
        self._mux_sound(data, lasts)

    def picture(self, time: float, data: bytes, source: str, why: str, *, is_key: bool) -> None:
        """A VP8 frame. `why` names the hole before it, if there is one."""
        if self._picture is None:
            return
        shortest = 1_000_000 if why == "off" else SHORTEST_HOLE
        if self._seen is not None and time - self._seen >= shortest:
            self.holes.append(Hole(self._seen, time, why, source))
        self._seen = time
        place = int(time - self.zero)
        self._fill_sound(place - SOUND_LAG)
        # Two frames never share a millisecond, and none stands before the one it rests on.
        self._picture_ms = max(place // 1000, self._picture_ms + 1)
        self._mux(self._picture, data, self._picture_ms, is_key=is_key)

    def close(self) -> None:
        """Write the index. The sealed file is closed by its owner."""
        self._container.close()

    def give_up(self) -> None:
        """Let go of the muxer, whose rest nobody wants any more."""
        with contextlib.suppress(av.FFmpegError, OSError, ValueError):
            self._container.close()

    def _fill_sound(self, place: int) -> None:
        if self._sound is not None:
            while place - self._sound_end >= opus.SILENCE_US:
                self._mux_sound(opus.SILENCE, opus.SILENCE_US)

    def _mux_sound(self, data: bytes, lasts: int) -> None:
        assert self._sound is not None
        self._mux(self._sound, data, self._sound_end // 1000, is_key=True, lasts=lasts // 1000)
        self._sound_end += lasts

    def _mux(self, stream: Stream, data: bytes, at_ms: int, *, is_key: bool, lasts: int = 0) -> None:
        packet = av.Packet(data)
        packet.stream = stream
        packet.time_base = MILLISECOND
        packet.pts = packet.dts = at_ms
        packet.duration = lasts
        packet.is_keyframe = is_key
        self._container.mux_one(packet)
        self.tracks[stream.index].add(data)

    def _add_sound(self) -> Stream:
        stream = self._container.add_stream_from_template(opus.template())
        stream.time_base = MILLISECOND
        self.tracks.append(Written())
        return stream

    def _add_picture(self, width: int, height: int) -> Stream:
        stream = self._container.add_mux_stream("vp8", width=width, height=height)
        stream.time_base = MILLISECOND
        self.tracks.append(Written())
        return stream


def verify(reader: SealedReader, written: list[Written]) -> None:
    """Read a closed file from its storage and compare every packet. Unverified, or SealError."""
    found = [Written() for _ in written]
    with reader.as_file() as file, av.open(file, "r", format="matroska", buffer_size=BUFFER) as container:
        for packet in container.demux():
            if packet.size:
                found[packet.stream_index].add(memoryview(packet))  # type: ignore[arg-type]
    if found != written:
        raise Unverified("The file that was made does not hold what was put into it.")
