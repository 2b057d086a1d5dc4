"""After the visit a patient's recording is behind the code, like everything else that the visit leaves behind."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from consults import codes
from consults.models import Encounter, LeaveCode
from core.clock import now
from core.errors import NotFound
from recordings import streaming
from recordings.models import Export, MediaFile, Stream
from recordings.services import exports
from recordings.services.erasing import decide_to_erase_part
from scheduling.links import secret_for
from tests import factories
from tests.integration.recordings.people import link_of, staff_client
from tests.integration.recordings.test_playing import body_of
from tests.played import Played, finished_export, ready_recording

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def visit() -> Encounter:
    return factories.make_visit_in_progress()


@pytest.fixture
def played(visit: Encounter) -> Played:
    return ready_recording(visit, films=[("practitioner", b"doctor", {}), ("patient", b"patient", {})])


def finished(visit: Encounter) -> None:
    Encounter.objects.filter(pk=visit.pk).update(status="finished", ended_at=now())


def entered(client: Client, path: str) -> None:
    """They have the code sent to them, and enter it."""
    client.post(f"{path}after/code/")
    newest = LeaveCode.objects.latest("pk")
    assert client.post(f"{path}after/", {"code": codes.code_of(newest)}).status_code == 302


def film_of(played: Played, visit: Encounter) -> Export:
    return finished_export(played.recording, requested_by_type="patient", requested_by_id=visit.patient_id)


def answers(client: Client, page: str, played: Played, film: Export) -> dict[str, int]:
    """What each address of a recording answers, by what it does; the page to erase comes last."""
    json = {"HTTP_ACCEPT": "application/json"}
    file = played.files[0].uuid
    return {
        "player": client.get(page).status_code,
        "timeline": client.get(f"{page}timeline/").status_code,
        "media": client.get(f"{page}media/{file}/").status_code,
        "range": client.get(f"{page}media/{file}/", HTTP_RANGE="bytes=0-3").status_code,
        "head": client.head(f"{page}media/{file}/").status_code,
        "make": client.post(f"{page}export/", {"kind": "mp4"}, **json).status_code,  # type: ignore[arg-type]
        "film": client.get(f"{page}export/{film.uuid}/").status_code,
        "save": client.get(f"{page}export/{film.uuid}/file/").status_code,
        "cancel": client.post(f"{page}export/{film.uuid}/cancel/", **json).status_code,  # type: ignore[arg-type]
        "erase": client.post(f"{page}erase-mine/", **json).status_code,  # type: ignore[arg-type]
    }


def test_link_alone_opens_no_address_of_the_recording_after_the_visit(visit: Encounter, played: Played) -> None:
    film = film_of(played, visit)
    path, client = link_of(visit)
    page = f"{path}recordings/{played.recording.uuid}/"
    finished(visit)
    closed = answers(client, page, played, film)
    assert closed.pop("player") == 302
    assert client.get(page, follow=True).redirect_chain[-1][0] == path
    assert set(closed.values()) == {404}
    assert Stream.objects.exclude(erase_asked_at=None).count() == 0
    assert "recordings/" not in client.get(path).content.decode()


def test_code_opens_every_address_and_for_that_session_only(visit: Encounter, played: Played) -> None:
    film = film_of(played, visit)
    path, client = link_of(visit)
    page = f"{path}recordings/{played.recording.uuid}/"
    finished(visit)
    entered(client, path)
    other = answers(link_of(visit)[1], page, played, film)
    assert (other.pop("player"), set(other.values())) == (302, {404})
    opened = answers(client, page, played, film)
    assert (opened.pop("range"), set(opened.values())) == (206, {200})
    assert Stream.objects.exclude(erase_asked_at=None).count() == 1


def test_during_the_visit_and_for_staff_it_is_as_before(visit: Encounter, played: Played) -> None:
    path, client = link_of(visit)
    file = f"recordings/{played.recording.uuid}/media/{played.files[0].uuid}/"
    assert body_of(client.get(f"{path}{file}")) == b"doctor"
    finished(visit)
    assert body_of(staff_client(visit.practitioner.user).get(f"/staff/{file}")) == b"doctor"


def test_answer_breaks_off_when_the_visit_ends_meanwhile(
    visit: Encounter, played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "ASK_AGAIN_SECONDS", 0.0)
    path, client = link_of(visit)
    response = client.get(f"{path}recordings/{played.recording.uuid}/media/{played.files[0].uuid}/")
    finished(visit)
    with pytest.raises(streaming.NoLongerAllowed):
        body_of(response)


def test_services_refuse_too_whoever_calls_them(visit: Encounter, played: Played) -> None:
    finished(visit)
    actor = factories.patient_actor(visit.appointment)
    with pytest.raises(NotFound):
        exports.request_export(actor=actor, recording=_again(played), kind="mp4")
    with pytest.raises(NotFound):
        decide_to_erase_part(actor=actor, recording=_again(played))


def _again(played: Played) -> Any:
    return type(played.recording).objects.get(pk=played.recording.pk)


def test_code_is_proof_enough_to_save_and_the_link_opened_once_more_keeps_it(
    visit: Encounter, played: Played, time_machine: Any
) -> None:
    """The code came six minutes after the link was opened; six minutes later the proof is over, the code is not."""
    path, client = link_of(visit)
    address = f"{path}recordings/{played.recording.uuid}/export/"
    finished(visit)
    time_machine.move_to(now() + dt.timedelta(minutes=6))
    entered(client, path)

    def asked() -> int:
        return client.post(address, {"kind": "mp4"}, HTTP_ACCEPT="application/json").status_code

    assert asked() == 200
    time_machine.move_to(now() + dt.timedelta(minutes=6))
    assert asked() == 403
    secret = secret_for(visit.appointment.links.get())
    assert client.post(f"{path}open/", {"secret": secret}).status_code == 204
    assert asked() == 200
    time_machine.move_to(now() + dt.timedelta(hours=1))
    assert asked() == 404


def test_recording_begun_within_the_hour_plays_to_its_end_and_no_longer(
    visit: Encounter, played: Played, time_machine: Any
) -> None:
    """A whole hour was recorded, and the page was opened after 50 minutes with what else the visit leaves behind."""
    MediaFile.objects.filter(pk=played.files[0].pk).update(offset_ms=0, duration_ms=3_600_000)
    path, client = link_of(visit)
    page = f"{path}recordings/{played.recording.uuid}/"
    media = f"{page}media/{played.files[0].uuid}/"
    finished(visit)
    entered(client, path)
    time_machine.move_to(now() + dt.timedelta(minutes=50))
    assert client.get(page).status_code == 200
    time_machine.move_to(now() + dt.timedelta(minutes=65))
    assert body_of(client.get(media)) == b"doctor"
    assert link_of(visit)[1].get(media).status_code == 404
    assert client.get(page).status_code == 302
    assert client.get(f"{page}timeline/").status_code == 404
    assert client.post(f"{page}erase-mine/", HTTP_ACCEPT="application/json").status_code == 404
    time_machine.move_to(now() + dt.timedelta(minutes=6))
    assert client.get(media).status_code == 404


def test_guest_who_gets_no_code_may_still_erase_what_was_recorded_of_them(visit: Encounter) -> None:
    guest = factories.make_guest(visit.appointment)
    actor = factories.seat_guest(visit, guest)
    played = ready_recording(visit, films=[("practitioner", b"doctor", {}), ("patient", b"patient", {})])
    Stream.objects.filter(person_type="patient").update(person_type="guest", person_id=guest.pk)
    finished(visit)
    decide_to_erase_part(actor=actor, recording=_again(played))
    assert Stream.objects.exclude(erase_asked_at=None).count() == 1
