"""What a recording is given of a call: rejoins, new SSRCs, losses, key frames, reports, and that nobody need watch."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from relay import rtcp
from relay.limits import SEEK_SECONDS
from tests.relay.listener import sender_report
from tests.relay.peer import Peer, rtp
from tests.relay.recorded import packets
from tests.relay.taped import Studio, open_studio


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[Studio]:
    async with open_studio(tmp_path) as studio:
        yield studio


def asked(peer: Peer) -> list[int]:
    """Numbers the relay asked for again."""
    return [number for report in peer.reports for _, numbers in rtcp.parse(report).nacks for number in numbers]


def key_frames(peer: Peer) -> int:
    camera = peer.ssrcs["camera"]
    return sum(camera in rtcp.parse(report).key_frames for report in peer.reports)


async def test_sender_whom_nobody_watches_is_recorded_asked_again_and_for_a_key_frame(studio: Studio) -> None:
    doctor = await studio.house.join("doctor")
    await studio.record("doctor")
    await doctor.changes.until(lambda: key_frames(doctor))
    await studio.show("doctor", "key", key=True)
    studio.skip("doctor", "camera", 2)
    await studio.show("doctor", "after two lost")
    await doctor.changes.until(lambda: sorted(set(asked(doctor))) == [102, 103])
    await studio.synced("doctor", 1)
    assert studio.words("doctor", "camera") == ["key", "after two lost"]


async def test_key_frames_are_asked_for_again_until_one_comes_and_then_every_few_seconds(studio: Studio) -> None:
    doctor = await studio.house.join("doctor")
    await studio.record("doctor")
    await doctor.changes.until(lambda: key_frames(doctor) >= 1)
    studio.house.skew += 0.6
    await doctor.changes.until(lambda: key_frames(doctor) >= 2)
    await studio.show("doctor", "key", key=True)
    known = key_frames(doctor)
    studio.house.skew += 1
    await studio.renew()
    studio.house.skew += 1.1
    await studio.show("doctor", "between")
    await studio.told("doctor", number=1)
    assert key_frames(doctor) == known
    studio.house.skew += SEEK_SECONDS - 2
    await studio.renew()
    await doctor.changes.until(lambda: key_frames(doctor) > known)


async def test_sender_reports_are_recorded_beside_the_media(studio: Studio) -> None:
    doctor = await studio.house.join("doctor")
    early = sender_report(doctor.ssrcs["audio"], 0x1111)
    doctor.send_report(early)
    await doctor.check()
    await studio.record("doctor")
    studio.house.skew += 0.3
    report = sender_report(doctor.ssrcs["audio"])
    doctor.send_report(report)
    await studio.speak("doctor", "word")
    await studio.synced("doctor", 1)
    assert packets(studio.stream("doctor"), kind=1) == [report]


async def test_person_who_comes_back_goes_on_in_the_same_stream_with_a_gap(studio: Studio) -> None:
    house = studio.house
    await house.join("doctor")
    await studio.record("doctor")
    await studio.speak("doctor", "before")
    first_run = house.connections["doctor"]
    await house.peers["doctor"].close()
    await house.web.expect("seat", state="closed", connection=first_run)
    house.skew += 3
    await studio.renew()
    await house.join("doctor")
    await studio.speak("doctor", "after")
    await studio.synced("doctor", 2)
    first, second = studio.parts("doctor")
    assert studio.words("doctor") == ["before", "after"]
    assert (first.gaps, second.gaps) == ([], ["left"])
    assert second.header["run"] == house.connections["doctor"].replace("-", "") != first.header["run"]
    (gap,) = second.header["gaps"]
    assert gap["from"] == first.header["ended"]
    assert gap["to"] == second.header["began"]


async def test_newer_connection_of_a_seat_begins_a_part_of_its_own(studio: Studio) -> None:
    house = studio.house
    await house.join("doctor")
    await studio.record("doctor")
    await studio.speak("doctor", "old tab")
    former = house.peers["doctor"]
    await house.join("doctor")
    await studio.speak("doctor", "new tab")
    await studio.synced("doctor", 2)
    await former.close()
    runs = [part.header["run"] for part in studio.parts("doctor")]
    assert len(set(runs)) == 2
    assert [len(part.header["tracks"]) for part in studio.parts("doctor")] == [2, 2]


async def test_changed_ssrc_is_a_new_track_of_the_same_part(studio: Studio) -> None:
    house = studio.house
    doctor, _ = await house.both()
    await studio.record("doctor")
    await studio.speak("doctor", "old")
    doctor.ssrcs["audio"] += 1
    await house.join("guest")  # makes an offer, whose answer names the new SSRC
    await house.sync()
    await house.settle()
    await studio.speak("doctor", "new")
    await studio.synced("doctor", 1)
    (part,) = studio.parts("doctor")
    voices = [track["ssrc"] for track in part.header["tracks"] if track["source"] == "audio"]
    assert voices == [doctor.ssrcs["audio"] - 1, doctor.ssrcs["audio"]]
    assert studio.words("doctor") == ["old", "new"]


async def test_silence_of_a_connection_is_a_gap_and_so_is_a_jump_in_the_numbers(studio: Studio) -> None:
    await studio.house.join("doctor")
    await studio.record("doctor")
    await studio.speak("doctor", "one")
    studio.house.skew += 1.5
    await studio.told("doctor", number=1)
    await studio.speak("doctor", "two")
    await studio.synced("doctor", 2)
    assert [part.gaps for part in studio.parts("doctor")] == [[], ["loss"]]
    await studio.renew()
    await studio.speak("doctor", "three")
    studio.skip("doctor", "audio", 500)
    studio.house.skew += 0.3
    await studio.speak("doctor", "four")
    await studio.synced("doctor", 3)
    header = studio.parts("doctor")[2].header
    losses = [gap for gap in header["gaps"] if gap["why"] == "loss"]
    assert losses[-1]["to"] - losses[-1]["from"] >= 300_000
    assert losses[-1]["to"] <= header["ended"]


async def test_what_came_while_the_clock_stood_still_is_parts_of_a_second_at_most(studio: Studio) -> None:
    doctor = await studio.house.join("doctor")
    await studio.record("doctor")
    tick, studio.house.relay.board.recorder.tick = studio.house.relay.board.recorder.tick, lambda now: []
    for turn in range(5):
        studio.house.skew += 0.7
        await studio.speak("doctor", str(turn))
    studio.house.relay.board.recorder.tick = tick
    await studio.told("doctor", number=3)
    parts = studio.parts("doctor")
    assert studio.words("doctor") == ["0", "1", "2", "3", "4"][: len(studio.words("doctor"))]
    assert all(part.header["ended"] - part.header["began"] <= 1_000_000 for part in parts)
    assert doctor.ssrcs["audio"] in {track["ssrc"] for track in parts[0].header["tracks"]}


async def test_one_that_is_thinned_or_alone_is_recorded_whole_and_ordered(studio: Studio) -> None:
    house = studio.house
    doctor, patient = await house.both()
    await studio.record("doctor", "patient")
    for number in range(40):
        doctor.send(rtp(doctor.ssrcs["audio"], 1000 + number, f"d{number}".encode()))
        patient.send(rtp(patient.ssrcs["audio"], 1000 + number, f"p{number}".encode()))
    await doctor.check()
    await patient.check()
    await studio.synced("doctor", 1)
    await studio.told("patient", number=1)
    assert studio.words("doctor") == [f"d{number}" for number in range(40)]
    assert studio.words("patient") == [f"p{number}" for number in range(40)]
