"""Exports: asked for with a fresh proof, made in another process, sealed, taken along, cancelled, expired."""

import datetime as dt
import io
import json
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from audit.models import AuditEvent
from consults.models import Encounter
from core.clock import now
from core.errors import Conflict
from recordings import exporting, keystore
from recordings.mixing import wire
from recordings.models import Export, Recording
from recordings.sealed import SealedReader
from recordings.selectors import films
from recordings.services import exports
from recordings.services.assembling import FAILURES
from recordings.services.erasing import decide_to_erase_part
from scheduling import links
from tests import factories
from tests.films import film
from tests.integration.recordings.people import link_of, staff_client
from tests.integration.recordings.test_playing import body_of
from tests.played import Played, finished_export, ready_recording

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def visit() -> Encounter:
    return factories.make_visit_in_progress()


@pytest.fixture
def played(visit: Encounter) -> Played:
    both = film(seconds=1)
    return ready_recording(visit, films=[("practitioner", both, {}), ("patient", both, {"offset_ms": 300})])


def asked(visit: Encounter, played: Played, kind: str = "webm") -> Export:
    actor = factories.practitioner_actor(visit.practitioner)
    return exports.request_export(actor=actor, recording=played.recording, kind=kind)


def proven(client: Client) -> Client:
    """The session has entered its password a moment ago."""
    session = client.session
    user = session["_auth_user_id"]
    session["account_authentication_methods"] = [{"method": "password", "at": time.time(), "reauthenticated": True}]
    session["account_authentication_methods_user"] = str(user)
    session.save()
    return client


def blocks_of(played: Played, file: Any, settings: Any) -> list[Any]:
    return list((settings.RECORDINGS_DIR / "files" / str(played.recording.uuid) / str(file)).glob("*"))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["webm", "mp4"])
def test_export_is_made_sealed_and_taken_along(visit: Encounter, played: Played, kind: str) -> None:
    export = asked(visit, played, kind)
    assert exporting.make_exports() == 1
    export.refresh_from_db()
    assert (export.status, export.percent) == ("ready", 100)
    client = proven(staff_client(visit.practitioner.user))
    answer = client.get(f"/staff/recordings/{played.recording.uuid}/export/{export.uuid}/file/")
    content = body_of(answer)
    assert content[:4] == b"\x1a\x45\xdf\xa3" if kind == "webm" else content[4:8] == b"ftyp"
    assert answer["Content-Disposition"].endswith(f'.{kind}"')
    assert visit.patient.family_name not in answer["Content-Disposition"]
    told = AuditEvent.objects.filter(entity_id=str(played.recording.uuid), action__startswith="recordings.export")
    assert {event.action.rpartition(".")[2] for event in told} == {"request", "done", "download"}


def test_staff_are_asked_for_their_password_and_come_back(visit: Encounter, played: Played) -> None:
    client = staff_client(visit.practitioner.user)
    page = f"/staff/recordings/{played.recording.uuid}/"
    refused = client.post(f"{page}export/", {"kind": "webm"}, HTTP_ACCEPT="application/json")
    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "proof.needed"
    assert refused.json()["error"]["go"].startswith("/accounts/reauthenticate/?next=")
    plain = client.post(f"{page}export/", {"kind": "webm"})
    assert plain["Location"].startswith("/accounts/reauthenticate/")
    again = client.post(plain["Location"], {"password": factories.PASSWORD, "next": page})
    assert again["Location"] == page
    made = client.post(f"{page}export/", {"kind": "webm"}, HTTP_ACCEPT="application/json")
    assert made.json()["export"]["status"] == "queued"


def test_proof_is_over_after_five_minutes(visit: Encounter, played: Played, time_machine: Any) -> None:
    user = visit.practitioner.user
    client = proven(staff_client(user))
    address = f"/staff/recordings/{played.recording.uuid}/export/"
    ready = finished_export(played.recording, requested_by_type="user", requested_by_id=user.pk)
    assert client.get(f"{address}{ready.uuid}/").json()["proof"] is None
    time_machine.move_to(now() + dt.timedelta(minutes=5, seconds=1))
    assert client.post(address, {"kind": "webm"}, HTTP_ACCEPT="application/json").status_code == 403
    # Said before the press that saves: a download that is refused says nothing in a browser.
    missing = client.get(f"{address}{ready.uuid}/").json()["proof"]
    assert (missing["code"], missing["go"].endswith("%23export")) == ("proof.needed", True)
    assert client.get(f"{address}{ready.uuid}/file/")["Location"] == missing["go"]


