"""The public page of a walk-in door, the way from it to the own place in line, and its address for the desk."""

import datetime as dt
import html
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import Organization, Patient, Practitioner
from accounts.roles import Role
from consent.models import Purpose
from consent.selectors import current_text
from consults.models import Encounter, Pool
from consults.services.pools import PoolTerms, save_pool
from scheduling.models import Appointment, PersonalLink
from tests import factories as make
from tests.open_clinic import TYPED, open_clinic

pytestmark = pytest.mark.django_db
# 11 am on a Monday in Chicago.
MONDAY = dt.datetime(2036, 8, 4, 16, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def on_monday() -> Iterator[Any]:
    with time_machine.travel(MONDAY, tick=False) as clock:
        yield clock


@pytest.fixture
def pool(clinic: Organization, doctor: Practitioner) -> Pool:
    """Open on Mondays and Tuesdays from 8 to 12."""
    hours = {0: (480, 720), 1: (480, 720)}
    terms = PoolTerms(name="Walk-in hour", members=[doctor], hours=hours, most_waiting=2, takes_walk_ins=True)
    return save_pool(actor=make.SYSTEM, organization=clinic, terms=terms)


def door(pool: Pool) -> str:
    return f"/walk-in/{pool.door_token}/"


def typed(pool: Pool, **fields: str) -> dict[str, str]:
    version = current_text(pool.organization, Purpose.TELEHEALTH).shown_as
    return {**TYPED, "reason": "a rash", "agree": "on", "version": version, **fields}


def text(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def another() -> Client:
    return Client(headers={"host": "127.0.0.1"})


def test_way_from_the_door_leads_to_the_own_visit_page(pool: Pool, stranger: Client) -> None:
    page = text(stranger.get(door(pool)))
    assert "Nobody is in line before you." in page
    assert "Open until 12:00 pm, Chicago time" in page
    back = stranger.post(door(pool), typed(pool))
    link = PersonalLink.objects.get()
    assert (back.status_code, back["Location"]) == (302, f"{door(pool)}{link.appointment.uuid}/")
    there = stranger.get(back["Location"])
    assert there["Location"] == f"/v/{link.uuid}/"
    visit = text(stranger.get(there["Location"]))
    assert "One more step, and you are in the waiting room" in visit
    assert "We send it to you by email" in visit
    assert "Is a video visit all right" not in visit
    assert "Add to your calendar" not in visit
    # Back at the door, in another tab or by the back button, is the way to the place that they have.
    assert "Rosalind has a place in line already." in text(stranger.get(door(pool)))
    assert stranger.post(door(pool), typed(pool))["Location"] == back["Location"]
    assert Encounter.objects.count() == 1


def test_what_the_browser_has_no_other_browser_opens_or_learns_of(pool: Pool, stranger: Client) -> None:
    way = stranger.post(door(pool), typed(pool))["Location"]
    other = another()
    other.get(door(pool))
    assert other.get(way).status_code == 404
    first = text(other.post(door(pool), typed(pool)))
    assert "already" not in first
    assert "already" not in text(another().get(door(pool)))
    assert Encounter.objects.count() == 2


def test_looking_makes_nothing(pool: Pool, stranger: Client) -> None:
    for method in (stranger.get, stranger.head):
        assert method(door(pool)).status_code == 200
    assert not Appointment.objects.exists()
    assert not Patient.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": "N" * 10_000}, "Enter your name in 180 letters or fewer"),
        ({"name": "\x00\x00"}, "Null characters are not allowed"),
        ({"birth_date": "2050-01-01"}, "cannot be later than today"),
        ({"phone": "x"}, "Enter a phone number"),
        ({"email": "nowhere"}, "Enter an email address"),
        ({"reason": "?!"}, "Say in a few words what it is about"),
        ({"reason": "R" * 10_000}, "Say it in 200 letters or fewer"),
        ({"agree": ""}, "Tick the box to agree to a video visit"),
    ],
)
def test_wrong_answers_are_said_beside_their_fields_and_kept(
    pool: Pool, stranger: Client, wrong: dict[str, str], words: str
) -> None:
    answer = stranger.post(door(pool), typed(pool, **wrong))
    assert answer.status_code == 422
    assert words in text(answer)
    assert "rosalind@fern.example" in text(answer) or "email" in wrong
    assert not Patient.objects.exists()


def test_words_that_changed_meanwhile_are_asked_anew(pool: Pool, stranger: Client) -> None:
    answer = stranger.post(door(pool), typed(pool, version="1999-01-01"))
    assert answer.status_code == 422
    assert "checked" not in text(answer)
    assert 'value="Rosalind Fern"' in text(answer)
    assert f'value="{typed(pool)["version"]}"' in text(answer)
    assert not Patient.objects.exists()


def test_full_line_says_so_with_the_other_ways_and_keeps_what_was_typed(pool: Pool, stranger: Client) -> None:
    open_clinic(pool.organization)
    for _ in range(2):
        another().post(door(pool), typed(pool))
    page = text(stranger.get(door(pool)))
    assert "The line is full at the moment" in page
    assert "2 people are in line, and we take no more for now." in page
    assert '<form method="post"' not in page
    assert 'href="/book/"' in page
    assert "555-0142" in page
    answer = stranger.post(door(pool), typed(pool))
    assert answer.status_code == 409
    assert 'value="Rosalind Fern"' in text(answer)
    assert Encounter.objects.count() == 2


