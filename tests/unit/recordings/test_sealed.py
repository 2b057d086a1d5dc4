"""Sealed files: what was written is read, any range of it; what was changed, moved or cut is refused."""

import io
import json
import random
import stat
from pathlib import Path
from uuid import uuid4

import pyrage
import pytest
from pyrage.x25519 import Identity

from recordings.sealed import SealedFile, SealedReader, SealedWriter, SealError, block_name, remove_file

KEY = Identity.generate()
BLOCK = 1000


def writer(**fields: object) -> SealedWriter:
    given = {"recording": uuid4(), "file": uuid4(), "identity": KEY, "block_size": BLOCK, **fields}
    return SealedWriter(**given)


def written(data: bytes, **fields: object) -> SealedFile:
    into = writer(**fields)
    into.write(data)
    into.close()
    return into.as_sealed()


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 5 * BLOCK + 17])
def test_any_range_of_a_file_is_read_as_it_was_written(files: Path, size: int) -> None:
    data = random.Random(size).randbytes(size)
    sealed = written(data)
    reader = SealedReader(sealed, KEY)
    assert (sealed.size, reader.read(0, size + 99)) == (size, data)
    dice = random.Random(1)
    for _ in range(50):
        start, length = dice.randrange(size + 10), dice.randrange(size + 10)
        assert reader.read(start, length) == data[start : start + length]
    assert all(len(piece) <= BLOCK for piece in reader.chunks(0, size))


def test_writing_back_into_the_first_block_changes_it(files: Path) -> None:
    into = writer()
    for _ in range(7):
        into.write(b"a" * 777)
    end = into.tell()
    into.seek(40)
    into.write(b"back")
    assert into.seek(0, io.SEEK_END) == end
    into.write(b"end")
    into.close()
    into.close()
    found = SealedReader(into.as_sealed(), KEY).read(0, 10_000)
    assert found == b"a" * 40 + b"back" + b"a" * (end - 44) + b"end"


def test_sealed_blocks_are_out_of_reach_and_holes_refused(files: Path) -> None:
    into = writer()
    into.write(b"a" * 3500)
    into.seek(1500)
    with pytest.raises(io.UnsupportedOperation):
        into.write(b"b")
    with pytest.raises(io.UnsupportedOperation):
        into.seek(3501)


def test_writer_holds_two_blocks_at_most_and_none_in_clear(files: Path) -> None:
    into = writer()
    canary = b"canary in a coal mine"
    for _ in range(500):
        into.write(canary)
        held = len(into._first) + len(into._last)
        assert held <= 2 * BLOCK
    assert len(list(files.rglob("*.age"))) == into.size // BLOCK - 1
    into.close()
    assert not any(canary in path.read_bytes() for path in files.rglob("*") if path.is_file())


def test_blocks_are_for_their_owner_only(files: Path) -> None:
    written(b"a" * 2500)
    modes = {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in files.rglob("*")}
    assert modes == {(True, 0o700), (False, 0o600)}


def test_file_reads_and_seeks_like_any_other(files: Path) -> None:
    data = bytes(range(256)) * 20
    file = SealedReader(written(data), KEY).as_file()
    assert file.read() == data
    file.seek(-10, io.SEEK_END)
    assert file.read(4) == data[-10:-6]
    file.seek(1234)
    assert file.read(1500) == data[1234:2734]


def damaged(files: Path, sealed: SealedFile, block: int, change: bytes | None) -> None:
    path = files / block_name(sealed.recording, sealed.file, block)
    path.unlink() if change is None else path.write_bytes(change)


def test_every_flipped_bit_is_found(files: Path) -> None:
    sealed = written(b"a" * 2500)
    path = files / block_name(sealed.recording, sealed.file, 1)
    whole, dice = path.read_bytes(), random.Random(3)
    for _ in range(100):
        changed = bytearray(whole)
        changed[dice.randrange(len(whole))] ^= 1 << dice.randrange(8)
        path.write_bytes(changed)
        with pytest.raises(SealError):
            SealedReader(sealed, KEY).read(0, 2500)
        assert len(SealedReader(sealed, KEY).read(0, 1000)) == 1000


@pytest.mark.parametrize("cut", [0, 1, 100, -1])
def test_cut_block_is_found(files: Path, cut: int) -> None:
    sealed = written(b"a" * 2500)
    whole = (files / block_name(sealed.recording, sealed.file, 2)).read_bytes()
    damaged(files, sealed, 2, whole[:cut])
    with pytest.raises(SealError, match="Block 2"):
        SealedReader(sealed, KEY).read(2400, 100)


def test_missing_block_is_found(files: Path) -> None:
    sealed = written(b"a" * 2500)
    damaged(files, sealed, 1, None)
    with pytest.raises(SealError, match="Block 1 is missing"):
        SealedReader(sealed, KEY).read(0, 2500)


def test_block_from_elsewhere_is_found(files: Path) -> None:
    sealed = written(b"a" * 3500)
    sibling = written(b"b" * 3500, recording=sealed.recording)
    stranger = written(b"c" * 3500, file=sealed.file)
    for other, number in ((sealed, 2), (sibling, 1), (stranger, 1)):
        swapped = (files / block_name(other.recording, other.file, number)).read_bytes()
        damaged(files, sealed, 1, swapped)
        with pytest.raises(SealError, match="somewhere else"):
            SealedReader(sealed, KEY).read(0, 3500)


def test_file_cut_short_is_found_in_its_first_block(files: Path) -> None:
    sealed = written(b"a" * 3500)
    shorter = SealedFile(sealed.recording, sealed.file, 2000, 2, BLOCK)
    with pytest.raises(SealError):
        SealedReader(shorter, KEY).read(0, 10)


def test_block_sealed_to_the_right_key_with_nonsense_inside_is_refused(files: Path) -> None:
    sealed = written(b"a" * 2500)
    for plain in (b"", b"\n", b"{}\n", b"[]\n" + b"a" * 1000, b"[" * 3000, b"\xff\n", b'"\\ud800"\n'):
        damaged(files, sealed, 1, pyrage.encrypt(plain, [KEY.to_public()]))
        with pytest.raises(SealError):
            SealedReader(sealed, KEY).read(0, 2500)


@pytest.mark.parametrize("mac", [{}, {"mac": "0" * 64}, {"mac": "\ud800"}, {"mac": 7}])
def test_block_made_by_somebody_who_knows_only_the_public_half_is_refused(files: Path, mac: dict[str, object]) -> None:
    """As whoever reads the database and writes to the storage could."""
    sealed = written(b"a" * 2500)
    recording, file = str(sealed.recording), str(sealed.file)
    header = {"format": 1, "recording": recording, "file": file, "block": 1, "blocks": 2, "size": BLOCK, **mac}
    damaged(files, sealed, 1, pyrage.encrypt(json.dumps(header).encode() + b"\n" + b"f" * BLOCK, [KEY.to_public()]))
    with pytest.raises(SealError, match="not made by us"):
        SealedReader(sealed, KEY).read(0, 2500)


def test_other_key_opens_nothing(files: Path) -> None:
    sealed = written(b"a" * 100)
    with pytest.raises(SealError):
        SealedReader(sealed, Identity.generate()).read(0, 100)


def test_file_given_up_leaves_nothing(files: Path) -> None:
    into = writer()
    into.write(b"a" * 5500)
    (files / str(into._recording) / str(into._file) / ".draft-x").write_bytes(b"half")
    into.abandon()
    assert list(files.iterdir()) == []
    remove_file(into._recording, into._file)
    assert list(files.iterdir()) == []