def test_patient_opens_the_link_afresh_to_export(visit: Encounter, played: Played, time_machine: Any) -> None:
    path, client = link_of(visit)
    address = f"{path}recordings/{played.recording.uuid}/export/"
    assert client.post(address, {"kind": "mp4"}, HTTP_ACCEPT="application/json").status_code == 200
    time_machine.move_to(now() + dt.timedelta(minutes=6))
    refused = client.post(address, {"kind": "webm"}, HTTP_ACCEPT="application/json")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "proof.link")
    secret = links.secret_for(visit.appointment.links.get())
    assert client.post(f"{path}open/", {"secret": secret}).status_code == 204
    assert client.post(address, {"kind": "webm"}, HTTP_ACCEPT="application/json").status_code == 200


def test_asking_twice_is_one_film_and_never_another_persons(visit: Encounter, played: Played) -> None:
    first, second = asked(visit, played), asked(visit, played)
    assert first.pk == second.pk
    path, client = link_of(visit)
    for rest in ("", "file/"):
        assert client.get(f"{path}recordings/{played.recording.uuid}/export/{first.uuid}/{rest}").status_code == 404
    assert client.post(f"{path}recordings/{played.recording.uuid}/export/{first.uuid}/cancel/").status_code == 404


def test_cancelled_while_it_is_made_leaves_nothing(visit: Encounter, played: Played, settings: Any) -> None:
    export = asked(visit, played)
    claimed = exports.claim_export()
    assert claimed is not None
    exports.cancel_export(actor=factories.practitioner_actor(visit.practitioner), export=export)
    assert not exports.go_on(claimed, 10)
    assert not exports.finish_export(claimed, size=1, blocks=1, refused=0)
    assert blocks_of(played, export.uuid, settings) == []
    with pytest.raises(keystore.KeyDestroyed):
        keystore.stream_identity(visit.organization.uuid, export.uuid)


@pytest.mark.slow
def test_process_is_ended_when_nobody_wants_the_film(played: Played) -> None:
    parts = [exporting._part(media) for media in played.files]
    seen: list[int] = []

    def goes_on(done: int) -> bool:
        seen.append(done)
        return False

    class Sink:
        def write(self, data: bytes) -> int:
            return len(data)

        def seek(self, offset: int) -> int:
            return offset

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exporting, "TELL_EVERY", dt.timedelta(0))
        with pytest.raises(exporting.Cancelled):
            exporting.mix(kind="webm", duration_ms=600_000, parts=parts, output=Sink(), goes_on=goes_on)
    assert len(seen) == 1


def test_film_whose_worker_was_killed_is_begun_again(visit: Encounter, played: Played, time_machine: Any) -> None:
    export = asked(visit, played)
    first = exports.claim_export()
    assert first is not None
    assert exports.claim_export() is None
    time_machine.move_to(now() + exports.CLAIM + dt.timedelta(seconds=1))
    second = exports.claim_export()
    assert second is not None
    assert second.pk == export.pk
    # The killed one comes back to life: its film is not the one that counts.
    assert not exports.go_on(first, 99)
    assert exports.go_on(second, 10)


def test_film_that_ends_its_worker_each_time_is_given_up_and_the_next_one_is_made(
    visit: Encounter, played: Played, time_machine: Any
) -> None:
    fatal, other = asked(visit, played, "webm"), asked(visit, played, "mp4")
    for _ in range(FAILURES):
        claimed = exports.claim_export()
        assert claimed is not None
        assert claimed.pk == fatal.pk
        time_machine.move_to(now() + exports.CLAIM + dt.timedelta(seconds=1))
    next_one = exports.claim_export()
    assert next_one is not None
    assert next_one.pk == other.pk
    fatal.refresh_from_db()
    assert fatal.status == "failed"
    assert keystore.is_destroyed(played.recording.organization.uuid, fatal.uuid)
    assert AuditEvent.objects.get(action="recordings.export.fail").detail["why"] == "given_up"


def test_one_film_at_a_time(visit: Encounter, played: Played) -> None:
    asked(visit, played, "webm")
    asked(visit, played, "mp4")
    assert exports.claim_export() is not None
    assert exports.claim_export() is None


@pytest.mark.slow
def test_broken_file_fails_and_says_so(visit: Encounter) -> None:
    played = ready_recording(visit, films=[("practitioner", b"no film" * 100, {})])
    export = asked(visit, played)
    exporting.make_exports()
    export.refresh_from_db()
    assert export.status == "failed"
    [event] = AuditEvent.objects.filter(action="recordings.export.fail")
    assert event.detail["why"]


def test_expired_film_is_gone_key_first(visit: Encounter, played: Played, settings: Any, time_machine: Any) -> None:
    user = visit.practitioner.user
    export = finished_export(played.recording, requested_by_type="user", requested_by_id=user.pk)
    client = proven(staff_client(user))
    address = f"/staff/recordings/{played.recording.uuid}/export/{export.uuid}/file/"
    assert client.get(address).status_code == 200
    time_machine.move_to(now() + exports.KEPT_FOR)
    assert proven(staff_client(user)).get(address).status_code == 404
    assert exports.expire_exports() == 1
    assert blocks_of(played, export.uuid, settings) == []
    with pytest.raises(keystore.KeyDestroyed):
        keystore.stream_identity(visit.organization.uuid, export.uuid)


