"""A part of a recording as bytes: at most a second of one person, sealed. Pure; files are vault.py, timing recorder.py.

The format is in docs/recording.md. What is sealed here the relay cannot open again: it has the public half alone.
"""

from __future__ import annotations

import hmac
import json
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import pyrage

from relay.sources import CLOCK_RATE, MEDIA_OF

FORMAT = 1
RTP, SENDER_REPORT = 0, 1
MAX_GAPS = 64  # of one part
_TOUCHING_SECONDS = 1.0  # between what was lost of two parts that follow each other
MAX_TRACKS = 256  # of one part: a record names its track in one byte
_CODEC_NAMES = {"audio": "opus", "video": "vp8"}
_RECORD = struct.Struct("!HIH")  # track and kind, µs since the part began, length
RECORD_BYTES = _RECORD.size
Why = Literal["lease", "queue", "disk", "loss", "left"]
Name = tuple[str, str]  # a recording and a stream of it: a folder
Arrivals = list[Any]  # flat, three to a packet: its tag, when it came (relay's clock), the packet


class Wall:
    """Wall clock for the relay's clock: anchored once, so that a clock that is put right moves nothing."""

    def __init__(self, unix_us: float, now: float) -> None:
        self.zero = unix_us - now * 1e6  # Unix µs at the relay clock's zero

    def micros(self, now: float) -> int:
        return int(self.zero + now * 1e6)


class Gap(NamedTuple):
    """A time (relay's clock) of which something is missing, and why."""

    since: float
    until: float
    why: Why


def merged(gaps: Iterable[Gap]) -> tuple[Gap, ...]:
    """In order, those of one kind that touch made one; when there are absurdly many, the newest made one."""
    kept: list[Gap] = []
    for gap in sorted(gaps):
        last = next((at for at in range(len(kept) - 1, -1, -1) if kept[at].why == gap.why), None)
        if last is not None and gap.since <= kept[last].until + _TOUCHING_SECONDS:
            kept[last] = kept[last]._replace(until=max(kept[last].until, gap.until))
        elif len(kept) < MAX_GAPS:
            kept.append(gap)
        else:
            kept[-1] = kept[-1]._replace(until=max(kept[-1].until, gap.until))
    return tuple(kept)


@dataclass(frozen=True, slots=True)
class TrackLine:
    """One RTP stream of a part, under the number that its records carry."""

    track: int
    source: str
    ssrc: int


@dataclass(frozen=True, slots=True)
class Stream:
    """One person in one recording: where its parts go, who can open them, and what proves where they come from."""

    recording: str
    stream: str
    recipient: str
    mac: bytes = field(repr=False)

    @property
    def name(self) -> Name:
        return self.recording, self.stream


@dataclass(frozen=True, slots=True)
class Part:
    """What is to be written of one stream. `run`: the connection it came over."""

    stream: Stream
    run: str
    began: float
    ended: float
    tracks: tuple[TrackLine, ...]
    gaps: tuple[Gap, ...]
    arrivals: Arrivals = field(repr=False)
    size: int  # bytes of media, for the bound of the queue
    last: bool = False  # nothing follows in this stream, for now
    # Its arrivals as records, once that is done.
    body: bytes | bytearray | memoryview | None = field(default=None, repr=False)

    @property
    def is_empty(self) -> bool:
        return not self.arrivals and not self.body


def tag(track: int, kind: int) -> int:
    """What a record begins with, as one number."""
    return track << 8 | kind


def plain_text(part: Part, number: int, gaps: tuple[Gap, ...], wall: Wall) -> bytes:
    """Header line, records, MAC."""
    header = _header(part, number, gaps, wall)
    body = records(part) if part.body is None else part.body
    proof = hmac.new(part.stream.mac, header, "sha256")
    proof.update(body)
    return b"".join((header, body, proof.digest()))


def records(part: Part) -> bytes:
    """What came, each with its track, kind, time and length in front."""
    began = part.began
    packets = part.arrivals[2::3]
    micros = [int((at - began) * 1e6) for at in part.arrivals[1::3]]
    pieces: list[bytes] = [b""] * (2 * len(packets))
    pieces[0::2] = map(_RECORD.pack, part.arrivals[0::3], micros, map(len, packets))
    pieces[1::2] = packets
    return b"".join(pieces)


def seal(plain: bytes, recipient: str) -> bytes:
    """An age file that only the holder of the recipient's other half opens."""
    sealed: bytes = pyrage.encrypt(plain, [pyrage.x25519.Recipient.from_str(recipient)])
    return sealed


def _header(part: Part, number: int, gaps: tuple[Gap, ...], wall: Wall) -> bytes:
    stream = part.stream
    header = {
        "format": FORMAT,
        "recording": stream.recording,
        "stream": stream.stream,
        "number": number,
        "run": part.run,
        "began": wall.micros(part.began),
        "ended": wall.micros(part.ended),
        "tracks": [
            {
                "track": line.track,
                "source": line.source,
                "ssrc": line.ssrc,
                "codec": _CODEC_NAMES[MEDIA_OF[line.source]],
                "clock": CLOCK_RATE[MEDIA_OF[line.source]],
            }
            for line in part.tracks
        ],
        "gaps": [{"from": wall.micros(gap.since), "to": wall.micros(gap.until), "why": gap.why} for gap in gaps],
    }
    return json.dumps(header, separators=(",", ":")).encode() + b"\n"
