"""The keys of recordings: files outside the database and its dumps. Backups of them are made in keybackup.

    <RECORDING_KEYS_DIR>/<organization>/clinic/<n>.key      the clinic's age identity, the newest number counts
    <RECORDING_KEYS_DIR>/<organization>/streams/<uuid>.age  a stream's identity, sealed to the clinic
    <RECORDING_KEYS_DIR>/<organization>/macs/<uuid>.age     a recording's MAC key in hex, sealed to the clinic
    <RECORDING_KEYS_DIR>/<organization>/destroyed/<uuid>    what was destroyed and must not come back

Folders are 0700, files 0600. All here is idempotent and synced when it returns. Writers hold one lock per clinic;
readers hold none, and look again under the lock before they call a key unreadable.
"""

import os
import re
import secrets
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pyrage
from django.conf import settings
from pyrage.x25519 import Identity, Recipient

from recordings import durable

MAC_BYTES = 32
STREAMS, MACS = "streams", "macs"
KINDS = (STREAMS, MACS)


class KeystoreError(Exception):
    """A key cannot be had. The message is a plain sentence without any key in it."""


class NoClinicKey(KeystoreError):  # noqa: N818
    """The clinic has no key yet, so nothing may be recorded."""


class KeyMissing(KeystoreError):  # noqa: N818
    """There never was such a key, or its file is lost."""


class KeyDestroyed(KeyMissing):
    """The key was destroyed on purpose. It never comes back."""


class KeyUnreadable(KeystoreError):  # noqa: N818
    """The file is there, and no clinic key opens it."""


@dataclass(frozen=True)
class KeyStatus:
    """What stands in a clinic's key store. More than one clinic key: a rotation was cut short; rotate again."""

    recipient: str
    clinic_keys: tuple[int, ...]
    streams: int
    macs: int
    destroyed: int


def folder_of(organization: UUID) -> Path:
    """Where a clinic's keys are."""
    return Path(settings.RECORDING_KEYS_DIR) / str(organization)


def has_clinic_key(organization: UUID) -> bool:
    """Whether this clinic can record at all."""
    return bool(_numbers(organization))


def create_clinic_key(organization: UUID) -> None:
    """Make the clinic's key unless it has one."""
    with lock(organization):
        if not _numbers(organization):
            add_clinic_key(organization, Identity.generate())


def new_stream_key(organization: UUID, stream: UUID) -> str:
    """The recipient (public half) of a stream's key, made now unless it exists. KeyDestroyed if it was destroyed."""
    with lock(organization):
        path = _path(organization, STREAMS, stream)
        if not path.exists():
            wrap(organization, STREAMS, stream, f"{Identity.generate()}\n".encode())
        return str(identity_in(open_wrapped(organization, STREAMS, stream)).to_public())


def stream_identity(organization: UUID, stream: UUID) -> Identity:
    """The private half of a stream's key."""
    return identity_in(_read(organization, STREAMS, stream))


def new_mac(organization: UUID, recording: UUID) -> bytes:
    """The MAC key of a recording, made now unless it exists. KeyDestroyed if it was destroyed."""
    with lock(organization):
        if not _path(organization, MACS, recording).exists():
            wrap(organization, MACS, recording, f"{secrets.token_hex(MAC_BYTES)}\n".encode())
        return _mac(open_wrapped(organization, MACS, recording))


def mac(organization: UUID, recording: UUID) -> bytes:
    """The MAC key of a recording."""
    return _mac(_read(organization, MACS, recording))


def destroy(organization: UUID, key: UUID) -> None:
    """Destroy the key of a stream or a recording. First it is noted, so that no restored backup brings it back."""
    with lock(organization):
        durable.make_folder(folder_of(organization) / "destroyed")
        durable.publish(_tombstone(organization, key), b"")
        for kind in KINDS:
            durable.remove_drafts(folder_of(organization) / kind)
            durable.remove(_path(organization, kind, key))


def rotate(organization: UUID) -> None:
    """Make a new clinic key, wrap every key to it, remove the older clinic keys. Media are not touched.

    After a kill at any point every key still opens, and rotating again finishes. The lock is held key by key, so that
    a recording can start meanwhile.
    """
    with lock(organization):
        if not _numbers(organization):
            raise NoClinicKey("This clinic has no key to rotate. Create one first.")
        newest = add_clinic_key(organization, Identity.generate())
    for kind, key in wrapped_keys(organization):
        with lock(organization):
            _rewrap(organization, kind, key, newest)
    with lock(organization):
        for kind, key in wrapped_keys(organization):
            _rewrap(organization, kind, key, newest)
        durable.remove(*(_clinic_path(organization, n) for n in _numbers(organization) if n < newest))


def status(organization: UUID) -> KeyStatus:
    """What stands in the key store, for people. Shows no secret."""
    numbers = _numbers(organization)
    kinds = [kind for kind, _ in wrapped_keys(organization)]
    destroyed = folder_of(organization) / "destroyed"
    return KeyStatus(
        recipient=str(_clinic_identity(organization, numbers[-1]).to_public()) if numbers else "",
        clinic_keys=numbers,
        streams=kinds.count(STREAMS),
        macs=kinds.count(MACS),
        destroyed=len(list(destroyed.iterdir())) if destroyed.is_dir() else 0,
    )


# For keybackup as well ------------------------------------------------------------------------------------------------


