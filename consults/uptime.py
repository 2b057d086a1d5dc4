"""Since when pages can have been heard: a house that was down takes nobody's place for silence."""

import datetime as dt

from django.core.cache import cache

from core.clock import now

KEY = "consults.up"
KEPT_S = 60 * 60
# Each web process says every 2 s that it is there; a gap longer than this was an outage.
GAP = dt.timedelta(seconds=15)


def note_up() -> None:
    """Watcher: a web process hears pages now."""
    instant = now()
    since, last = cache.get(KEY) or (instant, instant)
    cache.set(KEY, (since if instant - last <= GAP else instant, instant), KEPT_S)


def up_since() -> dt.datetime | None:
    """None where nobody can tell: then silence proves nothing."""
    found = cache.get(KEY)
    return found[0] if found else None
