"""The words between the mixing process and its parent, and files that are read and written through them.

A message is one letter, its length, its bytes. The child asks and the parent answers, so neither can flood the other.
"""

import io
import json
import struct
from typing import IO, Any

JOB, READ, BYTES, WRITE, PROGRESS, DONE, FAILED = b"J", b"R", b"B", b"W", b"P", b"D", b"E"
LONGEST = 4 * 1024 * 1024

_HEAD = struct.Struct("!cI")
_READ = struct.Struct("!HQI")
_WRITE = struct.Struct("!Q")


class BrokenWire(Exception):  # noqa: N818
    """The other side is gone, or speaks another language."""


def send(stream: IO[bytes], kind: bytes, payload: bytes = b"") -> None:
    """Write one message whole."""
    stream.write(_HEAD.pack(kind, len(payload)) + payload)
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[bytes, bytes]:
    """Read one message whole, or raise BrokenWire."""
    kind, length = _HEAD.unpack(_exactly(stream, _HEAD.size))
    if length > LONGEST:
        raise BrokenWire
    return kind, _exactly(stream, length)


def _exactly(stream: IO[bytes], length: int) -> bytes:
    parts = []
    while length:
        part = stream.read(length)
        if not part:
            raise BrokenWire
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def send_json(stream: IO[bytes], kind: bytes, value: Any) -> None:
    send(stream, kind, json.dumps(value).encode())


def parse_read(payload: bytes) -> tuple[int, int, int]:
    """Number of the file, first byte, how many; never more than a message holds."""
    if len(payload) != _READ.size:
        raise BrokenWire
    number, start, length = _READ.unpack(payload)
    if length > LONGEST:
        raise BrokenWire
    return number, start, length


def parse_count(payload: bytes, name: str = "") -> int:
    """A number that was sent alone, or under this name."""
    try:
        value = json.loads(payload)
        found = value.get(name, 0) if name else value
    except (ValueError, RecursionError, AttributeError):
        raise BrokenWire from None
    if type(found) is not int or not 0 <= found < 1 << 53:
        raise BrokenWire
    return found


def parse_write(payload: bytes) -> tuple[int, bytes]:
    """Where, and what."""
    if len(payload) < _WRITE.size:
        raise BrokenWire
    return _WRITE.unpack_from(payload)[0], payload[_WRITE.size :]


class RemoteInput:
    """A file of the parent's, as PyAV wants one to read; asked for in pieces of 256 KiB."""

    PIECE = 256 * 1024

    def __init__(self, number: int, size: int, ask: IO[bytes], answer: IO[bytes]) -> None:
        self._number, self._size, self._ask, self._answer = number, size, ask, answer
        self._at = 0
        self._piece_at, self._piece = 0, b""

    def read(self, length: int = -1) -> bytes:
        wanted = self._size - self._at if length < 0 else min(length, self._size - self._at)
        if wanted <= 0:
            return b""
        inside = self._at - self._piece_at
        if not 0 <= inside < len(self._piece):
            self._fetch()
            inside = 0
        found = self._piece[inside : inside + wanted]
        self._at += len(found)
        return found

    def _fetch(self) -> None:
        length = min(self.PIECE, self._size - self._at)
        send(self._ask, READ, _READ.pack(self._number, self._at, length))
        kind, piece = receive(self._answer)
        if kind != BYTES or len(piece) != length:
            raise BrokenWire
        self._piece_at, self._piece = self._at, piece

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at


class RemoteOutput:
    """The film, as PyAV wants a file to write; every piece goes to the parent with its place."""

    def __init__(self, tell: IO[bytes]) -> None:
        self._tell, self._at, self._end = tell, 0, 0

    def write(self, data: bytes) -> int:
        content = bytes(data)
        for start in range(0, len(content), LONGEST // 2):
            piece = content[start : start + LONGEST // 2]
            send(self._tell, WRITE, _WRITE.pack(self._at) + piece)
            self._at += len(piece)
        self._end = max(self._end, self._at)
        return len(content)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._end}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at
