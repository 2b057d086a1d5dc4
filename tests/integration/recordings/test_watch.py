"""What relays tell, in any order and twice, and the watch that finds out when bytes stop or time is up."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from audit.models import AuditEvent
from consent.models import Consent, ConsentText
from consults.models import Encounter
from core.clock import now
from recordings import services, tasks
from recordings.models import Recording, Stream
from recordings.parts import HIGHEST_NUMBER
from recordings.selectors.snapshot import snapshot_part
from tests import factories as make

pytestmark = pytest.mark.django_db
START = dt.datetime(2026, 12, 1, 10, 0, tzinfo=dt.UTC)


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(START, tick=False) as clock:
        yield clock


@pytest.fixture
def recording(clock: Any) -> Recording:
    return make.make_recording()


def hear(recording: Recording, state: str = "recording", **fields: Any) -> None:
    services.hear_relay(recording.encounter.uuid, make.relay_says(recording, state, **fields))
    recording.refresh_from_db()


def watch(recording: Recording) -> tuple[str, str]:
    services.watch_recordings()
    recording.refresh_from_db()
    return recording.status, recording.problem


def shown(recording: Recording) -> dict[str, Any]:
    visit = Encounter.objects.select_related("organization", "appointment", "patient", "practitioner").get(
        pk=recording.encounter_id
    )
    part: dict[str, Any] = snapshot_part(visit, make.patient_actor(visit.appointment))["recording"]
    return part


def test_first_byte_on_disk_begins_it_and_lights_the_red_light(recording: Recording) -> None:
    assert (recording.status, shown(recording)["on"]) == ("waiting", False)
    hear(recording, "waiting", people=[])
    assert (recording.status, shown(recording)["on"]) == ("waiting", False)
    hear(recording)
    assert (recording.status, recording.began_at, recording.safe_at) == ("recording", START, START)
    assert (shown(recording)["on"], shown(recording)["since"]) == (True, START.isoformat())


def test_silence_of_three_seconds_pauses_it_and_a_word_goes_on(recording: Recording, clock: Any) -> None:
    hear(recording)
    clock.shift(3)
    assert watch(recording) == ("recording", "")
    clock.shift(0.1)
    assert shown(recording)["on"] is False  # what pages read is right even before the watch comes round
    assert watch(recording) == ("paused", "lost")
    assert shown(recording)["until"] == START.isoformat()
    hear(recording)
    assert (recording.status, recording.problem) == ("recording", "")


def test_relay_that_never_says_a_word_is_told_too(recording: Recording, clock: Any) -> None:
    clock.shift(2)
    assert watch(recording) == ("waiting", "")
    clock.shift(2)
    assert watch(recording) == ("waiting", "lost")


def test_relay_that_waits_for_media_nobody_sends_is_told(recording: Recording, clock: Any) -> None:
    clock.shift(4)
    hear(recording, "waiting", people=[])
    assert (recording.status, recording.problem) == ("waiting", "silent")


@pytest.mark.parametrize("state", ["lapsed", "full", "failing", "unavailable"])
def test_trouble_is_said_once_and_stands(recording: Recording, clock: Any, state: str) -> None:
    hear(recording, state, people=[])
    assert (recording.status, recording.problem) == ("waiting", state)
    clock.shift(60)  # a relay to which nothing happens says nothing
    assert watch(recording) == ("waiting", state)
    hear(recording)
    assert (recording.status, recording.problem) == ("recording", "")


def test_numbers_only_rise_and_runs_add_up(recording: Recording, clock: Any) -> None:
    stream = recording.streams.order_by("pk")[0]

    def said(number: int, size: int, **fields: Any) -> list[dict[str, Any]]:
        synced = int(now().timestamp() * 1_000_000)
        return [{"stream": stream.uuid, "number": number, "bytes": size, "synced": synced, "ended": False, **fields}]

    hear(recording, people=said(7, 700))
    clock.shift(1)
    hear(recording, people=said(5, 500))
    clock.shift(1)
    hear(recording, people=said(9, 50), run="two")
    clock.shift(1)
    hear(recording, people=said(9, 60), run="two")
    stream.refresh_from_db()
    assert (stream.last_number, stream.size, stream.sizes) == (9, 760, {"one": 700, "two": 60})
    assert recording.size == 760
    hear(recording, people=said(10, 70, ended=True), run="two")
    stream.refresh_from_db()
    assert (stream.closed, stream.last_number) == (True, 10)


def test_same_word_heard_by_many_processes_is_written_once(
    recording: Recording, django_assert_num_queries: Any
) -> None:
    hear(recording)
    room, message = recording.encounter.uuid, make.relay_says(recording)
    with django_assert_num_queries(2):
        services.hear_relay(room, message)


def test_late_word_does_not_take_the_state_back(recording: Recording, clock: Any) -> None:
    older = make.relay_says(recording)
    clock.shift(2)
    hear(recording, "full")
    clock.shift(1)
    services.hear_relay(recording.encounter.uuid, older)
    recording.refresh_from_db()
    assert (recording.relay_state, recording.problem) == ("full", "full")


def test_clock_of_another_relay_behind_the_first_costs_nothing(recording: Recording, clock: Any) -> None:
    hear(recording)
    behind = [{**person, "synced": person["synced"] - 10**7} for person in make.relay_says(recording)["people"]]
    clock.shift(1)
    hear(recording, "waiting", people=[], run="two")
    hear(recording, people=behind, run="two")
    assert (recording.heard_at, recording.safe_at) == (now(), START - dt.timedelta(seconds=10))
    clock.shift(1)
    hear(recording, people=[{**person, "synced": person["synced"] + 1} for person in behind], run="two")
    assert recording.heard_at == now()


def test_word_of_a_relay_that_the_visit_has_left_counts_its_bytes_only(recording: Recording) -> None:
    hear(recording, relay="elsewhere")
    assert (recording.status, recording.heard_at) == ("waiting", None)
    assert recording.size == 2000


def test_word_about_another_room_or_another_recordings_stream_changes_nothing(recording: Recording) -> None:
    other = make.make_recording()
    message = make.relay_says(recording)
    services.hear_relay(other.encounter.uuid, message)
    services.hear_relay(other.encounter.uuid, {**message, "recording": other.uuid})
    assert not Stream.objects.exclude(last_number=0).exists()
    recording.refresh_from_db()
    assert recording.heard_at is None


def test_clock_of_a_relay_far_ahead_is_not_believed(recording: Recording, clock: Any) -> None:
    people = make.relay_says(recording)["people"]
    hear(recording, people=[{**person, "synced": 2**60, "number": 10**12} for person in people])
    assert (recording.status, recording.safe_at) == ("recording", None)
    assert set(recording.streams.values_list("last_number", flat=True)) == {HIGHEST_NUMBER}


@pytest.mark.parametrize("ahead", [dt.timedelta(minutes=40), dt.timedelta(minutes=-1)])
def test_difference_to_the_first_relays_clock_is_the_least_that_was_heard(
    recording: Recording, clock: Any, ahead: dt.timedelta
) -> None:
    def say(run: str, late: dt.timedelta, off: dt.timedelta) -> None:
        people = make.relay_says(recording)["people"]
        for person in people:
            person["synced"] = round((now() + off - late).timestamp() * 1_000_000)
        hear(recording, people=people, run=run)
        clock.shift(1)

    say("one", dt.timedelta(milliseconds=900), ahead)
    say("one", dt.timedelta(milliseconds=200), ahead)
    say("one", dt.timedelta(milliseconds=700), ahead)
    say("two", dt.timedelta(0), dt.timedelta(hours=5))
    assert recording.clock_offset_ms == -ahead // dt.timedelta(milliseconds=1) + 200
    assert recording.clock_run == "one"


def test_last_numbers_after_the_stop_are_taken_and_move_nothing(recording: Recording) -> None:
    hear(recording)
    doctor = make.practitioner_actor(recording.encounter.practitioner)
    services.stop_recording(actor=doctor, encounter=recording.encounter)
    people = [{**person, "number": 12, "ended": True} for person in make.relay_says(recording)["people"]]
    hear(recording, "waiting", people=people)
    assert (recording.status, recording.relay_state) == ("finishing", "recording")
    assert set(recording.streams.values_list("last_number", "closed")) == {(12, True)}


def test_longest_time_ends_it(recording: Recording, clock: Any, settings: Any) -> None:
    hear(recording)
    clock.shift(dt.timedelta(hours=settings.RECORDING_MAX_HOURS) - dt.timedelta(seconds=1))
    hear(recording)
    assert watch(recording) == ("recording", "")
    clock.shift(1)
    assert watch(recording) == ("finishing", "cap")


def test_largest_size_ends_it(recording: Recording, settings: Any) -> None:
    settings.RECORDING_MAX_BYTES = 2000
    hear(recording)
    assert watch(recording) == ("finishing", "cap")


def test_relay_that_never_comes_back_ends_it(recording: Recording, clock: Any) -> None:
    hear(recording)
    clock.shift(dt.timedelta(minutes=29))
    assert watch(recording) == ("paused", "lost")
    clock.shift(dt.timedelta(minutes=2))
    tasks.watch()
    recording.refresh_from_db()
    assert (recording.status, recording.problem) == ("finishing", "lost")


def test_waiting_for_somebodys_yes_is_not_given_up(clock: Any) -> None:
    recording = make.start_recording(make.make_recordable_visit())
    clock.shift(dt.timedelta(hours=1))
    assert watch(recording) == ("waiting", "consent")


def test_visit_that_is_over_without_us_hearing_ends_its_recording(recording: Recording) -> None:
    Encounter.objects.filter(pk=recording.encounter_id).update(status="finished")
    assert watch(recording) == ("finishing", "")


def test_no_in_the_ledger_that_nobody_told_of_is_found(recording: Recording) -> None:
    before = Encounter.objects.get(pk=recording.encounter_id).room_version
    Consent.objects.create(
        organization=recording.organization,
        patient=recording.encounter.patient,
        person_type="patient",
        person_id=recording.encounter.patient_id,
        person_label="",
        purpose="recording",
        decision="deny",
        text=ConsentText.objects.get(purpose="recording", language="en"),
        given_at=now(),
        given_by_label="",
        given_by_type="patient",
        about=recording.encounter.uuid,
    )
    assert watch(recording) == ("waiting", "consent")
    assert Encounter.objects.get(pk=recording.encounter_id).room_version > before
    assert recording.streams.get(person_type="patient").ended_at is not None


def test_watch_over_recordings_that_are_well_writes_nothing(
    recording: Recording, django_assert_num_queries: Any
) -> None:
    hear(recording)
    make.make_recording()
    events = AuditEvent.objects.count()
    with django_assert_num_queries(3):
        services.watch_recordings()
    assert AuditEvent.objects.count() == events


def test_recording_that_cannot_be_judged_hides_no_other(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    other = make.make_recording()
    Encounter.objects.update(status="finished")
    real = services.watching._attend  # type: ignore[attr-defined]

    def attend(found: Recording) -> None:
        if found.pk == recording.pk:
            raise RuntimeError("nobody thought of this")
        real(found)

    monkeypatch.setattr(services.watching, "_attend", attend)  # type: ignore[attr-defined]
    services.watch_recordings()
    assert set(Recording.objects.values_list("pk", "status")) == {(recording.pk, "waiting"), (other.pk, "finishing")}
