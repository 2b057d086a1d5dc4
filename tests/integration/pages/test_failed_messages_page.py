"""The desk sees what did not reach people, why, and does one thing about it."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from accounts.models import Organization, Practitioner
from accounts.roles import Role
from audit.models import AuditEvent
from core.clock import now, today
from core.errors import Conflict, NotFound
from notifications.models import BadAddress, Message, OptOut
from notifications.selectors.messages import unreached, unreached_today
from notifications.services.resending import correct_and_send, send_again
from scheduling.models import Appointment
from tests import factories as make
from tests import told
from tests.integration.pages.conftest import SignIn

pytestmark = pytest.mark.django_db
PAGE = "/staff/messages/"
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    told.install(monkeypatch)


@pytest.fixture
def visit(clinic: Organization, doctor: Practitioner) -> Appointment:
    patient = make.make_patient(
        clinic, given_name="Rosalind", family_name="Fern", email="rosalind@fern.example", phone="312 555 0171"
    )
    with told.untold():
        return make.make_appointment(patient=patient, practitioner=doctor, starts_at=now() + dt.timedelta(hours=3))


def text_of(client: Client, path: str = PAGE) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def test_day_without_failures_says_that_everything_reached_people(desk_browser: Client) -> None:
    page = text_of(desk_browser)
    assert "Everything reached people" in page
    assert "did not reach anybody" not in page


def test_failed_message_is_listed_with_reason_person_and_visit(desk_browser: Client, visit: Appointment) -> None:
    message = told.make_message(visit)
    page = text_of(desk_browser)
    for words in (
        "Rosalind Fern",
        "Visit is booked",
        "It came back: nobody is there at this address.",
        "Visit with Dr",
    ):
        assert words in page
    assert f'href="/staff/appointments/{visit.uuid}/"' in page
    # The address is what is wrong: to send it there again would be the same again.
    assert f"/staff/messages/{message.uuid}/address/" in page
    assert f"/staff/messages/{message.uuid}/again/" not in page
    seen = AuditEvent.objects.filter(action="view", patient_id=message.patient_id, detail__page="messages")
    assert seen.count() == 1


def test_count_of_failures_stands_in_the_header_of_every_staff_page(desk_browser: Client, visit: Appointment) -> None:
    told.make_message(visit, reason="provider_down")
    assert '<span class="hc-count">1<span class="visually-hidden"> did not reach anybody' in text_of(
        desk_browser, "/staff/calendar/"
    )


def test_practitioner_has_no_entry_and_no_page(doctors_browser: Client, visit: Appointment) -> None:
    told.make_message(visit)
    assert doctors_browser.get(PAGE).status_code == 404
    assert 'href="/staff/messages/"' not in text_of(doctors_browser, "/staff/calendar/")


def test_message_that_went_another_way_stands_apart(desk_browser: Client, visit: Appointment) -> None:
    failed = told.make_message(visit)
    told.make_message(visit, channel="sms", status="sent", sent_at=now(), instead_of=failed)
    assert "Everything reached people" in text_of(desk_browser)
    assert "Rosalind Fern" in text_of(desk_browser, f"{PAGE}?which=otherwise")


def test_of_two_failed_ways_the_last_stands_for_both(desk_browser: Client, visit: Appointment) -> None:
    failed = told.make_message(visit)
    told.make_message(visit, channel="sms", reason="refused", instead_of=failed)
    page = text_of(desk_browser)
    assert page.count("<h2>Rosalind Fern</h2>") == 1
    assert "The provider did not take it." in page


def test_message_of_an_older_time_is_nobodys_business_any_more(desk_browser: Client, visit: Appointment) -> None:
    told.make_message(visit, version=0)
    told.make_message(visit, version=1, status="sent", sent_at=now())
    assert "Everything reached people" in text_of(desk_browser)


@pytest.mark.parametrize(
    ("kind", "reason", "is_listed"),
    [
        (told.REMINDER.name, "too_late", True),
        (told.REMINDER.name, "opted_out", False),
        (told.BOOKED.name, "opted_out", True),
        (told.BOOKED.name, "stopped", True),
        (told.BOOKED.name, "cancelled", False),
    ],
)
def test_skipped_message_is_listed_where_somebody_should_know(
    desk_browser: Client, visit: Appointment, kind: str, reason: str, is_listed: bool
) -> None:
    told.make_message(visit, kind=kind, status="skipped", reason=reason)
    assert ("Rosalind Fern" in text_of(desk_browser)) is is_listed


def test_list_is_of_one_day_by_the_clinics_clock(
    desk_browser: Client, clinic: Organization, visit: Appointment
) -> None:
    yesterday = told.make_message(visit, due_at=now() - DAY)
    day = (today(clinic.timezone) - DAY).isoformat()
    assert "Everything reached people" in text_of(desk_browser)
    assert "Rosalind Fern" in text_of(desk_browser, f"{PAGE}?day={day}")
    # What was sent yesterday and comes back today is today's.
    yesterday.events.update(at=now())
    assert "Rosalind Fern" in text_of(desk_browser)


@pytest.mark.parametrize("query", ["?day=yesterday", "?day=0001-01-01", "?day=9999-12-31", "?page=zwei", "?which=all"])
def test_query_that_means_nothing_is_no_error(desk_browser: Client, query: str) -> None:
    text_of(desk_browser, PAGE + query)


def test_long_list_has_pages_with_a_steady_number_of_questions(
    desk_browser: Client, visit: Appointment, django_assert_max_num_queries: Any
) -> None:
    for version in range(30):
        told.make_message(visit, kind=f"test.{version}", reason="provider_down")
    with django_assert_max_num_queries(25):
        page = text_of(desk_browser)
    assert page.count("<h2>Rosalind Fern</h2>") == 25
    assert "Page 1 of 2" in page
    assert text_of(desk_browser, f"{PAGE}?page=2").count("<h2>Rosalind Fern</h2>") == 5


def test_other_clinics_messages_are_not_there(desk_browser: Client, visit: Appointment) -> None:
    with told.untold():
        other = make.make_appointment()
    elsewhere = told.make_message(other)
    assert "Everything reached people" in text_of(desk_browser)
    for act in ("again", "address"):
        assert desk_browser.post(f"{PAGE}{elsewhere.uuid}/{act}/").status_code == 404
    with pytest.raises(NotFound):
        unreached(make.staff_actor(Role.FRONT_DESK), visit.organization_id, now().date(), "UTC")


def test_send_again_makes_it_wait_once(desk_browser: Client, visit: Appointment) -> None:
    message = told.make_message(visit, reason="provider_down", attempts=6, provider_id="SM1", sent_at=now())
    path = f"{PAGE}{message.uuid}/again/"
    assert "It is on its way again." in desk_browser.post(path, follow=True).content.decode()
    message.refresh_from_db()
    assert (message.status, message.round, message.attempts, message.reason) == ("waiting", 2, 0, "")
    assert (message.provider_id, message.sent_at) == ("", None)
    assert message.next_at <= now()
    assert "It is on its way already." in desk_browser.post(path, follow=True).content.decode()
    message.refresh_from_db()
    assert message.round == 2
    assert message.events.filter(what="again").count() == 1
    events = AuditEvent.objects.filter(action="notifications.message.resend", entity_id=str(message.uuid))
    assert [event.patient_id for event in events] == [message.patient_id]
    assert unreached_today(visit.organization_id, visit.organization.timezone) == 0


def test_send_again_too_late_is_refused_and_says_what_to_do(desk_browser: Client, visit: Appointment) -> None:
    message = told.make_message(visit, reason="provider_down", too_late_at=now())
    page = desk_browser.post(f"{PAGE}{message.uuid}/again/", follow=True).content.decode()
    assert "It is too late for this message. Call the patient instead." in page
    assert f"{message.uuid}/again/" not in page
    message.refresh_from_db()
    assert message.status == "failed"


@pytest.mark.parametrize("status", ["sent", "delivered", "skipped"])
def test_send_again_of_what_has_not_failed_is_refused(visit: Appointment, status: str) -> None:
    message = told.make_message(visit, status=status)
    actor = make.staff_actor(Role.FRONT_DESK, organization=visit.organization)
    with pytest.raises(Conflict):
        send_again(actor=actor, message=message)


def test_send_again_comes_back_to_the_day_and_page_or_to_the_visit(desk_browser: Client, visit: Appointment) -> None:
    message = told.make_message(visit, reason="provider_down")
    answer = desk_browser.post(f"{PAGE}{message.uuid}/again/?day=2026-11-02&page=2&next=//evil.example/")
    assert answer["Location"] == f"{PAGE}?day=2026-11-02&page=2"
    answer = desk_browser.post(f"{PAGE}{message.uuid}/again/?back=visit")
    assert answer["Location"] == f"/staff/appointments/{visit.uuid}/#messages"


def test_corrected_address_is_written_down_and_the_message_goes_there(desk_browser: Client, visit: Appointment) -> None:
    message = told.make_message(visit)
    patient = message.patient
    bad = BadAddress.objects.create(
        organization=visit.organization, channel="email", address="rosalind@fern.example", why="bounced"
    )
    path = f"{PAGE}{message.uuid}/address/"
    assert 'value="rosalind@fern.example"' in text_of(desk_browser, path)
    form = {"email": "rose@fern.example", "phone": "312 555 0171"}
    page = desk_browser.post(path, form, follow=True).content.decode()
    assert "The address is saved. The message is on its way again." in page
    patient.refresh_from_db()
    message.refresh_from_db()
    assert (patient.email, patient.phone) == ("rose@fern.example", "312 555 0171")
    assert (message.status, message.round) == ("waiting", 2)
    assert not BadAddress.objects.filter(pk=bad.pk).exists()
    event = AuditEvent.objects.get(action="patient.contact")
    assert (event.patient_id, event.detail) == (patient.pk, {"changed": ["email"]})
    assert "rose" not in str(list(AuditEvent.objects.values("detail")))


@pytest.mark.parametrize(("channel", "said"), [("email", "no email address"), ("sms", "no phone number")])
def test_who_has_no_address_is_asked_for_one(desk_browser: Client, visit: Appointment, channel: str, said: str) -> None:
    told.make_message(visit, channel=channel, reason="no_address")
    page = desk_browser.get(PAGE).content.decode()
    assert f"We have {said} of the patient" in page
    assert "Enter an address" in page
    assert "Correct the address" not in page


def test_phone_number_in_place_of_the_email_makes_it_go_as_a_text(desk_browser: Client, visit: Appointment) -> None:
    message = told.make_message(visit, reason="no_address")
    desk_browser.post(f"{PAGE}{message.uuid}/address/", {"email": "", "phone": "+44 7700 900123"})
    other = Message.objects.get(channel="sms")
    assert (other.status, other.kind, other.about, other.instead_of) == ("waiting", message.kind, visit.uuid, message)
    message.refresh_from_db()
    assert message.status == "failed"


@pytest.mark.parametrize(
    ("form", "told_so"),
    [
        ({"email": "", "phone": ""}, "Enter an email address or a phone number."),
        ({"email": "rosalind", "phone": ""}, "Enter a whole email address, like name@example.org"),
        ({"email": "", "phone": "12"}, "Enter a whole phone number, like 312 555 0171"),
        ({"email": "", "phone": "my sister’s"}, "Enter a whole phone number, like 312 555 0171"),
        ({"email": "rosalind", "phone": "12"}, "There are 2 things to put right"),
    ],
)
def test_address_that_cannot_be_one_is_told_and_kept(
    desk_browser: Client, visit: Appointment, form: dict[str, str], told_so: str
) -> None:
    message = told.make_message(visit)
    response = desk_browser.post(f"{PAGE}{message.uuid}/address/", form)
    assert response.status_code == 422
    page = response.content.decode()
    assert told_so in page
    assert "<title>Error: " in page
    message.patient.refresh_from_db()
    assert message.patient.email == "rosalind@fern.example"
    message.refresh_from_db()
    assert message.status == "failed"


def test_whoever_wants_none_is_not_sent_one_by_a_new_address(desk_browser: Client, visit: Appointment) -> None:
    message = told.make_message(visit)
    for channel in ("email", "sms"):
        OptOut.objects.create(patient=message.patient, group=told.BOOKED.group, channel=channel)
    form = {"email": "rose@fern.example", "phone": ""}
    page = desk_browser.post(f"{PAGE}{message.uuid}/address/", form, follow=True).content.decode()
    assert "The address is saved, but this message was not sent." in page
    assert not Message.objects.filter(status="waiting").exists()


def test_complaint_about_an_address_stays_until_it_is_another(visit: Appointment) -> None:
    actor = make.staff_actor(Role.FRONT_DESK, organization=visit.organization)
    message = told.make_message(visit, reason="complained")
    BadAddress.objects.create(
        organization=visit.organization, channel="email", address="rosalind@fern.example", why="complained"
    )
    hindered = correct_and_send(actor=actor, message=message, email="rosalind@fern.example", phone="")
    assert hindered == "no_address"
    assert BadAddress.objects.exists()
    hindered = correct_and_send(actor=actor, message=message, email="rose@fern.example", phone="")
    assert hindered == ""
    assert not BadAddress.objects.exists()


def test_correction_after_it_is_too_late_is_saved_all_the_same(visit: Appointment) -> None:
    actor = make.staff_actor(Role.SCHEDULER, organization=visit.organization)
    message = told.make_message(visit, too_late_at=now())
    assert correct_and_send(actor=actor, message=message, email="rose@fern.example", phone="") == "too_late"
    message.patient.refresh_from_db()
    assert message.patient.email == "rose@fern.example"


def test_practitioner_corrects_and_resends_nothing(visit: Appointment, doctor: Practitioner) -> None:
    message = told.make_message(visit, reason="provider_down")
    actor = make.practitioner_actor(doctor)
    with pytest.raises(NotFound):
        send_again(actor=actor, message=message)
    with pytest.raises(NotFound):
        correct_and_send(actor=actor, message=message, email="a@b.example", phone="")


def test_alarm_stands_on_staff_pages_and_nowhere_else(
    desk_browser: Client, stranger: Client, monkeypatch: pytest.MonkeyPatch, sign_in: SignIn, clinic: Organization
) -> None:
    monkeypatch.setattr("notifications.context_processors.alarms", lambda: ["Messages are late."])
    assert "Messages are late." in text_of(desk_browser)
    officer = sign_in(make.make_user(clinic, Role.PRIVACY_OFFICER))
    assert "Messages are late." in text_of(officer, "/staff/recordings/retention/")
    assert "Messages are late." not in text_of(stranger, "/")


def test_message_that_went_another_way_is_not_sent_twice_by_a_corrected_address(
    desk_browser: Client, visit: Appointment
) -> None:
    failed = told.make_message(visit)
    told.make_message(visit, channel="sms", status="delivered", sent_at=now(), instead_of=failed)
    path = f"{PAGE}{failed.uuid}/"
    assert "Save the address" in text_of(desk_browser, f"{path}address/")
    page = desk_browser.post(f"{path}address/", {"email": "rose@fern.example", "phone": ""}, follow=True)
    assert "The same went another way." in page.content.decode()
    page = desk_browser.post(f"{path}again/", follow=True)
    assert "It went another way, or a newer message has taken its place." in page.content.decode()
    failed.refresh_from_db()
    assert failed.status == "failed"
    failed.patient.refresh_from_db()
    assert failed.patient.email == "rose@fern.example"


@pytest.mark.parametrize(("status", "said"), [("waiting", ""), ("sending", ""), ("sent", "another_way")])
def test_correction_of_what_has_not_failed_sends_nothing_besides(visit: Appointment, status: str, said: str) -> None:
    message = told.make_message(visit, channel="sms", status=status)
    actor = make.staff_actor(Role.FRONT_DESK, organization=visit.organization)
    assert correct_and_send(actor=actor, message=message, email="rose@fern.example", phone="312 555 0171") == said
    assert Message.objects.get().status == status
