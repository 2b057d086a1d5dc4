"""Administrators see what messages say, add words of their own, and send themselves a test."""

from dataclasses import replace

import pytest
from django.test import Client

from accounts.models import Organization
from accounts.roles import Role
from audit.models import AuditEvent
from core.errors import Invalid
from notifications import rendering
from notifications.channels import NotTaken, Parcel
from notifications.kinds import register
from notifications.models import Channel, Message, OwnWords, SunkMessage
from notifications.services.arranging import set_own_words
from tests import factories as make
from tests import told
from tests.integration.pages.conftest import SignIn

pytestmark = pytest.mark.django_db
PAGE = "/staff/messages/texts/"


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    told.install(monkeypatch)
    monkeypatch.setattr(rendering, "preview", told.preview)


@pytest.fixture
def admin(clinic: Organization, sign_in: SignIn) -> Client:
    return sign_in(make.make_user(clinic, Role.ADMINISTRATOR, email="ada@lantern.example"))


def test_email_is_shown_in_a_frame_that_may_do_nothing(admin: Client) -> None:
    page = admin.get(f"{PAGE}?kind=test.reminder&channel=email&language=es").content.decode()
    assert "Subject of Day before" in page
    assert "Day before in es" in page
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    answer = admin.get(f"{PAGE}preview/?kind=test.reminder&language=es")
    assert "Day before as it looks" in answer.content.decode()
    assert '<base target="_blank">' in answer.content.decode()
    policy = answer["Content-Security-Policy"]
    for part in ("default-src 'none'", "frame-ancestors 'self'", "form-action 'none'", "sandbox allow-popups"):
        assert part in policy
    assert "script" not in policy
    assert answer["X-Frame-Options"] == "SAMEORIGIN"


def test_text_message_and_notification_look_like_themselves(admin: Client) -> None:
    assert 'class="hc-bubble"' in admin.get(f"{PAGE}?kind=test.next&channel=sms").content.decode()
    assert 'class="hc-push"' in admin.get(f"{PAGE}?kind=test.next&channel=push").content.decode()


@pytest.mark.parametrize("query", ["", "?kind=no", "?kind=test.booked&channel=push", "?language=xx", "?channel=%00"])
def test_query_that_does_not_fit_shows_the_nearest(admin: Client, query: str) -> None:
    assert admin.get(PAGE + query).status_code == 200
    assert admin.get(f"{PAGE}preview/{query}").status_code == 200


def test_own_words_are_saved_shown_and_taken_away(clinic: Organization, admin: Client) -> None:
    path = f"{PAGE}words/?kind=test.reminder&channel=email&language=es"
    page = admin.post(path, {"words": "  Traiga   agua.\r\n\r\nGracias. "}, follow=True).content.decode()
    assert "The words are saved." in page
    row = OwnWords.objects.get(organization=clinic, kind="test.reminder", language="es")
    assert row.words == "Traiga agua.\n\nGracias."
    assert "Traiga agua." in page
    assert "Traiga" not in admin.get(f"{PAGE}?kind=test.reminder&language=en").content.decode()
    admin.post(path, {"words": " "})
    assert not OwnWords.objects.exists()
    details = AuditEvent.objects.filter(action="notifications.words.change").values_list("detail", flat=True)
    assert "agua" not in str(list(details))


def test_own_words_that_are_too_long_are_told_and_kept(clinic: Organization, admin: Client) -> None:
    response = admin.post(f"{PAGE}words/?kind=test.reminder", {"words": "a" * 601})
    assert response.status_code == 422
    page = response.content.decode()
    assert "Say it in 600 letters or fewer" in page
    assert "a" * 601 in page
    actor = make.staff_actor(Role.ADMINISTRATOR, organization=clinic)
    for wrong in ({"language": "xx"}, {"kind": "no"}, {"words": "a" * 601}):
        asked = {"kind": "test.reminder", "language": "en", "words": "x", **wrong}
        with pytest.raises(Invalid):
            set_own_words(actor=actor, organization=clinic, **asked)


def test_test_goes_to_the_administrator_who_asks(admin: Client) -> None:
    page = admin.post(f"{PAGE}test/?kind=test.reminder&language=es", follow=True).content.decode()
    assert "A test is on its way to ada@lantern.example." in page
    sunk = SunkMessage.objects.get()
    assert (sunk.address, sunk.channel, sunk.text) == ("ada@lantern.example", "email", "Day before in es")
    assert sunk.key.startswith("test-")
    assert not Message.objects.exists()
    assert AuditEvent.objects.filter(action="notifications.test.send").count() == 1


def test_test_that_the_provider_does_not_take_says_why(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    class Away:
        def carry(self, parcel: Parcel) -> None:
            raise NotTaken("provider_down", is_down=True)

    monkeypatch.setattr("notifications.services.testing.carrier_for", lambda channel: Away())
    page = admin.post(f"{PAGE}test/?kind=test.reminder", follow=True).content.decode()
    assert "The test was not sent. The provider did not answer." in page
    monkeypatch.setattr("notifications.services.testing.carrier_for", lambda channel: None)
    page = admin.post(f"{PAGE}test/?kind=test.reminder", follow=True).content.decode()
    assert "The clinic has no provider for this way." in page


def test_kind_that_is_no_email_offers_no_words_and_no_test(admin: Client) -> None:
    register(replace(told.NEXT, name="test.short", channels=(Channel.PUSH, Channel.SMS)))
    page = admin.get(f"{PAGE}?kind=test.short").content.decode()
    assert "never goes as an email" in page
    assert "Send me a test" not in page
    assert "Save these words" not in page
    assert admin.get(f"{PAGE}preview/?kind=test.short").status_code == 404
    page = admin.post(f"{PAGE}test/?kind=test.short", follow=True).content.decode()
    assert "The test was not sent. This message never goes as an email." in page
    assert admin.post(f"{PAGE}words/?kind=test.short", {"words": "Bring water."}).status_code == 422
    assert not SunkMessage.objects.exists()
    assert not OwnWords.objects.exists()