def test_film_of_an_erased_part_is_not_given_any_more(visit: Encounter, played: Played) -> None:
    user = visit.practitioner.user
    export = finished_export(played.recording, requested_by_type="user", requested_by_id=user.pk)
    address = f"/staff/recordings/{played.recording.uuid}/export/{export.uuid}/file/"
    client = proven(staff_client(user))
    assert client.get(address).status_code == 200
    decide_to_erase_part(actor=factories.patient_actor(visit.appointment), recording=played.recording)
    assert client.get(address).status_code == 404


def test_nothing_to_export_before_it_is_ready(visit: Encounter, played: Played) -> None:
    Recording.objects.filter(pk=played.recording.pk).update(status="finishing")
    with pytest.raises(Conflict):
        asked(visit, played)


def test_parent_gives_the_process_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "canary")
    process = exporting._start()
    try:
        assert process.stdin
        environment = Path(f"/proc/{process.pid}/environ").read_bytes()
        wire.send(process.stdin, wire.JOB, json.dumps({"duration_ms": 0}).encode())
    finally:
        exporting._end(process)
    assert b"canary" not in environment
    assert b"DATABASE" not in environment


@pytest.mark.slow
def test_sealed_film_opens_with_its_own_key_only(visit: Encounter, played: Played) -> None:
    export = asked(visit, played)
    exporting.make_exports()
    export.refresh_from_db()
    sealed = films.SealedFile(played.recording.uuid, export.uuid, export.size, export.blocks)
    right = keystore.stream_identity(visit.organization.uuid, export.uuid)
    assert SealedReader(sealed, right).read(0, 4) == b"\x1a\x45\xdf\xa3"
    wrong = keystore.stream_identity(visit.organization.uuid, played.files[0].stream.uuid)
    with pytest.raises(Exception, match="Block 0"):
        SealedReader(sealed, wrong).read(0, 4)


class _Silent:
    """A file of the film, and where it goes."""

    size = 10

    def read(self, start: int, length: int) -> bytes:
        return bytes(min(length, 10))


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        (wire.READ, struct.pack("!HQI", 7, 0, 10)),
        (wire.READ, struct.pack("!HQI", 0, 0, 0xFFFF_FFFF)),
        (wire.PROGRESS, b"[" * 100_000),
        (wire.PROGRESS, b'"much"'),
        (wire.DONE, b"[]"),
        (wire.DONE, b'{"refused": -1}'),
    ],
)
def test_mixing_process_that_talks_nonsense_is_ended_and_costs_its_film_only(
    kind: bytes, payload: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It decodes what strangers sent: whatever it says, its parent goes on to the next film."""
    says = (
        "import struct, sys; out = sys.stdout.buffer; payload = bytes.fromhex(sys.stdin.readline()); "
        f"out.write(struct.pack('!cI', {kind!r}, len(payload)) + payload); out.flush(); sys.stdin.read()"
    )
    started = []

    def start() -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, "-c", says], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdin
        process.stdin.write(payload.hex().encode() + b"\n")
        started.append(process)
        return process

    monkeypatch.setattr(exporting, "_start", start)
    monkeypatch.setattr(exporting, "TELL_EVERY", dt.timedelta(0))
    monkeypatch.setattr(exporting, "GOODBYE_SECONDS", 0)
    part = exporting.Part(_Silent(), "person", 0, [])
    with pytest.raises(exporting.MixingFailed):
        exporting.mix(kind="webm", duration_ms=10, parts=[part], output=io.BytesIO(), goes_on=lambda done: True)
    assert started[0].poll() is not None


def test_film_whose_key_cannot_be_made_fails_and_keeps_no_other_waiting(
    visit: Encounter, played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "mix", lambda **given: 0)
    stuck, other = asked(visit, played), asked(visit, played, "mp4")
    keystore.destroy(visit.organization.uuid, stuck.uuid)
    assert exporting.make_exports() == 2
    stuck.refresh_from_db()
    other.refresh_from_db()
    assert (stuck.status, other.status) == ("failed", "ready")


@pytest.mark.parametrize("status", ["cancelled", "failed"])
def test_what_a_kill_left_of_a_film_that_was_given_up_is_taken_away(played: Played, settings: Any, status: str) -> None:
    """The row was written, and the process was gone before key and blocks went."""
    export = finished_export(played.recording)
    Export.objects.filter(pk=export.pk).update(status=status)
    assert blocks_of(played, export.uuid, settings)
    exports.expire_exports()
    assert blocks_of(played, export.uuid, settings) == []
    with pytest.raises(keystore.KeyDestroyed):
        keystore.stream_identity(played.recording.organization.uuid, export.uuid)
