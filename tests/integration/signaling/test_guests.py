"""A guest's socket: it watches until the visit begins, sits after agreeing, and ends with their link."""

from typing import Any

import pytest

from accounts.actors import Actor
from consent.models import ConsentText
from consent.selectors import current_text
from consults.services.guests import agree_as_guest
from core.clock import today
from scheduling import links
from scheduling.models import Guest
from scheduling.services import add_guest, remove_guest
from tests.factories import SYSTEM
from tests.integration.signaling.house import Page, Visit, cookie, do

pytestmark = pytest.mark.django_db(transaction=True)


def invite(visit: Visit) -> Guest:
    guest = add_guest(actor=SYSTEM, appointment=visit.encounter.appointment, name="Ana Lopez", role="translator")
    return Guest.objects.select_related("link").get(pk=guest.pk)


def actor_of(guest: Guest) -> Actor:
    cookies = {links.COOKIE_NAME: links.session_cookie_for(guest.link)}
    return links.actor_for_cookie(links.path_of(guest.link), cookies)


def agree(visit: Visit, guest: Guest) -> None:
    words = current_text(visit.encounter.organization, "telehealth").version
    agree_as_guest(actor=actor_of(guest), encounter=visit.encounter, text_version=words)


def publish_new_words(visit: Visit) -> None:
    ConsentText.objects.create(
        purpose="telehealth",
        version="2099-01-01",
        language="en",
        title="Anew",
        body="Anew",
        published_on=today(visit.encounter.organization.timezone),
    )


def page_of(guest: Guest, app: Any) -> Page:
    headers = cookie(links.COOKIE_NAME, links.session_cookie_for(guest.link))
    return Page(app, f"/v/{guest.link.uuid}/ws", headers)


async def test_guest_watches_without_a_seat_until_the_visit_begins(visit: Visit, app: Any) -> None:
    guest = await do(invite, visit)
    await do(agree, visit, guest)
    await do(visit.arrive)
    await visit.patient_page(app).enter()
    page = await page_of(guest, app).open()
    welcome = await page.hello()
    assert (welcome["seat"], welcome["visit"]["seats"], welcome["chat"]) == (None, [], [])
    await page.say("connect")
    assert (await page.refused())["code"] == "no_seat"
    await do(visit.admit)
    await page.hear("visit", lambda m: m["visit"]["status"] == "in-progress")
    # Without a relay the answer says so; the seat is taken all the same.
    await page.say("connect")
    sat = await page.hear("visit", lambda m: any(seat["you"] for seat in m["visit"]["seats"]))
    assert {seat["role"] for seat in sat["visit"]["seats"]} == {"patient", "interpreter"}
    assert (await page.say_chat("Hello"))["author"] == "Ana Lopez, interpreter"


async def test_guest_who_has_not_agreed_gets_no_seat_by_any_message(visit: Visit, app: Any) -> None:
    guest = await do(invite, visit)
    await do(visit.begin)
    page = await page_of(guest, app).open()
    assert (await page.hello())["seat"] is None
    for kind, fields in {
        "connect": {},
        "media": {"mic": True, "camera": True},
        "share": {"on": True},
        "still": {"jpeg": "/9j/"},
        "chat": {"client_id": str(page.tab), "body": "x"},
    }.items():
        await page.say(kind, **fields)
        assert (await page.refused())["code"] == "no_seat"
    await do(agree, visit, guest)
    assert (await (await page_of(guest, app).open()).hello())["seat"] is not None


async def test_guest_in_the_call_stays_there_when_new_words_come_into_force(visit: Visit, app: Any) -> None:
    guest = await do(invite, visit)
    await do(agree, visit, guest)
    await do(visit.begin)
    page = await page_of(guest, app).enter()
    await do(publish_new_words, visit)
    await page.say("media", mic=False, camera=False)
    await page.hear("visit", lambda m: any(seat["you"] and not seat["mic"] for seat in m["visit"]["seats"]))
    assert (await page.say_chat("Still here"))["body"] == "Still here"


async def test_removed_guest_is_told_and_out_at_once(visit: Visit, app: Any) -> None:
    guest = await do(invite, visit)
    await do(agree, visit, guest)
    await do(visit.begin)
    patient = await visit.patient_page(app).enter()
    page = await page_of(guest, app).enter()
    await patient.hear("visit", lambda m: "interpreter" in {seat["role"] for seat in m["visit"]["seats"]})
    await do(remove_guest, actor=SYSTEM, guest=guest)
    assert await page.closed() == 4003
    await patient.hear("visit", lambda m: "interpreter" not in {seat["role"] for seat in m["visit"]["seats"]})
