"""Notifications to a push service on this machine, which reads them as a browser does (RFC 8291)."""

import base64
import json
import os
import stat
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02

from accounts.models import Patient
from notifications.channels import NotTaken, vapid
from notifications.channels.push import PushCarrier
from notifications.models import PushSubscription
from tests import factories
from tests.integration.notifications.channels.fakes import Asked, Says, Web
from tests.integration.notifications.channels.parcels import parcel

pytestmark = pytest.mark.django_db
CREATED = Says(201)


@dataclass
class Browser:
    """A browser's end of a subscription: the keys that never leave it."""

    key: ec.EllipticCurvePrivateKey
    secret: bytes
    row: PushSubscription

    def read(self, asked: Asked) -> dict[str, Any]:
        plain = http_ece.decrypt(asked.body, private_key=self.key, auth_secret=self.secret, version="aes128gcm")
        return json.loads(plain)


def web_safe(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def subscribe(patient: Patient, web: Web, name: str, host: str = "localhost") -> Browser:
    key, secret = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
    point = key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    row = PushSubscription.objects.create(
        organization=patient.organization,
        patient=patient,
        endpoint=f"https://{host}:{web.port}/{name}",
        p256dh=web_safe(point),
        auth=web_safe(secret),
    )
    return Browser(key, secret, row)


def carry(patient: Patient, **fields: Any) -> Any:
    return PushCarrier().carry(parcel("push", str(patient.pk), organization_id=patient.organization_id, **fields))


def refused(patient: Patient) -> NotTaken:
    with pytest.raises(NotTaken) as caught:
        carry(patient)
    return caught.value


def test_notification_is_read_by_the_browser_alone(push_service: Web, settings: Any) -> None:
    patient = factories.make_patient()
    browser = subscribe(patient, push_service, "one")
    push_service.answer = lambda asked: CREATED
    settings.BASE_URL = "https://clinic.example"
    receipt = carry(patient, subject="You are next", text="Open", link="https://clinic.example/v/1/#secret")
    [asked] = push_service.asked
    assert receipt.provider == "push"
    told = browser.read(asked)
    assert told == {"title": "You are next", "body": "Open", "url": "/v/1/", "tag": asked.headers["topic"]}
    assert b"next" not in asked.body
    assert (asked.headers["ttl"], asked.headers["urgency"], asked.headers["content-encoding"]) == (
        "300",
        "high",
        "aes128gcm",
    )
    assert len(asked.headers["topic"]) == 32
    assert set(asked.headers["topic"]) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert Vapid02.verify(asked.headers["authorization"])
    assert f"k={vapid.public_key()}" in asked.headers["authorization"]


@pytest.mark.parametrize(
    "link", ["https://elsewhere.example/v/1/", "//elsewhere.example/v/1/", "javascript:alert(1)", ""]
)
def test_link_that_is_not_ours_is_left_out(push_service: Web, link: str) -> None:
    patient = factories.make_patient()
    browser = subscribe(patient, push_service, "one")
    carry(patient, link=link)
    assert "url" not in browser.read(push_service.asked[0])


def test_second_try_takes_the_place_of_the_first_and_another_message_does_not(push_service: Web) -> None:
    patient = factories.make_patient()
    subscribe(patient, push_service, "one")
    for key in ("a-1", "a-1", "b-1"):
        carry(patient, key=key)
    topics = [asked.headers["topic"] for asked in push_service.asked]
    assert topics[0] == topics[1] != topics[2]


def test_every_browser_of_the_patient_is_told_and_nobody_elses(push_service: Web) -> None:
    patient = factories.make_patient()
    for name in ("one", "two"):
        subscribe(patient, push_service, name)
    subscribe(factories.make_patient(patient.organization), push_service, "another")
    carry(patient)
    assert sorted(asked.path for asked in push_service.asked) == ["/one", "/two"]


@pytest.mark.parametrize("status", [404, 410])
def test_browser_that_is_gone_is_forgotten_and_one_that_takes_it_is_enough(push_service: Web, status: int) -> None:
    patient = factories.make_patient()
    gone, here = subscribe(patient, push_service, "gone"), subscribe(patient, push_service, "here")
    push_service.answer = lambda asked: Says(status) if asked.path == "/gone" else CREATED
    assert carry(patient).provider == "push"
    assert list(PushSubscription.objects.all()) == [here.row]
    here.row.delete()
    subscribe(patient, push_service, "gone")
    answer = refused(patient)
    assert (answer.why, answer.for_good) == ("no_address", True)
    assert gone.row not in PushSubscription.objects.all()


@pytest.mark.parametrize(
    ("said", "why", "for_good"),
    [
        (Says(429, b"", {"Retry-After": "9"}), "provider_busy", False),
        (Says(500), "provider_down", False),
        (Says(400), "refused", True),
        (Says(403), "refused", True),
        (Says(307, b"", {"Location": "/elsewhere"}), "provider_down", False),
    ],
)
def test_what_a_push_service_may_answer(push_service: Web, said: Says, why: str, for_good: bool) -> None:
    """Never that the channel is down: one browser's service is nobody else's."""
    patient = factories.make_patient()
    subscribe(patient, push_service, "one")
    push_service.answer = lambda asked: said
    answer = refused(patient)
    assert (answer.why, answer.for_good, answer.is_down) == (why, for_good, False)
    assert PushSubscription.objects.count() == 1
    assert len(push_service.asked) == 1


def test_all_browsers_together_have_the_time_of_one_message(push_service: Web, settings: Any) -> None:
    patient = factories.make_patient()
    for name in ("one", "two", "three"):
        subscribe(patient, push_service, name)
    settings.MESSAGE_TIMEOUT = 0.4
    push_service.hold = threading.Event()
    assert refused(patient).why == "timeout"
    assert len(push_service.asked) == 1


def test_address_that_is_no_push_service_is_never_asked(push_service: Web, settings: Any) -> None:
    patient = factories.make_patient()
    subscribe(patient, push_service, "one")
    settings.PUSH_HOSTS = ("fcm.googleapis.com",)
    assert refused(patient).why == "no_address"
    assert push_service.asked == []
    assert not PushSubscription.objects.exists()


def test_nobody_to_tell_is_no_address(push_service: Web) -> None:
    assert refused(factories.make_patient()).for_good


def test_key_is_made_once_and_for_its_owner_alone(settings: Any, tmp_path: Path) -> None:
    settings.VAPID_KEY_FILE = tmp_path / "new" / "vapid_key.pem"
    keys: list[str] = []
    threads = [threading.Thread(target=lambda: keys.append(vapid.public_key())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(keys)) == 1
    assert stat.S_IMODE(settings.VAPID_KEY_FILE.stat().st_mode) == 0o600
    assert os.listdir(settings.VAPID_KEY_FILE.parent) == ["vapid_key.pem"]
    assert len(base64.urlsafe_b64decode(keys[0] + "=")) == 65
