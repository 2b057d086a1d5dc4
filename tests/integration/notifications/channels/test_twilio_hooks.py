"""What Twilio posts, signed as Twilio signs; and what others post who are not Twilio."""

import datetime as dt
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as some
from twilio.request_validator import RequestValidator

from audit.models import AuditEvent
from core.clock import now
from notifications.lifecycle import MessageStatus
from notifications.models import BadAddress, Message, MessageEvent, Stop
from notifications.providers import TwilioAccount
from notifications.selectors.choosing import obstacle
from notifications.services.claims import claim_due, end
from tests import factories
from tests.integration.notifications.channels.outbox import KIND, fresh, sent, under_way

pytestmark = pytest.mark.django_db
SID, TOKEN = "SM" + "3" * 32, "2" * 32
HOUSE = "https://clinic.example"
STATUS, REPLY = "/hooks/twilio/status/", "/hooks/twilio/reply/"


@pytest.fixture(autouse=True)
def twilio(settings: Any) -> None:
    settings.SMS = TwilioAccount("AC" + "1" * 32, TOKEN, "+15550100000")
    settings.BASE_URL = HOUSE
    settings.ALLOWED_HOSTS = ["*"]


def post(path: str, fields: dict[str, str], signature: str | None = None, **more: Any) -> HttpResponse:
    proof = RequestValidator(TOKEN).compute_signature(HOUSE + path, fields) if signature is None else signature
    # As a browser would be checked: providers bring no token of ours.
    return Client(enforce_csrf_checks=True).post(  # type: ignore[return-value]
        path,
        urlencode(fields),
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": proof, **more},
    )


def told(status: str, sid: str = SID, path: str = STATUS, **more: str) -> HttpResponse:
    return post(path, {"MessageSid": sid, "MessageStatus": status, "To": "+15550100001", **more})


def events(message: Message) -> list[str]:
    return list(message.events.order_by("pk").values_list("what", flat=True))


def test_delivered_is_delivered() -> None:
    message = sent("sms", "twilio", SID)
    assert [told(status).status_code for status in ("queued", "sent", "delivered")] == [204, 204, 204]
    message = fresh(message)
    assert message.status == MessageStatus.DELIVERED
    assert message.delivered_at is not None
    assert events(message) == ["accepted", "accepted", "delivered"]


def test_notice_that_comes_twice_counts_once() -> None:
    message = sent("sms", "twilio", SID)
    for _ in range(3):
        assert told("undelivered", ErrorCode="30005").status_code == 204
    assert events(message) == ["bounced"]
    assert Message.objects.filter(instead_of=message).count() == 1
    assert AuditEvent.objects.filter(action="notifications.notice.take").count() == 1


@pytest.mark.parametrize(("code", "reason", "is_bad"), [("30005", "bounced", True), ("30003", "undelivered", False)])
def test_what_did_not_arrive_goes_by_the_next_channel(code: str, reason: str, is_bad: bool) -> None:
    message = sent("sms", "twilio", SID)
    told("undelivered", ErrorCode=code)
    message = fresh(message)
    assert (message.status, message.reason) == (MessageStatus.FAILED, reason)
    assert BadAddress.objects.filter(channel="sms", address="+15550100001", why="bounced").exists() is is_bad
    assert Message.objects.get(instead_of=message).channel == "email"
    assert (obstacle(KIND, message.patient, "sms") == "bounced") is is_bad


def test_what_did_not_arrive_in_time_goes_no_further() -> None:
    message = sent("sms", "twilio", SID, too_late_at=now() - dt.timedelta(minutes=1))
    told("failed")
    assert fresh(message).status == MessageStatus.FAILED
    assert not Message.objects.filter(instead_of=message).exists()


def test_delivery_that_is_told_after_the_failure_changes_nothing() -> None:
    message = sent("sms", "twilio", SID)
    told("undelivered", ErrorCode="30003")
    told("delivered")
    assert fresh(message).status == MessageStatus.FAILED
    assert events(message) == ["undelivered", "delivered"]


