"""The secret addresses of calendar feeds, as links.py has them for visits. Who may read what, selectors say.

The address is asked for by programs that know no sign-in, so the secret stands in its path. It is an HMAC over the
feed's id and generation: nothing that is stored opens a feed, and a new generation closes every copy of the old one.
"""

import base64
import time
import uuid as uuids

from django.conf import settings
from django.core.cache import cache
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from core.errors import RateLimited
from scheduling.models import CalendarFeed

WINDOW_SECONDS = 5 * 60
# Calendar programs ask every few minutes; some people have five of them.
MOST_READS = 60
_SALT = "scheduling.feeds.secret"


def address_of(feed: CalendarFeed) -> str:
    """The whole address to give to a calendar program."""
    path = reverse("calendar-feed-file", kwargs={"feed": feed.uuid, "secret": secret_for(feed)})
    return f"{settings.BASE_URL.rstrip('/')}{path}"


def secret_for(feed: CalendarFeed) -> str:
    """43 letters that fit a path."""
    return _secret(feed.uuid, feed.generation, settings.SECRET_KEY)


def fits(feed: CalendarFeed | None, secret: str) -> bool:
    """Whether this secret opens the feed as it is now; as many comparisons are made for one that does not exist."""
    uuid, generation = (feed.uuid, feed.generation) if feed else (uuids.uuid4(), 0)
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    same = [constant_time_compare(secret, _secret(uuid, generation, key)) for key in keys]
    return feed is not None and feed.revoked_at is None and any(same)


def count_read(feed: CalendarFeed) -> None:
    """Raise RateLimited for a program that asks without end."""
    key = f"scheduling.feeds:{feed.pk}:{int(time.time() // WINDOW_SECONDS)}"
    cache.add(key, 0, timeout=2 * WINDOW_SECONDS)
    try:
        count = cache.incr(key)
    except ValueError:  # A cache that is emptied under our feet.
        return
    if count > MOST_READS:
        raise RateLimited(code="feed.rate_limited")


def _secret(uuid: uuids.UUID, generation: int, key: str | bytes) -> str:
    digest = salted_hmac(_SALT, f"{uuid.hex}:{generation}", secret=key, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
