"""The key store on a disk: what is kept, for whom, and what a kill, a rotation or an erasure leaves."""

import stat
import threading
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pyrage
import pytest

from recordings import durable, keystore

CLINIC = UUID("5b0c7a3e-61a5-4d0c-8a1e-0d1f6c2b9a01")


class Killed(BaseException):
    """Stands for SIGKILL: nothing catches it."""


@pytest.fixture(autouse=True)
def keys(tmp_path: Path, settings: Any) -> Path:
    settings.RECORDING_KEYS_DIR = tmp_path / "keys"
    keystore.create_clinic_key(CLINIC)
    return tmp_path / "keys"


def clinic_files(keys: Path) -> list[str]:
    return sorted(path.name for path in (keys / str(CLINIC) / "clinic").iterdir())


def test_key_files_are_for_their_owner_only(keys: Path) -> None:
    keystore.new_stream_key(CLINIC, uuid4())
    keystore.new_mac(CLINIC, uuid4())
    keystore.destroy(CLINIC, uuid4())
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [keys, *keys.rglob("*")]}
    assert len(modes) == 11
    folders = {path.name for path in [keys, *keys.rglob("*")] if path.is_dir()}
    assert {mode for name, mode in modes.items() if name in folders} == {0o700}
    assert {mode for name, mode in modes.items() if name not in folders} == {0o600}


def test_stream_key_asked_twice_is_the_same_and_opens_what_was_sealed_to_it() -> None:
    stream = uuid4()
    recipient = keystore.new_stream_key(CLINIC, stream)
    assert keystore.new_stream_key(CLINIC, stream) == recipient
    sealed = pyrage.encrypt(b"said", [pyrage.x25519.Recipient.from_str(recipient)])
    assert pyrage.decrypt(sealed, [keystore.stream_identity(CLINIC, stream)]) == b"said"
    assert keystore.new_stream_key(CLINIC, uuid4()) != recipient


def test_mac_asked_twice_is_the_same() -> None:
    recording = uuid4()
    key = keystore.new_mac(CLINIC, recording)
    assert len(key) == 32
    assert keystore.new_mac(CLINIC, recording) == keystore.mac(CLINIC, recording) == key
    assert keystore.new_mac(CLINIC, uuid4()) != key


def test_no_secret_stands_in_a_file_in_clear_but_the_clinics(keys: Path) -> None:
    stream, recording = uuid4(), uuid4()
    keystore.new_stream_key(CLINIC, stream)
    secret = str(keystore.stream_identity(CLINIC, stream)).encode()
    mac = keystore.new_mac(CLINIC, recording)
    held = b"".join(path.read_bytes() for path in keys.rglob("*") if path.is_file())
    assert secret not in held
    assert mac not in held
    assert mac.hex().encode() not in held
    assert held.count(b"AGE-SECRET-KEY-") == 1


def test_clinic_without_key_can_make_no_stream_key() -> None:
    other = uuid4()
    assert not keystore.has_clinic_key(other)
    with pytest.raises(keystore.NoClinicKey):
        keystore.new_stream_key(other, uuid4())
    keystore.create_clinic_key(other)
    assert keystore.new_stream_key(other, uuid4()).startswith("age1")


def test_clinic_key_created_twice_is_the_same() -> None:
    recipient = keystore.status(CLINIC).recipient
    keystore.create_clinic_key(CLINIC)
    assert keystore.status(CLINIC).recipient == recipient
    assert keystore.status(CLINIC).clinic_keys == (1,)


def test_key_of_one_clinic_is_not_found_in_another() -> None:
    stream, other = uuid4(), uuid4()
    keystore.new_stream_key(CLINIC, stream)
    keystore.create_clinic_key(other)
    with pytest.raises(keystore.KeyMissing):
        keystore.stream_identity(other, stream)


def test_destroyed_key_is_gone_and_never_comes_back(keys: Path) -> None:
    stream, kept = uuid4(), uuid4()
    keystore.new_stream_key(CLINIC, stream)
    keystore.new_stream_key(CLINIC, kept)
    for _ in range(2):
        keystore.destroy(CLINIC, stream)
        with pytest.raises(keystore.KeyDestroyed):
            keystore.stream_identity(CLINIC, stream)
        with pytest.raises(keystore.KeyDestroyed):
            keystore.new_stream_key(CLINIC, stream)
    assert keystore.stream_identity(CLINIC, kept)
    assert not list(keys.rglob(f"{stream}.age"))


