"""The administrators' page of what people read while they wait, and where it is shown."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.roles import Role
from audit.models import AuditEvent
from consults.models import Encounter, WaitingText
from scheduling import links
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit() -> Encounter:
    return make.make_waiting_visit()


@pytest.fixture
def admin(visit: Encounter) -> Client:
    client = Client()
    client.force_login(make.make_user(visit.organization, Role.ADMINISTRATOR))
    return client


def shown(visit: Encounter) -> str:
    client, link = Client(), visit.appointment.links.get(guest=None)
    client.cookies[links.COOKIE_NAME] = links.session_cookie_for(link)
    return client.get(reverse("visit", kwargs={"link": link.uuid})).content.decode()


def save(admin: Client, **typed: str) -> int:
    fields = {"language": "en", "title": "To read", "body": "Drink **water**.", **typed}
    return admin.post(reverse("waiting-texts"), fields).status_code


def test_what_is_saved_is_shown_to_who_waits_and_without_it_the_usual(visit: Encounter, admin: Client) -> None:
    assert "Have your medicines next to you" in shown(visit)
    assert save(admin) == 302
    page = shown(visit)
    assert "Drink <strong>water</strong>." in page
    assert "Have your medicines next to you" not in page
    assert "Drink <strong>water</strong>." in admin.get(reverse("waiting-texts")).content.decode()
    assert save(admin, title="", body=" ") == 302
    assert "Have your medicines next to you" in shown(visit)
    assert AuditEvent.objects.filter(action="consults.reading.change").count() == 2


def test_markup_is_shown_as_text_and_links_open_elsewhere(visit: Encounter, admin: Client) -> None:
    save(admin, body="<img src=x onerror=alert(1)>\n\n[here](https://example.org/?a=1&b=2) [not](javascript:alert)")
    page = shown(visit)
    assert "<img src=x" not in page
    assert 'href="https://example.org/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer"' in page
    assert 'href="javascript' not in page


@pytest.mark.parametrize("wrong", [{"title": ""}, {"body": ""}, {"title": "x" * 81}, {"body": "x" * 4001}])
def test_what_cannot_be_saved_is_said_at_its_field_and_kept(admin: Client, wrong: dict[str, str]) -> None:
    assert save(admin, **wrong) == 422
    assert not WaitingText.objects.exists()


def test_language_that_nobody_offers_and_another_clinics_text_do_not_exist(visit: Encounter, admin: Client) -> None:
    assert save(admin, language="xx") == 404
    elsewhere = Client()
    elsewhere.force_login(make.make_user(None, Role.ADMINISTRATOR))
    save(elsewhere, title="Elsewhere")
    assert "Elsewhere" not in shown(visit)