def test_closed_door_says_when_it_opens_in_the_clinics_zone(pool: Pool, stranger: Client, on_monday: Any) -> None:
    on_monday.move_to(MONDAY + dt.timedelta(hours=2))
    page = text(stranger.get(door(pool)))
    assert "Closed now" in page
    assert "It opens tomorrow, 8:00 am, Chicago time (CDT)." in page
    on_monday.move_to(MONDAY + dt.timedelta(days=1, hours=2))
    assert "It opens Monday, 8:00 am, Chicago time (CDT)." in text(stranger.get(door(pool)))
    assert stranger.post(door(pool), typed(pool)).status_code == 409
    pool.hours.all().delete()
    assert "We cannot say yet when it opens again." in text(stranger.get(door(pool)))


def test_door_that_is_switched_off_says_so_and_one_that_is_not_there_is_not(pool: Pool, stranger: Client) -> None:
    Pool.objects.update(takes_walk_ins=False)
    assert "You need a booking at the moment" in text(stranger.get(door(pool)))
    assert stranger.get("/walk-in/no-such-door/").status_code == 404


def test_front_page_leads_to_open_doors_only(pool: Pool, stranger: Client, on_monday: Any) -> None:
    assert f'href="{door(pool)}"' in text(stranger.get("/"))
    on_monday.move_to(MONDAY + dt.timedelta(hours=2))
    assert door(pool) not in text(stranger.get("/"))


def test_one_address_comes_in_a_few_times_only(pool: Pool, stranger: Client, settings: Any) -> None:
    settings.BOOKING_TRIES = 1
    stranger.post(door(pool), typed(pool))
    answer = another().post(door(pool), typed(pool))
    assert answer.status_code == 429
    assert "too many tries" in text(answer)


def test_who_finds_the_line_full_uses_up_nobodys_day(
    pool: Pool, stranger: Client, settings: Any, on_monday: Any
) -> None:
    """One in ten minutes and three a day from one network: the lobby's, with the poster in it."""
    settings.BOOKING_TRIES = 1
    Pool.objects.update(most_waiting=1)
    assert stranger.post(door(pool), typed(pool)).status_code == 302
    Encounter.objects.update(status="arrived", arrived_at=MONDAY + dt.timedelta(minutes=45))
    for minutes in (10, 20, 30, 40):
        on_monday.move_to(MONDAY + dt.timedelta(minutes=minutes))
        assert another().post(door(pool), typed(pool)).status_code == 409
    Encounter.objects.update(status="cancelled")
    on_monday.move_to(MONDAY + dt.timedelta(minutes=50))
    assert another().post(door(pool), typed(pool)).status_code == 302


def test_board_calls_them_walk_in_and_forgets_who_did_not_go_on(
    pool: Pool, stranger: Client, doctors_browser: Client, on_monday: Any
) -> None:
    stranger.post(door(pool), typed(pool))
    board = text(doctors_browser.get(f"/staff/queue/{pool.queue.uuid}/"))
    assert '<span class="hc-qtime">Walk-in</span>' in board
    visit = Encounter.objects.get()
    sheet = text(doctors_browser.get(f"/staff/queue/visits/{visit.uuid}/"))
    assert "Walk-in, came at 11:00 am" in sheet
    assert "Did not come" not in sheet
    page = text(doctors_browser.get(f"/staff/appointments/{visit.appointment.uuid}/"))
    assert "Walk-in, came" in page
    assert "Move visit" not in page
    on_monday.move_to(MONDAY + dt.timedelta(minutes=30))
    assert "Rosalind" not in text(doctors_browser.get(f"/staff/queue/{pool.queue.uuid}/"))


def test_desk_hands_the_address_on_as_text_and_picture(
    pool: Pool, desk_browser: Client, doctors_browser: Client, sign_in: Any
) -> None:
    page = text(desk_browser.get(f"/staff/lines/{pool.uuid}/poster/"))
    assert door(pool) in page
    assert "Monday" in page
    picture = desk_browser.get(f"/staff/lines/{pool.uuid}/poster.svg")
    assert picture["Content-Type"] == "image/svg+xml"
    # Without its namespace a browser draws no picture.
    assert b'xmlns="http://www.w3.org/2000/svg"' in picture.content
    assert doctors_browser.get(f"/staff/lines/{pool.uuid}/poster/").status_code == 404
    assert f"/staff/lines/{pool.uuid}/poster/" in text(desk_browser.get(f"/staff/queue/{pool.queue.uuid}/"))
    admin = sign_in(make.make_user(pool.organization, Role.ADMINISTRATOR))
    assert f"/staff/lines/{pool.uuid}/poster/" in text(admin.get(f"/staff/lines/{pool.uuid}/"))


def test_giving_up_the_place_by_the_link_says_so_in_plain_words(pool: Pool, stranger: Client) -> None:
    stranger.get(stranger.post(door(pool), typed(pool))["Location"])
    link = PersonalLink.objects.get()
    assert "Give up your place in line?" in text(stranger.get(f"/v/{link.uuid}/cancel/"))
    stranger.post(f"/v/{link.uuid}/cancel/")
    page = text(stranger.get(f"/v/{link.uuid}/"))
    assert "You came without a booking: Monday 4 August, 11:00 am." in page
    assert "It was planned for" not in page
