"""Stopping a relay that has rooms: it tells, takes no new one, waits while they can move, and then ends."""

import asyncio
import json
import signal
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

from relay.config import DEFAULT_DRAIN_SECONDS
from tests.relay.house import House
from tests.relay.peer import rtp

ROOT = Path(__file__).parents[2]
EMPTY: dict[str, Any] = {"version": 1, "closed": False, "seats": [], "recording": None}


async def ended(house: House) -> bool:
    async with asyncio.timeout(30):
        return await house.relay.ended.wait()


async def test_drain_is_told_on_every_link_on_new_ones_and_in_reports(house: House) -> None:
    await house.join("doctor")
    other = await house.another_web()
    await other.expect("hello")
    house.relay.drain()
    for web in (house.web, other):
        assert (await web.expect("draining"))["seconds"] == DEFAULT_DRAIN_SECONDS
    late = await house.another_web()
    assert await late.expect("draining")
    assert await house.web.expect("report", len(house.web.heard), draining=True)
    assert not house.relay.ended.is_set()
    await other.close()
    await late.close()


async def test_draining_relay_keeps_its_rooms_and_refuses_others(house: House) -> None:
    doctor, patient = await house.both()
    house.relay.drain()
    doctor.send(rtp(doctor.ssrcs["audio"], 1, b"still heard"))
    await patient.changes.until(lambda: patient.packets)
    house.tell(doctor=True, patient=True, guest=True)
    await house.sync()
    assert len(house.relay.board.rooms[house.room].seats) == 3
    other = str(uuid.uuid4())
    house.web.send(type="rooms", documents=[{**EMPTY, "room": other}])
    assert (await house.web.expect("error", room=other))["code"] == "draining"
    assert not house.relay.ended.is_set()


async def test_relay_ends_when_its_last_room_has_moved_away(house: House) -> None:
    await house.both()
    house.relay.drain()
    await house.sync()
    assert not house.relay.ended.is_set()
    house.send_document(house.version, closed=True)
    assert await ended(house)


async def test_relay_without_rooms_or_without_links_ends_at_once(house: House) -> None:
    house.relay.drain()
    assert house.relay.ended.is_set()
    house.relay.board.draining = False
    house.relay.ended.clear()
    house.tell(doctor=True)
    await house.sync()
    await house.web.close()
    house.relay.drain()
    assert await ended(house)


async def test_relay_ends_at_once_when_nobody_knows_where_to_go(house: House) -> None:
    await house.both()
    other = await house.another_web()
    await other.expect("hello")
    house.relay.drain()
    house.web.send(type="nowhere")
    await house.sync()
    assert not house.relay.ended.is_set()
    other.send(type="nowhere")
    assert await ended(house)
    await other.close()


async def test_relay_ends_when_the_time_to_drain_is_over_or_asked_again(house: House) -> None:
    house.tell(doctor=True)
    await house.sync()
    house.relay.drain()
    assert not house.relay.ended.is_set()
    house.skew += DEFAULT_DRAIN_SECONDS + 1
    assert await ended(house)
    house.relay.ended.clear()
    house.relay.drain()
    assert house.relay.ended.is_set()


async def test_web_process_that_says_nothing_for_half_a_minute_is_let_go(house: House) -> None:
    [link] = house.relay.control.open
    link.heard_at -= 31
    assert await link.gone is None
    assert house.relay.control.open == set()


async def test_closed_room_that_is_wanted_with_a_lower_version_is_reported_once(house: House) -> None:
    house.tell(doctor=True)
    house.send_document(50, closed=True)
    house.send_document(49)
    await house.sync()
    assert house.relay.report()["rooms"] == {house.room: 50}
    assert house.relay.report()["rooms"] == {}
    house.send_document(51)
    await house.sync()
    assert house.relay.report()["rooms"] == {house.room: 51}


@pytest.mark.slow
@pytest.mark.parametrize("signals", [[signal.SIGTERM, signal.SIGTERM], [signal.SIGINT]])
async def test_process_with_a_room_waits_at_sigterm_and_ends_at_the_second_or_at_sigint(
    tmp_path: Path, signals: list[signal.Signals]
) -> None:
    control = tmp_path / "relay.sock"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "relay", "--bind", "127.0.0.1", "--port", "0", "--control", str(control)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    await process.stdout.readline()
    reader, writer = await asyncio.open_unix_connection(str(control))
    document = {**EMPTY, "room": str(uuid.uuid4())}
    writer.write(json.dumps({"type": "rooms", "documents": [document]}).encode() + b'\n{"type":"sync"}\n')
    await _line(reader, "error")
    *first, last = signals
    for number in first:
        process.send_signal(number)
        await _line(reader, "draining")
        assert (await _line(reader, "report"))["draining"] is True  # a report later it is still there
    process.send_signal(last)
    async with asyncio.timeout(30):
        assert await process.wait() == 0
    writer.close()


async def _line(reader: asyncio.StreamReader, kind: str) -> dict[str, Any]:
    """The next line of that type; others, like a beat, may come before it."""
    while (line := json.loads(await reader.readline()))["type"] != kind:
        pass
    return dict(line)
