"""A visit's page shows its messages: what, which way, when, and what became of them."""

import datetime as dt

import pytest
from django.test import Client

from accounts.models import Organization, Practitioner
from core.clock import now
from core.templatetags.ui import clock_time, near_day
from notifications.models import MessageEvent
from scheduling.models import Appointment
from tests import factories as make
from tests import told

pytestmark = pytest.mark.django_db
ZONE = "America/Chicago"


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    told.install(monkeypatch)


@pytest.fixture
def visit(clinic: Organization, doctor: Practitioner) -> Appointment:
    patient = make.make_patient(clinic, email="rosalind@fern.example")
    with told.untold():
        return make.make_appointment(patient=patient, practitioner=doctor, starts_at=now() + dt.timedelta(days=3))


def section_of(client: Client, visit: Appointment) -> str:
    page = client.get(f"/staff/appointments/{visit.uuid}/").content.decode()
    return " ".join(page.partition('id="messages"')[2].partition("</section>")[0].split())


def test_visit_that_nothing_was_sent_about_says_so(desk_browser: Client, visit: Appointment) -> None:
    visit_messages = section_of(desk_browser, visit)
    assert "Nothing was sent about this visit, and nothing is planned." in visit_messages


def test_waiting_message_says_when_it_goes_out(desk_browser: Client, visit: Appointment) -> None:
    due = now() + dt.timedelta(days=2)
    told.make_message(visit, kind=told.REMINDER.name, status="waiting", due_at=due)
    found = section_of(desk_browser, visit)
    assert "Day before" in found
    assert f'Goes out {near_day(due, ZONE)} at <span class="hc-nowrap">{clock_time(due, ZONE)}</span>' in found


def test_message_that_is_due_goes_out_now(desk_browser: Client, visit: Appointment) -> None:
    told.make_message(visit, status="waiting")
    assert "Goes out now" in section_of(desk_browser, visit)


def test_delivered_message_says_when_and_how_it_went(desk_browser: Client, visit: Appointment) -> None:
    at = now()
    message = told.make_message(visit, status="delivered", sent_at=at, delivered_at=at, channel="sms")
    MessageEvent.objects.create(message=message, what="refused", detail="timeout", at=at - dt.timedelta(minutes=2))
    found = section_of(desk_browser, visit)
    assert f'Delivered today at <span class="hc-nowrap">{clock_time(at, ZONE)}</span>' in found
    assert "Text message" in found
    assert "Not taken, to be tried again: The provider took too long to answer." in found


def test_failed_message_says_why_and_the_desk_can_send_it_again(
    desk_browser: Client, doctors_browser: Client, visit: Appointment
) -> None:
    message = told.make_message(visit, reason="provider_down")
    path = f"/staff/messages/{message.uuid}/again/?back=visit"
    found = section_of(desk_browser, visit)
    assert "The provider did not answer." in found
    assert path in found
    # Who treats sees what happened; sending is the desk's.
    found = section_of(doctors_browser, visit)
    assert "The provider did not answer." in found
    assert path not in found


def test_skipped_message_says_why(desk_browser: Client, visit: Appointment) -> None:
    told.make_message(visit, status="skipped", reason="moved")
    assert "The visit had moved; a newer message tells of it." in section_of(desk_browser, visit)


def test_kind_that_no_room_knows_any_more_is_shown_by_its_name(desk_browser: Client, visit: Appointment) -> None:
    told.make_message(visit, kind="visit.of.old", status="sent", sent_at=now())
    assert "visit.of.old" in section_of(desk_browser, visit)


def test_messages_of_other_visits_are_not_among_them(
    desk_browser: Client, visit: Appointment, doctor: Practitioner
) -> None:
    with told.untold():
        other = make.make_appointment(practitioner=doctor)
    told.make_message(other)
    assert "Visit is booked" not in section_of(desk_browser, visit)
