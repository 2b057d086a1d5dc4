"""How often one person may press the recording's buttons of one visit: each press leaves rows that stay for good."""

import time

from django.core.cache import cache
from django.utils.translation import gettext as _

from accounts.actors import Actor
from consults.models import Encounter
from core.errors import RateLimited

WINDOW_SECONDS = 60
MOST_PRESSES = 20


def count_press(actor: Actor, encounter: Encounter) -> None:
    """Raise RateLimited when this person has had their share of the present minute."""
    key = f"recordings.presses:{encounter.pk}:{actor.type}:{actor.id}:{int(time.time() // WINDOW_SECONDS)}"
    cache.add(key, 0, timeout=2 * WINDOW_SECONDS)
    try:
        count = cache.incr(key)
    except ValueError:  # A cache that is emptied under our feet.
        return
    if count > MOST_PRESSES:
        raise RateLimited(_("That was too many presses. Wait a minute, then try again."), code="recording.rate_limited")
