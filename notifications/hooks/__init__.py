"""Reading what providers post to us: whether it is theirs, and what it means. No database here."""

from dataclasses import dataclass
from enum import StrEnum


class What(StrEnum):
    """What became of a message, in our words."""

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    # Nobody's address, or nobody's any more.
    BOUNCED = "bounced"
    # This one did not arrive; the next may.
    UNDELIVERED = "undelivered"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"


@dataclass(frozen=True)
class Notice:
    """One provider's word about one message: known by the provider's id of it, or by our key where it repeats that."""

    provider: str
    what: What
    provider_id: str = ""
    key: str = ""
    # The provider's own number of this notice, where it has one.
    event_id: str = ""
    # A short code of the provider's, never its words.
    detail: str = ""


class Forged(Exception):  # noqa: N818  an answer, not a mistake of ours
    """Not signed by the provider."""


class Unreadable(Exception):  # noqa: N818
    """Signed perhaps, but nothing that a provider says."""
