"""The control link and the process: desired state, versions, junk, several links, start and stop."""

import asyncio
import contextlib
import gc
import json
import os
import signal
import stat
import sys
import uuid
from pathlib import Path

import pytest

from relay.config import Config
from relay.errors import ConfigError
from relay.server import Relay
from tests.relay.house import House, open_house
from tests.relay.peer import rtp

ROOT = Path(__file__).parents[2]


async def test_link_begins_with_hello_and_only_the_owner_may_open_it(house: House) -> None:
    hello = await house.web.expect("hello")
    assert hello["protocol"] == 4
    assert 0 <= hello["beat"] <= house.beat()
    assert stat.S_IMODE(house.control.stat().st_mode) == 0o600


@pytest.mark.parametrize("junk", [b"{\n", b"[]\n", b"\xff\n", b'{"type":"x"}\n', b"x" * 300_000 + b"\n"])
async def test_junk_line_is_answered_and_survived(house: House, junk: bytes) -> None:
    house.web.write(junk)
    assert (await house.web.expect("error"))["code"] in ("bad_message", "unknown_type", "too_big")
    await house.join("doctor")
    assert "doctor" in house.peers


async def test_lower_and_equal_versions_are_ignored(house: House) -> None:
    house.tell(doctor=True, patient=True)
    await house.sync()
    house.seats = {}
    house.send_document(house.version)
    house.send_document(house.version - 1)
    await house.sync()
    assert len(house.relay.board.rooms[house.room].seats) == 2


async def test_closed_room_is_torn_down_and_does_not_come_back(house: House) -> None:
    await house.both()
    house.send_document(house.version + 1, closed=True)
    for name in ("doctor", "patient"):
        assert await house.web.expect("seat", state="closed", connection=house.connections[name])
    house.send_document(house.version)
    await house.sync()
    assert house.relay.board.rooms == {}


async def test_closed_document_of_the_same_version_closes_the_room(house: House) -> None:
    house.tell(doctor=True)
    house.send_document(house.version, closed=True)
    await house.sync()
    assert house.relay.board.rooms == {}


async def test_seat_missing_from_the_document_is_removed(house: House) -> None:
    doctor, _ = await house.both()
    del house.seats["patient"]
    house.tell()
    assert await house.web.expect("seat", state="closed", connection=house.connections["patient"])
    await house.sync()
    await house.settle()
    assert doctor.offer["down"] == []


async def test_report_tells_rooms_and_load_and_resets_nothing(house: House) -> None:
    doctor, patient = await house.both()
    doctor.send(rtp(doctor.ssrcs["audio"], 1, b"x"))
    await patient.changes.until(lambda: patient.packets)
    report = await house.web.expect("report", len(house.web.heard))
    assert report["rooms"] == {house.room: house.version}
    load = report["load"]
    assert set(load) == {"seats", "packets_in", "packets_out", "bytes_out", "dropped", "loop_lag_ms"}
    assert (load["seats"], load["packets_out"]) == (2, 1)


async def test_new_connection_of_a_seat_closes_the_former(house: House) -> None:
    doctor, _ = await house.both()
    former = house.connections["patient"]
    first = house.peers.pop("patient")
    patient = await house.connect("patient")
    house.answer("patient")
    await patient.check()
    assert await patient.handshake() == "connected"
    assert await house.web.expect("seat", state="closed", connection=former)
    await house.sync()
    await house.settle()
    doctor.send(rtp(doctor.ssrcs["audio"], 1, b"to the new one"))
    await patient.changes.until(lambda: patient.packets)
    assert first.packets == []
    await first.close()


async def test_old_connection_is_answered_with_an_error(house: House) -> None:
    await house.join("doctor")
    house.web.send(type="restart-ice", room=house.room, seat=house.seat("doctor"), connection=str(uuid.uuid4()))
    assert (await house.web.expect("error"))["code"] == "unknown_connection"


async def test_connect_that_comes_before_its_seat_waits_for_it(house: House) -> None:
    house.connections["doctor"] = str(uuid.uuid4())
    house.web.send(type="connect", **house.at("doctor"))
    await house.sync()
    house.tell(doctor=True)
    assert await house.web.expect("offer", **house.at("doctor"))


async def test_connect_whose_seat_never_comes_is_refused(house: House) -> None:
    house.connections["doctor"] = str(uuid.uuid4())
    house.web.send(type="connect", **house.at("doctor"))
    await house.sync()
    house.skew += 6
    assert (await house.web.expect("error", **house.at("doctor")))["code"] == "unknown_seat"


async def test_repeat_gives_the_open_offer_again(house: House) -> None:
    house.tell(doctor=True)
    doctor = await house.connect("doctor")
    mark = len(house.web.heard)
    house.web.send(type="repeat", **house.at("doctor"))
    assert await house.web.expect("offer", mark) == doctor.offer


async def test_restart_repeats_the_open_offer_and_follows_its_answer(house: House) -> None:
    doctor = await house.join("doctor")
    await house.join("patient")  # the offer that tells the doctor of it went to a socket that is no more
    await house.sync()
    mark = len(house.web.heard)
    house.web.send(type="restart-ice", **house.at("doctor"))
    former = doctor.credentials
    doctor.take(await house.web.expect("offer", mark, **house.at("doctor")))
    assert {track["seat"] for track in doctor.offer["down"]} == {house.seat("patient")}
    assert doctor.credentials == former
    house.answer("doctor")
    doctor.take(await house.web.expect("offer", offer=doctor.offer["offer"] + 1, **house.at("doctor")))
    assert doctor.credentials != former


