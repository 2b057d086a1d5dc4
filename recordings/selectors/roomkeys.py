"""The keys that rooms' documents name: asked of the key store once per process, and never of the database.

Who can write to the database could name a key of their own there, and have parts sealed to it. A key that was destroyed
is found out at the next look, by whichever process it was destroyed.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar
from uuid import UUID

import structlog

from recordings import keystore
from recordings.models import Recording, Stream

log = structlog.get_logger(__name__)
T = TypeVar("T")

KEPT = 1024
# Keys that could not be had at the last look, and why: looked at every 2 s by every process, said once.
_away: dict[UUID, str] = {}


def mac_of(recording: Recording) -> bytes | None:
    """The recording's MAC key; None while it cannot be had."""
    return _had(_mac, recording, recording.uuid)


def recipient_of(recording: Recording, stream: Stream) -> str | None:
    """The public half of the stream's key; None while it cannot be had."""
    return _had(_recipient, recording, stream.uuid)


def _had(read: Callable[[UUID, UUID], T], recording: Recording, key: UUID) -> T | None:
    organization = recording.organization.uuid
    try:
        if keystore.is_destroyed(organization, key):
            raise keystore.KeyDestroyed("This key was destroyed.")
        found = read(organization, key)
    except (keystore.KeystoreError, OSError) as error:
        _say(recording, key, type(error).__name__)
        return None
    if _away.pop(key, None) is not None:
        log.info("recording_key_is_back", recording=str(recording.uuid), key=str(key))
    return found


def _say(recording: Recording, key: UUID, why: str) -> None:
    if _away.get(key) == why:
        return
    if len(_away) >= KEPT:
        _away.clear()
    _away[key] = why
    log.error("recording_key_away", recording=str(recording.uuid), key=str(key), why=why)


@lru_cache(maxsize=KEPT)
def _mac(organization: UUID, recording: UUID) -> bytes:
    return keystore.mac(organization, recording)


@lru_cache(maxsize=KEPT)
def _recipient(organization: UUID, stream: UUID) -> str:
    return str(keystore.stream_identity(organization, stream).to_public())
