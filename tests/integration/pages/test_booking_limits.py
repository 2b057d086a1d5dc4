"""How much one address may hold and book for itself, whatever browsers it has."""

import datetime as dt
import html

import pytest
import time_machine
from django.test import Client

from accounts.models import Organization
from core.clock import now
from scheduling.lifecycle import AppointmentStatus
from scheduling.models import Appointment
from tests.open_clinic import TYPED, far_day, free_times, hold, open_clinic

pytestmark = pytest.mark.django_db


def another() -> Client:
    return Client(headers={"host": "127.0.0.1"})


def text(answer: object) -> str:
    return html.unescape(answer.content.decode())  # type: ignore[attr-defined]


@pytest.mark.usefixtures("one_moment")
def test_holding_is_limited_by_address_and_says_so_with_429(
    clinic: Organization, stranger: Client, settings: object
) -> None:
    booking = open_clinic(clinic)
    settings.BOOKING_TRIES = 2  # type: ignore[attr-defined]
    for _ in range(2):
        hold(another(), booking)
    address = booking.times(day=far_day())
    answer = stranger.post(address, {"time": free_times(stranger, address)[0]})
    assert answer.status_code == 429
    assert "too many tries" in text(answer)
    assert Appointment.objects.filter(status=AppointmentStatus.PROPOSED).count() == 2


def test_booking_is_limited_by_address_and_day_whatever_browser(
    clinic: Organization, stranger: Client, settings: object
) -> None:
    booking = open_clinic(clinic, practitioners=3)
    settings.BOOKING_TRIES = 3  # type: ignore[attr-defined]
    morning = (now() + dt.timedelta(days=1)).replace(hour=2)
    with time_machine.travel(morning, tick=True) as clock:
        for place in range(9):
            browser = another()
            assert browser.post(hold(browser, booking), TYPED).status_code == 302
            clock.move_to(morning + dt.timedelta(minutes=11 * (place + 1)))
        answer = stranger.post(hold(stranger, booking), TYPED)
    assert answer.status_code == 429
    assert "Try again tomorrow" in text(answer)
    assert Appointment.objects.filter(status=AppointmentStatus.BOOKED).count() == 9
