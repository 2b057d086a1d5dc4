"""Two hands on one recording at the same moment: Record in two tabs, a withdrawal against a start, words of relays."""

from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError

from consent.models import Consent
from consults import rooms
from consults import services as consults
from consults.models import Encounter
from core.errors import HousecallError
from recordings import services
from recordings.models import Export, Recording, Stream
from recordings.services import exports, life
from tests import factories as make
from tests.played import ready_recording
from tests.together import all_at_once, met

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def visit() -> Encounter:
    return make.make_recordable_visit()


def permitted(visit: Encounter) -> int:
    part = rooms.rooms_of([visit.uuid])[0].document["recording"]
    return len(part["people"]) if part else 0


def start(visit: Encounter) -> partial[Recording]:
    actor = make.practitioner_actor(visit.practitioner)
    return partial(services.start_recording, actor=actor, encounter=visit, text_version=make.recording_words(visit))


def answer(visit: Encounter, decision: str) -> partial[Any]:
    actor = make.patient_actor(visit.appointment)
    return partial(
        services.answer_recording,
        actor=actor,
        encounter=visit,
        decision=decision,
        text_version=make.recording_words(visit),
        asked_for=str(visit.practitioner.uuid),
    )


def test_record_in_eight_tabs_at_once_makes_one_recording(visit: Encounter) -> None:
    make.answer_recording(visit, make.patient_actor(visit.appointment))
    found = all_at_once([start(visit) for _ in range(8)])
    assert len({recording.pk for recording in found}) == 1
    assert Stream.objects.count() == permitted(visit) == 2
    assert Consent.objects.filter(purpose="recording", person_type="user").count() == 1


@pytest.mark.postgres  # SQLite locks the whole database when a transaction begins.
def test_record_in_four_tabs_without_the_lock_meets_the_constraint(
    visit: Encounter, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlocked = lambda encounter: Encounter.objects.select_related(  # noqa: E731
        "organization", "appointment", "patient", "practitioner", "queue"
    ).get(pk=encounter.pk)
    monkeypatch.setattr(life, "locked_visit", unlocked)
    monkeypatch.setattr(life, "open_recording", met(life.open_recording, people=4))
    with pytest.raises(IntegrityError):
        all_at_once([start(visit) for _ in range(4)])
    assert Recording.objects.filter(status__in=["requested", "waiting", "recording", "paused"]).count() <= 1


@pytest.mark.parametrize("time", range(5))
def test_withdrawal_racing_a_start_is_never_outrun(visit: Encounter, time: int) -> None:
    make.answer_recording(visit, make.patient_actor(visit.appointment))
    calls = [start(visit), answer(visit, "deny")]
    results = all_at_once(calls if time % 2 else calls[::-1])
    assert not [result for result in results if isinstance(result, HousecallError)]
    assert permitted(visit) == 0
    assert not Stream.objects.filter(person_type="patient", ended_at=None).exists()


def test_yes_and_no_of_one_person_at_once_leave_what_the_ledger_says_last(visit: Encounter) -> None:
    make.start_recording(visit)
    for _ in range(4):
        all_at_once([answer(visit, "permit"), answer(visit, "deny"), answer(visit, "permit"), answer(visit, "deny")])
        last = Consent.objects.filter(person_type="patient", purpose="recording").order_by("-pk")[0]
        assert permitted(visit) == (2 if last.decision == "permit" else 0)


def test_stop_finish_and_relays_words_at_once_end_it_once(visit: Encounter) -> None:
    make.answer_recording(visit, make.patient_actor(visit.appointment))
    recording = make.start_recording(visit)
    doctor = make.practitioner_actor(visit.practitioner)
    message = make.relay_says(recording)
    all_at_once(
        [
            partial(services.stop_recording, actor=doctor, encounter=visit),
            partial(consults.finish_visit, actor=doctor, encounter=visit),
            *[partial(services.hear_relay, visit.uuid, message) for _ in range(4)],
            services.watch_recordings,
            answer(visit, "deny"),
        ]
    )
    recording.refresh_from_db()
    assert recording.status == "finishing"
    assert permitted(visit) == 0
    assert not recording.streams.filter(ended_at=None).exists()


def test_words_of_relays_heard_by_many_processes_at_once_keep_the_highest(visit: Encounter) -> None:
    make.answer_recording(visit, make.patient_actor(visit.appointment))
    recording = make.start_recording(visit)
    message = make.relay_says(recording)

    def said(number: int) -> dict[str, Any]:
        people = [{**person, "number": number, "bytes": number * 10, "ended": True} for person in message["people"]]
        return {**message, "people": people, "state": "recording" if number % 2 else "waiting"}

    all_at_once([partial(services.hear_relay, visit.uuid, said(number)) for number in (3, 9, 1, 8, 2, 7)])
    services.hear_relay(visit.uuid, said(9))
    assert set(recording.streams.values_list("last_number", flat=True)) == {9}


@pytest.fixture
def two_films() -> list[Export]:
    """Two films that wait."""
    visit = make.make_visit()
    played = ready_recording(visit, films=[("practitioner", b"a", {}), ("patient", b"b", {})])
    actor = make.practitioner_actor(visit.practitioner)
    return [exports.request_export(actor=actor, recording=played.recording, kind=kind) for kind in ("webm", "mp4")]


def test_workers_that_look_for_a_film_at_once_begin_one(two_films: list[Export]) -> None:
    claimed = all_at_once([exports.claim_export] * 4)
    assert [export.pk for export in claimed if export is not None] == [two_films[0].pk]
    assert Export.objects.filter(status="running").count() == 1


@pytest.mark.postgres  # SQLite locks the whole database when a transaction begins.
def test_workers_that_look_for_a_film_without_the_lock_begin_one_twice(
    two_films: list[Export], monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = Export.objects.select_related("recording__organization", "recording__encounter").order_by("pk")
    monkeypatch.setattr(exports, "_pending", met(lambda: list(waiting.all()), people=2))
    claimed = all_at_once([exports.claim_export] * 2)
    assert [export.pk for export in claimed] == [two_films[0].pk] * 2
