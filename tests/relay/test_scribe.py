"""Recordings sealed and written by a process of their own: the same parts, and what is left when one of both dies."""

import asyncio
import os
import select
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.relay.recorded import RECIPIENT, open_part
from tests.relay.taped import PART, Studio, open_studio
from tests.relay.test_vault import ROOT


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[Studio]:
    async with open_studio(tmp_path, recordings_apart=True) as studio:
        await studio.house.both()
        yield studio


def scribe_of(studio: Studio) -> int:
    vault = studio.house.relay.vault
    assert vault is not None
    assert vault._scribe is not None
    assert vault._scribe.process is not None
    return vault._scribe.process.pid


async def test_parts_of_two_people_are_whole_and_told_as_by_the_relay_itself(studio: Studio) -> None:
    await studio.record("doctor", "patient")
    for turn in range(1, 4):
        for who in ("doctor", "patient"):
            await studio.speak(who, f"{who} {turn}", "." * 900)
        told = await studio.synced("doctor", turn)
        await studio.told("patient", number=turn)
        await studio.renew()
    assert told["free"] > 0
    await studio.stop()
    for who in ("doctor", "patient"):
        assert (await studio.told(who, ended=True))["state"]
        assert [word for word in studio.words(who) if word[0] != "."] == [f"{who} {turn}" for turn in range(1, 4)]
    vault = studio.house.relay.vault
    assert vault is not None
    assert all(not state for state in (vault.shelf._folders,)), "the relay itself touched the folder"


async def test_killed_scribe_costs_what_it_had_and_the_relay_goes_on_alone(studio: Studio) -> None:
    await studio.record("doctor")
    await studio.speak("doctor", "one")
    await studio.synced("doctor", 1)
    os.kill(scribe_of(studio), signal.SIGKILL)
    os.waitid(os.P_PID, scribe_of(studio), os.WEXITED | os.WNOWAIT)  # noqa: ASYNC222 - it is as good as dead
    mark = len(studio.web.heard)
    await studio.speak("doctor", "lost")
    studio.house.skew += PART
    await studio.state("failing", mark)
    await studio.renew()
    await studio.speak("doctor", "three")
    await studio.synced("doctor", 2)
    assert studio.words("doctor") == ["one", "three"]
    assert "disk" in studio.parts("doctor")[1].gaps


async def test_scribe_told_to_end_goes_on_until_its_relay_has_ended(studio: Studio) -> None:
    """A service manager and a terminal tell every process at once."""
    for sign in (signal.SIGTERM, signal.SIGINT):
        os.kill(scribe_of(studio), sign)
    await studio.record("doctor")
    await studio.speak("doctor", "still")
    await studio.synced("doctor", 1)
    assert studio.words("doctor") == ["still"]


async def test_relay_that_ends_leaves_no_process_and_no_part_behind(tmp_path: Path) -> None:
    async with open_studio(tmp_path, recordings_apart=True) as studio:
        await studio.house.join("doctor")
        await studio.record("doctor")
        await studio.speak("doctor", "last words")
        scribe = scribe_of(studio)
    assert studio.words("doctor") == ["last words"]
    with pytest.raises(ProcessLookupError):
        os.kill(scribe, 0)


SCENE = """
import asyncio, sys
from pathlib import Path
from tests.relay import taped

taped.RECIPIENT = sys.argv[2]

async def main():
    async with taped.open_studio(Path(sys.argv[1]), recordings_apart=True) as studio:
        await studio.house.join("doctor")
        await studio.record("doctor")
        print(studio.house.relay.vault._scribe.process.pid, studio.stream("doctor"), flush=True)
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
async def test_relay_killed_while_its_scribe_writes_leaves_whole_parts_and_no_process(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SCENE, str(tmp_path), RECIPIENT), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    pid, _, folder = (await process.stdout.readline()).decode().strip().partition(" ")
    scribe = os.pidfd_open(int(pid))
    assert await process.stdout.readline() == b"now\n"
    process.send_signal(signal.SIGKILL)
    await process.wait()
    assert select.select([scribe], [], [], 30)[0], "the scribe is still there"
    os.close(scribe)
    stream = Path(folder)
    opened = [open_part((stream / name).read_bytes()) for name in sorted(os.listdir(folder))]
    assert len(opened) >= 8
    assert [part.header["number"] for part in opened] == list(range(1, len(opened) + 1))
    words = [record.packet[12:18] for part in opened for record in part.records]
    assert words == [b"%06d" % number for number in range(len(words))]
