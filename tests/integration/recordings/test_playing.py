"""Playing a recording: pages, timeline, and bytes by range, for those who may and for nobody else."""

import datetime as dt
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.http import HttpResponseBase, StreamingHttpResponse
from django.test import AsyncClient, Client

from accounts.roles import Role
from audit.models import AuditEvent
from consults.models import Encounter
from core.clock import now
from recordings import streaming
from recordings.models import Recording
from recordings.services.erasing import decide_to_erase_part
from scheduling.links import COOKIE_NAME, path_of, session_cookie_for
from tests import factories
from tests.films import film
from tests.integration.recordings.people import link_of, staff_client
from tests.played import Played, ready_recording

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def visit() -> Encounter:
    return factories.make_visit_in_progress()


@pytest.fixture
def played(visit: Encounter) -> Played:
    return ready_recording(visit, films=[("practitioner", bytes(range(256)) * 9000, {}), ("patient", film(), {})])


def body_of(response: HttpResponseBase) -> bytes:
    assert isinstance(response, StreamingHttpResponse)

    async def read() -> bytes:
        return b"".join([piece async for piece in response.streaming_content])  # type: ignore[union-attr]

    return async_to_sync(read)()


def media(played: Played, number: int = 0, *, link: str = "") -> str:
    front = link or "/staff/"
    return f"{front}recordings/{played.recording.uuid}/media/{played.files[number].uuid}/"


def test_range_gives_exactly_those_bytes(visit: Encounter, played: Played) -> None:
    client = staff_client(visit.practitioner.user)
    content = played.contents[0]
    for start, end in ((0, 0), (0, 99), (1_048_570, 1_048_590), (2_000_000, 2_303_999)):
        answer = client.get(media(played), HTTP_RANGE=f"bytes={start}-{end}")
        assert answer.status_code == 206
        assert answer["Content-Range"] == f"bytes {start}-{end}/{len(content)}"
        assert body_of(answer) == content[start : end + 1]
        assert answer["Cache-Control"] == "no-store"


def test_whole_file_head_and_impossible_range(visit: Encounter, played: Played) -> None:
    client = staff_client(visit.practitioner.user)
    content = played.contents[0]
    whole, head = client.get(media(played)), client.head(media(played), HTTP_RANGE="bytes=0-9")
    assert (whole.status_code, body_of(whole)) == (200, content)
    assert (head.status_code, head["Content-Length"], head.content) == (200, str(len(content)), b"")
    beyond = client.get(media(played), HTTP_RANGE=f"bytes={len(content)}-")
    assert (beyond.status_code, beyond["Content-Range"]) == (416, f"bytes */{len(content)}")
    assert whole["Accept-Ranges"] == "bytes"
    stale = client.get(media(played), HTTP_RANGE="bytes=0-9", HTTP_IF_RANGE='"other"')
    assert stale.status_code == 200
    fresh = client.get(media(played), HTTP_RANGE="bytes=0-9", HTTP_IF_RANGE=whole["ETag"])
    assert fresh.status_code == 206


def test_open_range_is_answered_in_pieces(visit: Encounter, played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "LONGEST_OPEN_RANGE", 1000)
    answer = staff_client(visit.practitioner.user).get(media(played), HTTP_RANGE="bytes=500-")
    assert answer["Content-Range"] == f"bytes 500-1499/{len(played.contents[0])}"
    assert body_of(answer) == played.contents[0][500:1500]


def test_patient_plays_by_the_own_link_only(visit: Encounter, played: Played) -> None:
    path, client = link_of(visit)
    assert body_of(client.get(media(played, 1, link=path))) == played.contents[1]
    later = now() + dt.timedelta(hours=2)
    again = factories.make_visit(organization=visit.organization, patient=visit.patient, starts_at=later)
    other_path, other = link_of(again)
    for address in (media(played, 1, link=path), media(played, 1, link=other_path), media(played, 1)):
        assert other.get(address).status_code in {302, 404}
    assert Client().get(media(played, 1, link=path)).status_code == 404


def test_answer_breaks_off_when_the_session_ends_meanwhile(
    visit: Encounter, played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "ASK_AGAIN_SECONDS", 0.0)
    client = staff_client(visit.practitioner.user)
    response = client.get(media(played))
    client.logout()
    with pytest.raises(streaming.NoLongerAllowed):
        body_of(response)


def test_answer_breaks_off_when_the_link_is_taken_back_meanwhile(
    visit: Encounter, played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "ASK_AGAIN_SECONDS", 0.0)
    path, client = link_of(visit)
    response = client.get(media(played, link=path))
    visit.appointment.links.update(revoked_at=dt.datetime.now(dt.UTC))
    with pytest.raises(streaming.NoLongerAllowed):
        body_of(response)


