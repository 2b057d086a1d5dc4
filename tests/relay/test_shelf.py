"""The recordings' folder by itself: free space, numbers, names, leftovers. With a whole relay: test_vault.py."""

import os
from pathlib import Path

import pytest

from relay import shelf as shelves
from relay.parts import Stream
from relay.shelf import LEAST_RESERVE, Order, Shelf
from tests.relay.recorded import MAC, RECIPIENT, RECORDING, stream_of

STREAM = Stream(RECORDING, stream_of("x"), RECIPIENT, MAC)


def put(shelf: Shelf, number: int, data: bytes = b"x", stream: Stream = STREAM) -> tuple[int, int]:
    order = Order(stream, number, lambda number: data.replace(b"%d", b"%d" % number))
    shelf.write([order])
    if order.error is not None:
        raise order.error
    return order.number, order.size


def test_reserve_is_the_larger_of_a_gibibyte_and_a_twentieth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def disk(blocks: int, free: int) -> None:
        found = os.statvfs_result((4096, 4096, blocks, free, free, 0, 0, 0, 0, 255))
        monkeypatch.setattr(shelves.os, "statvfs", lambda path: found)

    shelf = Shelf(tmp_path)
    disk(blocks=1 << 20, free=(LEAST_RESERVE >> 12) + 1)  # 4 GiB
    shelf.prepare()
    assert (shelf.has_room(4096), shelf.has_room(4097)) == (True, False)
    disk(blocks=1 << 30, free=((1 << 30) // 20) + 2)  # 4 TiB
    shelf.prepare()
    assert (shelf.has_room(4096), shelf.has_room(8193)) == (True, False)


def test_number_that_another_relay_took_is_not_written_over(tmp_path: Path) -> None:
    shelf, other = Shelf(tmp_path, 0), Shelf(tmp_path, 0)
    assert (shelf.next_number(STREAM), other.next_number(STREAM)) == (1, 1)
    assert put(shelf, 1, b"mine %d") == (1, 6)
    assert put(other, 1, b"yours %d") == (2, 7)
    folder = tmp_path / RECORDING / STREAM.stream
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "00000001.age": b"mine 1",
        "00000002.age": b"yours 2",
    }


@pytest.mark.parametrize("strange", ["99999999", "10000000", "00100013"])
def test_number_far_above_the_parts_does_not_lead_the_next_ones_there(tmp_path: Path, strange: str) -> None:
    shelf = Shelf(tmp_path, 0)
    put(shelf, 12)
    folder = tmp_path / RECORDING / STREAM.stream
    (folder / f"{strange}.age").write_bytes(b"not the relay's")
    assert Shelf(tmp_path, 0).next_number(STREAM) == 13
    assert put(shelf, 12, b"y") == (13, 1)


def test_number_above_the_last_is_an_error_and_never_a_name_that_nobody_reads(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, 0)
    assert put(shelf, shelves.LAST) == (shelves.LAST, 1)
    with pytest.raises(OSError, match="no number"):
        put(shelf, shelves.LAST + 1)
    folder = tmp_path / RECORDING / STREAM.stream
    assert [path.name for path in folder.iterdir()] == ["09999999.age"]


def test_link_in_the_place_of_a_folder_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    root = tmp_path / "root"
    root.mkdir()
    (root / RECORDING).symlink_to(elsewhere)
    with pytest.raises(OSError, match=r"directory|symbolic"):
        put(Shelf(root, 0), 1)
    assert list(elsewhere.iterdir()) == []


def test_unfinished_file_of_a_killed_relay_goes_and_that_of_a_living_one_stays(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, 0)
    put(shelf, 7)
    folder = tmp_path / RECORDING / STREAM.stream
    old, young, foreign = (folder / name for name in (f".{'0' * 16}-1.part", f".{'1' * 16}-2.part", "notes.txt"))
    for path in (old, young, foreign):
        path.write_bytes(b"half")
    for path in (old, foreign):
        os.utime(path, (1, 1))
    assert Shelf(tmp_path, 0).next_number(STREAM) == 8
    assert (old.exists(), young.exists(), foreign.exists()) == (False, True, True)


def test_more_streams_than_folders_kept_open_are_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelves, "_MAX_OPEN", 2)
    shelf = Shelf(tmp_path, 0)
    before = len(os.listdir("/proc/self/fd"))
    streams = [Stream(RECORDING, stream_of(str(n)), RECIPIENT, MAC) for n in range(5)]
    for _ in range(2):
        for stream in streams:
            put(shelf, 1, stream=stream)
    assert len(os.listdir("/proc/self/fd")) == before + 2
    for stream in streams:
        shelf.forget(stream)
    assert len(os.listdir("/proc/self/fd")) == before


def test_parts_written_together_fail_alone_and_leave_nothing_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of four one cannot be sealed, one cannot be synced, and one has a number that another relay took."""
    shelf, other = Shelf(tmp_path, 0), Shelf(tmp_path, 0)
    streams = [Stream(RECORDING, stream_of(str(n)), RECIPIENT, MAC) for n in range(4)]
    put(other, 1, b"theirs", streams[3])
    broken: set[int] = set()
    sync = os.fsync

    def make(number: int) -> bytes:
        return b"part %d" % number

    def cannot_be_sealed(number: int) -> bytes:
        raise TypeError

    def fsync(file: int) -> None:
        if os.readlink(f"/proc/self/fd/{file}").find(streams[2].stream) >= 0:
            broken.add(file)
            raise OSError(5, "Input/output error")
        sync(file)

    monkeypatch.setattr(shelves.os, "fsync", fsync)
    orders = [Order(streams[0], 1, make), Order(streams[1], 1, cannot_be_sealed)]
    orders += [Order(streams[2], 1, make), Order(streams[3], 1, make)]
    before = len(os.listdir("/proc/self/fd"))
    shelf.write(orders)
    assert broken
    assert [(order.number, order.size, type(order.error)) for order in orders] == [
        (1, 6, type(None)),
        (1, 0, TypeError),
        (1, 0, OSError),
        (2, 6, type(None)),
    ]
    kept = {path.relative_to(tmp_path / RECORDING): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert kept == {
        Path(streams[0].stream, "00000001.age"): b"part 1",
        Path(streams[3].stream, "00000001.age"): b"theirs",
        Path(streams[3].stream, "00000002.age"): b"part 2",
    }
    for stream in streams:
        shelf.forget(stream)
    assert len(os.listdir("/proc/self/fd")) <= before
