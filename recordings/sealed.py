"""Playable files, sealed block by block in STORAGES["recordings"]. Who may read one, and its key, are the caller's.

    <recording>/<file>/<block as 8 digits>.age     each an age file of a JSON line and at most BLOCK_SIZE bytes

The line binds the block to its recording, file and place: {"format":1,"recording","file","block","blocks","size",
"mac"}. `mac` proves that who sealed it had the private half: age proves no sender, and the public one is no secret.
`blocks` counts those up to here; in block 0, which is sealed last, all there are. docs/recording.md, "Format".
"""

import hmac
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pyrage
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages
from pyrage.x25519 import Identity

FORMAT = 1
BLOCK_SIZE = 1 << 20
LONGEST_HEADER = 512
_MAC_LABEL = b"housecall: block of a sealed file"
_FILE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class SealError(Exception):
    """A block is missing, changed, or not the one that belongs there. The message says which, and nothing else."""


@dataclass(frozen=True)
class SealedFile:
    """What one must know of a sealed file to read it; it stands in the database."""

    recording: UUID
    file: UUID
    size: int
    blocks: int
    block_size: int = BLOCK_SIZE


def block_name(recording: UUID, file: UUID, block: int) -> str:
    """Where a block is in the storage."""
    return f"{recording}/{file}/{block:08d}.age"


def storage() -> Storage:
    """The storage of sealed files."""
    return storages["recordings"]


def list_files(recording: UUID) -> list[str]:
    """Ids of all files that have a block in the storage, finished or not."""
    try:
        return [name for name in storage().listdir(str(recording))[0] if _FILE.fullmatch(name)]
    except FileNotFoundError:
        return []


def remove_file(recording: UUID, file: UUID) -> None:
    """Remove every block of a file, whether it was finished or not."""
    place, folder = storage(), f"{recording}/{file}"
    if hasattr(place, "remove_folder"):
        place.remove_folder(folder)
        return
    for name in place.listdir(folder)[1]:
        place.delete(f"{folder}/{name}")


class SealedWriter:
    """A file to write to, as PyAV's muxers do: mostly onward, then back into the first block.

    Holds two blocks in memory, first and last; all others are sealed and out of reach. None is on the disk in clear.
    """

    def __init__(self, *, recording: UUID, file: UUID, identity: Identity, block_size: int = BLOCK_SIZE) -> None:
        self.size = 0
        self.blocks = 0
        self.closed = False
        self._recording, self._file = recording, file
        self._recipient, self._mac_key = identity.to_public(), _mac_key(identity)
        self._block_size = block_size
        self._position = 0
        self._first, self._last = bytearray(), bytearray()
        self._last_number = 1

    def write(self, data: bytes) -> int:
        """Write at the position. UnsupportedOperation where a block is sealed already."""
        view = memoryview(data)
        while view:
            number, begin = divmod(self._position, self._block_size)
            part = view[: self._block_size - begin]
            block = self._block(number)
            if begin > len(block):
                raise io.UnsupportedOperation("A sealed file has no holes.")
            block[begin : begin + len(part)] = part
            self._position += len(part)
            self.size = max(self.size, self._position)
            view = view[len(part) :]
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        if not 0 <= base + offset <= self.size:
            raise io.UnsupportedOperation("A sealed file has no holes.")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def seekable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def close(self) -> None:
        """Seal what is held; from here on the file outlives a power cut. Closing twice changes nothing."""
        if self.closed:
            return
        self.closed = True
        self.blocks = 1 + (self._last_number if self._last else self._last_number - 1)
        if self._last:
            self._seal(self._last_number, self._last, self._last_number + 1)
        self._seal(0, self._first, self.blocks)
        place = storage()
        if hasattr(place, "settle"):
            place.settle(f"{self._recording}/{self._file}")

    def abandon(self) -> None:
        """Give the file up and remove what was sealed of it."""
        self.closed = True
        remove_file(self._recording, self._file)

    def as_sealed(self) -> SealedFile:
        """What to remember of it, once closed."""
        return SealedFile(self._recording, self._file, self.size, self.blocks, self._block_size)

    def _block(self, number: int) -> bytearray:
        if number == 0:
            return self._first
        if number == self._last_number + 1 and len(self._last) == self._block_size:
            self._seal(self._last_number, self._last, self._last_number + 1)
            self._last, self._last_number = bytearray(), number
        if number != self._last_number:
            raise io.UnsupportedOperation("Only the first and the last block of a sealed file can still be changed.")
        return self._last

    def _seal(self, number: int, data: bytearray, blocks: int) -> None:
        header = {
            "format": FORMAT,
            "recording": str(self._recording),
            "file": str(self._file),
            "block": number,
            "blocks": blocks,
            "size": len(data),
        }
        header["mac"] = _mac(self._mac_key, header, data)
        plain = b"".join((json.dumps(header, separators=(",", ":")).encode(), b"\n", data))
        name = block_name(self._recording, self._file, number)
        if storage().save(name, ContentFile(pyrage.encrypt(plain, [self._recipient]))) != name:
            raise SealError(f"Somebody else writes block {number} of this file.")


