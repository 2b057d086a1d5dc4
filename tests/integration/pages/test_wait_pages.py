"""The wait list as patients and the desk meet it, on plain pages: joining, answering, leaving, copying the link."""

import datetime as dt
import html
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.test import Client

from accounts.models import Organization, Patient
from core.clock import now
from scheduling.models import Appointment, PersonalLink, WaitListEntry
from scheduling.services import cancel_appointment
from scheduling.waitlinks import COOKIE_NAME, secret_for
from tests import factories
from tests.open_clinic import TYPED, OpenClinic, open_clinic

pytestmark = pytest.mark.django_db
FORM_KEY = re.compile(r'name="form_key" value="([^"]+)"')
Commits = Callable[..., AbstractContextManager[list[Callable[..., None]]]]


@pytest.fixture
def booking(clinic: Organization) -> OpenClinic:
    return open_clinic(clinic)


def text(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def join(browser: Client, booking: OpenClinic, **changes: str) -> Any:
    address = booking.times(booking.practitioner).replace("/time/", "/wait/")
    page = text(browser.get(address))
    first = now().date()
    days = {"first_day": first.isoformat(), "last_day": (first + dt.timedelta(days=30)).isoformat()}
    form = {**TYPED, **days, "window": "any", "form_key": FORM_KEY.findall(page)[0], **changes}
    return browser.post(address, form)


def free(booking: OpenClinic, commits: Commits) -> Appointment:
    starts_at = (now() + dt.timedelta(days=10)).replace(hour=16, minute=0, second=0, microsecond=0)
    visit = factories.make_appointment(practitioner=booking.practitioner, starts_at=starts_at)
    with commits(execute=True):
        cancel_appointment(actor=factories.SYSTEM, appointment=visit, reason="")
    return visit


def test_join_shows_the_place_and_its_link(booking: OpenClinic, stranger: Client) -> None:
    answer = join(stranger, booking)
    entry = WaitListEntry.objects.get()
    assert answer["Location"] == f"/wait/{entry.uuid}/"
    page = text(stranger.get(answer["Location"]))
    assert "You are on the wait list" in page
    assert f"/wait/{entry.uuid}/#{secret_for(entry)}" in page
    assert entry.patient.self_registered


def test_join_pressed_twice_joins_once(booking: OpenClinic, stranger: Client) -> None:
    address = booking.times(booking.practitioner).replace("/time/", "/wait/")
    key = FORM_KEY.findall(text(stranger.get(address)))[0]
    first, second = (join(stranger, booking, form_key=key)["Location"] for _ in range(2))
    assert first == second
    assert Patient.objects.filter(self_registered=True).count() == 1
    join(stranger, booking)
    assert WaitListEntry.objects.count() == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"last_day": "2020-01-01"}, "That day is over"),
        ({"first_day": "2036-02-01", "last_day": "2036-01-01"}, "before the first one"),
        ({"last_day": "2199-01-01"}, "within one year"),
        ({"window": "night"}, "Choose a part of the day"),
        ({"first_day": "soon"}, "Enter a day that is in the calendar"),
        ({"name": ""}, "Enter your name"),
    ],
)
def test_join_says_one_clear_thing_for_bad_input(
    booking: OpenClinic, stranger: Client, changes: dict[str, str], words: str
) -> None:
    answer = join(stranger, booking, **changes)
    assert answer.status_code == 422
    assert words in text(answer)
    assert WaitListEntry.objects.count() == 0


def test_offer_is_taken_with_one_press_and_leads_to_the_visit(
    booking: OpenClinic, stranger: Client, django_capture_on_commit_callbacks: Commits
) -> None:
    place = join(stranger, booking)["Location"]
    free(booking, django_capture_on_commit_callbacks)
    assert stranger.get(place, headers={"accept": "application/json"}).json()["state"].startswith("offered")
    page = text(stranger.get(place))
    assert "A time is free for you" in page
    assert "in Chicago time" in page or "Chicago time" in page
    page = text(stranger.post(f"{place}answer/", {"answer": "yes"}, follow=True))
    assert "Your visit is booked" in page
    assert f"/v/{PersonalLink.objects.get(appointment__status='booked').uuid}/#" in page


