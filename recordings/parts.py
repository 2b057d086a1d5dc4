"""Parts that relays wrote: opened, checked, read. The writer is relay/parts.py; what a row of them gives is assembly/.

A part is believed when all of this holds: the stream's key opens it, the recording's MAC key signed it, and it names
the recording, stream and number under which it lies. Anything else is one PartError that says what is wrong.
"""

import errno
import hmac
import json
import os
import re
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pyrage
from django.conf import settings
from pyrage.x25519 import Identity

FORMAT = 1
RTP, SENDER_REPORT = 0, 1
MAC_BYTES = 32
HIGHEST_NUMBER = 9_999_999  # relay/shelf.py writes none above it
LARGEST = 64 << 20
LONGEST_HEADER = 1 << 20
MOST_GAPS = 10_000
CODECS = {"audio": ("opus", 48_000), "camera": ("vp8", 90_000), "screen": ("vp8", 90_000)}
REASONS = frozenset({"lease", "queue", "disk", "loss", "left"})
REFUSED_SUFFIX = ".refused"
_NAME = re.compile(r"([0-9]{8})\.age")
_UNFINISHED = re.compile(r"\.[0-9a-f]{16}-[0-9]+\.part")
_RECORD = struct.Struct("!BBIH")
_RECORD_AND_RTP = struct.Struct("!BBIHBBHI")
SMALLEST_RTP = 12
_LATEST = 1 << 53


class PartError(Exception):
    """A part that cannot be believed. `code`: changed, foreign, swapped, malformed."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Binding:
    """Where a part must belong, and the keys that prove it."""

    recording: UUID
    stream: UUID
    mac: bytes = field(repr=False)
    identity: Identity = field(repr=False)


@dataclass(frozen=True, slots=True)
class Track:
    """One RTP stream of a part."""

    source: str
    ssrc: int
    clock: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A time (Unix µs, the relay's clock) of which something is missing, and why."""

    since: int
    until: int
    why: str


@dataclass(frozen=True, slots=True)
class Part:
    """One part that was believed. Times are Unix µs by the relay's clock. `run`: the connection it came over."""

    number: int
    run: str
    began: int
    ended: int
    tracks: dict[int, Track]
    gaps: tuple[Gap, ...]
    body: bytes = field(repr=False)
    start: int
    end: int

    def records(self) -> Iterator[tuple[Track, int, int, int, int]]:
        """Track, kind, arrival (Unix µs), and where in `body` the packet stands. PartError where one does not fit."""
        unpack, size, body, end, began = _RECORD.unpack_from, _RECORD.size, self.body, self.end, self.began
        tracks, position = self.tracks, self.start
        while position < end:
            after = position + size
            if after > end:
                raise PartError("malformed", "A record is cut short.")
            number, kind, micros, length = unpack(body, position)
            position = after + length
            if position > end or number not in tracks:
                raise PartError("malformed", "A record does not fit.")
            yield tracks[number], kind, began + micros, after, position

    def packets(self) -> Iterator[tuple[Track, int, int, int, int, int, int, int, int]]:
        """As `records`, with what the first bytes of an RTP packet say: flags, marker and type, number, stamp.

        Of a report these mean nothing, and packets too short to be one are left out. One look instead of two, for those
        who read a million of them.
        """
        unpack, body, end, began = _RECORD_AND_RTP.unpack_from, self.body, self.end, self.began
        tracks, position = self.tracks, self.start
        while position < end:
            after = position + 8
            if after > end:
                raise PartError("malformed", "A record is cut short.")
            # The MAC behind the last record is longer than what is read too far here.
            number, kind, micros, length, flags, second, sequence, stamp = unpack(body, position)
            position = after + length
            if position > end or number not in tracks:
                raise PartError("malformed", "A record does not fit.")
            if length >= SMALLEST_RTP:
                yield tracks[number], kind, began + micros, after, position, flags, second, sequence, stamp


@dataclass(frozen=True)
class Folder:
    """What lies in a stream's folder: parts by number, what a killed relay left half written, and what is neither."""

    numbers: tuple[int, ...] = ()
    unfinished: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()


def folder_of(recording: UUID, stream: UUID | None = None) -> Path:
    """Where relays write the parts of a recording, or of one stream of it."""
    folder = Path(settings.RECORDINGS_DIR) / "incoming" / str(recording)
    return folder / str(stream) if stream else folder


def path_of(recording: UUID, stream: UUID, number: int) -> Path:
    """Where a part lies."""
    return folder_of(recording, stream) / f"{number:08d}.age"


