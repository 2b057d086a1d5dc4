"""Disks that are slow, full, gone or shared: what is on them stays whole, and the call never notices."""

import asyncio
import json
import os
import signal
import stat
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from relay import shelf as shelves
from relay import vault as vaults
from relay.config import read_config
from relay.errors import ConfigError
from relay.parts import Stream
from relay.shelf import Order, Shelf
from tests.relay.recorded import MAC, RECIPIENT, RECORDING, open_part, stream_of
from tests.relay.taped import PART, Studio, open_studio

ROOT = Path(__file__).parents[2]
STREAM = Stream(RECORDING, stream_of("x"), RECIPIENT, MAC)


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[Studio]:
    async with open_studio(tmp_path) as studio:
        yield studio


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_files_and_folders_are_for_their_owner_alone(studio: Studio) -> None:
    former = os.umask(0)
    try:
        await studio.house.join("doctor")
        await studio.record("doctor")
        await studio.speak("doctor", "word")
        await studio.synced("doctor", 1)
    finally:
        os.umask(former)
    stream = studio.stream("doctor")
    assert [mode(path) for path in (studio.folder.parent, studio.folder, stream.parent, stream)] == [0o700] * 4
    assert [mode(path) for path in stream.iterdir()] == [0o600]


async def test_group_may_share_and_nobody_else(tmp_path: Path) -> None:
    async with open_studio(tmp_path, recordings_group=os.getgid()) as studio:
        await studio.house.join("doctor")
        await studio.record("doctor")
        await studio.speak("doctor", "word")
        await studio.synced("doctor", 1)
    stream = studio.stream("doctor")
    assert [mode(path) for path in (studio.folder, stream.parent, stream)] == [0o2770] * 3
    assert [mode(path) for path in stream.iterdir()] == [0o660]


def test_shared_folder_hands_on_group_and_modes_without_a_change_of_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a unit of systemd, which may neither chown nor set the bit."""
    os.chmod(tmp_path, 0o2770)

    def refused(*arguments: object) -> None:
        raise PermissionError

    monkeypatch.setattr(shelves.os, "fchown", refused)
    monkeypatch.setattr(shelves.os, "fchmod", refused)
    former = os.umask(0o007)
    try:
        Shelf(tmp_path, 0, os.getgid()).write([Order(STREAM, 1, lambda number: b"x")])
    finally:
        os.umask(former)
    folder = tmp_path / RECORDING / STREAM.stream
    assert [mode(path) for path in (folder.parent, folder, folder / "00000001.age")] == [0o2770, 0o2770, 0o660]


async def test_queue_that_is_full_is_a_gap_in_the_recording_and_none_in_the_call(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    doctor, patient = await studio.house.both()
    vault = studio.house.relay.vault
    assert vault is not None
    monkeypatch.setattr(vault, "_max_bytes", 2_000)
    goes_on = threading.Event()
    write = vault.shelf.write

    def slow(orders: list[Order]) -> None:
        goes_on.wait()
        write(orders)

    monkeypatch.setattr(vault.shelf, "write", slow)
    await studio.record("doctor")
    for turn in range(6):
        await studio.speak("doctor", f"{turn}" + "." * 300)
        studio.house.skew += 1.0
        await studio.renew()
        await studio.web.expect("report", len(studio.web.heard)) if turn == 5 else None
        await patient.changes.until(lambda turn=turn: len(patient.packets) == turn + 1)
        await ticked(studio)
    assert (await studio.state("failing"))["people"][0]["number"] == 0
    recorder = studio.house.relay.board.recorder
    assert recorder.refused > 0
    assert len(doctor.packets) == 0
    goes_on.set()
    await studio.told("doctor", number=6 - recorder.refused)
    await studio.speak("doctor", "at last")
    await studio.synced("doctor", 7 - recorder.refused)
    told = [gap for part in studio.parts("doctor") for gap in part.header["gaps"] if gap["why"] == "queue"]
    assert told
    assert all(gap["from"] > studio.parts("doctor")[0].header["ended"] for gap in told)
    assert (await studio.state("recording"))["people"]


async def test_room_that_is_closed_and_open_again_while_the_disk_is_slow_goes_on_in_the_same_folder(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a visit is moved away and back: what waits of it and what comes are of one folder, so of one thread."""
    vault = studio.house.relay.vault
    assert vault is not None
    monkeypatch.setattr(vaults, "AT_ONCE", 1)
    goes_on = threading.Event()
    write = vault.shelf.write
    threads = []

    def slow(orders: list[Order]) -> None:
        threads.append(threading.current_thread())
        goes_on.wait()
        write(orders)

    monkeypatch.setattr(vault.shelf, "write", slow)
    await studio.house.join("doctor")
    await studio.record("doctor")
    await studio.speak("doctor", "before")
    studio.house.version += 1
    studio.house.send_document(studio.house.version, closed=True)
    await studio.web.expect("seat", state="closed")
    await studio.house.peers["doctor"].close()
    start = len(studio.web.heard)
    await studio.record("doctor")
    await studio.house.join("doctor")
    await studio.speak("doctor", "after")
    studio.house.skew += PART
    await studio.web.expect("recorded", start, state="waiting")
    await ticked(studio)
    goes_on.set()
    await studio.told("doctor", start, number=2)
    assert studio.words("doctor") == ["before", "after"]
    assert len(set(threads)) == 1
    await studio.stop()
    await studio.told("doctor", ended=True, start=start)
    assert all(writer.thread.is_alive() for writer in vault._writers)


