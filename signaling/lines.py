"""Looking after the lines that somebody's page or board shows: each at most every few seconds in this process."""

from __future__ import annotations

import time
from uuid import UUID

from consults import services
from consults.models import Queue

EVERY_S = 5.0
MOST_KEPT = 500

_looked: dict[UUID, float] = {}
_looked_at_all = -EVERY_S


def keep_all() -> None:
    """The same for all lines in one look, where many pages look at once."""
    global _looked_at_all
    present = time.monotonic()
    if present - _looked_at_all < EVERY_S:
        return
    _looked_at_all = present
    services.keep_places()


def keep(queue: Queue) -> None:
    """Whoever is silent for too long leaves the line, and whoever's turn it is is sent for."""
    present = time.monotonic()
    if present - _looked.get(queue.uuid, -EVERY_S) < EVERY_S:
        return
    if len(_looked) >= MOST_KEPT:
        _looked.clear()
    _looked[queue.uuid] = present
    services.keep_places(queue=queue)