def test_destroying_takes_the_half_made_copies_along(keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = uuid4()
    keystore.new_stream_key(CLINIC, stream)

    def killed(*paths: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(durable.os, "replace", killed)
        patched.setattr(Path, "unlink", lambda path, missing_ok=False: None)
        with pytest.raises(Killed):
            keystore.rotate(CLINIC)
    assert len(list(keys.rglob(f"*{stream}*"))) == 2
    keystore.destroy(CLINIC, stream)
    assert [path.parent.name for path in keys.rglob(f"*{stream}*")] == ["destroyed"]


def test_rotation_wraps_every_key_anew_and_removes_the_old_clinic_key(keys: Path) -> None:
    streams, recording = [uuid4() for _ in range(3)], uuid4()
    recipients = [keystore.new_stream_key(CLINIC, stream) for stream in streams]
    mac = keystore.new_mac(CLINIC, recording)
    old = keystore.clinic_identities(CLINIC)
    keystore.rotate(CLINIC)
    assert clinic_files(keys) == ["2.key"]
    assert [str(keystore.stream_identity(CLINIC, stream).to_public()) for stream in streams] == recipients
    assert keystore.mac(CLINIC, recording) == mac
    for path in keys.rglob("*.age"):
        with pytest.raises(pyrage.DecryptError):
            pyrage.decrypt(path.read_bytes(), old)


def test_rotation_cut_short_anywhere_leaves_every_key_readable(keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    streams = [uuid4() for _ in range(3)]
    recipients = [keystore.new_stream_key(CLINIC, stream) for stream in streams]
    steps, finished, allowed = 0, False, 0
    real = durable.sync

    def counting(path: Path) -> None:
        nonlocal steps
        steps += 1
        if steps > allowed:
            raise Killed
        real(path)

    while not finished:
        steps, allowed = 0, allowed + 1
        with monkeypatch.context() as patched:
            patched.setattr(durable, "sync", counting)
            try:
                keystore.rotate(CLINIC)
                finished = True
            except Killed:
                pass
        assert [str(keystore.stream_identity(CLINIC, stream).to_public()) for stream in streams] == recipients
    assert allowed > 4
    assert len(clinic_files(keys)) == 1


def test_keys_made_and_read_during_rotations_are_never_lost() -> None:
    streams = {stream: keystore.new_stream_key(CLINIC, stream) for stream in (uuid4() for _ in range(5))}
    turning, failures = threading.Event(), []

    def read_and_make() -> None:
        try:
            while not turning.is_set():
                fresh = uuid4()
                streams[fresh] = keystore.new_stream_key(CLINIC, fresh)
                for stream, recipient in list(streams.items())[-5:]:
                    assert str(keystore.stream_identity(CLINIC, stream).to_public()) == recipient
        except BaseException as error:
            failures.append(error)

    reader = threading.Thread(target=read_and_make)
    reader.start()
    for _ in range(4):
        keystore.rotate(CLINIC)
    turning.set()
    reader.join()
    assert failures == []
    assert {s: str(keystore.stream_identity(CLINIC, s).to_public()) for s in streams} == streams
    assert keystore.status(CLINIC).clinic_keys == (5,)


def test_key_destroyed_during_a_rotation_stays_destroyed(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = uuid4()
    keystore.new_stream_key(CLINIC, stream)
    listed = keystore.wrapped_keys

    def destroyed_after_the_list(organization: UUID) -> list[tuple[str, UUID]]:
        found = listed(organization)
        if not keystore.is_destroyed(organization, stream):
            keystore.destroy(organization, stream)
        return found

    monkeypatch.setattr(keystore, "wrapped_keys", destroyed_after_the_list)
    keystore.rotate(CLINIC)
    with pytest.raises(keystore.KeyDestroyed):
        keystore.stream_identity(CLINIC, stream)


@pytest.mark.parametrize("damage", [b"", b"age-encryption.org/v1\n", b"\xff" * 300])
def test_damaged_key_file_is_one_typed_error(keys: Path, damage: bytes) -> None:
    stream, recording = uuid4(), uuid4()
    keystore.new_stream_key(CLINIC, stream)
    keystore.new_mac(CLINIC, recording)
    for path in keys.rglob("*.age"):
        path.write_bytes(damage)
    with pytest.raises(keystore.KeyUnreadable):
        keystore.stream_identity(CLINIC, stream)
    with pytest.raises(keystore.KeyUnreadable):
        keystore.mac(CLINIC, recording)


def test_status_counts_and_shows_no_secret() -> None:
    keystore.new_stream_key(CLINIC, uuid4())
    keystore.new_mac(CLINIC, uuid4())
    keystore.destroy(CLINIC, uuid4())
    found = keystore.status(CLINIC)
    assert (found.streams, found.macs, found.destroyed, found.clinic_keys) == (1, 1, 1, (1,))
    assert found.recipient.startswith("age1")
    assert "SECRET" not in repr(found)
    empty = keystore.status(uuid4())
    assert (empty.recipient, empty.clinic_keys, empty.streams) == ("", (), 0)
