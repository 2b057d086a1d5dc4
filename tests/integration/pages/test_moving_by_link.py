"""A patient moves and cancels their own visit by its link, within the clinic's notice, on plain pages."""

import datetime as dt
import html

import pytest
from django.test import Client

from accounts.models import Organization
from core.clock import now
from scheduling.links import COOKIE_NAME, session_cookie_for
from scheduling.models import Appointment, BookingTerms, PersonalLink
from scheduling.services import move_appointment
from tests import factories
from tests.open_clinic import TIME, TYPED, OpenClinic, far_day, free_times, hold, open_clinic

pytestmark = pytest.mark.django_db


@pytest.fixture
def booking(clinic: Organization) -> OpenClinic:
    return open_clinic(clinic)


@pytest.fixture
def booked(booking: OpenClinic, stranger: Client) -> Appointment:
    """A visit that the stranger has booked, whose link their browser has opened."""
    stranger.post(hold(stranger, booking, booking.practitioner), TYPED, follow=True)
    return Appointment.objects.get(status="booked")


def page_of(appointment: Appointment, below: str = "") -> str:
    return f"/v/{PersonalLink.objects.get(appointment=appointment).uuid}/{below}"


def text(answer: object) -> str:
    return html.unescape(answer.content.decode())  # type: ignore[attr-defined]


def test_visit_page_leads_to_moving_and_says_until_when(booked: Appointment, stranger: Client) -> None:
    page = text(stranger.get(page_of(booked)))
    assert page_of(booked, "move/") in page
    assert "You can do this here until" in page
    assert page.index("Video visit from home") < page.index("<h1")


def test_move_to_another_time_keeps_the_link_and_names_both_times(booked: Appointment, stranger: Client) -> None:
    before = booked.starts_at
    address = page_of(booked, f"move/?day={far_day()}")
    times = free_times(stranger, address)
    answer = stranger.post(address, {"time": times[4], "sequence": booked.sequence})
    assert (answer.status_code, answer["Location"]) == (302, page_of(booked))
    booked.refresh_from_db()
    assert booked.starts_at == dt.datetime.fromisoformat(times[4])
    assert booked.moved_from == before
    page = text(stranger.get(page_of(booked)))
    assert "Your visit moved." in page
    assert "The same link works then." in page


def test_cancel_pressed_on_a_page_that_shows_an_older_time_is_asked_anew(booked: Appointment, stranger: Client) -> None:
    seen = booked.sequence
    later = booked.starts_at + dt.timedelta(hours=2)
    moved = move_appointment(actor=factories.SYSTEM, appointment=booked, starts_at=later)
    answer = stranger.post(page_of(booked, "cancel/"), {"sequence": seen})
    assert answer.status_code == 409
    assert "Somebody else has changed this visit meanwhile" in text(answer)
    assert f'name="sequence" value="{moved.sequence}"' in text(answer)
    booked.refresh_from_db()
    assert booked.status == "booked"
    assert stranger.post(page_of(booked, "cancel/"), {"sequence": moved.sequence}).status_code == 302
    booked.refresh_from_db()
    assert booked.status == "cancelled"


def test_move_pressed_twice_moves_once(booked: Appointment, stranger: Client) -> None:
    address = page_of(booked, f"move/?day={far_day()}")
    [*_, last] = free_times(stranger, address)
    for _ in range(2):
        assert stranger.post(address, {"time": last, "sequence": booked.sequence}).status_code == 302
    assert Appointment.objects.get(pk=booked.pk).sequence == booked.sequence + 1


def test_own_time_is_no_obstacle_to_a_move_that_overlaps_it(booked: Appointment, stranger: Client) -> None:
    times = free_times(stranger, page_of(booked, f"move/?day={far_day()}"))
    assert booked.starts_at.isoformat() in times