def test_offer_that_has_lapsed_says_so_and_keeps_the_place(
    booking: OpenClinic, stranger: Client, django_capture_on_commit_callbacks: Commits
) -> None:
    place = join(stranger, booking)["Location"]
    free(booking, django_capture_on_commit_callbacks)
    Appointment.objects.filter(status="proposed").update(held_until=now() - dt.timedelta(seconds=1))
    answer = stranger.post(f"{place}answer/", {"answer": "yes"})
    assert answer.status_code == 409
    assert "went on to the next person. You keep your place." in text(answer)
    assert "You are on the wait list" in text(stranger.get(place))


def test_place_of_another_is_opened_by_its_secret_only(booking: OpenClinic, stranger: Client) -> None:
    place = join(stranger, booking)["Location"]
    entry = WaitListEntry.objects.get()
    other = Client(headers={"host": "127.0.0.1"})
    assert "Rosalind" not in text(other.get(place))
    assert other.post(f"{place}open/", {"secret": "wrong"}).status_code == 404
    assert other.post(f"{place}answer/", {"answer": "yes"}).status_code == 404
    assert other.post(f"{place}open/", {"secret": secret_for(entry)}).status_code == 204
    assert other.cookies[COOKIE_NAME]["path"] == place
    assert "You are on the wait list" in text(other.get(place))


def test_leaving_asks_first(booking: OpenClinic, stranger: Client) -> None:
    place = join(stranger, booking)["Location"]
    assert "Leave the wait list?" in text(stranger.get(f"{place}leave/"))
    page = text(stranger.post(f"{place}leave/", follow=True))
    assert "You are off the wait list" in page


def test_desk_sees_whom_to_tell_and_their_link_and_takes_them_off(
    booking: OpenClinic, stranger: Client, desk_browser: Client, django_capture_on_commit_callbacks: Commits
) -> None:
    join(stranger, booking)
    free(booking, django_capture_on_commit_callbacks)
    entry = WaitListEntry.objects.get()
    page = text(desk_browser.get("/staff/wait-list/"))
    assert "Tell them:" in page
    assert "555-0171" in page
    assert f"#{secret_for(entry)}" not in page
    page = text(desk_browser.get(f"/staff/wait-list/{entry.uuid}/"))
    assert f"/wait/{entry.uuid}/#{secret_for(entry)}" in page
    desk_browser.post(f"/staff/wait-list/{entry.uuid}/remove/")
    entry.refresh_from_db()
    assert entry.status == "left"


def test_desk_says_who_booked_by_themselves_on_plain_pages(
    booking: OpenClinic, stranger: Client, desk_browser: Client
) -> None:
    known = factories.make_patient(
        booking.organization, given_name="Rosalind", family_name="Fern", birth_date=dt.date(1948, 5, 3)
    )
    join(stranger, booking)
    typed = Patient.objects.get(self_registered=True)
    assert "Rosalind Fern" in text(desk_browser.get("/staff/patients/unsorted/"))
    there = f"/staff/patients/{typed.uuid}/sort/"
    assert "the same" in text(desk_browser.get(there))
    page = text(desk_browser.post(there, {"answer": "same", "into": str(known.uuid)}, follow=True))
    assert "Rosalind Fern is Rosalind Fern" in page
    assert desk_browser.post(there, {"answer": "new"}).status_code == 409
    desk_browser.post(there, {"answer": "undo"})
    assert desk_browser.post(there, {"answer": "same", "into": "nobody"}).status_code == 404
    desk_browser.post(there, {"answer": "new"})
    typed.refresh_from_db()
    assert not typed.self_registered
    assert "Everybody is known" in text(desk_browser.get("/staff/patients/unsorted/"))


def test_visit_page_of_the_desk_leads_to_saying_who_it_is(booking: OpenClinic, desk_browser: Client) -> None:
    visit = factories.make_appointment(practitioner=booking.practitioner, organization=booking.organization)
    assert visit.patient is not None
    page = f"/staff/appointments/{visit.uuid}/"
    assert "Say who it is" not in text(desk_browser.get(page))
    Patient.objects.update(self_registered=True)
    assert "Say who it is" in text(desk_browser.get(page))
