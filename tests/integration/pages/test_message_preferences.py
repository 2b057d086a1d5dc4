"""People choose their messages by a signed address: looking changes nothing, a mail program needs one post."""

import re

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import Organization, Patient
from audit.models import AuditEvent
from notifications import preferences
from notifications.kinds import Group
from notifications.models import ChannelOrder, OptOut, Stop
from tests import factories as make
from tests import told

pytestmark = pytest.mark.django_db
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    told.install(monkeypatch)


@pytest.fixture
def patient(clinic: Organization) -> Patient:
    return make.make_patient(
        clinic, given_name="Rosalind", family_name="Fern", email="r@fern.example", phone="+13125550171"
    )


@pytest.fixture
def mail_program() -> Client:
    """No cookies, and CSRF is looked at as in life."""
    return Client(headers={"host": "127.0.0.1"}, enforce_csrf_checks=True)


def refused(patient: Patient) -> set[tuple[str, str]]:
    return set(OptOut.objects.filter(patient=patient).values_list("group", "channel"))


def test_address_names_nobody_and_is_whole(patient: Patient, settings: object) -> None:
    address = preferences.address_of(patient, Group.REMINDERS, "email")
    assert address.startswith("http://")
    assert "/messages/" in address
    for word in ("rosalind", "fern", str(patient.uuid), patient.uuid.hex):
        assert word not in address.lower()


def test_looking_at_the_page_changes_nothing(mail_program: Client, patient: Patient) -> None:
    for path in (preferences.path_of(patient), preferences.path_of(patient, Group.REMINDERS, "email")):
        answer = mail_program.get(path)
        assert answer.status_code == 200
        assert mail_program.head(path).status_code == 200
    page = answer.content.decode()
    assert "Stop these messages" in page
    assert "Rosalind" not in page
    assert "no-store" in answer["Cache-Control"]
    assert refused(patient) == set()
    assert not ChannelOrder.objects.exists()


def test_mail_program_stops_one_group_by_one_channel(mail_program: Client, patient: Patient) -> None:
    path = preferences.path_of(patient, Group.REMINDERS, "email")
    for _ in range(2):
        answer = mail_program.post(path, ONE_CLICK)
        assert answer.status_code == 200
        assert "none of these come by email any more" in answer.content.decode()
    assert refused(patient) == {("reminders", "email")}
    event = AuditEvent.objects.get(action="notifications.preference.change")
    assert (event.patient_id, event.detail) == (patient.pk, {"stopped": ["reminders by email"], "one_click": True})
    assert "Stop these messages" not in mail_program.get(path).content.decode()


def test_one_click_at_an_address_that_says_of_nothing_stops_nothing(mail_program: Client, patient: Patient) -> None:
    assert mail_program.post(preferences.path_of(patient), ONE_CLICK).status_code == 422
    assert refused(patient) == set()


def test_choice_is_saved_and_undone(mail_program: Client, patient: Patient) -> None:
    path = preferences.path_of(patient)
    form = {"bookings-email": "yes", "reminders-sms": "yes", "visit-sms": "yes", "first": "sms"}
    page = mail_program.post(path, form).content.decode()
    assert "Your choice is saved." in page
    assert refused(patient) == {
        ("bookings", "sms"), ("reminders", "email"), ("visit", "email"), ("visit", "push"),
    }  # fmt: skip
    assert ChannelOrder.objects.get(patient=patient).channels == ["sms", "email"]
    undo = page.partition('name="undo"')[2].partition("</form>")[0]
    names = {part.partition('"')[0] for part in undo.split('name="')[1:]} - {"first", "language"}
    assert names == {
        f"{group}-{way}"
        for group, ways in (("bookings", "es"), ("reminders", "es"), ("visit", "esp"))
        for way in {"email": "e", "sms": "s", "push": "p"}
        if way[0] in ways
    }
    page = mail_program.post(path, {**dict.fromkeys(names, "yes"), "undo": "yes", "first": "email"}).content.decode()
    assert "It is as it was before." in page
    assert refused(patient) == set()
    assert ChannelOrder.objects.get(patient=patient).channels == ["email", "sms"]
    details = AuditEvent.objects.filter(action="notifications.preference.change").order_by("pk")
    assert details[0].detail["stopped"] == details[1].detail["allowed"]


def test_language_is_chosen_and_undone(mail_program: Client, patient: Patient) -> None:
    path = preferences.path_of(patient)
    page = mail_program.post(path, {"first": "email", "language": "es"}).content.decode()
    patient.refresh_from_db()
    assert patient.language == "es"
    assert re.search(r'id="id-language-es"[^>]* checked', page)
    assert 'name="language" value="en"' in page.partition('name="undo"')[2].partition("</form>")[0]
    mail_program.post(path, {"undo": "yes", "first": "email", "language": "en"})
    patient.refresh_from_db()
    assert patient.language == "en"
    details = AuditEvent.objects.filter(action="notifications.preference.change").order_by("pk")
    assert [each.detail["language"] for each in details] == ["es", "en"]