class SealedReader:
    """Any bytes of a sealed file. Keeps the block opened last; one reader is for one thread."""

    def __init__(self, sealed: SealedFile, identity: Identity) -> None:
        self._sealed, self._identity, self._mac_key = sealed, identity, _mac_key(identity)
        self._open_number, self._open = -1, b""

    @property
    def size(self) -> int:
        return self._sealed.size

    def read(self, start: int, length: int) -> bytes:
        """The bytes from `start` on, fewer at the end of the file. SealError when a block is not what was sealed."""
        return b"".join(self.chunks(start, length))

    def chunks(self, start: int, length: int) -> Iterator[bytes]:
        """`read` in pieces of at most one block, each opened when it is asked for."""
        end = min(start + length, self._sealed.size)
        while start < end:
            number, begin = divmod(start, self._sealed.block_size)
            piece = self._block(number)[begin : begin + end - start]
            start += len(piece)
            yield piece

    def as_file(self) -> io.BufferedReader:
        """A file that can be read and sought, for PyAV."""
        return io.BufferedReader(_ReadableFile(self), 1 << 16)

    def _block(self, number: int) -> bytes:
        if number != self._open_number:
            self._open = _opened(self._sealed, self._identity, self._mac_key, number)
            self._open_number = number
        return self._open


class _ReadableFile(io.RawIOBase):
    def __init__(self, reader: SealedReader) -> None:
        self._reader = reader
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._reader.size}[whence]
        self._position = max(base + offset, 0)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._reader.read(self._position, len(buffer))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)


def _mac_key(identity: Identity) -> bytes:
    return hmac.digest(str(identity).encode(), _MAC_LABEL, "sha256")


def _mac(key: bytes, header: dict[str, Any], data: bytes | bytearray | memoryview) -> str:
    """Over the header without its MAC, and the bytes."""
    proof = hmac.new(key, json.dumps(header, separators=(",", ":")).encode() + b"\n", "sha256")
    proof.update(data)
    return proof.hexdigest()


def _opened(sealed: SealedFile, identity: Identity, mac_key: bytes, number: int) -> bytes:
    """The bytes of one block, after every check."""
    try:
        with storage().open(block_name(sealed.recording, sealed.file, number)) as file:
            closed = file.read()
    except FileNotFoundError:
        raise SealError(f"Block {number} is missing.") from None
    try:
        plain = bytes(pyrage.decrypt(closed, [identity]))
    except (pyrage.DecryptError, ValueError):
        raise SealError(f"Block {number} was changed, or sealed to another key.") from None
    return _checked(sealed, mac_key, number, plain)


def _checked(sealed: SealedFile, mac_key: bytes, number: int, plain: bytes) -> bytes:
    end = plain.find(b"\n", 0, LONGEST_HEADER)
    try:
        header = json.loads(plain[: max(end, 0)])
    except ValueError:
        header = None
    data = plain[end + 1 :]
    expected = {
        "format": FORMAT,
        "recording": str(sealed.recording),
        "file": str(sealed.file),
        "block": number,
        "blocks": number + 1 if number else sealed.blocks,
        "size": min(sealed.block_size, sealed.size - number * sealed.block_size),
    }
    proof = header.pop("mac", None) if isinstance(header, dict) else None
    if header != expected or len(data) != expected["size"]:
        raise SealError(f"Block {number} belongs somewhere else.")
    if (
        not isinstance(proof, str)
        or not proof.isascii()
        or not hmac.compare_digest(proof, _mac(mac_key, expected, data))
    ):
        raise SealError(f"Block {number} was not made by us.")
    return data