@pytest.mark.parametrize("status", ["accepted", "delivered"])
@pytest.mark.parametrize("state", [MessageStatus.SENDING, MessageStatus.WAITING])
def test_notice_that_is_faster_than_our_own_note_is_not_lost(status: str, state: MessageStatus) -> None:
    """Or that comes at all, where the worker died between Twilio's yes and its own note: nobody sends it again."""
    claim = "c" * 32 if state is MessageStatus.SENDING else ""
    message = under_way(status=state, claim=claim, next_at=now() - dt.timedelta(seconds=1))
    assert told(status, path=f"{STATUS}?key={message.key}").status_code == 204
    found = fresh(message)
    assert (found.provider, found.provider_id, found.address, found.claim) == ("twilio", SID, "+15550100001", "")
    assert found.status == (MessageStatus.DELIVERED if status == "delivered" else MessageStatus.SENT)
    assert claim_due("sms", 5) is None


def test_worker_that_comes_after_the_notice_writes_nothing() -> None:
    message = under_way(status=MessageStatus.WAITING, claim="", next_at=now() - dt.timedelta(seconds=1))
    claim = claim_due("sms", 5)
    assert claim is not None
    mine = claim.take(message.pk)
    assert mine is not None
    told("delivered", path=f"{STATUS}?key={message.key}")
    assert not end(mine, MessageStatus.SENT, what="sent", provider="twilio", provider_id=SID)
    assert fresh(message).status == MessageStatus.DELIVERED


def test_key_of_an_earlier_round_says_nothing_of_this_one() -> None:
    message = under_way(round=2)
    told("delivered", path=f"{STATUS}?key={message.uuid.hex}-1")
    assert fresh(message).status == MessageStatus.SENDING


def test_unknown_message_and_unknown_state_are_taken_and_left() -> None:
    message = sent("sms", "twilio", SID)
    assert told("delivered", sid="SM" + "9" * 32).status_code == 204
    assert told("daydreaming").status_code == 204
    assert told("delivered", sid="SM" + "9" * 32, path=f"{STATUS}?key={'0' * 32}-1").status_code == 204
    assert fresh(message).status == MessageStatus.SENT
    assert not MessageEvent.objects.exists()


@pytest.mark.parametrize("signature", ["", "nonsense", "é" * 28, "A" * 28, "A" * 5000])
def test_forged_notice_has_no_effect_and_is_written_down(signature: str) -> None:
    message = sent("sms", "twilio", SID)
    fields = {"MessageSid": SID, "MessageStatus": "failed", "From": "+15550100001", "Body": "STOP"}
    for path in (STATUS, REPLY):
        assert post(path, fields, signature).status_code == 403
    assert fresh(message).status == MessageStatus.SENT
    assert not MessageEvent.objects.exists()
    assert not Stop.objects.exists()
    refused = AuditEvent.objects.filter(action="notifications.notice.take", outcome="refused")
    assert sorted(event.detail["hook"] for event in refused) == ["twilio-reply", "twilio-status"]


def test_whoever_forges_without_end_fills_no_table() -> None:
    for _ in range(30):
        assert post(STATUS, {"MessageSid": SID}, "no").status_code == 403
    assert AuditEvent.objects.filter(outcome="refused").count() == 1


def test_signature_of_another_address_or_of_other_fields_does_not_count() -> None:
    message = sent("sms", "twilio", SID)
    fields = {"MessageSid": SID, "MessageStatus": "failed"}
    proof = RequestValidator(TOKEN).compute_signature(HOUSE + STATUS, fields)
    assert post(f"{STATUS}?key={message.key}", fields, proof).status_code == 403
    assert post(STATUS, {**fields, "MessageStatus": "delivered"}, proof).status_code == 403
    assert post(REPLY, fields, proof).status_code == 403
    assert fresh(message).status == MessageStatus.SENT


def test_host_header_says_nothing_of_the_address_that_is_signed() -> None:
    message = sent("sms", "twilio", SID)
    fields = {"MessageSid": SID, "MessageStatus": "delivered"}
    theirs = RequestValidator(TOKEN).compute_signature(f"https://evil.example{STATUS}", fields)
    assert post(STATUS, fields, theirs, Host="evil.example").status_code == 403
    assert post(STATUS, fields, Host="10.0.0.7:8000").status_code == 204
    assert fresh(message).status == MessageStatus.DELIVERED


def test_without_twilio_nothing_is_here(settings: Any) -> None:
    settings.SMS = None
    assert (told("delivered").status_code, reply("STOP").status_code) == (404, 404)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"MessageSid": SID},
        {"MessageStatus": "delivered"},
        {"MessageSid": "'; DROP TABLE", "MessageStatus": "delivered"},
        {"MessageSid": "SM\x00" + "3" * 31, "MessageStatus": "delivered"},
        {"MessageSid": "S" * 5000, "MessageStatus": "delivered"},
    ],
)
def test_signed_nonsense_is_refused(fields: dict[str, str]) -> None:
    assert post(STATUS, fields).status_code == 400
    assert post(REPLY, fields).status_code == 400


