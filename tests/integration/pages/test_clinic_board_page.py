"""The page of all lines of a clinic, and telling from a board how late somebody is."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Organization, Practitioner
from consults.models import Encounter
from core.clock import now
from scheduling.models import Appointment, BookingTerms
from tests import factories
from tests.integration.pages.conftest import SignIn

pytestmark = pytest.mark.django_db

JSON = {"Accept": "application/json"}


def test_all_lines_stand_on_one_page_for_the_desk(
    clinic: Organization, doctor: Practitioner, desk_browser: Client
) -> None:
    colleague = factories.make_practitioner(clinic)
    visits = [factories.make_waiting_visit(practitioner=one) for one in (doctor, colleague)]
    page = desk_browser.get(reverse("clinic-board")).content.decode()
    for visit in visits:
        assert visit.patient.full_name in page
        assert reverse("queue-board", args=[visit.queue.uuid]) in page
        assert visit.practitioner.display_name in page
    assert "Waiting, longest first" in page
    assert 'href="tel:5550100"' in page
    assert all(visit.patient.family_name not in page.partition("</title>")[0] for visit in visits)


def test_empty_clinic_says_that_nobody_is_waiting(desk_browser: Client) -> None:
    assert "Nobody is waiting" in desk_browser.get(reverse("clinic-board")).content.decode()


def test_lateness_told_from_a_board_is_told_to_those_ahead(doctor: Practitioner, doctors_browser: Client) -> None:
    visit = factories.make_waiting_visit(practitioner=doctor)
    path = reverse("queue-late", args=[visit.queue.uuid])
    said = doctors_browser.post(path, {"minutes": "15"}, headers=JSON).json()
    assert said == {"ok": True, "said": "1 patient is told."}
    assert Appointment.objects.get().late_minutes == 15
    page = doctors_browser.post(path, {"minutes": "0"}, follow=True).content.decode()
    assert "Nobody is told of a delay." in page
    assert Appointment.objects.get().late_minutes == 0


@pytest.mark.parametrize("minutes", ["", "-5", "abc", "9" * 400, "241", "１０"])
def test_lateness_that_is_no_number_of_minutes_is_refused(
    doctor: Practitioner, doctors_browser: Client, minutes: str
) -> None:
    visit = factories.make_visit(practitioner=doctor)
    answer = doctors_browser.post(reverse("queue-late", args=[visit.queue.uuid]), {"minutes": minutes}, headers=JSON)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "late.minutes")


def test_lateness_told_by_the_desk_goes_back_to_the_board_of_all_lines(
    doctor: Practitioner, desk_browser: Client
) -> None:
    visit = factories.make_visit(practitioner=doctor)
    answer = desk_browser.post(reverse("queue-late", args=[visit.queue.uuid]), {"minutes": "10", "back": "clinic"})
    assert answer.headers["Location"] == reverse("clinic-board")


def test_colleague_tells_no_lateness_of_somebody_else(
    clinic: Organization, doctor: Practitioner, sign_in: SignIn
) -> None:
    visit = factories.make_visit(practitioner=doctor)
    browser = sign_in(factories.make_practitioner(clinic).user)
    assert browser.post(reverse("queue-late", args=[visit.queue.uuid]), {"minutes": "10"}).status_code == 404


def test_board_rings_until_its_practitioner_has_seen_it(doctor: Practitioner, doctors_browser: Client) -> None:
    visit = factories.make_waiting_visit(practitioner=doctor, starts_at=now() - dt.timedelta(minutes=30))
    Encounter.objects.filter(pk=visit.pk).update(arrived_at=now() - dt.timedelta(minutes=12))
    path = reverse("queue-board", args=[visit.queue.uuid])
    page = doctors_browser.get(path).content.decode()
    assert f"{visit.patient.full_name} waits, and nobody has called them." in page
    assert "12 minutes beyond their time" in page
    assert doctors_browser.post(reverse("queue-seen", args=[visit.uuid]), headers=JSON).json() == {"ok": True}
    assert "nobody has called them" not in doctors_browser.get(path).content.decode()


def test_terms_keep_the_patience_and_the_address_of_the_desk(clinic: Organization, desk_browser: Client) -> None:
    terms = {"change_notice_minutes": "60", "hold_minutes": "10", "offer_minutes": "15", "place_kept_minutes": "10"}
    terms["age_of_majority"] = "18"
    path = reverse("booking-terms")
    wrong = desk_browser.post(path, {**terms, "answer_minutes": "0", "desk_email": "nobody"})
    assert wrong.status_code == 422
    assert "Enter a whole email address" in wrong.content.decode()
    page = desk_browser.post(path, {**terms, "answer_minutes": "7", "desk_email": "desk@example.org"}, follow=True)
    kept = BookingTerms.objects.get()
    assert (kept.answer_minutes, kept.desk_email) == (7, "desk@example.org")
    assert "desk@example.org" in page.content.decode()
