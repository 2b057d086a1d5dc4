"""Parts written and read by hand, from docs/recording.md alone, without the relay's writer and the web's reader.

So either can be held against it, and parts that no relay would write can be made. Holds no test.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import struct
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyrage

from tests.recording.film import FRAMES_A_SECOND, RATE, SOUND_MS, Film

RTP, REPORT = 0, 1
MAC_BYTES = 32
_RECORD = struct.Struct("!BBIH")
_HEAD = struct.Struct("!BBHII")
_REPORT = struct.Struct("!BBHIQIII")
_SINCE_1900 = 2_208_988_800
_AUDIO, _VIDEO = 111, 96


@dataclass(frozen=True)
class Record:
    """One packet of a part: of which track, RTP or a sender's report, when it came."""

    track: int
    kind: int
    after_us: int
    data: bytes


@dataclass(frozen=True)
class Part:
    """A part's header and what stands in it."""

    header: dict[str, Any]
    records: tuple[Record, ...]

    def plain(self, mac: bytes) -> bytes:
        """As it is before it is sealed."""
        body = json.dumps(self.header).encode() + b"\n"
        body += b"".join(_RECORD.pack(r.track, r.kind, r.after_us, len(r.data)) + r.data for r in self.records)
        return body + hmac.digest(mac, body, hashlib.sha256)

    def sealed(self, mac: bytes, recipient: str) -> bytes:
        """As it is on the disk."""
        return bytes(pyrage.encrypt(self.plain(mac), [pyrage.x25519.Recipient.from_str(recipient)]))

    def of(self, source: str) -> list[Record]:
        """The media packets of one source."""
        [track] = [track["track"] for track in self.header["tracks"] if track["source"] == source] or [-1]
        return [record for record in self.records if record.track == track and record.kind == RTP]


def opened(sealed: bytes, identity: pyrage.x25519.Identity, mac: bytes) -> Part:
    """Open and check one part; anything wrong raises."""
    plain = bytes(pyrage.decrypt(sealed, [identity]))
    body, sum_ = plain[:-MAC_BYTES], plain[-MAC_BYTES:]
    assert hmac.compare_digest(sum_, hmac.digest(mac, body, hashlib.sha256)), "the MAC is not right"
    line, _, rest = body.partition(b"\n")
    return Part(json.loads(line), tuple(_records(rest)))


def _records(data: bytes) -> Iterator[Record]:
    at = 0
    while at < len(data):
        track, kind, after, length = _RECORD.unpack_from(data, at)
        at += _RECORD.size
        assert at + length <= len(data), "a record is cut"
        yield Record(track, kind, after, data[at : at + length])
        at += length


def parts_in(folder: Path, identity: pyrage.x25519.Identity, mac: bytes) -> list[Part]:
    """All parts of a stream's folder, in order."""
    return [opened(path.read_bytes(), identity, mac) for path in sorted(folder.glob("*.age"))]


@dataclass
class Stream:
    """One person in a recording made by hand."""

    recipient: str
    uuid: str = field(default_factory=lambda: str(uuid.uuid4()))
    audio: int = field(default_factory=lambda: secrets.randbelow(1 << 31))
    video: int = field(default_factory=lambda: secrets.randbelow(1 << 31))
    late_us: int = 0  # how much later than the first person's everything of theirs arrives


def written(
    folder: Path, recording: str, mac: bytes, streams: Sequence[Stream], film: Film, seconds: int, began_us: int
) -> None:
    """A recording as a relay leaves it: a folder for each stream, one part a second, the film over and over."""
    run = secrets.token_hex(8)
    for stream in streams:
        place = folder / recording / stream.uuid
        place.mkdir(parents=True)
        for second in range(seconds):
            part = part_of(recording, stream, film, second, began_us, run)
            (place / f"{second + 1:08d}.age").write_bytes(part.sealed(mac, stream.recipient))


def part_of(recording: str, stream: Stream, film: Film, second: int, began_us: int, run: str) -> Part:
    began = began_us + stream.late_us + second * 1_000_000
    header: Mapping[str, Any] = {
        "format": 1,
        "recording": recording,
        "stream": stream.uuid,
        "number": second + 1,
        "run": run,
        "began": began,
        "ended": began + 1_000_000,
        "tracks": [
            {"track": 0, "source": "audio", "ssrc": stream.audio, "codec": "opus", "clock": RATE},
            {"track": 1, "source": "camera", "ssrc": stream.video, "codec": "vp8", "clock": 90000},
        ],
        "gaps": [],
    }
    records = [*_voice(stream, film, second), *_camera(stream, film, second), *_reports(stream, second, began)]
    return Part(dict(header), tuple(sorted(records, key=lambda record: record.after_us)))


def _voice(stream: Stream, film: Film, second: int) -> Iterator[Record]:
    each = 1000 // SOUND_MS
    for place in range(each):
        number = second * each + place
        head = _HEAD.pack(0x80, _AUDIO, number & 0xFFFF, number * RATE * SOUND_MS // 1000 & 0xFFFFFFFF, stream.audio)
        yield Record(0, RTP, place * SOUND_MS * 1000, head + film.sounds[number % len(film.sounds)])


def _camera(stream: Stream, film: Film, second: int) -> Iterator[Record]:
    packets = [len(picture) for picture in film.pictures]
    for place in range(FRAMES_A_SECOND):
        number = second * FRAMES_A_SECOND + place
        rounds, shown = divmod(number, len(packets))
        sent = rounds * sum(packets) + sum(packets[:shown])
        payloads = film.pictures[shown]
        stamp = number * (90000 // FRAMES_A_SECOND) & 0xFFFFFFFF
        for at, payload in enumerate(payloads):
            marker = 0x80 if at == len(payloads) - 1 else 0
            head = _HEAD.pack(0x80, _VIDEO | marker, sent + at & 0xFFFF, stamp, stream.video)
            yield Record(1, RTP, place * 1_000_000 // FRAMES_A_SECOND + at * 20, head + payload)


def _reports(stream: Stream, second: int, began_us: int) -> Iterator[Record]:
    """What a sender says once a second: this moment of its clock is that of its media."""
    whole, part = divmod(began_us, 1_000_000)
    ntp = (whole + _SINCE_1900) << 32 | (part << 32) // 1_000_000
    for track, ssrc, clock in ((0, stream.audio, RATE), (1, stream.video, 90000)):
        yield Record(track, REPORT, 0, _REPORT.pack(0x80, 200, 6, ssrc, ntp, second * clock & 0xFFFFFFFF, 0, 0))
