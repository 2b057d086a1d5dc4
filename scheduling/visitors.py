"""Who books for themselves, or comes in without: somebody whom nobody knows, told from others by a cookie.

It counts under /book/ or /walk-in/ only, one for each, and opens nothing but the times that this very browser holds
and, for an hour, what it booked last, or its places in line. There a staff session is ignored: whoever books is asked
and answered like everybody else.
"""

import re
import secrets
from collections.abc import Mapping

from accounts.actors import Actor, session_digest
from accounts.selectors import default_organization

PATH_PREFIX = "/book/"
WALK_IN_PREFIX = "/walk-in/"
COOKIE_NAME = "hc_booking"
COOKIE_SECONDS = 2 * 60 * 60

_KEY = re.compile(r"[\w-]{32}")


def new_key() -> str:
    """What a browser's cookie holds: 192 random bits."""
    return secrets.token_urlsafe(24)


def is_key(key: str) -> bool:
    return _KEY.fullmatch(key) is not None


def visitor_for_cookie(path: str, cookies: Mapping[str, str]) -> Actor:
    """The visitor of the clinic's public booking pages; without a cookie of ours they hold nothing."""
    return visitor(cookies.get(COOKIE_NAME, ""))


def visitor(key: str) -> Actor:
    """The actor of a browser with this key."""
    clinic = default_organization()
    session = session_digest(key) if is_key(key) else ""
    return Actor("anonymous", None, "Anonymous", clinic.pk if clinic else None, frozenset(), session)
