"""Parts as a relay writes them, made after docs/recording.md without the relay: RTP streams with known contents."""

import functools
import hmac
import json
import math
import struct
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import Any
from uuid import UUID

import av
import pyrage

from recordings.parts import Binding, path_of

CLOCKS = {"audio": ("opus", 48_000), "camera": ("vp8", 90_000), "screen": ("vp8", 90_000)}
BEGAN = 1_790_000_000_000_000
"""Unix µs at which the made recordings begin."""


@dataclass(frozen=True)
class Arrival:
    """One packet as the relay had it: µs after BEGAN, source, RTP or report, and the bytes."""

    at: int
    source: str
    packet: bytes
    kind: int = 0
    ssrc: int = 0
    run: str = "aa"


@dataclass
class Sender:
    """One RTP stream of a browser. `at`: µs after BEGAN; what it gives has arrived `delay` µs after it was sent."""

    source: str
    ssrc: int = 1000
    run: str = "aa"
    number: int = 0
    stamp: int = 0
    delay: int = 20_000
    picture: int = 0
    # µs by which this sender's clock runs fast, per second.
    drift: float = 0.0

    def _packet(self, at: int, payload: bytes, *, marker: bool, late: int = 0, spread: int = 0) -> Arrival:
        clock = CLOCKS[self.source][1]
        stamp = (self.stamp + round(at * (1 + self.drift / 1e6) * clock / 1e6)) & 0xFFFF_FFFF
        # With an extension of 4 bytes, as browsers send their sending time.
        header = struct.pack("!BBHII", 0x90, (0x80 if marker else 0) | 96, self.number & 0xFFFF, stamp, self.ssrc)
        header += b"\xbe\xde\0\1\x22abc"
        self.number += 1
        return Arrival(at + self.delay + late + spread, self.source, header + payload, 0, self.ssrc, self.run)

    def sound(self, at: int, payload: bytes, late: int = 0) -> Arrival:
        return self._packet(at, payload, marker=False, late=late)

    def frame(self, at: int, data: bytes, size: int = 1100, late: int = 0) -> list[Arrival]:
        """The packets of one VP8 frame, 300 µs apart."""
        pieces = [data[place : place + size] for place in range(0, len(data), size)]
        found = []
        for index, piece in enumerate(pieces):
            descriptor = struct.pack("!BBH", 0x90 if index == 0 else 0x80, 0x80, 0x8000 | self.picture & 0x7FFF)
            is_last = index == len(pieces) - 1
            found.append(self._packet(at, descriptor + piece, marker=is_last, late=late, spread=300 * index))
        self.picture += 1
        return found

    def report(self, at: int, sender_clock: int = 0) -> Arrival:
        """A sender report; `sender_clock` is how far the sender's clock is from ours, in µs."""
        clock = CLOCKS[self.source][1]
        stamp = (self.stamp + round(at * (1 + self.drift / 1e6) * clock / 1e6)) & 0xFFFF_FFFF
        unix = BEGAN + at + sender_clock
        seconds, micros = divmod(unix, 1_000_000)
        ntp = (seconds + 2_208_988_800, (micros << 32) // 1_000_000)
        packet = struct.pack("!BBHIIIIII", 0x80, 200, 6, self.ssrc, *ntp, stamp, 0, 0)
        return Arrival(at + self.delay, self.source, packet, 1, self.ssrc, self.run)


def plain_part(
    binding: Binding,
    number: int,
    arrivals: Iterable[Arrival],
    *,
    began: int,
    ended: int,
    gaps: Iterable[tuple[int, int, str]] = (),
    changed: Mapping[str, Any] = MappingProxyType({}),
) -> bytes:
    """The plain text of a part. Times are µs after BEGAN; `changed` replaces what the header says."""
    arrivals = list(arrivals)
    lines = list(dict.fromkeys((arrival.source, arrival.ssrc) for arrival in arrivals))
    header = {
        "format": 1,
        "recording": str(binding.recording),
        "stream": str(binding.stream),
        "number": number,
        "run": arrivals[0].run if arrivals else "aa",
        "began": BEGAN + began,
        "ended": BEGAN + ended,
        "tracks": [
            {"track": n, "source": source, "ssrc": ssrc, "codec": CLOCKS[source][0], "clock": CLOCKS[source][1]}
            for n, (source, ssrc) in enumerate(lines)
        ],
        "gaps": [{"from": BEGAN + since, "to": BEGAN + until, "why": why} for since, until, why in gaps],
        **changed,
    }
    body = (
        json.dumps(header).encode()
        + b"\n"
        + b"".join(
            struct.pack("!BBIH", lines.index((a.source, a.ssrc)), a.kind, max(0, a.at - began), len(a.packet))
            + a.packet
            for a in arrivals
        )
    )
    return body + hmac.digest(binding.mac, body, "sha256")


def sealed_part(binding: Binding, plain: bytes) -> bytes:
    return pyrage.encrypt(plain, [binding.identity.to_public()])


def write_part(binding: Binding, number: int, sealed: bytes) -> None:
    path = path_of(binding.recording, binding.stream, number)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_bytes(sealed)


@dataclass
class Relay:
    """Cuts arrivals into parts of a second, one connection to a part, and writes them."""

    binding: Binding
    number: int = 1
    gaps: list[tuple[int, int, str]] = field(default_factory=list)

    def write(self, arrivals: Iterable[Arrival]) -> int:
        """The number of the last part."""
        for began, ended, batch in _batches(sorted(arrivals, key=lambda arrival: arrival.at)):
            gaps = [gap for gap in self.gaps if gap[1] <= began]
            self.gaps = [gap for gap in self.gaps if gap[1] > began]
            plain = plain_part(self.binding, self.number, batch, began=began, ended=ended, gaps=gaps)
            write_part(self.binding, self.number, sealed_part(self.binding, plain))
            self.number += 1
        return self.number - 1


def _batches(arrivals: list[Arrival]) -> Iterator[tuple[int, int, list[Arrival]]]:
    batch: list[Arrival] = []
    for arrival in arrivals:
        if batch and (arrival.at - batch[0].at >= 1_000_000 or arrival.run != batch[0].run):
            yield batch[0].at, batch[-1].at, batch
            batch = []
        batch.append(arrival)
    if batch:
        yield batch[0].at, batch[-1].at, batch


@functools.cache
def tone(seconds: int, frequency: int = 440) -> tuple[bytes, ...]:
    """Opus packets of 20 ms, mono."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, "mono", "s16"
    found: list[bytes] = []
    for place in range(0, seconds * 48_000, 960):
        samples = array(
            "h", (int(9000 * math.sin(math.tau * frequency * k / 48_000)) for k in range(place, place + 960))
        )
        frame = av.AudioFrame(format="s16", layout="mono", samples=960)
        frame.sample_rate, frame.pts = 48_000, place
        frame.planes[0].update(samples.tobytes())
        found += [bytes(packet) for packet in encoder.encode(frame)]
    return tuple(found)


@functools.cache
def film(frames: int, width: int = 160, height: int = 120, key_every: int = 50) -> tuple[bytes, ...]:
    """VP8 frames whose brightness rises by one each frame, so that each can be told from its neighbours."""
    encoder = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.gop_size = Fraction(1, 25), key_every
    encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "crf": "10", "b": "300k"}
    found: list[bytes] = []
    for number in range(frames):
        frame = av.VideoFrame(width, height, "yuv420p")
        frame.pts = number
        for plane, value in zip(frame.planes, (16 + number % 220, 128, 128), strict=True):
            plane.update(bytes([value]) * plane.buffer_size)
        found += [bytes(packet) for packet in encoder.encode(frame)]
    return tuple(found)


def person(
    seconds: int, *, voice: Sender | None = None, camera: Sender | None = None, begin: int = 0, reports: bool = True
) -> list[Arrival]:
    """Voice at 50 packets and camera at 25 frames a second, from `begin` µs on."""
    found: list[Arrival] = []
    if voice is not None:
        found += [voice.sound(begin + n * 20_000, data) for n, data in enumerate(tone(seconds))]
    if camera is not None:
        for n, data in enumerate(film(seconds * 25)):
            found += camera.frame(begin + n * 40_000, data)
    for sender in (voice, camera):
        if sender is not None and reports:
            found += [sender.report(begin + n * 1_000_000) for n in range(seconds)]
    return found


def binding(recording: UUID, stream: UUID, mac: bytes = b"m" * 32) -> Binding:
    """Keys of a stream that stand in no key store."""
    return Binding(recording, stream, mac, pyrage.x25519.Identity.generate())
