"""A recording's life: asked for, agreed to, heard of, stopped; who may do what, and what the relay is told of it."""

import base64
from types import SimpleNamespace
from typing import Any

import pytest
from pyrage.x25519 import Identity

from accounts.actors import ANONYMOUS, Actor
from accounts.roles import Role
from audit.models import AuditEvent
from consent.models import Consent
from consults import rooms
from consults import services as consults
from consults.models import Encounter, Seat
from core.errors import Conflict, NotFound
from core.ids import new_uuid
from recordings import disk, keystore, services
from recordings.models import Recording, Stream
from recordings.selectors import roomkeys
from scheduling.services import revoke_link
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit() -> Encounter:
    return make.make_recordable_visit()


def doctor_of(visit: Encounter) -> Actor:
    return make.practitioner_actor(visit.practitioner)


def patient_of(visit: Encounter) -> Actor:
    return make.patient_actor(visit.appointment)


def seat_of(visit: Encounter, actor: Actor) -> str:
    return str(Seat.objects.get(encounter=visit, actor_type=actor.type, actor_id=actor.id).uuid)


def told(visit: Encounter) -> dict[str, Any]:
    """What the relay is told now."""
    [room] = rooms.rooms_of([visit.uuid])
    return room.document


def permitted(visit: Encounter) -> set[str]:
    """The seats that the relay may write."""
    recording = told(visit)["recording"]
    return set(recording["people"]) if recording else set()


def version(visit: Encounter) -> int:
    return int(told(visit)["version"])


def test_start_asks_the_others_and_permits_nobody_before_one_has_agreed(visit: Encounter) -> None:
    recording = make.start_recording(visit)
    assert (recording.status, recording.problem) == ("waiting", "consent")
    assert told(visit)["recording"] is None
    before = version(visit)
    make.answer_recording(visit, patient_of(visit))
    both = {seat_of(visit, doctor_of(visit)), seat_of(visit, patient_of(visit))}
    assert permitted(visit) == both
    assert version(visit) > before
    recording.refresh_from_db()
    assert recording.permitted_at is not None


def test_document_holds_mac_lease_and_the_public_half_of_each_stream(visit: Encounter) -> None:
    make.answer_recording(visit, patient_of(visit))
    recording = make.start_recording(visit)
    part = told(visit)["recording"]
    clinic = visit.organization.uuid
    assert (part["recording"], part["lease"]) == (str(recording.uuid), 5)
    assert base64.b64decode(part["mac"]) == keystore.mac(clinic, recording.uuid)
    streams = {str(stream.seat): stream for stream in recording.streams.all()}
    assert part["people"] == {
        seat: {"stream": str(stream.uuid), "recipient": str(keystore.stream_identity(clinic, stream.uuid).to_public())}
        for seat, stream in streams.items()
    }
    assert len(part["people"]) == 2


def test_key_named_in_the_database_is_never_told_to_the_relay(visit: Encounter) -> None:
    make.answer_recording(visit, patient_of(visit))
    recording = make.start_recording(visit)
    before = told(visit)["recording"]["people"]
    own = str(Identity.generate().to_public())
    recording.streams.update(recipient=own)
    assert told(visit)["recording"]["people"] == before
    assert own not in str(before)


def test_person_whose_key_was_destroyed_is_not_written_though_it_was_known(visit: Encounter) -> None:
    make.answer_recording(visit, patient_of(visit))
    recording = make.start_recording(visit)
    assert len(permitted(visit)) == 2
    keystore.destroy(visit.organization.uuid, recording.streams.get(person_type="patient").uuid)
    assert permitted(visit) == set()


