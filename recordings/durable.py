"""Small files that are whole or absent after any crash, and for their owner only. What they mean is not known here."""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

DRAFT = ".draft-"


def make_folder(path: Path) -> None:
    """Make a folder, and those above it that are missing, for their owner only; their names are synced."""
    if path.is_dir():
        return
    make_folder(path.parent)
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
    sync(path.parent)


def sync(path: Path) -> None:
    """Make a file's bytes, or the names that came or went in a folder, outlive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def put(path: Path, data: bytes) -> None:
    """Write a file that nobody else writes, without syncing it: a reader sees all of it or nothing."""
    os.replace(_draft(path, data, synced=False), path)


def publish(path: Path, data: bytes) -> bool:
    """Write a file that must not be there yet, synced. False, and nothing changed, if it is."""
    draft = _draft(path, data)
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink(missing_ok=True)
        sync(path.parent)
    return True


def replace(path: Path, data: bytes) -> None:
    """Put new content, synced, where a file may be: a reader sees the old or the new, never half."""
    draft = _draft(path, data)
    try:
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    sync(path.parent)


def remove(*paths: Path) -> None:
    """Take files away for good; what is gone already is no error."""
    for path in paths:
        path.unlink(missing_ok=True)
    for folder in {path.parent for path in paths if path.parent.is_dir()}:
        sync(folder)


def remove_drafts(folder: Path) -> None:
    """Take away what a killed writer left half made. Only for who holds the lock of all writers here."""
    if folder.is_dir():
        remove(*folder.glob(f"{DRAFT}*"))


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file: one writer at a time, over threads and processes; a killed one lets go by itself."""
    make_folder(path.parent)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _draft(path: Path, data: bytes, *, synced: bool = True) -> Path:
    draft = path.with_name(f"{DRAFT}{path.name}-{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        if synced:
            file.flush()
            os.fsync(file.fileno())
    return draft
