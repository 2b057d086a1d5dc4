"""How messages leave the house: one small port, a carrier per channel behind it. Knows no kind and no rule."""

from functools import lru_cache
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from notifications.channels.parcels import NotTaken, Parcel, Receipt

__all__ = ["Carrier", "NotTaken", "Parcel", "Receipt", "carrier_for", "let_go"]


class Carrier(Protocol):
    """Hands a parcel to a provider and returns what the provider calls it, or raises NotTaken.

    It answers within `settings.MESSAGE_TIMEOUT` seconds. A provider that knows idempotency keys gets `parcel.key`.
    """

    def carry(self, parcel: Parcel) -> Receipt: ...


def carrier_for(channel: str) -> Carrier | None:
    """The carrier that settings name for the channel; None where the clinic has none."""
    return _carrier(settings.MESSAGE_CARRIERS.get(channel, ""))


def let_go(carrier: Carrier | None) -> None:
    """The batch is over: a carrier that has kept a connection for it closes it."""
    close = getattr(carrier, "close", None)
    if close is not None:
        close()


@lru_cache(maxsize=16)
def _carrier(path: str) -> Carrier | None:
    return import_string(path)() if path else None