def test_key_that_is_away_is_said_once_and_once_when_it_is_back(
    visit: Encounter, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.answer_recording(visit, patient_of(visit))
    recording = make.start_recording(visit)
    roomkeys._mac.cache_clear()
    path = keystore.folder_of(visit.organization.uuid) / "macs" / f"{recording.uuid}.age"
    kept = path.read_bytes()
    said: list[tuple[str, str]] = []
    plain = lambda event, **fields: said.append((event, fields.get("why", "")))  # noqa: E731
    monkeypatch.setattr(roomkeys, "log", SimpleNamespace(error=plain, info=plain))
    path.unlink()
    assert [permitted(visit) for _ in range(3)] == [set()] * 3
    path.write_bytes(b"nonsense")
    assert [permitted(visit) for _ in range(3)] == [set()] * 3
    path.write_bytes(kept)
    assert [len(permitted(visit)) for _ in range(3)] == [2] * 3
    away, back = "recording_key_away", "recording_key_is_back"
    assert said == [(away, "KeyMissing"), (away, "KeyUnreadable"), (back, "")]


def test_who_says_no_is_not_recorded_and_too_few_pause_it(visit: Encounter) -> None:
    recording = make.start_recording(visit)
    assert make.answer_recording(visit, patient_of(visit), "deny") is None
    assert permitted(visit) == set()
    assert recording.streams.get().person_type == "user"


def test_withdrawal_reaches_the_document_at_once_and_offers_erasure(visit: Encounter) -> None:
    make.answer_recording(visit, patient_of(visit))
    recording = make.start_recording(visit)
    services.hear_relay(visit.uuid, make.relay_says(recording))
    before = version(visit)
    assert make.answer_recording(visit, patient_of(visit), "deny") == recording.uuid
    assert permitted(visit) == set()
    assert version(visit) > before
    recording.refresh_from_db()
    assert (recording.status, recording.problem) == ("paused", "consent")
    again = recording.streams.get(person_type="patient")
    make.answer_recording(visit, patient_of(visit))
    assert len(permitted(visit)) == 2
    assert recording.streams.get(person_type="patient") == again


def test_yes_after_the_own_part_was_erased_gets_another_stream(visit: Encounter) -> None:
    make.answer_recording(visit, patient_of(visit))
    recording = make.start_recording(visit)
    make.answer_recording(visit, patient_of(visit), "deny")
    erased = recording.streams.get(person_type="patient")
    Stream.objects.filter(pk=erased.pk).update(erase_asked_at=recording.requested_at, recipient="")
    make.answer_recording(visit, patient_of(visit))
    people = told(visit)["recording"]["people"]
    assert str(erased.uuid) not in {person["stream"] for person in people.values()}
    assert len(people) == 2


def test_person_who_leaves_is_not_written_and_who_comes_back_goes_on(visit: Encounter) -> None:
    make.answer_recording(visit, patient_of(visit))
    recording = make.start_recording(visit)
    consults.leave_call(actor=patient_of(visit), encounter=visit)
    assert permitted(visit) == set()
    recording.refresh_from_db()
    assert (recording.status, recording.due_at) == ("waiting", None)
    consults.take_seat(actor=patient_of(visit), encounter=visit, holder=new_uuid())
    assert len(permitted(visit)) == 2
    assert recording.streams.count() == 2


def test_late_joiner_with_a_yes_from_the_door_gets_a_stream_on_sitting_down() -> None:
    visit = make.make_waiting_visit()
    keystore.create_clinic_key(visit.organization.uuid)
    doctor = doctor_of(visit)
    consults.admit_patient(actor=doctor, encounter=visit)
    Seat.objects.filter(encounter=visit).delete()
    make.answer_recording(visit, patient_of(visit))
    consults.take_seat(actor=doctor, encounter=visit, holder=new_uuid())
    visit.refresh_from_db()
    recording = make.start_recording(visit)
    assert recording.streams.count() == 1
    consults.take_seat(actor=patient_of(visit), encounter=visit, holder=new_uuid())
    assert len(permitted(visit)) == 2


def test_link_that_is_revoked_takes_its_person_out_of_the_recording_at_once(visit: Encounter) -> None:
    make.answer_recording(visit, patient_of(visit))
    make.start_recording(visit)
    before = version(visit)
    revoke_link(actor=doctor_of(visit), link=visit.appointment.links.get())
    assert permitted(visit) == set()
    assert version(visit) > before


def test_press_while_one_is_open_finds_it_and_is_a_yes_again(visit: Encounter) -> None:
    make.answer_recording(visit, patient_of(visit))
    recording = make.start_recording(visit)
    make.answer_recording(visit, doctor_of(visit), "deny")
    assert permitted(visit) == set()
    assert make.start_recording(visit) == recording
    assert len(permitted(visit)) == 2


def test_stop_ends_it_for_good_and_another_may_begin(visit: Encounter) -> None:
    make.answer_recording(visit, patient_of(visit))
    first = make.start_recording(visit)
    before = version(visit)
    stopped = services.stop_recording(actor=doctor_of(visit), encounter=visit)
    assert (stopped.status, told(visit)["recording"]) == ("finishing", None)
    assert version(visit) > before
    assert not first.streams.filter(ended_at=None).exists()
    assert services.stop_recording(actor=doctor_of(visit), encounter=visit) == first
    second = make.start_recording(visit)
    assert second != first
    assert len(permitted(visit)) == 2
    assert not {s.uuid for s in first.streams.all()} & {s.uuid for s in second.streams.all()}


def test_stop_before_anybody_could_be_recorded_leaves_no_file(visit: Encounter) -> None:
    make.start_recording(visit)
    stopped = services.stop_recording(actor=doctor_of(visit), encounter=visit)
    assert (stopped.status, stopped.problem) == ("failed", "consent")


def test_end_of_the_visit_ends_its_recording_and_a_no_still_counts(visit: Encounter) -> None:
    make.answer_recording(visit, patient_of(visit))
    recording = make.start_recording(visit)
    consults.finish_visit(actor=doctor_of(visit), encounter=visit)
    recording.refresh_from_db()
    assert (recording.status, recording.ended_at is not None) == ("finishing", True)
    # Nothing to erase is named to who has only the link: that takes the code of docs/door.md.
    assert make.answer_recording(visit, patient_of(visit), "deny") is None
    assert Consent.objects.filter(purpose="recording", decision="deny").count() == 1
    with pytest.raises(Conflict) as refused:
        make.answer_recording(visit, patient_of(visit), "permit")
    assert refused.value.code == "visit.over"


def test_every_act_leaves_an_event(visit: Encounter) -> None:
    make.answer_recording(visit, patient_of(visit))
    recording = make.start_recording(visit)
    services.stop_recording(actor=doctor_of(visit), encounter=visit)
    events = AuditEvent.objects.filter(entity_id=str(recording.uuid)).order_by("pk")
    acts = [event.action.removeprefix("recordings.") for event in events]
    assert acts == ["start", "move", "stream.open", "stream.open", "stop", "move"]
    assert {event.patient_id for event in events} == {visit.patient_id}


def test_nobody_but_the_practitioner_starts_and_stops(visit: Encounter) -> None:
    strangers = [
        ANONYMOUS,
        patient_of(visit),
        make.practitioner_actor(make.make_practitioner(visit.organization)),
        make.staff_actor(Role.ADMINISTRATOR, organization=visit.organization),
    ]
    for stranger in strangers:
        with pytest.raises(NotFound):
            services.start_recording(actor=stranger, encounter=visit, text_version=make.recording_words(visit))
        with pytest.raises(NotFound):
            services.stop_recording(actor=stranger, encounter=visit)
    for stranger in strangers[2:]:
        with pytest.raises(NotFound):
            make.answer_recording(visit, stranger)
    assert not Recording.objects.exists()


def test_start_is_refused_where_nothing_could_be_kept(visit: Encounter, monkeypatch: pytest.MonkeyPatch) -> None:
    def refusal(of: Encounter) -> str:
        with pytest.raises(Conflict) as refused:
            make.start_recording(of)
        return refused.value.code

    without_key = make.make_visit_in_progress()
    assert refusal(without_key) == "recording.not_set_up"
    waiting = make.make_waiting_visit()
    assert refusal(waiting) == "visit.not_open"
    monkeypatch.setattr(disk, "room", lambda: disk.Room(free=99, reserve=100))
    assert refusal(visit) == "recording.full"
    monkeypatch.setattr(disk, "room", lambda: disk.Room(free=101, reserve=100))
    monkeypatch.setattr(keystore, "new_mac", _fail)
    assert refusal(visit) == "recording.keys"
    assert not Recording.objects.exists()


def test_yes_whose_key_cannot_be_made_is_kept_and_tried_again(
    visit: Encounter, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = make.start_recording(visit)
    with monkeypatch.context() as broken:
        broken.setattr(keystore, "new_stream_key", _fail)
        make.answer_recording(visit, patient_of(visit))
        recording.refresh_from_db()
        assert (recording.problem, permitted(visit)) == ("keys", set())
        services.watch_recordings()
    services.watch_recordings()
    recording.refresh_from_db()
    assert (recording.problem, len(permitted(visit))) == ("", 2)


def _fail(*args: Any) -> None:
    raise OSError("no space left on device")


def test_reserve_is_the_larger_of_a_gibibyte_and_five_percent(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"total": 100 * 1024**3, "free": 3 * 1024**3})
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda folder: usage)
    assert disk.room() == disk.Room(3 * 1024**3, 0)
    settings.RECORDING_RESERVE = None
    assert disk.room() == disk.Room(3 * 1024**3, 5 * 1024**3)
    assert not disk.room().is_enough
    usage.total = 10 * 1024**3
    assert disk.room().reserve == 1024**3