async def ticked(studio: Studio) -> None:
    """The relay's clock has turned once more."""
    turned = asyncio.Event()
    recorder = studio.house.relay.board.recorder
    tick = recorder.tick

    def turn(now: float) -> list[dict[str, object]]:
        found = tick(now)
        turned.set()
        return found

    recorder.tick = turn  # type: ignore[method-assign]
    await turned.wait()
    recorder.tick = tick  # type: ignore[method-assign]


async def test_disk_below_its_reserve_takes_nothing_and_says_so_until_there_is_room(tmp_path: Path) -> None:
    async with open_studio(tmp_path, recording_reserve=1 << 60) as studio:
        doctor, patient = await studio.house.both()
        await studio.record("doctor")
        await studio.speak("doctor", "no room")
        studio.house.skew += PART
        told = await studio.state("full")
        assert (told["people"][0]["number"], told["people"][0]["bytes"]) == (0, 0)
        assert studio.parts("doctor") == []
        await patient.changes.until(lambda: len(patient.packets) == 1)
        vault = studio.house.relay.vault
        assert vault is not None
        vault.shelf._wanted_reserve = vault.shelf._reserve = 0
        await studio.speak("doctor", "room")
        await studio.synced("doctor", 1)
        assert studio.words("doctor") == ["room"]
        assert "disk" in studio.parts("doctor")[0].gaps
        assert doctor.packets == []


async def test_last_gap_is_told_by_a_part_of_its_own(tmp_path: Path) -> None:
    async with open_studio(tmp_path, recording_reserve=1 << 60) as studio:
        await studio.house.join("doctor")
        await studio.record("doctor")
        await studio.speak("doctor", "lost")
        studio.house.skew += 1
        await studio.state("full")
        vault = studio.house.relay.vault
        assert vault is not None
        vault.shelf._wanted_reserve = vault.shelf._reserve = 0
        await studio.stop()
        await studio.told("doctor", ended=True, number=1)
        (part,) = studio.parts("doctor")
        assert (part.gaps, part.records) == (["disk"], [])


async def test_folder_that_was_taken_away_is_failing_and_then_made_again(studio: Studio) -> None:
    await studio.house.join("doctor")
    await studio.record("doctor")
    await studio.speak("doctor", "one")
    await studio.synced("doctor", 1)
    studio.stream("doctor").joinpath("00000001.age").unlink()
    studio.stream("doctor").rmdir()
    mark = len(studio.web.heard)
    await studio.speak("doctor", "two")
    studio.house.skew += PART
    await studio.state("failing", mark)
    await studio.renew()
    await studio.speak("doctor", "three")
    studio.house.skew += PART
    # A part that is being written stands there under another name first.
    names = lambda: [path.name for path in studio.stream("doctor").glob("*")]  # noqa: E731
    await studio.web.changes.until(lambda: names() == ["00000001.age"])
    assert studio.words("doctor") == ["three"]
    assert "disk" in studio.parts("doctor")[0].gaps


