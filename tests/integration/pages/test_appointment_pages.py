"""Staff pages of appointments: the list, the form with its refusals, the link to copy, cancelling."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import Organization, Patient, Practitioner
from consults.models import Encounter
from consults.services import finish_visit
from core.clock import now
from scheduling.lifecycle import AppointmentStatus
from scheduling.links import address_of
from scheduling.models import Appointment
from scheduling.services import cancel_appointment, move_appointment
from tests import factories
from tests.integration.pages.conftest import SignIn

pytestmark = pytest.mark.django_db
NEW = "/staff/appointments/new/"


@pytest.fixture
def patient(clinic: Organization) -> Patient:
    return factories.make_patient(clinic, given_name="Otto", family_name="Pepperday")


def typed(patient: Patient, practitioner: Practitioner, **changes: Any) -> dict[str, Any]:
    """What the desk types: tomorrow, 9:20 in Chicago, 20 minutes."""
    tomorrow = (now() + dt.timedelta(days=1)).astimezone(ZoneInfo("America/Chicago")).date()
    return {
        "patient": str(patient.uuid),
        "practitioner": str(practitioner.uuid),
        "on": tomorrow.isoformat(),
        "at": "09:20",
        "minutes": "20",
        "reason": "cough for two weeks",
        **changes,
    }


def test_booking_by_the_desk_shows_the_link_to_copy(
    doctor: Practitioner, patient: Patient, desk_browser: Client
) -> None:
    answer = desk_browser.post(NEW, typed(patient, doctor), follow=True)
    booked = Appointment.objects.get()
    assert answer.redirect_chain[-1][0] == reverse("appointment", args=[booked.uuid])
    assert address_of(booked.links.get()) in answer.content.decode()
    local = booked.starts_at.astimezone(ZoneInfo("America/Chicago"))
    assert (local.hour, local.minute) == (9, 20)
    assert booked.ends_at - booked.starts_at == dt.timedelta(minutes=20)


def test_empty_form_is_422_with_a_summary_that_links_to_each_field(clinic: Organization, desk_browser: Client) -> None:
    answer = desk_browser.post(NEW, {})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "<title>Error: New visit" in page
    assert "There are 5 things to put right" in page
    for name in ("patient", "practitioner", "on", "at", "minutes"):
        assert f'href="#id_{name}"' in page
        assert f'id="id_{name}_error"' in page
    assert not Appointment.objects.exists()


def test_time_taken_meanwhile_is_409_and_keeps_everything_typed(
    clinic: Organization, doctor: Practitioner, patient: Patient, desk_browser: Client
) -> None:
    first = factories.make_patient(clinic)
    assert desk_browser.post(NEW, typed(first, doctor)).status_code == 302
    answer = desk_browser.post(NEW, typed(patient, doctor))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "9:20 am, Chicago time, was just taken." in page
    assert f'<option value="{patient.uuid}" selected>' in page
    assert f'<option value="{doctor.uuid}" selected>' in page
    assert 'value="09:20"' in page
    assert 'value="cough for two weeks"' in page
    assert Appointment.objects.count() == 1


def test_time_that_is_over_is_422_at_its_field(doctor: Practitioner, patient: Patient, desk_browser: Client) -> None:
    answer = desk_browser.post(NEW, typed(patient, doctor, on="2020-01-02"))
    assert answer.status_code == 422
    assert 'href="#id_at">That time is over. Choose a later one.' in answer.content.decode()


def test_time_that_the_clocks_skip_is_refused(doctor: Practitioner, patient: Patient, sign_in: SignIn) -> None:
    with time_machine.travel(dt.datetime(2027, 3, 13, 18, tzinfo=dt.UTC), tick=False):
        answer = sign_in(doctor.user).post(NEW, typed(patient, doctor, on="2027-03-14", at="02:30"))
    assert answer.status_code == 422
    assert "The clocks skip this time on that day." in answer.content.decode()


def test_doctor_books_own_visits_and_is_offered_nobody_else(
    clinic: Organization, doctor: Practitioner, patient: Patient, doctors_browser: Client
) -> None:
    colleague = factories.make_practitioner(clinic)
    assert str(colleague.uuid) not in doctors_browser.get(NEW).content.decode()
    assert doctors_browser.post(NEW, typed(patient, colleague)).status_code == 422
    assert doctors_browser.post(NEW, typed(patient, doctor)).status_code == 302


def test_people_of_another_clinic_cannot_be_chosen(
    doctor: Practitioner, patient: Patient, desk_browser: Client
) -> None:
    foreign = factories.make_patient()
    assert str(foreign.uuid) not in desk_browser.get(NEW).content.decode()
    assert desk_browser.post(NEW, typed(foreign, doctor)).status_code == 422


def test_list_shows_the_day_asked_for_and_today_for_nonsense(
    doctor: Practitioner, patient: Patient, desk_browser: Client
) -> None:
    fields = typed(patient, doctor)
    desk_browser.post(NEW, fields)
    path = reverse("appointments")
    assert "Otto Pepperday" in desk_browser.get(path, {"on": fields["on"]}, follow=True).content.decode()
    nonsense = desk_browser.get(path, {"on": "never"}, follow=True)
    assert nonsense.status_code == 200
    assert "Otto Pepperday" not in nonsense.content.decode()


def test_page_of_another_clinics_appointment_is_not_found(clinic: Organization, desk_browser: Client) -> None:
    own = factories.make_appointment(organization=clinic)
    foreign = factories.make_appointment()
    for name in ("appointment", "appointment-cancel", "appointment-link"):
        assert desk_browser.get(reverse(name, args=[own.uuid])).status_code == 200
        assert desk_browser.get(reverse(name, args=[foreign.uuid])).status_code == 404


def test_new_link_replaces_the_old_one(clinic: Organization, desk_browser: Client) -> None:
    appointment = factories.make_appointment(organization=clinic)
    before = address_of(appointment.links.get())
    page = desk_browser.post(reverse("appointment-link", args=[appointment.uuid]), follow=True).content.decode()
    after = address_of(appointment.links.get())
    assert after != before
    assert after in page
    assert before not in page


def test_asking_for_a_new_link_by_get_changes_nothing(clinic: Organization, desk_browser: Client) -> None:
    appointment = factories.make_appointment(organization=clinic)
    before = address_of(appointment.links.get())
    desk_browser.get(reverse("appointment-link", args=[appointment.uuid]))
    assert address_of(appointment.links.get()) == before


def test_cancelling_keeps_the_reason_and_takes_the_link_away(clinic: Organization, desk_browser: Client) -> None:
    appointment = factories.make_appointment(organization=clinic)
    path = reverse("appointment-cancel", args=[appointment.uuid])
    page = desk_browser.post(path, {"reason": "Feels better"}, follow=True).content.decode()
    appointment.refresh_from_db()
    assert appointment.status == AppointmentStatus.CANCELLED
    assert "Feels better" in page
    assert address_of(appointment.links.get()) not in page


def test_cancelling_what_was_moved_meanwhile_is_asked_anew_and_keeps_the_reason(
    clinic: Organization, desk_browser: Client
) -> None:
    booked = factories.make_appointment(organization=clinic, starts_at=now() + dt.timedelta(days=1))
    move_appointment(actor=factories.SYSTEM, appointment=booked, starts_at=booked.starts_at + dt.timedelta(hours=2))
    address = reverse("appointment-cancel", args=[booked.uuid])
    answer = desk_browser.post(address, {"reason": "ill", "sequence": "0"})
    page = answer.content.decode()
    assert (answer.status_code, 'value="ill"' in page, 'name="sequence" value="1"' in page) == (409, True, True)
    booked.refresh_from_db()
    assert booked.status == AppointmentStatus.BOOKED
    assert desk_browser.post(address, {"reason": "ill", "sequence": "1"}).status_code == 302


def test_cancelling_by_another_doctor_is_not_found(clinic: Organization, doctor: Practitioner, sign_in: SignIn) -> None:
    appointment = factories.make_appointment(practitioner=doctor)
    path = reverse("appointment-cancel", args=[appointment.uuid])
    assert sign_in(factories.make_practitioner(clinic).user).post(path).status_code == 404
    appointment.refresh_from_db()
    assert appointment.status == AppointmentStatus.BOOKED
    assert sign_in(doctor.user).post(path).status_code == 302


def test_cancelling_a_visit_that_has_begun_is_refused_with_a_sentence(
    doctor: Practitioner, doctors_browser: Client
) -> None:
    visit = factories.make_visit_in_progress(practitioner=doctor)
    answer = doctors_browser.post(reverse("appointment-cancel", args=[visit.appointment.uuid]))
    assert answer.status_code == 409
    assert "The visit has begun. Finish it instead of cancelling." in answer.content.decode()


def _shown_state(page: str) -> str:
    [word] = re.findall(r'<span class="hc-tag hc-tag-[\w-]+">.*?<span>([^<]+)', page)
    return word.strip()


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (factories.make_visit, "Expected"),
        (factories.make_waiting_visit, "Waiting"),
        (factories.make_visit_in_progress, "In call"),
    ],
    ids=lambda each: getattr(each, "__name__", each),
)
def test_visit_stands_in_the_same_words_for_the_desk_and_in_the_queue(
    doctor: Practitioner, desk_browser: Client, make: Callable[..., Encounter], word: str
) -> None:
    visit = make(practitioner=doctor)
    queue = desk_browser.get(reverse("queue-board", args=[visit.queue.uuid])).content.decode()
    on = visit.appointment.starts_at.astimezone(ZoneInfo(visit.appointment.timezone)).date()
    rows = desk_browser.get(reverse("calendar"), {"on": on.isoformat()}).content.decode()
    page = desk_browser.get(reverse("appointment", args=[visit.appointment.uuid])).content.decode()
    assert _shown_state(queue).startswith(word)
    assert _shown_state(rows).startswith(word)
    assert _shown_state(page) == word


def test_visit_that_is_over_stands_in_the_same_words_for_the_desk(doctor: Practitioner, desk_browser: Client) -> None:
    visit = factories.make_visit_in_progress(practitioner=doctor)
    finish_visit(actor=factories.practitioner_actor(doctor), encounter=visit)
    cancelled = factories.make_appointment(
        practitioner=doctor, starts_at=visit.appointment.ends_at + dt.timedelta(minutes=5)
    )
    cancel_appointment(actor=factories.SYSTEM, appointment=cancelled, reason="")
    for appointment, word in ((visit.appointment, "Done"), (cancelled, "Cancelled")):
        assert _shown_state(desk_browser.get(reverse("appointment", args=[appointment.uuid])).content.decode()) == word
