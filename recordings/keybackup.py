"""Backups of a clinic's keys: one sealed file each, with a short life of their own. The keys are in keystore.

A backup is a tar of the key store, sealed by age to a recipient whose other half is kept elsewhere, or to a passphrase.
It is as strong as the recordings' secrecy: whoever opens it opens them. And an erased recording is readable again by
whoever has an older backup and the sealed media: so backups end after RECORDING_KEY_BACKUP_DAYS.
"""

import datetime as dt
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pyrage
from django.conf import settings
from pyrage.x25519 import Identity, Recipient

from core.clock import now
from recordings import durable, keystore

_STAMP = "%Y%m%dT%H%M%S%fZ"
LARGEST_KEY = 64 * 1024


class BackupError(keystore.KeystoreError):
    """A backup cannot be made, or is none. The message is a plain sentence."""


def backup(organization: UUID, folder: Path, *, recipient: str = "", passphrase: str = "") -> Path:
    """Write a backup into the folder and remove this clinic's backups there that are too old. Returns its path."""
    if not keystore.has_clinic_key(organization):
        raise BackupError("This clinic has no keys yet, so there is nothing to back up.")
    with keystore.lock(organization):
        packed = _packed(organization)
    sealed = _sealed(packed, recipient, passphrase)
    durable.make_folder(folder)
    path = folder / f"{organization}-{now().strftime(_STAMP)}.keys.age"
    durable.publish(path, sealed)
    remove_old(organization, folder)
    return path


def remove_old(organization: UUID, folder: Path) -> list[Path]:
    """Remove this clinic's backups in the folder that are older than RECORDING_KEY_BACKUP_DAYS; the newest stays."""
    oldest = now() - dt.timedelta(days=settings.RECORDING_KEY_BACKUP_DAYS)
    found = sorted((made, path) for path, made in _backups(organization, folder))
    old = [path for made, path in found[:-1] if made < oldest]
    durable.remove(*old)
    return old


def restore(organization: UUID, path: Path, *, identity: str = "", passphrase: str = "") -> int:
    """Bring back every key of a backup that is not here and was not destroyed here; then rotate. How many came back.

    Nothing here is overwritten unless it cannot be opened. Doing it again, also after a kill, finishes it.
    """
    files = dict(_unpacked(organization, _opened(path.read_bytes(), identity, passphrase)))
    identities = [keystore.identity_in(data) for name, data in files.items() if name.startswith("clinic/")]
    keys = {name: data for name, data in files.items() if name.partition("/")[0] in keystore.KINDS}
    with keystore.lock(organization):
        for found in identities:
            keystore.add_clinic_key(organization, found)
        restored = sum(_restore_key(organization, name, data, identities) for name, data in sorted(keys.items()))
    keystore.rotate(organization)
    return restored


def _restore_key(organization: UUID, name: str, wrapped: bytes, identities: list[Identity]) -> bool:
    kind, _, file = name.partition("/")
    key = UUID(Path(file).stem)
    if keystore.is_destroyed(organization, key):
        return False
    try:
        keystore.open_wrapped(organization, kind, key)
    except keystore.KeystoreError:
        keystore.wrap(organization, kind, key, keystore.unseal(wrapped, identities))
        return True
    return False


def _packed(organization: UUID) -> bytes:
    root, packed = keystore.folder_of(organization), io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for folder in ("clinic", *keystore.KINDS):
            for path in sorted((root / folder).glob("*")):
                if not path.name.startswith(durable.DRAFT):
                    entry = tarfile.TarInfo(f"{organization}/{folder}/{path.name}")
                    data = path.read_bytes()
                    entry.size, entry.mode = len(data), 0o600
                    tar.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


def _unpacked(organization: UUID, packed: bytes) -> Iterator[tuple[str, bytes]]:
    """Names below the clinic's folder and their contents; nothing is written under a name from the archive."""
    try:
        with tarfile.open(fileobj=io.BytesIO(packed), mode="r:") as tar:
            for entry in tar:
                clinic, _, name = entry.name.partition("/")
                if clinic != str(organization):
                    raise BackupError("This is a backup of another clinic.")
                file = tar.extractfile(entry) if entry.isfile() and entry.size <= LARGEST_KEY else None
                if file is not None:
                    yield name, file.read()
    except tarfile.TarError:
        raise BackupError("This file opens, but it is no backup of keys.") from None


def _sealed(packed: bytes, recipient: str, passphrase: str) -> bytes:
    if recipient:
        try:
            return bytes(pyrage.encrypt(packed, [Recipient.from_str(recipient)]))
        except pyrage.RecipientError:
            raise BackupError("That is no age recipient. It begins with age1.") from None
    if not passphrase:
        raise BackupError("A backup needs a recipient or a passphrase.")
    return bytes(pyrage.passphrase.encrypt(packed, passphrase))


def _opened(sealed: bytes, identity: str, passphrase: str) -> bytes:
    try:
        if identity:
            return bytes(pyrage.decrypt(sealed, [keystore.identity_in(identity.encode())]))
        return bytes(pyrage.passphrase.decrypt(sealed, passphrase))
    except (pyrage.DecryptError, ValueError):
        raise BackupError("This backup cannot be opened with that.") from None


def _backups(organization: UUID, folder: Path) -> Iterator[tuple[Path, dt.datetime]]:
    for path in folder.glob(f"{organization}-*.keys.age"):
        stamp = path.name.removeprefix(f"{organization}-").removesuffix(".keys.age")
        try:
            yield path, dt.datetime.strptime(stamp, _STAMP).replace(tzinfo=dt.UTC)
        except ValueError:
            continue