def list_parts(recording: UUID, stream: UUID) -> Folder:
    """What lies in the folder, by name. Parts set aside before are not listed."""
    folder = folder_of(recording, stream)
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    found = {name: int(match[1]) for name in names if (match := _NAME.fullmatch(name))}
    matches = {name: number for name, number in found.items() if number <= HIGHEST_NUMBER}
    unfinished = tuple(name for name in names if _UNFINISHED.fullmatch(name))
    others = (name for name in names if name not in matches and not name.endswith(REFUSED_SUFFIX))
    return Folder(
        numbers=tuple(matches.values()),
        unfinished=unfinished,
        strangers=tuple(name for name in others if name not in unfinished),
    )


def read_part(binding: Binding, number: int) -> Part:
    """Open and check the part that lies under this number. PartError; FileNotFoundError where none lies."""
    path = path_of(binding.recording, binding.stream, number)
    with open(path, "rb", opener=_open_plain_file) as file:
        sealed = file.read(LARGEST + 1)
    if len(sealed) > LARGEST:
        raise PartError("malformed", "The part is larger than any relay makes.")
    return open_part(sealed, binding, number)


def _open_plain_file(path: str, flags: int) -> int:
    """The relay is trusted with less than we are: what lies there may lead nowhere else, and hold nobody up."""
    try:
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise PartError("foreign", "This is no file.") from None
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise PartError("foreign", "This is no file.")
    return descriptor


def open_part(sealed: bytes, binding: Binding, number: int) -> Part:
    """Open and check the bytes of a part."""
    try:
        plain = bytes(pyrage.decrypt(sealed, [binding.identity]))
    except (pyrage.DecryptError, ValueError):
        raise PartError("changed", "The part was changed or cut, or sealed to another key.") from None
    return read_plain(plain, binding, number)


def read_plain(plain: bytes, binding: Binding, number: int) -> Part:
    """Check MAC, binding and header of an opened part."""
    end = len(plain) - MAC_BYTES
    if end <= 0:
        raise PartError("malformed", "The part is too short.")
    if not hmac.compare_digest(hmac.digest(binding.mac, memoryview(plain)[:end], "sha256"), plain[end:]):
        raise PartError("foreign", "The part does not come from a relay of this recording.")
    line_end = plain.find(b"\n", 0, min(end, LONGEST_HEADER))
    if line_end < 0:
        raise PartError("malformed", "The part has no header.")
    header = _header(plain[:line_end])
    if (header["recording"], header["stream"]) != (str(binding.recording), str(binding.stream)):
        raise PartError("foreign", "The part belongs to another recording or person.")
    if header["number"] != number:
        raise PartError("swapped", "The part lies under another part's number.")
    try:
        return _part(header, plain, line_end + 1, end)
    except (KeyError, TypeError, ValueError):
        raise PartError("malformed", "The part's header cannot be read.") from None


def _header(line: bytes) -> dict[str, Any]:
    try:
        header = json.loads(line)
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict) or header.get("format") != FORMAT or isinstance(header["format"], bool):
        raise PartError("malformed", "The part has no header of a known format.")
    if not {"recording", "stream", "number"} <= header.keys():
        raise PartError("malformed", "The part does not say where it belongs.")
    return header


def _part(header: dict[str, Any], plain: bytes, start: int, end: int) -> Part:
    gaps = header["gaps"]
    tracks = {_whole(found["track"], 0xFF): _track(found) for found in header["tracks"]}
    if len(tracks) != len(header["tracks"]) or len(gaps) > MOST_GAPS:
        raise ValueError
    return Part(
        number=_whole(header["number"], _LATEST),
        run=_text(header["run"]),
        began=_whole(header["began"], _LATEST),
        ended=_whole(header["ended"], _LATEST),
        tracks=tracks,
        gaps=tuple(_gap(gap) for gap in gaps),
        body=plain,
        start=start,
        end=end,
    )


def _track(found: dict[str, Any]) -> Track:
    source = found["source"]
    if CODECS[source] != (found["codec"], found["clock"]):
        raise ValueError
    return Track(source, _whole(found["ssrc"], 0xFFFF_FFFF), CODECS[source][1])


def _gap(found: dict[str, Any]) -> Gap:
    if found["why"] not in REASONS:
        raise ValueError
    return Gap(_whole(found["from"], _LATEST), _whole(found["to"], _LATEST), found["why"])


def _whole(value: Any, largest: int) -> int:
    if type(value) is not int or not 0 <= value <= largest:
        raise ValueError
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 200:
        raise ValueError
    return value
