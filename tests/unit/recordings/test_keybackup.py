"""Backups of keys: sealed, whole, short-lived; brought back without bringing back what was destroyed."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pyrage
import pytest
import time_machine

from core.clock import now
from recordings import durable, keybackup, keystore
from recordings.keybackup import BackupError, backup, restore

CLINIC = uuid4()
OPERATOR = pyrage.x25519.Identity.generate()
PUBLIC, PRIVATE = str(OPERATOR.to_public()), f"# kept in a safe\n{OPERATOR}\n"


@pytest.fixture(autouse=True)
def keys(tmp_path: Path, settings: Any) -> Path:
    settings.RECORDING_KEYS_DIR = tmp_path / "keys"
    keystore.create_clinic_key(CLINIC)
    return tmp_path / "keys"


def lose(keys: Path) -> None:
    keys.rename(keys.with_name(f"lost-{uuid4()}"))


def recipient_of(stream: UUID) -> str:
    return str(keystore.stream_identity(CLINIC, stream).to_public())


def test_backup_brings_back_every_key_to_an_empty_machine(keys: Path, tmp_path: Path) -> None:
    stream, recording = uuid4(), uuid4()
    recipient, mac = keystore.new_stream_key(CLINIC, stream), keystore.new_mac(CLINIC, recording)
    path = backup(CLINIC, tmp_path / "backups", recipient=PUBLIC)
    assert path.stat().st_mode & 0o777 == 0o600
    lose(keys)
    assert restore(CLINIC, path, identity=PRIVATE) == 2
    assert (recipient_of(stream), keystore.mac(CLINIC, recording)) == (recipient, mac)
    assert restore(CLINIC, path, identity=PRIVATE) == 0


def test_backup_opens_by_its_passphrase_too(keys: Path, tmp_path: Path) -> None:
    stream = uuid4()
    recipient = keystore.new_stream_key(CLINIC, stream)
    path = backup(CLINIC, tmp_path, passphrase="correct horse")
    lose(keys)
    with pytest.raises(BackupError):
        restore(CLINIC, path, passphrase="wrong horse")
    restore(CLINIC, path, passphrase="correct horse")
    assert recipient_of(stream) == recipient


def test_backup_shows_no_key_in_clear(tmp_path: Path) -> None:
    stream = uuid4()
    keystore.new_stream_key(CLINIC, stream)
    data = backup(CLINIC, tmp_path, recipient=PUBLIC).read_bytes()
    assert b"AGE-SECRET-KEY-" not in data
    assert str(stream).encode() not in data


def test_key_destroyed_here_does_not_come_back_with_an_older_backup(tmp_path: Path) -> None:
    stream, kept = uuid4(), uuid4()
    keystore.new_stream_key(CLINIC, stream)
    keystore.new_stream_key(CLINIC, kept)
    path = backup(CLINIC, tmp_path, recipient=PUBLIC)
    keystore.destroy(CLINIC, stream)
    assert restore(CLINIC, path, identity=PRIVATE) == 0
    with pytest.raises(keystore.KeyDestroyed):
        keystore.stream_identity(CLINIC, stream)
    assert recipient_of(kept)


def test_clinic_key_lost_alone_is_brought_back_for_keys_younger_than_the_backup(keys: Path, tmp_path: Path) -> None:
    path = backup(CLINIC, tmp_path, recipient=PUBLIC)
    young = uuid4()
    recipient = keystore.new_stream_key(CLINIC, young)
    (keys / str(CLINIC) / "clinic" / "1.key").unlink()
    with pytest.raises(keystore.KeyUnreadable):
        keystore.stream_identity(CLINIC, young)
    restore(CLINIC, path, identity=PRIVATE)
    assert recipient_of(young) == recipient


def test_restoring_leaves_one_fresh_clinic_key(tmp_path: Path) -> None:
    stream = uuid4()
    keystore.new_stream_key(CLINIC, stream)
    path = backup(CLINIC, tmp_path, recipient=PUBLIC)
    before = keystore.status(CLINIC).recipient
    keystore.rotate(CLINIC)
    restore(CLINIC, path, identity=PRIVATE)
    after = keystore.status(CLINIC)
    assert len(after.clinic_keys) == 1
    assert after.recipient != before


def test_restoring_cut_short_is_finished_by_doing_it_again(
    keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams = {stream: keystore.new_stream_key(CLINIC, stream) for stream in (uuid4() for _ in range(3))}
    path = backup(CLINIC, tmp_path, recipient=PUBLIC)
    lose(keys)
    real, writes = durable.replace, []

    def second_fails(*given: Any) -> None:
        writes.append(given)
        if len(writes) == 2:
            raise KeyboardInterrupt
        real(*given)

    with monkeypatch.context() as patched:
        patched.setattr(durable, "replace", second_fails)
        with pytest.raises(KeyboardInterrupt):
            restore(CLINIC, path, identity=PRIVATE)
    assert restore(CLINIC, path, identity=PRIVATE) == 2
    assert {stream: recipient_of(stream) for stream in streams} == streams


def test_old_backups_end_when_a_new_one_is_made_and_others_stay(tmp_path: Path, settings: Any) -> None:
    settings.RECORDING_KEY_BACKUP_DAYS = 30
    with time_machine.travel(now() - timedelta(days=31), tick=False):
        old = backup(CLINIC, tmp_path, recipient=PUBLIC)
    with time_machine.travel(now() - timedelta(days=29), tick=False):
        young = backup(CLINIC, tmp_path, recipient=PUBLIC)
    other = tmp_path / f"{uuid4()}-20200101T000000000000Z.keys.age"
    notes = tmp_path / f"{CLINIC}-notes.keys.age"
    other.write_bytes(b"")
    notes.write_bytes(b"")
    newest = backup(CLINIC, tmp_path, recipient=PUBLIC)
    assert not old.exists()
    assert all(path.exists() for path in (young, newest, other, notes))


def test_only_backup_stays_however_old(tmp_path: Path) -> None:
    with time_machine.travel(now() - timedelta(days=99), tick=False):
        path = backup(CLINIC, tmp_path, recipient=PUBLIC)
    assert keybackup.remove_old(CLINIC, tmp_path) == []
    assert path.exists()


def test_what_is_no_backup_of_this_clinic_is_refused(tmp_path: Path) -> None:
    other = uuid4()
    keystore.create_clinic_key(other)
    foreign = backup(other, tmp_path, recipient=PUBLIC)
    nonsense = tmp_path / "nonsense"
    for content, why in (
        (foreign.read_bytes(), "another clinic"),
        (pyrage.encrypt(b"x" * 2000, [OPERATOR.to_public()]), "no backup of keys"),
        (b"x", "cannot be opened"),
    ):
        nonsense.write_bytes(content)
        with pytest.raises(BackupError, match=why):
            restore(CLINIC, nonsense, identity=PRIVATE)


def test_backup_without_anything_to_seal_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BackupError):
        backup(CLINIC, tmp_path)
    with pytest.raises(BackupError, match="age1"):
        backup(CLINIC, tmp_path, recipient="age1nonsense")
    with pytest.raises(BackupError, match="nothing to back up"):
        backup(uuid4(), tmp_path, recipient=PUBLIC)
    assert list(tmp_path.glob("*.age")) == []
