"""Guests on the desk's pages, and their own page without a script: what it says, asks, and keeps to itself."""

import datetime as dt
import html
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from accounts.models import Organization, Patient, Practitioner
from consent.models import Consent
from consults.models import Encounter
from consults.services import finish_visit
from core.clock import now
from recordings import keystore
from scheduling.links import COOKIE_NAME, address_of, secret_for, session_cookie_for
from scheduling.models import Appointment, Guest, VisitType
from scheduling.services import cancel_appointment, move_appointment, remove_guest
from tests import factories

pytestmark = pytest.mark.django_db
NEW = "/staff/appointments/new/"


@pytest.fixture
def patient(clinic: Organization) -> Patient:
    return factories.make_patient(clinic, given_name="Rosalind", family_name="Fern", phone="555-0171")


@pytest.fixture
def visit(patient: Patient, doctor: Practitioner) -> Encounter:
    return factories.make_visit(patient=patient, practitioner=doctor, reason="Blood pressure")


@pytest.fixture
def guest(visit: Encounter) -> Guest:
    return factories.make_guest(visit.appointment)


def typed(patient: Patient, doctor: Practitioner, **changes: Any) -> dict[str, Any]:
    """Tomorrow, 9:20 in Chicago."""
    tomorrow = (now() + dt.timedelta(days=1)).astimezone(ZoneInfo("America/Chicago")).date()
    return {
        "patient": str(patient.uuid),
        "practitioner": str(doctor.uuid),
        "on": tomorrow.isoformat(),
        "at": "09:20",
        "minutes": "20",
        "reason": "cough for two weeks",
        **changes,
    }


def opened(guest: Guest) -> Client:
    """A browser that has opened the guest's link."""
    client = Client(headers={"host": "127.0.0.1"})
    answer = client.post(f"/v/{guest.link.uuid}/open/", {"secret": secret_for(guest.link)})
    assert answer.status_code == 204
    return client


def page_of(guest: Guest, query: str = "") -> str:
    return html.unescape(opened(guest).get(f"/v/{guest.link.uuid}/{query}").content.decode())


# --- the desk ---


def test_booking_with_two_guests_gives_each_a_link_on_the_visits_page(
    doctor: Practitioner, patient: Patient, desk_browser: Client
) -> None:
    form = typed(patient, doctor, guest_name=["Ana Lopez", "", "Otto Fern"], guest_role=["translator", "", "family"])
    page = desk_browser.post(NEW, form, follow=True).content.decode()
    links = [guest.link for guest in Guest.objects.all()]
    assert [guest.name for guest in Guest.objects.all()] == ["Ana Lopez", "Otto Fern"]
    for link in links:
        assert address_of(link) in page


def test_one_more_person_is_a_button_that_books_nothing_and_loses_nothing(
    doctor: Practitioner, patient: Patient, desk_browser: Client
) -> None:
    form = typed(patient, doctor, guest_name=["Ana Lopez"], guest_role=["translator"], more_guests="on")
    answer = desk_browser.post(NEW, form)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert not Appointment.objects.exists()
    assert page.count('name="guest_name"') == 2
    for kept in ('value="Ana Lopez"', 'value="09:20"', "cough for two weeks", f'value="{patient.uuid}" selected'):
        assert kept in page
    assert "to put right" not in page


def test_guest_without_a_role_is_422_beside_every_other_mistake_and_nothing_is_booked(
    doctor: Practitioner, patient: Patient, desk_browser: Client
) -> None:
    form = typed(patient, doctor, at="", guest_name=["Ana Lopez"], guest_role=[""])
    answer = desk_browser.post(NEW, form)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "There are 2 things to put right" in page
    assert 'href="#id_guest_role_0"' in page
    assert 'value="Ana Lopez"' in page
    assert not Appointment.objects.exists()


def test_taken_time_keeps_the_guests_that_were_typed(
    clinic: Organization, doctor: Practitioner, patient: Patient, desk_browser: Client
) -> None:
    desk_browser.post(NEW, typed(factories.make_patient(clinic), doctor))
    form = typed(patient, doctor, guest_name=["Ana Lopez"], guest_role=["translator"])
    answer = desk_browser.post(NEW, form)
    assert answer.status_code == 409
    assert 'value="Ana Lopez"' in answer.content.decode()
    assert not Guest.objects.exists()


def test_visits_page_invites_renews_and_removes(visit: Encounter, doctors_browser: Client) -> None:
    base = f"/staff/appointments/{visit.appointment.uuid}/"
    invited = doctors_browser.post(f"{base}guests/", {"name": "Ana Lopez", "role": "translator"}, follow=True)
    guest = Guest.objects.get()
    before = address_of(guest.link)
    assert before in invited.content.decode()
    assert doctors_browser.post(f"{base}guests/", {"name": "", "role": ""}).status_code == 422
    renew = f"{base}guests/{guest.uuid}/new-link/"
    assert "new link for Ana Lopez" in doctors_browser.get(renew).content.decode()
    after = doctors_browser.post(renew, follow=True).content.decode()
    assert before not in after
    guest.link.refresh_from_db()
    assert address_of(guest.link) in after
    remove = f"{base}guests/{guest.uuid}/remove/"
    assert "does not come along" in doctors_browser.get(remove).content.decode()
    gone = doctors_browser.post(remove, follow=True).content.decode()
    assert address_of(guest.link) not in gone
    assert doctors_browser.get(remove).status_code == 404


# --- the guest ---