def lock(organization: UUID) -> AbstractContextManager[None]:
    """The one lock of all who write to this clinic's keys."""
    return durable.locked(folder_of(organization) / "lock")


def wrapped_keys(organization: UUID) -> list[tuple[str, UUID]]:
    """Kind and id of every wrapped key."""
    return [
        (kind, UUID(path.stem))
        for kind in KINDS
        for path in sorted((folder_of(organization) / kind).glob("*.age"))
        if not path.name.startswith(durable.DRAFT)
    ]


def is_destroyed(organization: UUID, key: UUID) -> bool:
    """Whether the key was destroyed here."""
    return _tombstone(organization, key).exists()


def clinic_identities(organization: UUID) -> list[Identity]:
    """Every clinic key, the newest first. Without the lock one may vanish while they are read."""
    found = []
    for number in reversed(_numbers(organization)):
        try:
            found.append(_clinic_identity(organization, number))
        except FileNotFoundError:
            continue
    return found


def wrap(organization: UUID, kind: str, key: UUID, secret: bytes) -> None:
    """Seal a key to the newest clinic key and put it in its place. The caller holds the lock."""
    if is_destroyed(organization, key):
        raise KeyDestroyed("This key was destroyed, and what it opened with it.")
    numbers = _numbers(organization)
    if not numbers:
        raise NoClinicKey("This clinic has no key for recordings. The operator can create one.")
    path = _path(organization, kind, key)
    durable.make_folder(path.parent)
    durable.remove_drafts(path.parent)
    durable.replace(path, _sealed(secret, _clinic_identity(organization, numbers[-1]).to_public()))


def open_wrapped(organization: UUID, kind: str, key: UUID) -> bytes:
    """The secret of one wrapped key."""
    try:
        sealed = _path(organization, kind, key).read_bytes()
    except FileNotFoundError:
        if is_destroyed(organization, key):
            raise KeyDestroyed("This key was destroyed, and what it opened with it.") from None
        raise KeyMissing("The key of this recording is not in the key store.") from None
    return unseal(sealed, clinic_identities(organization))


def unseal(sealed: bytes, identities: list[Identity]) -> bytes:
    """Open a wrapped key by whichever of the clinic's keys fits."""
    if identities:
        try:
            return bytes(pyrage.decrypt(sealed, identities))
        except (pyrage.DecryptError, ValueError):
            pass
    raise KeyUnreadable("The key of this recording cannot be opened with this clinic's key.")


def _read(organization: UUID, kind: str, key: UUID) -> bytes:
    try:
        return open_wrapped(organization, kind, key)
    except KeyUnreadable:
        # A rotation may have removed the clinic key between our two looks. Under the lock nothing moves.
        with lock(organization):
            return open_wrapped(organization, kind, key)


def _rewrap(organization: UUID, kind: str, key: UUID, newest: int) -> None:
    path = _path(organization, kind, key)
    if not path.exists():  # Destroyed since the list was made.
        return
    identity = _clinic_identity(organization, newest)
    try:
        pyrage.decrypt(path.read_bytes(), [identity])
    except pyrage.DecryptError:
        wrap(organization, kind, key, open_wrapped(organization, kind, key))


def _sealed(secret: bytes, recipient: Recipient) -> bytes:
    return bytes(pyrage.encrypt(secret, [recipient]))


def add_clinic_key(organization: UUID, identity: Identity) -> int:
    """Add a clinic key unless it is there, as the newest; its number. The caller holds the lock."""
    for known in _numbers(organization):
        if str(_clinic_identity(organization, known)) == str(identity):
            return known
    number = max(_numbers(organization), default=0) + 1
    path = _clinic_path(organization, number)
    durable.make_folder(path.parent)
    durable.remove_drafts(path.parent)
    if not durable.publish(path, f"# public key: {identity.to_public()}\n{identity}\n".encode()):
        raise KeystoreError("Somebody else is writing clinic keys without the lock.")
    return number


def _numbers(organization: UUID) -> tuple[int, ...]:
    try:
        # Asked at every look at a visit: a listing by pathlib takes twenty times as long.
        names = os.listdir(folder_of(organization) / "clinic")
    except FileNotFoundError:
        return ()
    found = (re.fullmatch(r"(\d+)\.key", name) for name in names)
    return tuple(sorted(int(match[1]) for match in found if match))


def _clinic_identity(organization: UUID, number: int) -> Identity:
    return identity_in(_clinic_path(organization, number).read_bytes())


def identity_in(text: bytes) -> Identity:
    """The identity in the text of a key file, as age-keygen writes them."""
    for line in text.decode("ascii", "replace").splitlines():
        if line.startswith("AGE-SECRET-KEY-"):
            try:
                return Identity.from_str(line.strip())
            except pyrage.IdentityError:
                break
    raise KeyUnreadable("A file of the key store holds no key.")


def _mac(text: bytes) -> bytes:
    try:
        key = bytes.fromhex(text.decode("ascii"))
    except ValueError:
        key = b""
    if len(key) != MAC_BYTES:
        raise KeyUnreadable("A file of the key store holds no key.")
    return key


def _clinic_path(organization: UUID, number: int) -> Path:
    return folder_of(organization) / "clinic" / f"{number}.key"


def _path(organization: UUID, kind: str, key: UUID) -> Path:
    return folder_of(organization) / kind / f"{key}.age"


def _tombstone(organization: UUID, key: UUID) -> Path:
    return folder_of(organization) / "destroyed" / str(key)
