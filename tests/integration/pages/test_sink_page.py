"""The demo shows what would have been sent; elsewhere there is no such page."""

import pytest
from django.test import Client

from accounts.models import Organization
from accounts.policy import action_of_route, policies_of
from notifications.models import SunkMessage
from notifications.sink_urls import urlpatterns
from tests import factories as make

pytestmark = pytest.mark.django_db
PAGE = "/staff/messages/sink/"


@pytest.fixture
def demo(settings: object) -> None:
    settings.ROOT_URLCONF = "tests.demo_urls"  # type: ignore[attr-defined]


def sunk(clinic: Organization, **fields: object) -> SunkMessage:
    number = SunkMessage.objects.count()
    fields = {"channel": "email", "address": "rosalind@fern.example", "text": "Come at 9:20 am", **fields}
    return SunkMessage.objects.create(key=f"key-{number}", organization=clinic, **fields)


def test_house_that_is_no_demo_has_no_such_page(desk_browser: Client) -> None:
    assert desk_browser.get(PAGE).status_code == 404
    assert PAGE not in desk_browser.get("/staff/messages/").content.decode()


@pytest.mark.usefixtures("demo")
def test_what_would_have_been_sent_is_shown_newest_first(desk_browser: Client, clinic: Organization) -> None:
    assert "Nothing yet" in desk_browser.get(PAGE).content.decode()
    sunk(clinic, subject="Your visit", html="<html><head></head><body>Hello</body></html>", files=["visit.ics"])
    sunk(clinic, channel="sms", address="+13125550171", text="Open http://127.0.0.1:8000/v/a/#b", times=2)
    sunk(clinic, channel="push", address="7", subject="You may be next", text="Open the page")
    page = desk_browser.get(PAGE).content.decode()
    assert page.index("You may be next") < page.index("+13125550171") < page.index("Your visit")
    for words in ("visit.ics", 'href="http://127.0.0.1:8000/v/a/#b"', "Handed over 2 times, taken once", "hc-push"):
        assert words in page
    assert "Your visit" not in desk_browser.get(f"{PAGE}?channel=sms").content.decode()
    answer = desk_browser.get(f"{PAGE}email/?key=key-0")
    assert "Hello" in answer.content.decode()
    assert "sandbox" in answer["Content-Security-Policy"]


@pytest.mark.usefixtures("demo")
def test_other_clinics_messages_are_not_there(desk_browser: Client, clinic: Organization) -> None:
    sunk(make.make_organization(), subject="Theirs")
    assert "Theirs" not in desk_browser.get(PAGE).content.decode()
    assert desk_browser.get(f"{PAGE}email/?key=key-0").status_code == 404


@pytest.mark.usefixtures("demo")
def test_strangers_see_no_sink(stranger: Client, clinic: Organization) -> None:
    assert stranger.get(PAGE).status_code == 302


@pytest.mark.usefixtures("demo")
def test_long_list_has_pages(desk_browser: Client, clinic: Organization) -> None:
    for _ in range(25):
        sunk(clinic, channel="sms")
    page = desk_browser.get(f"{PAGE}?channel=sms").content.decode()
    assert page.count('class="hc-bubble"') == 20
    assert "?channel=sms&amp;page=2" in page


def test_every_route_of_the_sink_has_a_policy() -> None:
    for route in urlpatterns:
        action = action_of_route(route.name, route.callback)
        assert action
        assert policies_of(action)