def test_answer_under_asgi_streams_block_by_block(visit: Encounter, played: Played) -> None:
    client = AsyncClient()
    client.cookies.update(staff_client(visit.practitioner.user).cookies)

    async def several() -> list[bytes]:
        addresses = [media(played), media(played, 1)] * 3
        answers: list[Any] = [await client.get(address) for address in addresses]
        return [b"".join([piece async for piece in answer.streaming_content]) for answer in answers]

    assert async_to_sync(several)() == [*played.contents] * 3


def test_changed_block_is_never_given(visit: Encounter, played: Played, settings: Any) -> None:
    block = settings.RECORDINGS_DIR / "files" / str(played.recording.uuid) / str(played.files[0].uuid) / "00000001.age"
    sealed = bytearray(block.read_bytes())
    sealed[-100] ^= 1
    block.chmod(0o600)
    block.write_bytes(sealed)
    answer = staff_client(visit.practitioner.user).get(media(played), HTTP_RANGE="bytes=1048576-1048580")
    with pytest.raises(Exception, match="Block 1"):
        body_of(answer)


def test_timeline_tells_who_when_holes_and_chat(visit: Encounter) -> None:
    gap = {"from": 400, "to": 900, "why": "loss", "source": ""}
    played = ready_recording(
        visit, films=[("practitioner", b"a", {}), ("patient", b"b", {"offset_ms": 700, "gaps": [gap]})]
    )
    told = staff_client(visit.practitioner.user).get(f"/staff/recordings/{played.recording.uuid}/timeline/").json()
    assert told["duration_ms"] == 1700
    assert [(track["name"], track["you"], track["from"], track["to"]) for track in told["tracks"]] == [
        (visit.practitioner.display_name, True, 0, 1000),
        (visit.patient.full_name, False, 700, 1700),
    ]
    assert told["tracks"][1]["gaps"] == [gap]
    assert told["chat"] == []


@pytest.mark.parametrize("status", Recording.Status.values)
def test_page_says_every_state_and_gives_no_byte_unless_ready(visit: Encounter, played: Played, status: str) -> None:
    Recording.objects.filter(pk=played.recording.pk).update(status=status, percent=40)
    client = staff_client(visit.practitioner.user)
    assert client.get(f"/staff/recordings/{played.recording.uuid}/").status_code == 200
    assert client.get("/staff/recordings/").status_code == 200
    assert client.get(media(played)).status_code == (200 if status == "ready" else 404)
    path, patient = link_of(visit)
    assert patient.get(f"{path}recordings/{played.recording.uuid}/").status_code == 200


def test_opening_the_page_is_audited_each_time(visit: Encounter, played: Played) -> None:
    client = staff_client(visit.practitioner.user)
    for _ in range(2):
        client.get(f"/staff/recordings/{played.recording.uuid}/")
    events = AuditEvent.objects.filter(action="recordings.play", entity_id=str(played.recording.uuid))
    assert [(event.actor_id, event.patient_id) for event in events] == [
        (visit.practitioner.user_id, visit.patient_id)
    ] * 2


def test_list_holds_own_recordings_only(visit: Encounter, played: Played) -> None:
    colleague = factories.make_visit(organization=visit.organization)
    ready_recording(colleague)
    page = staff_client(visit.practitioner.user).get("/staff/recordings/").content.decode()
    assert visit.patient.full_name in page
    assert colleague.patient.full_name not in page


def test_part_that_is_to_be_erased_is_gone_at_once(visit: Encounter, played: Played) -> None:
    decide_to_erase_part(actor=factories.patient_actor(visit.appointment), recording=played.recording)
    client = staff_client(visit.practitioner.user)
    assert client.get(media(played, 1)).status_code == 404
    assert client.get(media(played, 0)).status_code == 200
    told = client.get(f"/staff/recordings/{played.recording.uuid}/timeline/").json()
    assert told["erased"] == []
    assert [track["name"] for track in told["tracks"]] == [visit.practitioner.display_name]


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.SCHEDULER, Role.ADMINISTRATOR, Role.PRIVACY_OFFICER])
def test_other_offices_of_the_clinic_get_no_byte_and_no_page(visit: Encounter, played: Played, role: Role) -> None:
    client = staff_client(factories.make_user(visit.organization, role))
    for address in (media(played), f"/staff/recordings/{played.recording.uuid}/", "/staff/recordings/"):
        assert client.get(address).status_code == 404


def test_cookie_of_one_link_opens_nothing_under_another(visit: Encounter, played: Played) -> None:
    stranger = factories.make_visit()
    client = Client()
    client.cookies[COOKIE_NAME] = session_cookie_for(stranger.appointment.links.get())
    own = path_of(visit.appointment.links.get())
    assert client.get(media(played, link=own)).status_code == 404
