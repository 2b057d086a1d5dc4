"""How often one person may write to the other side of the desk: as in the chat of a call, two a second."""

import time

from django.core.cache import cache
from django.utils.translation import gettext as _

from accounts.actors import Actor
from consults.models import Encounter
from core.errors import RateLimited

WINDOW_SECONDS = 10
MOST_MESSAGES = 20


def count_desk_message(actor: Actor, encounter: Encounter) -> None:
    """Raise RateLimited when this person has had their share of the present seconds."""
    key = f"consults.desk:{encounter.pk}:{actor.type}:{actor.id}:{int(time.time() // WINDOW_SECONDS)}"
    cache.add(key, 0, timeout=2 * WINDOW_SECONDS)
    try:
        count = cache.incr(key)
    except ValueError:  # A cache that is emptied under our feet.
        return
    if count > MOST_MESSAGES:
        raise RateLimited(_("That was too fast. Wait a moment and send it again."), code="rate_limited")