def test_language_that_is_none_changes_nothing(mail_program: Client, patient: Patient) -> None:
    Patient.objects.filter(pk=patient.pk).update(language="es-MX")
    path = preferences.path_of(patient)
    assert mail_program.post(path, {"first": "email", "language": "xx"}).status_code == 422
    for form in ({"first": "email"}, {"first": "email", "language": "es"}):
        assert mail_program.post(path, form).status_code == 200
    patient.refresh_from_db()
    assert patient.language == "es-MX"


def test_all_is_stopped_by_one_button_whatever_is_ticked(mail_program: Client, patient: Patient) -> None:
    path = preferences.path_of(patient)
    form = {"bookings-email": "yes", "reminders-sms": "yes", "first": "email", "none": "yes"}
    page = mail_program.post(path, form).content.decode()
    assert "Your choice is saved." in page
    assert " checked" not in page.partition("<form")[2].partition("Which way first?")[0]
    assert {"bookings", "reminders", "visit"} == {group for group, _ in refused(patient)}
    assert 'name="bookings-email"' in page.partition('name="undo"')[2].partition("</form>")[0]


def test_group_that_the_page_did_not_ask_for_stays_as_it_was(mail_program: Client, patient: Patient) -> None:
    OptOut.objects.create(patient=patient, group="offers", channel="sms")
    mail_program.post(preferences.path_of(patient), {"first": "email"})
    assert ("offers", "sms") in refused(patient)


def test_order_that_is_none_is_told(mail_program: Client, patient: Patient) -> None:
    assert mail_program.post(preferences.path_of(patient), {"first": "pigeon"}).status_code == 422
    assert refused(patient) == set()


def test_who_refuses_all_of_bookings_is_told_what_that_means(mail_program: Client, patient: Patient) -> None:
    page = mail_program.post(preferences.path_of(patient), {"first": "email"}).content.decode()
    assert "nobody tells you when a visit is moved or cancelled." in page


def test_stop_by_text_is_told_with_the_way_back(mail_program: Client, patient: Patient) -> None:
    path = preferences.path_of(patient)
    page = mail_program.get(path).content.decode()
    assert "Answer STOP to any of our texts" in page
    assert "You answered STOP" not in page
    Stop.objects.create(organization=patient.organization, phone="+13125550171")
    page = mail_program.get(path).content.decode()
    assert "You answered STOP from your phone" in page
    assert "send START" in page


def test_address_that_we_have_not_signed_is_nowhere(mail_program: Client, patient: Patient) -> None:
    right = preferences.path_of(patient, Group.REMINDERS, "email")
    token = right.split("/")[2]
    other = preferences.path_of(make.make_patient(patient.organization)).split("/")[2]
    forged = [
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        token.replace("reminders", "bookings"),
        other.partition(".")[0] + token[token.index(".") :],
        token.partition(".")[0],
        "x" * 3000,
        "a.b.c",
    ]
    for each in forged:
        for answer in (mail_program.get(f"/messages/{each}/"), mail_program.post(f"/messages/{each}/", ONE_CLICK)):
            assert answer.status_code == 404, each
    assert not OptOut.objects.exists()


def test_address_opens_nothing_else(mail_program: Client, patient: Patient) -> None:
    with told.untold():
        appointment = make.make_appointment(patient=patient)
    token = preferences.path_of(patient).split("/")[2]
    for path in (f"/v/{token}/", f"/wait/{token}/", f"/v/{appointment.links.get().uuid}/cancel/", "/staff/messages/"):
        assert mail_program.get(path).status_code in {302, 404}
    # No session: the cookie of forms names nobody.
    assert set(mail_program.cookies) <= {settings.CSRF_COOKIE_NAME}


def test_address_of_who_was_merged_is_that_of_whom_the_desk_knows(mail_program: Client, patient: Patient) -> None:
    former = make.make_patient(patient.organization)
    Patient.objects.filter(pk=former.pk).update(merged_into=patient)
    mail_program.post(preferences.path_of(former, Group.VISIT, "sms"), ONE_CLICK)
    assert refused(patient) == {("visit", "sms")}
    assert refused(former) == set()


def test_address_in_a_mail_that_went_astray_ends_when_the_patients_is_put_right(
    mail_program: Client, patient: Patient
) -> None:
    path = preferences.path_of(patient, Group.REMINDERS, "email")
    assert mail_program.get(path).status_code == 200
    Patient.objects.filter(pk=patient.pk).update(email="another@fern.example")
    assert mail_program.post(path, ONE_CLICK).status_code == 404
    patient.refresh_from_db()
    assert not patient.opt_outs.exists()
    assert mail_program.get(preferences.path_of(patient)).status_code == 200


def test_staff_session_is_ignored_there(desk_browser: Client, patient: Patient) -> None:
    desk_browser.post(preferences.path_of(patient, Group.VISIT, "sms"), ONE_CLICK)
    event = AuditEvent.objects.get(action="notifications.preference.change")
    assert (event.actor_type, event.actor_id) == ("patient", patient.pk)
