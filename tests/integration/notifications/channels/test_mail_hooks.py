"""What providers of mail post, in their own shapes; and what others post who are not them."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as some

from audit.models import AuditEvent
from notifications.lifecycle import MessageStatus
from notifications.models import BadAddress, Message, MessageEvent, OptOut
from notifications.providers import Mail
from tests.integration.notifications.channels.outbox import KIND, fresh, sent, under_way

pytestmark = pytest.mark.django_db
SECRET = "house:0123456789abcdefghij"
PATH = "/hooks/mail/"


def use(settings: Any, provider: str, **keys: Any) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": [SECRET], **keys}
    settings.MAIL = Mail(f"anymail.backends.{provider}.EmailBackend", provider, settings.ANYMAIL)


@pytest.fixture(autouse=True)
def postmark(settings: Any) -> None:
    use(settings, "postmark", POSTMARK_SERVER_TOKEN="token")


def post(body: Any, secret: str | None = SECRET) -> HttpResponse:
    headers = {"Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"} if secret is not None else {}
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    return client.post(PATH, raw, content_type="application/json", headers=headers)  # type: ignore[return-value]


def bounce(kind: str = "HardBounce", **fields: Any) -> dict[str, Any]:
    return {"RecordType": "Bounce", "Type": kind, "ID": 42, "MessageID": "abc-1", "Email": "ana@example.org", **fields}


DELIVERY = {"RecordType": "Delivery", "MessageID": "abc-1", "Recipient": "ana@example.org"}
COMPLAINT = {**bounce("SpamComplaint"), "RecordType": "SpamComplaint"}


def test_delivered_is_delivered_and_counts_once() -> None:
    message = sent()
    assert [post(DELIVERY).status_code for _ in range(2)] == [200, 200]
    assert fresh(message).status == MessageStatus.DELIVERED
    assert [event.what for event in message.events.all()] == ["delivered"]


def test_mail_that_comes_back_goes_by_the_next_channel() -> None:
    message = sent()
    post(DELIVERY)
    for _ in range(2):
        assert post(bounce()).status_code == 200
    found = fresh(message)
    assert (found.status, found.reason) == (MessageStatus.FAILED, "bounced")
    assert BadAddress.objects.get().address == "ana@example.org"
    assert Message.objects.get(instead_of=message).channel == "sms"
    event = AuditEvent.objects.get(action="notifications.notice.take")
    assert event.detail == {"what": "bounced", "provider": "postmark"}
    assert "ana" not in json.dumps([list(MessageEvent.objects.values_list("detail")), event.detail])


@pytest.mark.parametrize("kind", ["SoftBounce", "VirusNotification", "Blocked"])
def test_mail_that_did_not_arrive_this_time_blames_no_address(kind: str) -> None:
    message = sent()
    post(bounce(kind))
    assert (fresh(message).status, fresh(message).reason) == (MessageStatus.FAILED, "undelivered")
    assert not BadAddress.objects.exists()


@pytest.mark.parametrize("kind", ["Transient", "AutoResponder", "DnsError", "Unknown", "madeup"])
def test_what_is_not_final_changes_nothing(kind: str) -> None:
    message = sent()
    body = bounce(kind)
    if kind == "madeup":
        body["RecordType"] = kind
    assert post(body).status_code == 200
    assert fresh(message).status == MessageStatus.SENT


def test_complaint_keeps_all_further_mail_back() -> None:
    message = sent()
    assert post(COMPLAINT).status_code == 200
    assert fresh(message).status == MessageStatus.SENT
    assert BadAddress.objects.get().why == "complained"
    assert not Message.objects.filter(instead_of=message).exists()


def test_unsubscribing_at_the_provider_is_unsubscribing() -> None:
    message = sent()
    body = {
        "RecordType": "SubscriptionChange",
        "MessageID": "abc-1",
        "SuppressSending": True,
        "SuppressionReason": "ManualSuppression",
    }
    for _ in range(2):
        assert post(body).status_code == 200
    row = OptOut.objects.get()
    assert (row.patient_id, row.group, row.channel) == (message.patient_id, KIND.group.value, "email")


def test_notice_that_is_faster_than_our_own_note_is_not_lost() -> None:
    message = under_way("email")
    assert post({**DELIVERY, "MessageID": "abc-9", "Metadata": {"key": message.key}}).status_code == 200
    found = fresh(message)
    assert (found.status, found.provider, found.provider_id) == (MessageStatus.DELIVERED, "postmark", "abc-9")
    assert found.address == "ana@example.org"


def test_notice_about_nothing_of_ours_is_taken_and_left() -> None:
    message = sent(provider="mailgun")
    assert post(DELIVERY).status_code == 200
    assert post(bounce(MessageID="abc-2")).status_code == 200
    assert fresh(message).status == MessageStatus.SENT
    assert not MessageEvent.objects.exists()


@pytest.mark.parametrize("secret", [None, "", "house:wrong", "house", ":", "x" * 3000])
def test_forged_notice_has_no_effect_and_is_written_down(secret: str | None) -> None:
    message = sent()
    assert post(bounce(), secret).status_code == 403
    assert fresh(message).status == MessageStatus.SENT
    assert not BadAddress.objects.exists()
    assert AuditEvent.objects.get(outcome="refused").detail == {"hook": "mail"}


def test_without_a_secret_nothing_is_here(settings: Any) -> None:
    message = sent()
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "token"}
    assert post(bounce()).status_code == 404
    settings.MAIL = Mail("django.core.mail.backends.smtp.EmailBackend")
    assert post(bounce()).status_code == 404
    assert fresh(message).status == MessageStatus.SENT


def test_provider_that_looks_whether_anybody_is_here_is_answered() -> None:
    assert (Client().head(PATH).status_code, Client().get(PATH).status_code) == (200, 405)


def mailgun(key: str, event: str, **data: Any) -> dict[str, Any]:
    proof = hmac.new(key.encode(), b"1700000000token", hashlib.sha256).hexdigest()
    return {
        "signature": {"timestamp": "1700000000", "token": "token", "signature": proof},
        "event-data": {"event": event, "id": "event-1", "timestamp": 1700000000.5, **data},
    }


def test_signature_of_the_provider_is_asked_for_besides_the_secret(settings: Any) -> None:
    use(settings, "mailgun", MAILGUN_API_KEY="key", MAILGUN_WEBHOOK_SIGNING_KEY="sign")
    message = sent(provider="mailgun", provider_id="<abc@mail.example>")
    data = {"message": {"headers": {"message-id": "abc@mail.example"}}, "severity": "permanent", "reason": "bounce"}
    assert post(mailgun("other", "failed", **data)).status_code == 403
    assert post(mailgun("sign", "failed", **data), secret="house:wrong").status_code == 403
    assert fresh(message).status == MessageStatus.SENT
    assert post(mailgun("sign", "failed", **data)).status_code == 200
    assert fresh(message).status == MessageStatus.FAILED


def test_several_notices_in_one_post_count_each(settings: Any) -> None:
    use(settings, "sparkpost", SPARKPOST_API_KEY="key")
    messages = [sent(provider="sparkpost", provider_id=f"id-{number}") for number in range(3)]
    body = [
        {"msys": {"message_event": {"type": "delivery", "event_id": f"e-{number}", "transmission_id": f"id-{number}"}}}
        for number in range(3)
    ]
    assert post([*body, body[0]]).status_code == 200
    assert {fresh(message).status for message in messages} == {MessageStatus.DELIVERED}
    assert MessageEvent.objects.count() == 3


def test_key_that_is_missing_lets_nobody_in(settings: Any) -> None:
    use(settings, "mailersend", MAILERSEND_API_TOKEN="t")
    assert post({}).status_code == 403


PROVIDERS: dict[str, dict[str, str]] = {
    "brevo": {},
    "mailgun": {"MAILGUN_API_KEY": "k"},
    "mailjet": {},
    "mailtrap": {},
    "mandrill": {"MANDRILL_WEBHOOK_KEY": "k"},
    "postmark": {},
    "resend": {},
    "sparkpost": {},
    "unisender_go": {"UNISENDER_GO_API_KEY": "k"},
}
JSON = some.recursive(
    some.none() | some.booleans() | some.integers(-5, 5) | some.text(max_size=8),
    lambda inner: some.lists(inner, max_size=3)
    | some.dictionaries(
        some.sampled_from(
            ["event", "MessageID", "RecordType", "Type", "Metadata", "signature", "event-data", "msys", "events",
             "type", "data", "timestamp", "message-id", "id", "key", "email"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=8,
)  # fmt: skip


@pytest.mark.parametrize("provider", PROVIDERS)
@how(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=some.one_of(JSON.map(lambda value: json.dumps(value).encode()), some.binary(max_size=60)))
def test_nonsense_behind_the_secret_is_a_clean_answer(settings: Any, provider: str, body: bytes) -> None:
    use(settings, provider, **PROVIDERS[provider])
    assert post(body).status_code in {200, 400, 403}
