"""Retention, erasure, legal holds: keys first, one person's part alone, again after a crash, never against a hold."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from accounts.roles import Role
from audit.models import AuditEvent
from consults.models import Encounter
from core.clock import now
from core.errors import Conflict, Invalid, NotFound
from recordings import keystore
from recordings.models import Export, MediaFile, Recording, RetentionRule, Stream
from recordings.services import erasing, keeping
from tests import factories
from tests.integration.recordings.people import link_of, staff_client
from tests.played import Played, finished_export, ready_recording

pytestmark = pytest.mark.django_db(transaction=True)

DAY = dt.timedelta(days=1)


@pytest.fixture
def visit() -> Encounter:
    return factories.make_visit_in_progress()


@pytest.fixture
def played(visit: Encounter, own_folders: Path) -> Played:
    played = ready_recording(visit, films=[("practitioner", b"doctor", {}), ("patient", b"patient", {})])
    for stream in played.recording.streams.all():
        folder = own_folders / "recordings" / "incoming" / str(played.recording.uuid) / str(stream.uuid)
        folder.mkdir(parents=True)
        (folder / "00000001.age").write_bytes(b"sealed")
    return played


@pytest.fixture
def officer(visit: Encounter) -> Any:
    return factories.staff_actor(Role.PRIVACY_OFFICER, organization=visit.organization)


def sealed_below(folder: Path) -> set[Path]:
    """Every sealed byte that is left."""
    return set((folder / "recordings").rglob("*.age"))


def aged(played: Played, days: float) -> Recording:
    ended = now() - dt.timedelta(days=days)
    Recording.objects.filter(pk=played.recording.pk).update(requested_at=ended, ended_at=ended)
    return Recording.objects.get(pk=played.recording.pk)


def is_erased(played: Played) -> bool:
    return Recording.objects.get(pk=played.recording.pk).status == "erased"


def test_own_part_is_erased_and_the_others_stay(visit: Encounter, played: Played, own_folders: Path) -> None:
    export = finished_export(played.recording)
    erasing.decide_to_erase_part(actor=factories.patient_actor(visit.appointment), recording=played.recording)
    assert erasing.carry_out_decided() == 1
    mine, others = played.files[1].stream, played.files[0].stream
    with pytest.raises(keystore.KeyDestroyed):
        keystore.stream_identity(visit.organization.uuid, mine.uuid)
    with pytest.raises(keystore.KeyDestroyed):
        keystore.stream_identity(visit.organization.uuid, export.uuid)
    keystore.stream_identity(visit.organization.uuid, others.uuid)
    left = {path.parent.name for path in sealed_below(own_folders)}
    assert left == {str(played.files[0].uuid), str(others.uuid)}
    assert Export.objects.get(pk=export.pk).status == "expired"
    assert not is_erased(played)
    assert [media.uuid for media in MediaFile.objects.all()] == [played.files[0].uuid]


def test_when_the_last_part_is_erased_so_is_the_recording(visit: Encounter, played: Played) -> None:
    people = (factories.patient_actor(visit.appointment), factories.practitioner_actor(visit.practitioner))
    for actor in people:
        erasing.decide_to_erase_part(actor=actor, recording=played.recording)
        erasing.carry_out_decided()
    assert is_erased(played)


@pytest.mark.parametrize("step", ["destroy", "remove_file", "say"])
def test_erasure_cut_short_at_any_step_is_finished_later(
    played: Played, own_folders: Path, officer: Any, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    erasing.decide_to_erase(actor=officer, recording=played.recording, why="officer")
    broken = {
        "destroy": (keystore, "destroy"),
        "remove_file": (erasing.sealed, "remove_file"),
        "say": (erasing, "_say_so"),
    }

    def cut(*_: Any, **__: Any) -> None:
        raise OSError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(*broken[step], cut)
        assert erasing.carry_out_decided() == 0
    assert not is_erased(played)
    assert erasing.carry_out_decided() == 1
    assert is_erased(played)
    assert sealed_below(own_folders) == set()


def test_keys_go_before_files(played: Played, own_folders: Path, officer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    erasing.decide_to_erase(actor=officer, recording=played.recording, why="officer")
    monkeypatch.setattr(erasing.sealed, "remove_file", lambda *_: (_ for _ in ()).throw(OSError))
    erasing.carry_out_decided()
    assert len(sealed_below(own_folders)) == 4
    for media in played.files:
        with pytest.raises(keystore.KeyDestroyed):
            keystore.stream_identity(played.recording.organization.uuid, media.stream.uuid)


def test_erasing_twice_is_no_error(played: Played, officer: Any) -> None:
    for _ in range(2):
        erasing.decide_to_erase(actor=officer, recording=played.recording, why="officer")
        erasing.carry_out_decided()
    assert is_erased(played)
    assert AuditEvent.objects.filter(action="recordings.erase.done").count() == 1


def test_what_a_late_writer_left_is_looked_for_again(played: Played, own_folders: Path, officer: Any) -> None:
    erasing.decide_to_erase(actor=officer, recording=played.recording, why="officer")
    erasing.carry_out_decided()
    late = own_folders / "recordings" / "incoming" / str(played.recording.uuid) / "x"
    late.mkdir(parents=True)
    (late / "00000009.age").write_bytes(b"late")
    erasing.carry_out_decided()
    assert sealed_below(own_folders) == set()


def test_hold_stops_rule_officer_and_person(visit: Encounter, played: Played, officer: Any) -> None:
    keeping.place_hold(actor=officer, recording=played.recording, reason="Case 12")
    aged(played, 1000)
    assert keeping.expire_recordings() == 0
    for actor, erase in (
        (officer, lambda actor: erasing.decide_to_erase(actor=actor, recording=played.recording, why="officer")),
        (
            factories.patient_actor(visit.appointment),
            lambda actor: erasing.decide_to_erase_part(actor=actor, recording=played.recording),
        ),
    ):
        with pytest.raises(Conflict, match="kept for now"):
            erase(actor)
    assert Stream.objects.filter(erase_asked_at=None).count() == 2
    keeping.lift_hold(actor=officer, recording=played.recording)
    assert keeping.expire_recordings() == 1
    assert is_erased(played)


def test_hold_that_comes_while_the_due_are_listed_wins(
    played: Played, officer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = [aged(played, 1000)]
    monkeypatch.setattr(keeping, "due", lambda instant: listed)
    keeping.place_hold(actor=officer, recording=played.recording, reason="Case 12")
    keeping.expire_recordings()
    assert not is_erased(played)


def test_hold_comes_too_late_for_what_is_being_erased(played: Played, officer: Any) -> None:
    erasing.decide_to_erase(actor=officer, recording=played.recording, why="officer")
    with pytest.raises(Conflict):
        keeping.place_hold(actor=officer, recording=played.recording, reason="Case 12")


@pytest.mark.parametrize(
    ("rules", "age", "erased"),
    [
        ({}, 89, False),
        ({}, 91, True),
        ({"": 10}, 9, False),
        ({"": 10}, 11, True),
        ({"": 10, "video": 30}, 11, False),
        ({"": 30, "video": 10}, 11, True),
    ],
)
def test_rule_of_the_clinic_and_of_the_type_decide(
    played: Played, officer: Any, rules: dict[str, int], age: int, erased: bool
) -> None:
    for visit_type, days in rules.items():
        keeping.set_rule(actor=officer, visit_type=visit_type, days=days)
    aged(played, age)
    call_command("recordings_expire", verbosity=0)
    assert is_erased(played) == erased


def test_own_date_goes_before_the_rule(played: Played) -> None:
    aged(played, 1000)
    Recording.objects.filter(pk=played.recording.pk).update(keep_until=now() + DAY)
    keeping.expire_recordings()
    assert not is_erased(played)


def test_rule_of_one_clinic_says_nothing_in_another(visit: Encounter, played: Played, officer: Any) -> None:
    stranger = ready_recording(factories.make_visit())
    keeping.set_rule(actor=officer, visit_type="", days=1)
    for each in (played, stranger):
        aged(each, 2)
    keeping.expire_recordings()
    assert (is_erased(played), is_erased(stranger)) == (True, False)


@pytest.mark.parametrize("days", [0, -1, 36_501])
def test_impossible_rule_is_refused(officer: Any, days: int) -> None:
    with pytest.raises(Invalid):
        keeping.set_rule(actor=officer, visit_type="", days=days)
    with pytest.raises(Invalid):
        keeping.set_rule(actor=officer, visit_type="dental", days=5)
    assert not RetentionRule.objects.exists()


@pytest.mark.parametrize("role", [Role.PRACTITIONER, Role.FRONT_DESK, Role.ADMINISTRATOR])
def test_only_the_privacy_officer_holds_erases_and_sets_rules(visit: Encounter, played: Played, role: Role) -> None:
    actor = factories.staff_actor(role, organization=visit.organization)
    for act in (
        lambda: keeping.place_hold(actor=actor, recording=played.recording, reason="x"),
        lambda: erasing.decide_to_erase(actor=actor, recording=played.recording, why="officer"),
        lambda: keeping.set_rule(actor=actor, visit_type="", days=1),
    ):
        with pytest.raises(NotFound):
            act()


def test_officer_of_another_clinic_sees_nothing(played: Played) -> None:
    stranger = factories.staff_actor(Role.PRIVACY_OFFICER)
    with pytest.raises(NotFound):
        erasing.decide_to_erase(actor=stranger, recording=played.recording, why="officer")


def test_who_is_still_recorded_takes_back_the_yes_first(visit: Encounter, played: Played) -> None:
    Recording.objects.filter(pk=played.recording.pk).update(status="recording")
    Stream.objects.update(ended_at=None)
    with pytest.raises(Conflict, match="Take back your yes"):
        erasing.decide_to_erase_part(actor=factories.patient_actor(visit.appointment), recording=played.recording)


def test_pages_hold_lift_erase_and_set_a_rule(visit: Encounter, played: Played) -> None:
    client = staff_client(factories.make_user(visit.organization, Role.PRIVACY_OFFICER))
    page, one = "/staff/recordings/retention/", f"/staff/recordings/{played.recording.uuid}/"
    assert client.post(f"{page}rule/", {"visit_type": "", "days": "30"}).status_code == 302
    assert client.post(f"{page}rule/", {"visit_type": "", "days": "many"}).status_code == 422
    assert client.post(f"{one}hold/", {"reason": "Case 12"}).status_code == 302
    assert "Held: Case 12." in client.get(page).content.decode()
    client.post(f"{one}erase/")
    assert "has to be kept for now" in client.get(page).content.decode()
    client.post(f"{one}hold/", {"lift": "yes"})
    client.post(f"{one}erase/")
    erasing.carry_out_decided()
    assert is_erased(played)
    assert AuditEvent.objects.filter(action__in=["recordings.hold.place", "recordings.hold.lift"]).count() == 2


def test_patient_erases_by_link(visit: Encounter, played: Played) -> None:
    path, client = link_of(visit)
    address = f"{path}recordings/{played.recording.uuid}/erase-mine/"
    assert client.post(address, HTTP_ACCEPT="application/json").json() == {"ok": True}
    assert Stream.objects.exclude(erase_asked_at=None).count() == 1
    assert client.post(address).status_code == 302
