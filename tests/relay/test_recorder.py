"""Whose media is written and for how long, through a real relay: consent, lease, versions, seats. No disk trouble."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.relay.peer import rtp
from tests.relay.recorded import IDENTITY, RECIPIENT, open_part, packets, recording_wish
from tests.relay.taped import Studio, open_studio


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[Studio]:
    async with open_studio(tmp_path) as studio:
        yield studio


async def test_recorded_person_is_on_disk_within_two_seconds_and_the_web_hears_it(studio: Studio) -> None:
    await studio.house.both()
    await studio.record("doctor", "patient")
    assert (await studio.told("doctor"))["state"] == "waiting"
    await studio.speak("doctor", "good", "morning")
    await studio.show("doctor", "face", key=True)
    told = await studio.synced("doctor", 1)
    assert (told["state"], told["ended"], told["recording"]) == ("recording", False, studio.wish()["recording"])
    assert told["bytes"] == (studio.stream("doctor") / "00000001.age").stat().st_size
    assert told["free"] > 0
    assert studio.words("doctor") == ["good", "morning"]
    assert studio.words("doctor", "camera") == ["face"]
    part = studio.parts("doctor")[0]
    assert part.header["run"] == studio.house.connections["doctor"].replace("-", "")
    assert part.header["began"] <= part.header["ended"] <= told["synced"]


async def test_nothing_before_consent_and_nobody_without_it(studio: Studio) -> None:
    await studio.house.both()
    await studio.speak("doctor", "before")
    await studio.speak("patient", "before")
    await studio.record("doctor")
    await studio.speak("doctor", "after")
    await studio.speak("patient", "never")
    await studio.synced("doctor", 1)
    assert studio.words("doctor") == ["after"]
    assert [path.name for path in studio.stream("doctor").parent.iterdir()] == [studio.stream("doctor").name]


async def test_person_taken_out_is_written_up_to_that_document_and_not_beyond(studio: Studio) -> None:
    await studio.house.both()
    await studio.record("doctor", "patient")
    await studio.speak("patient", "said")
    await studio.record("doctor")
    await studio.speak("patient", "withdrawn")
    await studio.speak("doctor", "alone")
    await studio.synced("doctor", 1)
    assert studio.words("patient") == ["said"]
    assert not any(person["stream"] == studio.stream("patient").name and not person["ended"]
                   for person in studio.web.heard[-1].get("people", []))  # fmt: skip


async def test_stopped_recording_is_flushed_at_once_and_says_that_it_ended(studio: Studio) -> None:
    await studio.house.both()
    await studio.record("doctor")
    await studio.speak("doctor", "last words")
    await studio.stop()
    await studio.speak("doctor", "off the record")
    assert (await studio.told("doctor", ended=True))["number"] == 1
    studio.house.skew += 2
    await studio.speak("doctor", "still off")
    assert studio.words("doctor") == ["last words"]


async def test_lease_that_is_not_renewed_lapses_and_what_comes_after_is_not_written(studio: Studio) -> None:
    await studio.house.both()
    await studio.record("doctor")
    await studio.speak("doctor", "within")
    studio.house.skew += 5.01
    await studio.speak("doctor", "after")
    assert (await studio.state("lapsed"))["people"][0]["number"] in (0, 1)
    await studio.told("doctor", number=1)
    await studio.speak("doctor", "long after")
    await studio.renew()
    await studio.speak("doctor", "again")
    await studio.synced("doctor", 2)
    assert studio.words("doctor") == ["within", "again"]
    (gap,) = studio.parts("doctor")[1].header["gaps"]
    assert gap["why"] == "lease"
    first = studio.parts("doctor")[0].header
    assert 3_000_000 < gap["from"] - first["began"] < 5_100_000  # a busy machine says the first word later
    assert gap["to"] <= studio.parts("doctor")[1].header["began"]


@pytest.mark.parametrize("stale", ["equal", "newer"])
async def test_relay_that_was_frozen_reads_old_documents_and_writes_nothing_until_a_fresh_one(
    studio: Studio, stale: str
) -> None:
    """They waited in a buffer, and the no stands behind them; in between packets come."""
    house = studio.house
    await house.both()
    await studio.record("doctor", "patient")
    await studio.speak("patient", "with consent")
    before = house.beat()
    house.skew += 7
    house.send_document(house.version, beat=before)
    if stale == "newer":
        house.version += 1
        house.send_document(house.version, beat=before)
    await house.sync()
    await studio.speak("patient", "withdrawn")
    await studio.record("doctor")
    await studio.speak("patient", "still withdrawn")
    await studio.speak("doctor", "alone")
    await studio.synced("doctor", 1)
    assert (studio.words("doctor"), studio.words("patient")) == (["alone"], ["with consent"])


async def test_lease_counts_from_when_the_document_was_asked_for_and_not_from_its_arrival(studio: Studio) -> None:
    house = studio.house
    await house.both()
    await studio.record("doctor")
    before = house.beat()
    house.skew += 4
    house.send_document(house.version, beat=before)
    await house.sync()
    await studio.speak("doctor", "within")
    house.skew += 1.01
    await studio.speak("doctor", "after")
    await studio.state("lapsed")
    await studio.told("doctor", number=1)
    assert studio.words("doctor") == ["within"]


async def test_beat_that_the_relay_never_said_begins_nothing(studio: Studio) -> None:
    house = studio.house
    await house.both()
    house.recording = studio.wish("doctor")
    house.version += 1
    house.send_document(house.version, beat=house.beat() + 60_000)
    await house.sync()
    await studio.speak("doctor", "unproven")
    assert (await studio.told("doctor"))["state"] == "waiting"
    await studio.renew()
    await studio.speak("doctor", "proven")
    await studio.synced("doctor", 1)
    assert studio.words("doctor") == ["proven"]


async def test_document_without_a_fresh_beat_keeps_the_lease_that_stands_and_takes_people_out(studio: Studio) -> None:
    house = studio.house
    await house.both()
    await studio.record("doctor", "patient")
    house.skew += 3
    house.recording = studio.wish("doctor")
    house.version += 1
    house.send_document(house.version, beat=0)
    await house.sync()
    await studio.speak("doctor", "goes on")
    await studio.speak("patient", "is out")
    house.skew += 2.01
    await studio.speak("doctor", "too late")
    await studio.state("lapsed")
    await studio.told("doctor", number=1)
    assert (studio.words("doctor"), studio.words("patient")) == (["goes on"], [])


async def test_repeated_document_keeps_the_lease(studio: Studio) -> None:
    await studio.house.both()
    await studio.record("doctor")
    for word in ("one", "two", "three"):
        studio.house.skew += 3
        await studio.renew()
        await studio.speak("doctor", word)
    studio.house.skew += 1
    await studio.told("doctor", number=3)
    assert studio.words("doctor") == ["one", "two", "three"]
    assert not [message for message in studio.web.heard if message.get("state") == "lapsed"]


@pytest.mark.parametrize("forged", ["lower version", "other people", "other recording", "none"])
async def test_document_that_is_not_the_known_one_renews_nothing(studio: Studio, forged: str) -> None:
    house = studio.house
    await house.both()
    await studio.record("doctor")
    studio.house.skew += 3
    version = house.version
    if forged == "lower version":
        version -= 1
    elif forged == "other people":
        house.recording = studio.wish("doctor", "patient")
    elif forged == "other recording":
        house.recording = recording_wish({house.seat("doctor"): RECIPIENT}, house.room)
    else:
        house.recording = None
    house.send_document(version)
    await house.sync()
    studio.house.skew += 2.01
    await studio.speak("doctor", "too late")
    await studio.state("lapsed")
    assert not studio.folder.exists() or list(studio.folder.iterdir()) == []


async def test_seat_that_waits_is_not_written_though_it_consented(studio: Studio) -> None:
    house = studio.house
    await house.join("doctor")
    await house.join("patient", active=False)
    await studio.record("doctor", "patient")
    await studio.speak("patient", "in the waiting room")
    house.tell(patient=True)
    await house.sync()
    await studio.speak("patient", "called in")
    await studio.synced("patient", 1)
    assert studio.words("patient") == ["called in"]


async def test_screen_is_written_while_it_may_be_shared_and_into_the_same_parts(studio: Studio) -> None:
    house = studio.house
    await house.join("doctor")
    doctor = house.peers["doctor"]
    doctor.sends = ("audio", "camera", "screen")
    await studio.record("doctor")
    house.may["doctor"] = ["audio", "camera", "screen"]
    house.tell()
    await house.sync()
    await house.settle()
    await studio.show("doctor", "slide", source="screen", key=True)
    await studio.speak("doctor", "look")
    house.may["doctor"] = ["audio", "camera"]
    house.tell()
    await house.sync()
    await studio.show("doctor", "not any more", source="screen")
    await studio.synced("doctor", 1)
    (part,) = studio.parts("doctor")
    assert {(record.source, record.kind) for record in part.records} == {("screen", 0), ("audio", 0)}
    assert studio.words("doctor", "screen") == ["slide"]


async def test_room_that_is_closed_is_flushed(studio: Studio) -> None:
    await studio.house.both()
    await studio.record("doctor")
    await studio.speak("doctor", "goodbye")
    studio.house.send_document(studio.house.version + 1, closed=True)
    await studio.told("doctor", number=1, ended=True)
    assert studio.words("doctor") == ["goodbye"]


async def test_relay_that_ends_flushes_first(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as studio:
        await studio.house.both()
        await studio.record("doctor")
        await studio.speak("doctor", "half a second before")
    assert studio.words("doctor") == ["half a second before"]


async def test_next_relay_goes_on_with_the_numbers(tmp_path: Path) -> None:
    words = []
    for word in ("first", "second"):
        (tmp_path / word).mkdir()
        async with open_studio(tmp_path / word, recordings=tmp_path / "same") as studio:
            studio.house.room = "00000000-0000-0000-0000-000000000009"
            studio.folder = tmp_path / "same"
            await studio.house.join("doctor")
            await studio.record("doctor")
            await studio.speak("doctor", word)
            await studio.synced("doctor", len(words) + 1)
            words = studio.words("doctor")
    assert words == ["first", "second"]
    runs = [part.header["run"] for part in studio.parts("doctor")]
    assert len(set(runs)) == 2


async def test_recipient_that_changes_is_used_from_its_document_on(studio: Studio) -> None:
    house = studio.house
    await house.join("doctor")
    await studio.record("doctor")
    await studio.speak("doctor", "old key")
    other = type(IDENTITY).generate()
    house.recording = recording_wish({house.seat("doctor"): str(other.to_public())})
    house.tell()
    await house.sync()
    await studio.speak("doctor", "new key")
    await studio.synced("doctor", 2)
    first, second = sorted(studio.stream("doctor").iterdir())
    assert open_part(first.read_bytes()).records[0].packet.endswith(b"old key")
    assert open_part(second.read_bytes(), other).records[0].packet.endswith(b"new key")


async def test_relay_without_a_folder_says_that_it_cannot(tmp_path: Path) -> None:
    async with open_studio(tmp_path, recordings=None) as studio:
        await studio.house.both()
        await studio.record("doctor")
        await studio.speak("doctor", "unheard")
        told: dict[str, Any] = await studio.state("unavailable")
        assert (told["free"], told["people"][0]["number"], told["seat"]) == (0, 0, None)
    assert packets(studio.stream("doctor")) == []


async def test_web_process_that_comes_later_hears_how_it_stands(studio: Studio) -> None:
    await studio.house.both()
    await studio.record("doctor")
    await studio.speak("doctor", "word")
    await studio.synced("doctor", 1)
    late = await studio.house.another_web()
    assert (await late.expect("recorded"))["people"][0]["number"] == 1
    await late.close()


async def test_packet_from_before_the_yes_that_is_sent_again_after_it_is_not_written(studio: Studio) -> None:
    doctor = await studio.house.join("doctor")
    await studio.speak("doctor", "not yet")
    studio.skip("doctor", "audio", 1)
    await studio.speak("doctor", "nor this")
    await studio.record("doctor")
    await studio.speak("doctor", "now")
    studio.skip("doctor", "audio", 1)
    await studio.speak("doctor", "and now")
    for number, word in ((102, b"asked for again"), (105, b"lost since")):
        doctor.send(rtp(doctor.ssrcs["audio"], number, word))
    await doctor.check()
    await studio.synced("doctor", 1)
    assert studio.words("doctor") == ["now", "and now", "lost since"]


async def test_packet_from_between_a_no_and_a_yes_that_is_sent_again_is_not_written(studio: Studio) -> None:
    doctor = await studio.house.join("doctor")
    await studio.record("doctor")
    await studio.speak("doctor", "before")
    await studio.record()
    studio.skip("doctor", "audio", 1)
    await studio.speak("doctor", "between")
    await studio.record("doctor")
    doctor.send(rtp(doctor.ssrcs["audio"], 102, b"asked for again"))
    await studio.speak("doctor", "after")
    await studio.synced("doctor", 2)
    assert studio.words("doctor") == ["before", "after"]
