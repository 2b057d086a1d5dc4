"""How many wrong tries to open links are answered and recorded, and how often one address may take public times.

A right secret is never counted, nor ever refused. Guessing 256 bits needs no limit; what does is the row that each
wrong try leaves in the audit trail. What strangers may do without a secret (hold a time, book, join the wait list) is
counted by address, so that nobody takes a clinic's whole week.
"""

import contextlib
import hashlib
import time

from django.conf import settings
from django.core.cache import cache

WINDOW_SECONDS = 5 * 60
TAKING_SECONDS = 10 * 60
DAY_SECONDS = 24 * 60 * 60
MOST_PER_LINK = 10
# A held time comes back by itself; what is booked stays, so of that an address has this many shares of a day.
SHARES_A_DAY = 3
# A check tells a few times what it has found so far; so many are told by nobody who looks at the page.
MOST_CHECKS = 60
# A trial takes a relay up to 40 s.
MOST_TRIALS = 12
# More than per link: a clinic's or a family's people share one address.
MOST_PER_ADDRESS = 30


def may_fail(link: str, address: str) -> bool:
    """Count a wrong try of `link` from `address`; False when either has had its share of the present five minutes."""
    # The address first: one that is over its share leaves no more counters behind, whatever links it makes up.
    return _count("address", address) <= MOST_PER_ADDRESS and _count("link", link) <= MOST_PER_LINK


def may_check(link: str) -> bool:
    """Count what a device check of this link's page tells; False over its share of the present five minutes."""
    return _count("check", link) <= MOST_CHECKS


def may_try_line(link: str) -> bool:
    """Count a trial of the line by this link; False over its share of the present five minutes."""
    return _count("line", link) <= MOST_TRIALS


def may_take(what: str, address: str) -> bool:
    """Count a hold, a booking or a place on the wait list from `address`; False over its share of ten minutes."""
    return _count(what, address, TAKING_SECONDS) <= settings.BOOKING_TRIES


def may_keep(what: str, address: str) -> bool:
    """Count a booking or a place on the wait list from `address`; False over its share of the day."""
    return _count(f"{what}, day", address, DAY_SECONDS) <= SHARES_A_DAY * settings.BOOKING_TRIES


def give_back(what: str, address: str) -> None:
    """Of a booking that came to nothing: its share of the day is another's."""
    with contextlib.suppress(ValueError):  # A cache that was emptied under our feet.
        cache.decr(_key(f"{what}, day", address, DAY_SECONDS))


def _count(what: str, whose: str, window: int = WINDOW_SECONDS) -> int:
    key = _key(what, whose, window)
    cache.add(key, 0, timeout=2 * window)
    try:
        return cache.incr(key)
    except ValueError:  # A cache that is emptied under our feet.
        return 1


def _key(what: str, whose: str, window: int) -> str:
    # Hashed, for it may be any text of any length.
    counted = hashlib.sha256(f"{what}:{whose}".encode()).hexdigest()
    return f"scheduling.tries:{counted}:{int(time.time() // window)}"