SCENE = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.relay import taped

taped.RECIPIENT = sys.argv[2]

async def main():
    async with taped.open_studio(Path(sys.argv[1])) as studio:
        await studio.house.join("doctor")
        await studio.record("doctor")
        print(studio.stream("doctor"), flush=True)
        for turn in range(10_000):
            await studio.speak("doctor", f"{turn:06}" + "." * 900)
            studio.house.skew += 0.05
            if turn % 40 == 39:
                await studio.renew()
            if studio.web.heard and studio.web.heard[-1].get("people", [{}])[0].get("number", 0) >= 8:
                print("now", flush=True)

asyncio.run(main())
"""


@pytest.mark.slow
async def test_relay_killed_while_it_writes_leaves_whole_parts_only(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SCENE, str(tmp_path), RECIPIENT), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    stream = Path((await process.stdout.readline()).decode().strip())
    assert await process.stdout.readline() == b"now\n"
    process.send_signal(signal.SIGKILL)
    await process.wait()
    names = sorted(name for name in os.listdir(stream) if not name.startswith("."))
    opened = [open_part((stream / name).read_bytes()) for name in names]
    assert len(opened) >= 8
    assert [part.header["number"] for part in opened] == list(range(1, len(opened) + 1))
    words = [record.packet[12:18] for part in opened for record in part.records]
    assert words == [b"%06d" % number for number in range(len(words))]


def test_configuration_of_recordings_is_read_and_nonsense_refused(tmp_path: Path) -> None:
    assert read_config([], {}).recordings is None
    read = read_config([], {"RELAY_RECORDINGS": str(tmp_path), "RELAY_RECORDING_RESERVE": "0"})
    assert (read.recordings, read.recording_reserve, read.recordings_group) == (tmp_path, 0, None)
    for wrong in ({"RELAY_RECORDING_RESERVE": "-1"}, {"RELAY_RECORDINGS_GROUP": "no such group"}):
        with pytest.raises(ConfigError):
            read_config([], wrong)


SMALL_DISK = """
import asyncio, json, sys
from pathlib import Path
from tests.relay import taped
from tests.relay.recorded import open_part

async def main():
    async with taped.open_studio(Path(sys.argv[1])) as studio:
        doctor, patient = await studio.house.both()
        await studio.record("doctor")
        said = 0
        while not any(message.get("state") == "full" for message in studio.web.heard):
            await studio.speak("doctor", *(f"{said + n:06}" + "." * 900 for n in range(50)))
            said += 50
            await patient.check()
            studio.house.skew += taped.PART
            await studio.renew()
        await studio.speak("doctor", f"{said:06}")
        await patient.changes.until(lambda: patient.packets and patient.packets[-1].endswith(b"%06d" % said))
        folder = studio.stream("doctor")
        names = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
        opened = [open_part((folder / name).read_bytes()) for name in names]
        parts = [([int(record.packet[12:18]) for record in part.records], part.gaps) for part in opened]
        print(json.dumps({"heard": len(patient.packets), "said": said + 1, "parts": parts}))

asyncio.run(main())
"""


@pytest.mark.slow
async def test_disk_that_fills_up_keeps_what_was_written_and_the_call_goes_on(tmp_path: Path) -> None:
    """A tmpfs of 1 MB in a mount namespace of its own, and no reserve."""
    command = 'mount -t tmpfs -o size=1m tmpfs "$1" && cd "$2" && exec "$3" -c "$4" "$1"'
    flags = "-m" if os.geteuid() == 0 else "-Urm"
    process = await asyncio.create_subprocess_exec(
        *("unshare", flags, "sh", "-c", command, "sh", str(tmp_path), str(ROOT), sys.executable, SMALL_DISK),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, "it needs the right to make a mount namespace"
    found = json.loads(out)
    assert found["heard"] == found["said"]
    assert len(found["parts"]) > 3
    words: list[int] = []
    for said, gaps in found["parts"]:
        # A short part may still fit after long ones did not; then it says that something is missing before it.
        assert said[0] == len(words) or ("disk" in gaps and said[0] > words[-1])
        words += said
    assert words == sorted(set(words))
    assert len(words) < found["said"]
