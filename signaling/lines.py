"""Looking after the lines that somebody's page or board shows: each at most every few seconds in this process."""

from __future__ import annotations

import math
import time
from uuid import UUID

from consults import services
from consults.models import Queue

EVERY_S = 5.0
# After a restart everybody's page is silent until it has come back: nobody is sent for before.
SETTLING_S = 40.0
REST = 10
MOST_KEPT = 500

_looked: dict[UUID, float] = {}
_next_for_all = -math.inf
_settled_at = 0.0


def begin() -> None:
    """The web process has just started."""
    global _settled_at
    _settled_at = time.monotonic() + SETTLING_S


def end() -> None:
    """And it ends: nothing is left of the start for another one in the same process."""
    global _settled_at, _next_for_all
    _settled_at, _next_for_all = 0.0, -math.inf


def keep_all() -> None:
    """Looks after all lines at once, as the links' watch does every few seconds; what takes long comes less often."""
    global _next_for_all
    begun = time.monotonic()
    if begun < max(_next_for_all, _settled_at):
        return
    _next_for_all = math.inf
    try:
        services.keep_places()
    finally:
        ended = time.monotonic()
        _next_for_all = ended + max(EVERY_S, REST * (ended - begun))


def keep(queue: Queue) -> None:
    """Whoever is silent for too long leaves the line, and whoever's turn it is is sent for."""
    present = time.monotonic()
    if present < max(_next_for_all + EVERY_S, _settled_at):
        return
    if present - _looked.get(queue.uuid, -EVERY_S) < EVERY_S:
        return
    if len(_looked) >= MOST_KEPT:
        _looked.clear()
    _looked[queue.uuid] = present
    services.keep_places(queue=queue)