def test_guests_page_says_whose_visit_with_whom_and_when_and_nothing_else(visit: Encounter, guest: Guest) -> None:
    page = page_of(guest)
    assert "You come along to Rosalind’s visit with" in page
    for said in ("Dr Ines Marlow", "Lantern Street Clinic", "Hello Ana Lopez", "Chicago time", "Join the visit"):
        assert said in page
    for kept in ("Fern", "Blood pressure", "555-0171", "1980", "/cancel/", "/move/", "/visit.ics", "/place/"):
        assert kept not in page


def test_patients_page_says_who_comes_along(visit: Encounter, guest: Guest) -> None:
    client = Client(headers={"host": "127.0.0.1"})
    link = visit.appointment.links.get(guest=None)
    client.cookies[COOKIE_NAME] = session_cookie_for(link)
    assert "Ana Lopez, interpreter" in client.get(f"/v/{link.uuid}/").content.decode()


def test_page_of_one_of_a_group_says_how_many_guests_and_a_guests_page_names_none_of_the_group(
    doctor: Practitioner, patient: Patient
) -> None:
    kind = VisitType.objects.create(organization=doctor.organization, name="Breathing group", minutes=60, capacity=4)
    kind.practitioners.add(doctor)
    group = factories.make_appointment(practitioner=doctor, patient=patient, visit_type=kind)
    guest = factories.make_guest(group, "Otto Fern", "family")
    link = group.links.get(guest=None)
    client = Client(headers={"host": "127.0.0.1"})
    client.cookies[COOKIE_NAME] = session_cookie_for(link)
    page = client.get(f"/v/{link.uuid}/").content.decode()
    assert "1 guest" in page
    assert "Otto" not in page
    page = page_of(guest)
    assert "You come along to a group visit with" in page
    assert "Rosalind" not in page


def test_call_page_names_who_comes_along_and_leads_to_where_they_are_removed(
    doctor: Practitioner, doctors_browser: Client
) -> None:
    begun = factories.make_visit_in_progress(organization=doctor.organization, practitioner=doctor)
    call = f"/staff/visits/{begun.uuid}/"
    assert "Nobody is invited besides." in doctors_browser.get(call).content.decode()
    factories.make_guest(begun.appointment)
    page = doctors_browser.get(call).content.decode()
    assert "Ana Lopez, interpreter" in page
    assert f'href="/staff/appointments/{begun.appointment.uuid}/#guests-title"' in page


def test_guest_answers_for_themself_and_is_asked_what_is_open(visit: Encounter, guest: Guest) -> None:
    keystore.create_clinic_key(visit.organization.uuid)
    browser, base = opened(guest), f"/v/{guest.link.uuid}/"
    page = browser.get(f"{base}?step=consent").content.decode()
    assert "Only Rosalind and Dr Marlow can play it" in page
    assert browser.post(f"{base}agree/", {"agree": "on"}).status_code == 422
    versions = [part.split('"', 1)[0] for part in page.split('version" value="')[1:]]
    answers = {"agree": "on", "version": versions[0], "recording": "deny", "recording_version": versions[1]}
    assert browser.post(f"{base}agree/", answers).status_code == 302
    kept = set(Consent.objects.values_list("person_type", "person_id", "purpose", "decision"))
    assert kept == {("guest", guest.pk, "telehealth", "permit"), ("guest", guest.pk, "recording", "deny")}
    # Agreed: what is asked is answered, and the place and number of a patient never are.
    assert 'data-step="place"' not in page
    assert '"needs_consent": false' in browser.get(base).content.decode()
    assert browser.post(f"{base}place/", {"place": "Here", "callback_phone": "555 0100"}).status_code == 404


def test_guests_page_follows_the_visit_to_its_end(visit: Encounter, guest: Guest) -> None:
    assert '"step": "door"' in page_of(guest)
    begun = factories.make_visit_in_progress(organization=visit.organization)
    late = factories.make_guest(begun.appointment)
    assert '"step": "door"' in page_of(late)  # not agreed yet: nobody is in by opening a page
    factories.seat_guest(begun, late)
    assert '"step": "call"' in page_of(late)
    finish_visit(actor=factories.practitioner_actor(begun.practitioner), encounter=begun)
    assert "Thank you, Ana Lopez. The visit is finished." in page_of(late)
    move_appointment(
        actor=factories.SYSTEM,
        appointment=visit.appointment,
        starts_at=visit.appointment.starts_at + dt.timedelta(days=1),
    )
    moved = page_of(guest)
    assert "The visit moved." in moved
    assert '"step": "early"' in moved
    cancel_appointment(actor=factories.SYSTEM, appointment=visit.appointment, reason="")
    assert "This visit is cancelled" in page_of(guest)


def test_page_of_a_removed_guest_is_the_page_of_no_link_at_all(visit: Encounter, guest: Guest) -> None:
    browser = opened(guest)
    remove_guest(actor=factories.SYSTEM, guest=guest)
    page = browser.get(f"/v/{guest.link.uuid}/").content.decode()
    assert "data-open-form" in page
    assert "Rosalind" not in page
    assert browser.post(f"/v/{guest.link.uuid}/agree/", {}).status_code == 404


@pytest.mark.parametrize(("modality", "words"), [("phone", "takes place by phone"), ("in-person", "at the clinic")])
def test_guest_of_a_visit_without_a_room_is_told_so(
    clinic: Organization, doctor: Practitioner, modality: str, words: str
) -> None:
    appointment = factories.make_appointment(organization=clinic, practitioner=doctor, modality=modality)
    page = page_of(factories.make_guest(appointment))
    assert words in page
    assert "Join the visit" not in page
