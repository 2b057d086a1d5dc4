"""From the outbox to a real mail server: what it answers decides about one message, and never about its neighbours."""

import uuid
from typing import Any

import pytest

from notifications import providers
from notifications.channels import _carrier
from notifications.lifecycle import MessageStatus
from notifications.models import Message, Pause
from notifications.services import outbox, sending
from tests import factories, message_probe
from tests.integration.notifications.channels.fakes import Mailbox
from tests.ports import free_port

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def mail_leaves(settings: Any, monkeypatch: pytest.MonkeyPatch, mailbox: Mailbox) -> None:
    message_probe.install(monkeypatch)
    settings.MESSAGE_CARRIERS = {**settings.MESSAGE_CARRIERS, "email": providers.EMAIL}
    _carrier.cache_clear()


def put(email: str) -> Message:
    patient = factories.make_patient(email=email, phone="+15550100001")
    message = outbox.put(kind=message_probe.NAME, patient=patient, about=uuid.uuid4())
    assert message is not None
    return message


def states(messages: list[Message]) -> list[str]:
    return [Message.objects.get(pk=message.pk).status for message in messages]


def test_batch_goes_out_over_one_connection_that_is_closed_afterwards(mailbox: Mailbox) -> None:
    messages = [put(f"ana{number}@example.org") for number in range(5)]
    sending.send_due("email")
    assert states(messages) == ["sent"] * 5
    assert (len(mailbox.taken), mailbox.connections) == (5, 1)
    first = Message.objects.get(pk=messages[0].pk)
    assert (first.provider, first.provider_id) == ("smtp", f"{first.key}@clinic.example")
    sending.send_due("email")
    put("ben@example.org")
    sending.send_due("email")
    assert (len(mailbox.taken), mailbox.connections) == (6, 2)


def test_address_that_is_refused_keeps_nobody_waiting_and_is_told_by_text(mailbox: Mailbox) -> None:
    mailbox.to = {"gone@example.org": "550 nobody", "later@example.org": "450 later"}
    messages = [put(email) for email in ("gone@example.org", "later@example.org", "ana@example.org")]
    sending.send_due("email")
    assert states(messages) == ["failed", "waiting", "sent"]
    assert Message.objects.get(instead_of=messages[0]).channel == "sms"
    assert Message.objects.get(pk=messages[1].pk).reason == "not_now"


def test_server_that_is_away_pauses_the_channel_and_costs_nobody_a_try(mailbox: Mailbox, settings: Any) -> None:
    settings.EMAIL_PORT = free_port()
    messages = [put(f"ana{number}@example.org") for number in range(3)]
    sending.send_due("email")
    assert states(messages) == ["waiting"] * 3
    assert list(Message.objects.values_list("attempts", flat=True)) == [0, 0, 0]
    assert Pause.objects.get().reason == "provider_down"
    assert MessageStatus.FAILED not in states(messages)