async def test_stale_answer_is_refused_and_the_open_one_still_taken(house: House) -> None:
    house.tell(doctor=True)
    doctor = await house.connect("doctor")
    house.web.send(type="answer", offer=9, sdp=doctor.answer(), **house.at("doctor"))
    assert (await house.web.expect("error"))["code"] == "stale_offer"
    house.answer("doctor")
    await doctor.check()
    assert await doctor.handshake() == "connected"


async def test_certificate_may_not_change_in_a_later_answer(house: House) -> None:
    doctor, _ = await house.both()
    house.web.send(type="restart-ice", **house.at("doctor"))
    await house.sync()
    doctor.take(await house.web.expect("offer", offer=doctor.offer["offer"] + 1, **house.at("doctor")))
    house.answer("doctor", doctor.answer(fingerprint=":".join(["11"] * 32)))
    assert (await house.web.expect("error", **house.at("doctor")))["code"] == "bad_sdp"


async def test_offers_follow_the_link_a_seat_was_last_heard_over(house: House) -> None:
    await house.join("doctor")
    other = await house.another_web()
    await other.expect("hello")
    mark = len(house.web.heard)
    other.send(type="restart-ice", **house.at("doctor"))
    assert await other.expect("offer", **house.at("doctor"))
    await house.sync()
    assert not [message for message in house.web.heard[mark:] if message["type"] == "offer"]
    await other.close()


async def test_open_offer_is_repeated_to_a_new_link_when_its_own_is_gone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    board, gone = house.relay.board, asyncio.Event()
    remove = board.remove_link
    monkeypatch.setattr(board, "remove_link", lambda link: (remove(link), gone.set()))
    house.tell(doctor=True)
    doctor = await house.connect("doctor")
    await house.web.close()
    await gone.wait()
    other = await house.another_web()
    assert await other.expect("offer", **house.at("doctor")) == doctor.offer
    await other.close()


async def test_two_hundred_joins_and_leaves_leave_nothing_behind(house: House) -> None:
    doctor = await house.join("doctor")
    for _ in range(2):
        await visit(house)
    before = footprint()
    for _ in range(200 if os.environ.get("HOUSECALL_LONG") == "1" else 40):
        await visit(house)
    assert doctor.offer["sdp"].count("m=") == 5
    assert footprint() == before
    board = house.relay.board
    assert (len(board.directory.by_ufrag), len(board.directory.by_address[0])) == (1, 1)


async def visit(house: House) -> None:
    await house.join("patient")
    await house.sync()
    await house.settle()
    await house.leave("patient")
    await house.sync()
    await house.settle()


def footprint() -> tuple[int, int]:
    gc.collect()
    return len(os.listdir("/proc/self/fd")), len(asyncio.all_tasks())


async def test_stopping_the_relay_leaves_no_task_and_no_socket(tmp_path: Path) -> None:
    before = footprint()
    async with open_house(tmp_path) as house:
        await house.both()
    for _ in range(5):
        await asyncio.sleep(0)
    assert footprint() == before
    assert not (tmp_path / "relay.sock").exists()


async def test_relay_stops_beside_a_web_process_that_reads_no_more(tmp_path: Path) -> None:
    control = tmp_path / "relay.sock"
    async with Relay(Config(("127.0.0.1",), ("127.0.0.1",), 0, control)) as relay:
        reader, writer = await asyncio.open_unix_connection(str(control), limit=16)
        await reader.readexactly(1)
        for _ in range(30):
            relay.control.broadcast({"type": "report", "rooms": {"x" * 50_000: 1}})
    await asyncio.sleep(0)
    assert relay.control.open == set()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def test_second_relay_on_one_control_socket_is_refused(house: House) -> None:
    config = Config(("127.0.0.1",), ("127.0.0.1",), 0, house.control)
    with pytest.raises(ConfigError, match="another relay"):
        async with Relay(config):
            pass
    assert house.control.exists()


async def test_socket_file_of_a_killed_relay_is_replaced(tmp_path: Path) -> None:
    process = await start(tmp_path)
    process.kill()
    await process.wait()
    assert (tmp_path / "relay.sock").exists()
    process = await start(tmp_path)
    process.terminate()
    assert await process.wait() == 0


async def start(folder: Path, *flags: str) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *flags, "-m", "relay", "--bind", "127.0.0.1", "--port", "0"),
        *("--control", str(folder / "relay.sock")),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    line = await process.stdout.readline()
    assert flags or line.startswith(b"relay ready on 127.0.0.1:")
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_process_says_ready_serves_and_stops_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    process = await start(tmp_path)
    reader, writer = await asyncio.open_unix_connection(str(tmp_path / "relay.sock"))
    assert json.loads(await reader.readline())["type"] == "hello"
    process.send_signal(number)
    assert await process.wait() == 0
    assert not (tmp_path / "relay.sock").exists()
    writer.close()
    assert process.stderr is not None
    assert b"Traceback" not in await process.stderr.read()


async def test_process_refuses_to_run_without_assertions(tmp_path: Path) -> None:
    process = await start(tmp_path, "-O")
    assert await process.wait() == 2
