"""`manage recording_keys` as an operator uses it, and the demo, which makes its key by itself."""

from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyrage
import pytest
from django.core.management import CommandError, call_command

from core.clock import now
from recordings import keystore
from recordings.models import Stream
from telehealth.demo.seed import seed
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def keys(tmp_path: Path, settings: Any) -> Path:
    settings.RECORDING_KEYS_DIR = tmp_path / "keys"
    return tmp_path / "keys"


def run(*arguments: Any, **options: Any) -> str:
    out = StringIO()
    call_command("recording_keys", *map(str, arguments), stdout=out, **options)
    return out.getvalue()


def test_operator_creates_shows_and_rotates() -> None:
    clinic = make.make_organization()
    assert "cannot record" in run("show", clinic=clinic.slug)
    assert "Back it up now" in run("create", clinic=clinic.slug)
    shown = keystore.status(clinic.uuid).recipient
    assert shown in run("show", clinic=clinic.slug)
    rotated = run("rotate", clinic=clinic.slug)
    assert shown not in rotated
    assert "SECRET" not in rotated


def test_operator_backs_up_and_restores_all_but_what_was_erased_since(keys: Path, tmp_path: Path) -> None:
    visit = make.make_recordable_visit()
    make.answer_recording(visit, make.patient_actor(visit.appointment))
    kept, erased = make.start_recording(visit).streams.order_by("pk")
    clinic, operator = visit.organization, pyrage.x25519.Identity.generate()
    run("backup", tmp_path / "b", clinic=clinic.slug, recipient=str(operator.to_public()))
    (backup,) = (tmp_path / "b").iterdir()
    Stream.objects.filter(pk=erased.pk).update(erased_at=now())
    keys.rename(tmp_path / "lost")
    (tmp_path / "identity").write_text(str(operator))
    assert "2 keys came back" in run("restore", backup, clinic=clinic.slug, identity=tmp_path / "identity")
    assert str(keystore.stream_identity(clinic.uuid, kept.uuid).to_public()) == kept.recipient
    with pytest.raises(keystore.KeyDestroyed):
        keystore.stream_identity(clinic.uuid, erased.uuid)


@pytest.mark.parametrize("arguments", [("rotate",), ("backup",), ("restore",), ("backup", "x"), ("restore", "nowhere")])
def test_what_cannot_be_done_is_said_plainly(arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    clinic = make.make_organization()
    monkeypatch.setattr("getpass.getpass", lambda prompt: "long enough for a test")
    with pytest.raises(CommandError):
        run(*arguments, clinic=clinic.slug)


def test_passphrase_that_is_short_or_mistyped_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clinic = make.make_organization()
    run("create", clinic=clinic.slug)
    for answers in (["short"], ["long enough for a test", "mistyped"]):
        given = iter(answers)
        monkeypatch.setattr("getpass.getpass", lambda prompt, given=given: next(given))
        with pytest.raises(CommandError):
            run("backup", tmp_path / "b", clinic=clinic.slug)
    assert not (tmp_path / "b").exists()


def test_clinic_must_be_named_where_there_are_several() -> None:
    clinic, _ = make.make_organization(), make.make_organization()
    with pytest.raises(CommandError, match=clinic.slug):
        run("show")
    with pytest.raises(CommandError):
        run("show", clinic=str(uuid4()))


def test_demo_makes_its_key_once() -> None:
    clinic = seed()[0].encounter.organization
    recipient = keystore.status(clinic.uuid).recipient
    assert recipient
    seed()
    assert keystore.status(clinic.uuid).recipient == recipient
