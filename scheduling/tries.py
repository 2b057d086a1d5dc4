"""How many wrong tries to open links are answered and recorded. A right secret is never counted, nor ever refused.

Guessing 256 bits needs no limit; what does is the row that each wrong try leaves in the audit trail.
"""

import hashlib
import time

from django.core.cache import cache

WINDOW_SECONDS = 5 * 60
MOST_PER_LINK = 10
# More than per link: a clinic's or a family's people share one address.
MOST_PER_ADDRESS = 30


def may_fail(link: str, address: str) -> bool:
    """Count a wrong try of `link` from `address`; False when either has had its share of the present five minutes."""
    # The address first: one that is over its share leaves no more counters behind, whatever links it makes up.
    return _count("address", address) <= MOST_PER_ADDRESS and _count("link", link) <= MOST_PER_LINK


def _count(what: str, whose: str) -> int:
    # Hashed, for it may be any text of any length.
    counted = hashlib.sha256(f"{what}:{whose}".encode()).hexdigest()
    key = f"scheduling.tries:{counted}:{int(time.time() // WINDOW_SECONDS)}"
    cache.add(key, 0, timeout=2 * WINDOW_SECONDS)
    try:
        return cache.incr(key)
    except ValueError:  # A cache that is emptied under our feet.
        return 1
