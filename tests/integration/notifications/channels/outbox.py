"""Messages in the outbox for the tests of what providers tell of them. Holds no test."""

from typing import Any

from core.clock import now
from core.ids import new_uuid
from notifications.kinds import Group, Kind, Letter
from notifications.lifecycle import MessageStatus
from notifications.models import Channel, Message
from tests import factories


def _letter(*_: Any) -> Letter:
    return Letter({})


KIND = Kind("tests.told", "Told", Group.VISIT, _letter, _letter, channels=(Channel.EMAIL, Channel.SMS))


def sent(channel: str = "email", provider: str = "postmark", provider_id: str = "abc-1", **fields: Any) -> Message:
    """A message that a provider has."""
    patient = fields.pop("patient", None) or factories.make_patient(email="ana@example.org", phone="+15550100001")
    address = patient.email if channel == "email" else patient.phone
    usual: dict[str, Any] = {
        "organization": patient.organization,
        "patient": patient,
        "kind": KIND.name,
        "about": new_uuid(),
        "channel": channel,
        "status": MessageStatus.SENT,
        "due_at": now(),
        "next_at": now(),
        "too_late_at": now() + KIND.keeps,
        "address": address,
        "provider": provider,
        "provider_id": provider_id,
        "sent_at": now(),
    }
    return Message.objects.create(**{**usual, **fields})


def under_way(channel: str = "sms", **fields: Any) -> Message:
    """A message that a worker has handed over, or was about to when it died."""
    state = {"status": MessageStatus.SENDING, "claim": "c" * 32, "attempts": 1, "sent_at": None, "address": ""}
    return sent(channel, "", "", **{**state, **fields})


def fresh(message: Message) -> Message:
    message.refresh_from_db()
    return message
