"""Parcels to hand over. Holds no test."""

from typing import Any

from notifications.channels import Parcel


def parcel(channel: str = "email", to: str = "ana@example.org", **fields: Any) -> Parcel:
    """A message in made-up words."""
    usual: dict[str, Any] = {
        "key": "0123456789abcdef0123456789abcdef-1",
        "channel": channel,
        "organization_id": 1,
        "to": to,
        "language": "en",
        "subject": "Your video visit on Thursday",
        "text": "Video visit from home: Thursday 3 September.",
        "sender": "Rowan House",
    }
    return Parcel(**{**usual, **fields})