def test_move_to_a_time_taken_meanwhile_is_409_with_the_nearest(
    booking: OpenClinic, booked: Appointment, stranger: Client
) -> None:
    address = page_of(booked, f"move/?day={far_day()}")
    wanted = free_times(stranger, address)[5]
    factories.make_appointment(
        practitioner=booking.practitioner,
        starts_at=dt.datetime.fromisoformat(wanted),
        organization=booking.organization,
    )
    answer = stranger.post(address, {"time": wanted, "sequence": booked.sequence})
    assert answer.status_code == 409
    assert "was just taken. Choose another time" in text(answer)
    near = TIME.findall(text(answer))
    assert near
    assert wanted not in near
    booked.refresh_from_db()
    assert booked.moved_from is None


def test_move_to_where_the_patient_has_another_visit_is_not_offered(
    booking: OpenClinic, booked: Appointment, stranger: Client
) -> None:
    address = page_of(booked, f"move/?day={far_day()}")
    wanted = free_times(stranger, address)[6]
    colleague = factories.make_practitioner(booking.organization)
    factories.make_appointment(
        patient=booked.patient, practitioner=colleague, starts_at=dt.datetime.fromisoformat(wanted)
    )
    assert wanted not in free_times(stranger, address)


def test_move_from_a_page_that_is_old_is_refused(booked: Appointment, stranger: Client) -> None:
    address = page_of(booked, f"move/?day={far_day()}")
    times = free_times(stranger, address)
    stranger.post(address, {"time": times[3], "sequence": booked.sequence})
    answer = stranger.post(address, {"time": times[7], "sequence": booked.sequence})
    assert answer.status_code == 409
    assert Appointment.objects.get(pk=booked.pk).starts_at == dt.datetime.fromisoformat(times[3])


def test_move_outside_the_hours_is_refused(booked: Appointment, stranger: Client) -> None:
    address = page_of(booked, f"move/?day={far_day()}")
    first = dt.datetime.fromisoformat(free_times(stranger, address)[0])
    answer = stranger.post(address, {"time": (first - dt.timedelta(hours=4)).isoformat()})
    assert answer.status_code == 422
    assert "That time cannot be booked" in text(answer)


@pytest.mark.parametrize("below", ["move/", "cancel/"])
def test_within_the_notice_the_page_says_until_when_and_whom_to_call(
    booked: Appointment, stranger: Client, below: str
) -> None:
    BookingTerms.objects.update(change_notice_minutes=60 * 24 * 30)
    page = text(stranger.get(page_of(booked, below)))
    assert "until" in page
    assert "555-0142" in page
    answer = stranger.post(page_of(booked, below), {"time": (booked.starts_at + dt.timedelta(days=1)).isoformat()})
    assert answer.status_code == 409
    booked.refresh_from_db()
    assert (booked.status, booked.moved_from) == ("booked", None)


def test_visit_without_a_type_is_moved_by_the_desk(booking: OpenClinic) -> None:
    appointment = factories.make_appointment(
        practitioner=booking.practitioner, organization=booking.organization, starts_at=now() + dt.timedelta(days=3)
    )
    browser = Client(headers={"host": "127.0.0.1"})
    browser.cookies[COOKIE_NAME] = session_cookie_for(appointment.links.get())
    page = text(browser.get(page_of(appointment, "move/")))
    assert "agreed with the front desk" in page
    answer = browser.post(page_of(appointment, "move/"), {"time": (now() + dt.timedelta(days=4)).isoformat()})
    assert answer.status_code == 409


def test_cancel_by_link_gives_the_time_back_and_offers_a_new_one(
    booking: OpenClinic, booked: Appointment, stranger: Client
) -> None:
    stranger.post(page_of(booked, "cancel/"))
    page = text(stranger.get(page_of(booked)))
    assert "This visit is cancelled" in page
    assert 'href="/book/"' in page
    assert booked.starts_at.isoformat() in free_times(stranger, booking.times(booking.practitioner, day=far_day()))


def test_move_page_of_another_link_does_not_exist(booking: OpenClinic, booked: Appointment) -> None:
    browser = Client(headers={"host": "127.0.0.1"})
    assert browser.get(page_of(booked, "move/")).status_code == 404
    assert browser.post(page_of(booked, "move/"), {"time": now().isoformat()}).status_code == 404
