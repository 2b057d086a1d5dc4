"""Rooms of one for trying the line before a visit: their ids say that they are trials, and until when. No storage.

Every web process knows such an id by itself, so none closes another's; and whichever looks first after its time closes
it, also when the process that made it is gone. Nothing in such a room tells whose it is.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.utils.crypto import constant_time_compare, salted_hmac

LASTS = 40
"""Seconds: two connections are tried in turn, and the slower one gives up after 12."""
MOST = 50
"""At a time in one web process: who comes then is asked to try again in a moment."""
VERSION = 1

_SALT = "signaling.trials"


def issue(at: float | None = None) -> UUID:
    """A new id: 4 bytes of its end, 4 random ones, and 8 of HMAC over both."""
    ends = int((time.time() if at is None else at) + LASTS)
    head = ends.to_bytes(4, "big") + os.urandom(4)
    return UUID(bytes=head + _proof(head))


def goes_on(room: UUID, at: float | None = None) -> bool:
    """Whether some process of this house has made it as a trial, whose time is not over."""
    head, proof = room.bytes[:8], room.bytes[8:]
    present = time.time() if at is None else at
    # Most rooms are visits: their first bytes are hardly ever an instant of the next minute.
    if not present <= int.from_bytes(head[:4], "big") <= present + LASTS + 1:
        return False
    return constant_time_compare(proof, _proof(head))


def without_trials(rooms: Mapping[UUID, int]) -> dict[UUID, int]:
    """What a relay reports, less the trials that go on."""
    present = time.time()
    return {room: version for room, version in rooms.items() if not goes_on(room, present)}


def document(room: UUID, seats: Iterable[UUID] = ()) -> dict[str, Any]:
    """What the relay is told: the one seat waits, so that nothing is forwarded; without a seat the room is closed."""
    there = [{"seat": str(seat), "active": False, "may": ["audio"], "figures": False} for seat in seats]
    return {"room": str(room), "version": VERSION, "closed": not there, "seats": there, "recording": None}


def _proof(head: bytes) -> bytes:
    return salted_hmac(_SALT, head, algorithm="sha256").digest()[:8]