@how(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=some.one_of(some.binary(max_size=300), some.text(max_size=100).map(str.encode)),
    kind=some.sampled_from(
        ["application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=klingon", "application/json",
         "multipart/form-data", "multipart/form-data; boundary=x", "text/plain", ""]
    ),
    path=some.sampled_from([STATUS, REPLY, "/hooks/mail/"]),
)  # fmt: skip
def test_whatever_a_stranger_posts_is_a_clean_no(body: bytes, kind: str, path: str) -> None:
    answer = Client(raise_request_exception=False).generic("POST", path, body, content_type=kind)
    assert 400 <= answer.status_code < 500


@how(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fields=some.dictionaries(
        some.sampled_from(["MessageSid", "MessageStatus", "ErrorCode", "From", "Body", "OptOutType", "SmsSid"]),
        some.text(some.characters(exclude_categories=["Cs"]), max_size=60),
    )
)
def test_whatever_is_signed_is_answered(fields: dict[str, str]) -> None:
    assert {post(path, fields).status_code for path in (STATUS, REPLY)} <= {200, 204, 400}


# STOP and START


def reply(body: str, number: str = "+15550100001", sid: str = SID, **more: str) -> HttpResponse:
    return post(REPLY, {"MessageSid": sid, "From": number, "Body": body, **more})


@pytest.mark.parametrize(
    "body",
    ["STOP", "stop", " Stop. ", "STOPALL", "stop all", "unsubscribe", "Cancel", "END", "quit", "opt-out", "Revoke"],
)
def test_stop_holds_until_start(body: str) -> None:
    message = sent("sms", "twilio", SID)
    answer = reply(body)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/xml; charset=utf-8")
    assert answer.content == b'<?xml version="1.0" encoding="UTF-8"?><Response/>'
    assert Stop.objects.get(organization=message.organization).phone == "+15550100001"
    assert obstacle(KIND, message.patient, "sms") == "stopped"
    reply("start", sid="SM" + "4" * 32)
    assert not Stop.objects.exists()
    assert obstacle(KIND, message.patient, "sms") == ""
    actions = AuditEvent.objects.filter(action__startswith="notifications.texts").values_list("action", flat=True)
    assert sorted(actions) == ["notifications.texts.start", "notifications.texts.stop"]


@pytest.mark.parametrize("body", ["I am late", "do not stop", "stop it please", "", "STOP STOP STOP?", "¿STOP?"])
def test_other_answers_change_nothing(body: str) -> None:
    sent("sms", "twilio", SID)
    assert reply(body).status_code == 200
    assert not Stop.objects.exists()


def test_stop_holds_for_all_clinics_that_write_from_the_number() -> None:
    clinics = [factories.make_organization() for _ in range(2)]
    reply("STOP")
    assert set(Stop.objects.values_list("organization", flat=True)) >= {clinic.pk for clinic in clinics}


def test_stop_that_is_told_again_does_not_undo_a_later_start() -> None:
    sent("sms", "twilio", SID)
    reply("STOP")
    reply("START", sid="SM" + "4" * 32)
    reply("STOP")
    assert not Stop.objects.exists()
    reply("STOP", sid="SM" + "5" * 32)
    assert Stop.objects.exists()


def test_stop_that_failed_on_the_way_counts_when_it_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    sent("sms", "twilio", SID)
    with monkeypatch.context() as patch:
        patch.setattr("notifications.services.stopping.record", lambda **fields: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            reply("STOP")
    assert cache.get(f"reply:{SID}") is None
    assert not Stop.objects.exists()
    reply("STOP")
    assert Stop.objects.exists()


def test_words_of_the_account_count_as_twilio_reads_them() -> None:
    sent("sms", "twilio", SID)
    reply("ALTO", OptOutType="STOP")
    assert Stop.objects.exists()
    reply("VUELVE", sid="SM" + "4" * 32, OptOutType="START")
    assert not Stop.objects.exists()


@pytest.mark.parametrize("number", ["12345", "whatsapp:+15550100001", "+1", "client:ana", "+" + "9" * 39])
def test_stop_from_what_is_no_number_is_taken_and_left(number: str) -> None:
    sent("sms", "twilio", SID)
    assert reply("STOP", number=number).status_code == 200
    assert not Stop.objects.exists()
