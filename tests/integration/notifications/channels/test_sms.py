"""Text messages to a Twilio on this machine, and by Apprise, as they answer and as they fail."""

import json
import threading
from typing import Any

import pytest
from twilio.http.response import Response

from notifications.channels import NotTaken, Parcel
from notifications.channels.sms import AppriseCarrier, QuickHttpClient, TwilioCarrier
from notifications.models import Stop
from notifications.providers import AppriseAddress, TwilioAccount
from tests import factories
from tests.integration.notifications.channels.fakes import Says, Web
from tests.integration.notifications.channels.parcels import parcel
from tests.ports import free_port

SID, TOKEN = "AC" + "1" * 32, "2" * 32
NUMBER = "+15550100000"


class LocalClient(QuickHttpClient):
    """Asks this machine instead of Twilio."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.port = port

    def request(self, method: str, url: str, *args: Any, **fields: Any) -> Response:
        local = url.replace("https://api.twilio.com", f"http://127.0.0.1:{self.port}")
        assert local != url
        return super().request(method, local, *args, **fields)


@pytest.fixture
def account(settings: Any) -> None:
    settings.SMS = TwilioAccount(SID, TOKEN, NUMBER)
    settings.HTTPS, settings.BASE_URL = True, "https://clinic.example"


def text(**fields: Any) -> Parcel:
    return parcel("sms", **{"to": "+15550100001", "subject": "", **fields})


def accepted(**fields: Any) -> Says:
    return Says(201, json.dumps({"sid": "SM" + "3" * 32, "status": "queued", **fields}).encode())


def carry(web: Web, one: Parcel | None = None) -> Any:
    return TwilioCarrier(LocalClient(web.port)).carry(one or text())


def refused(web: Web, one: Parcel | None = None) -> NotTaken:
    with pytest.raises(NotTaken) as caught:
        carry(web, one)
    return caught.value


def test_text_is_taken_by_twilio(web: Web, account: None) -> None:
    web.answer = lambda asked: accepted()
    receipt = carry(web)
    assert (receipt.provider, receipt.provider_id) == ("twilio", "SM" + "3" * 32)
    [asked] = web.asked
    assert asked.path == f"/2010-04-01/Accounts/{SID}/Messages.json"
    assert asked.form == {
        "To": "+15550100001",
        "From": NUMBER,
        "Body": "Video visit from home: Thursday 3 September.",
        "StatusCallback": "https://clinic.example/hooks/twilio/status/?key=0123456789abcdef0123456789abcdef-1",
    }
    assert asked.headers["authorization"].startswith("Basic ")


def test_messaging_service_chooses_the_number_and_without_https_nobody_is_called_back(
    web: Web, account: None, settings: Any
) -> None:
    settings.SMS, settings.HTTPS = TwilioAccount(SID, TOKEN, "MG" + "4" * 32), False
    web.answer = lambda asked: accepted()
    carry(web)
    assert set(web.asked[0].form) == {"To", "MessagingServiceSid", "Body"}


@pytest.mark.parametrize(
    ("status", "code", "why", "for_good", "is_down"),
    [
        (400, 21211, "bad_address", True, False),
        (400, 21614, "bad_address", True, False),
        (400, 21617, "refused", True, False),
        (400, 99999, "refused", True, False),
        (400, 21606, "provider_setup", False, True),
        (401, 20003, "provider_setup", False, True),
        (404, 20404, "provider_setup", False, True),
        (500, 20500, "provider_down", False, True),
    ],
)
def test_what_twilio_says_no_to(
    web: Web, account: None, status: int, code: int, why: str, for_good: bool, is_down: bool
) -> None:
    body = {"code": code, "message": "The number +15550100001", "status": status}
    web.answer = lambda asked: Says(status, json.dumps(body).encode())
    answer = refused(web)
    assert (answer.why, answer.for_good, answer.is_down) == (why, for_good, is_down)
    assert "555" not in repr(answer)


def test_twilio_that_has_too_much_to_do_says_how_long_to_wait(web: Web, account: None) -> None:
    web.answer = lambda asked: Says(429, b'{"code": 20429}', {"Retry-After": "11"})
    answer = refused(web)
    assert (answer.why, answer.is_down, answer.wait) == ("provider_busy", True, 11.0)


@pytest.mark.django_db
def test_who_told_twilio_to_stop_is_not_asked_again(web: Web, account: None) -> None:
    clinic = factories.make_organization()
    web.answer = lambda asked: Says(400, b'{"code": 21610, "message": "unsubscribed", "status": 400}')
    answer = refused(web, text(organization_id=clinic.pk))
    assert (answer.why, answer.for_good) == ("stopped", True)
    assert Stop.objects.get().phone == "+15550100001"


@pytest.mark.parametrize(
    "said",
    [
        Says(200, b"<html>Welcome to our hotel</html>"),
        Says(201, b"[]"),
        Says(201, b"null"),
        Says(201, b'{"status": "queued"}'),
        Says(201, b'{"sid": {"a": 1}, "status": "queued"}'),
        Says(201, b"\xff\xfe\x00"),
        Says(400, b"no json"),
    ],
)
def test_garbage_is_no_yes(web: Web, account: None, said: Says) -> None:
    web.answer = lambda asked: said
    answer = refused(web)
    assert not answer.is_down
    assert answer.why in {"garbled", "refused"}


def test_twilio_that_takes_and_fails_at_once_has_refused(web: Web, account: None) -> None:
    web.answer = lambda asked: accepted(status="failed")
    assert refused(web).for_good


def test_twilio_that_is_slow_or_away_is_down(web: Web, account: None, settings: Any) -> None:
    settings.MESSAGE_TIMEOUT = 0.3
    web.hold = threading.Event()
    answer = refused(web)
    assert (answer.why, answer.is_down) == ("timeout", True)
    with pytest.raises(NotTaken) as caught:
        TwilioCarrier(LocalClient(free_port())).carry(text())
    assert (caught.value.why, caught.value.is_down) == ("provider_down", True)


@pytest.fixture
def apprise(web: Web, settings: Any) -> AppriseCarrier:
    settings.SMS = AppriseAddress(f"json://127.0.0.1:{web.port}/sms/{{to}}")
    return AppriseCarrier()


def test_text_goes_by_apprise_without_a_receipt(web: Web, apprise: AppriseCarrier) -> None:
    receipt = apprise.carry(text())
    assert (receipt.provider, receipt.provider_id) == ("apprise", "")
    assert web.asked[0].path.replace("%2B", "+").rstrip("/") == "/sms/+15550100001"
    assert json.loads(web.asked[0].body)["message"] == text().text


@pytest.mark.parametrize("status", [400, 429, 500])
def test_no_by_apprise_is_tried_again(web: Web, apprise: AppriseCarrier, status: int) -> None:
    web.answer = lambda asked: Says(status)
    with pytest.raises(NotTaken) as caught:
        apprise.carry(text())
    assert (caught.value.why, caught.value.for_good, caught.value.is_down) == ("not_now", False, False)


def test_slow_apprise_is_left_in_time(web: Web, apprise: AppriseCarrier, settings: Any) -> None:
    settings.MESSAGE_TIMEOUT = 0.3
    web.hold = threading.Event()
    with pytest.raises(NotTaken) as caught:
        apprise.carry(text())
    assert (caught.value.why, caught.value.is_down) == ("timeout", True)


def test_apprise_writes_no_number_into_the_log(web: Web, apprise: AppriseCarrier, capfd: Any) -> None:
    web.answer = lambda asked: Says(500)
    with pytest.raises(NotTaken):
        apprise.carry(text())
    told = capfd.readouterr()
    assert "5550100001" not in told.out + told.err
