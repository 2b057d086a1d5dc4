"""What people read: zones, languages, lengths, files for calendars, the clinic's own words, and nothing unescaped."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.conf import settings as django_settings
from django.test import Client

from accounts.models import Organization, Patient
from core.clock import now
from notifications import gsm, preferences, rendering
from notifications.kinds import all_kinds, kind_of
from notifications.languages import LANGUAGES, language_for
from notifications.models import Message, OptOut, OwnWords
from scheduling.models import Appointment
from scheduling.services import cancel_appointment, move_appointment
from tests import factories as make
from tests.integration.notifications.mailing import DAY, MailingClinic, invitation, send_all, sunk

pytestmark = pytest.mark.django_db

UTC = dt.UTC
SPANISH = "miércoles 2 de junio de 2027"


@pytest.fixture
def clinic() -> MailingClinic:
    return MailingClinic()


def booked_at(clinic: MailingClinic, at: dt.datetime, **fields: str) -> Appointment:
    """A visit at that instant, its confirmation sent a day before."""
    patient = clinic.new_patient(**fields)
    with time_machine.travel(at - DAY, tick=False):
        visit = clinic.book(at, patient=patient)
        send_all()
    return visit


@pytest.mark.parametrize(("at", "own", "theirs"), [
    # Between the two changes of the clocks London is an hour nearer to Chicago.
    (dt.datetime(2027, 3, 20, 16, 0, tzinfo=UTC), "4:00 pm, London time (GMT)", "11:00 am, Chicago time (CDT)"),
    (dt.datetime(2027, 4, 3, 16, 0, tzinfo=UTC), "5:00 pm, London time (BST)", "11:00 am, Chicago time (CDT)"),
    (dt.datetime(2027, 1, 9, 3, 0, tzinfo=UTC), "Saturday 9 January 2027, 3:00 am, London", "Friday 8 January 2027, 9"),
])  # fmt: skip
def test_both_zones_are_said_where_they_differ(clinic: MailingClinic, at: dt.datetime, own: str, theirs: str) -> None:
    booked_at(clinic, at, timezone="Europe/London")
    mail = sunk("visit.booked")
    assert own in mail.text
    assert f"Where the clinic is: {theirs}" in mail.text
    assert theirs in mail.html


@pytest.mark.parametrize(("month", "differ"), [(1, False), (6, True)])
def test_zones_that_differ_in_summer_alone_are_said_in_summer_alone(
    clinic: MailingClinic, month: int, differ: bool
) -> None:
    Organization.objects.filter(pk=clinic.organization.pk).update(timezone="America/Denver")
    booked_at(clinic, dt.datetime(2027, month, 9, 17, 0, tzinfo=UTC), timezone="America/Phoenix")
    assert ("Where the clinic is" in sunk("visit.booked").text) is differ


def test_visit_in_the_hour_that_comes_twice_is_told_by_the_letters_of_its_zone(clinic: MailingClinic) -> None:
    at = dt.datetime(2027, 11, 7, 1, 30, fold=1, tzinfo=ZoneInfo("America/Chicago")).astimezone(UTC)
    booked_at(clinic, at, timezone="America/Chicago")
    assert "1:30 am, Chicago time (CST)" in sunk("visit.booked").text


def test_mail_in_spanish_is_spanish_throughout(clinic: MailingClinic) -> None:
    at = dt.datetime(2027, 6, 2, 15, 20, tzinfo=UTC)
    visit = booked_at(clinic, at, language="es-MX", timezone="America/New_York")
    mail = sunk("visit.booked")
    assert mail.subject == f"Su cita está reservada: {SPANISH}, 11:20 a. m."
    assert mail.text.startswith("Videoconsulta desde casa\n")
    assert f"Cuándo: {SPANISH}, 11:20 a. m., hora de Nueva York (EDT)" in mail.text
    assert "En la clínica: 10:20 a. m., hora de Chicago (CDT)" in mail.text
    assert 'lang="es"' in mail.html
    assert not {"visit", "your", "the ", "When", "With"} & set(mail.text.split("http")[0].split())
    with time_machine.travel(at - DAY, tick=False):
        file = invitation(visit, "visit.booked")
    assert str(file.events[0]["summary"]).startswith("Videoconsulta desde casa con Dr")


@pytest.mark.parametrize(("tag", "clinics", "language"), [
    ("es", "en", "es"), ("es-MX", "en", "es"), ("ES", "en", "es"), ("en-GB", "es", "en"), ("fr", "es", "es"),
    ("fr", "de", "en"), ("", "en", "en"),
])  # fmt: skip
def test_language_is_the_persons_else_the_clinics_else_english(tag: str, clinics: str, language: str) -> None:
    assert language_for(Patient(language=tag), Organization(language=clinics)) == language


@pytest.mark.parametrize("kind", [kind.name for kind in all_kinds()])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_can_be_looked_at_by_every_channel_in_every_language(kind: str, language: str) -> None:
    found = next(one for one in all_kinds() if one.name == kind)
    clinic = make.make_organization(name="Clinic <b>& Sons</b>")
    for channel in found.channels:
        parcel = rendering.preview(found, channel, language, clinic)
        assert parcel.text.strip()
        assert bool(parcel.subject) == (channel != "sms")
        assert (parcel.key, parcel.to, parcel.language) == ("", "", language)
        if channel == "email":
            assert "Clinic <b>& Sons</b>" in parcel.text
            assert "Clinic &lt;b&gt;&amp; Sons" in parcel.html
            assert "<b>" not in parcel.html


def test_words_that_a_template_would_read_as_its_own_stay_words(clinic: MailingClinic) -> None:
    OwnWords.objects.create(
        organization=clinic.organization, kind="visit.booked", language="en", words="Bring {{ link }} & <i>ID</i>\nBye"
    )
    clinic.book()
    send_all()
    mail = sunk("visit.booked")
    assert "Bring {{ link }} & <i>ID</i>" in mail.text
    assert "Bring {{ link }} &amp; &lt;i&gt;ID&lt;/i&gt;<br>Bye" in mail.html


def test_own_words_stand_in_their_language_and_kind_alone(clinic: MailingClinic) -> None:
    for kind, language in (("visit.booked", "es"), ("visit.moved", "en")):
        OwnWords.objects.create(organization=clinic.organization, kind=kind, language=language, words="Only there")
    clinic.book()
    send_all()
    assert "Only there" not in sunk("visit.booked").text


def test_subject_is_one_line_whatever_the_clinic_is_called(clinic: MailingClinic) -> None:
    Organization.objects.filter(pk=clinic.organization.pk).update(name="A\r\nBcc: everybody@example.org")
    clinic.book()
    send_all()
    assert "\n" not in sunk("visit.booked").subject


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("zone", ["America/Chicago", "America/Argentina/Buenos_Aires", "Pacific/Auckland"])
def test_texts_take_two_segments_at_most_with_the_link(
    clinic: MailingClinic, settings: Any, language: str, zone: str
) -> None:
    settings.BASE_URL = "https://visits.clinic.example"
    Organization.objects.filter(pk=clinic.organization.pk).update(name="The Practice of Many Doctors by the Long Lake")
    patient = clinic.new_patient(email="", language=language, timezone=zone)
    visit = clinic.book((now() + 40 * DAY).replace(hour=3, minute=50), patient=patient)
    send_all()
    move_appointment(actor=clinic.desk, appointment=visit, starts_at=visit.starts_at + DAY)
    send_all()
    for before in (DAY, dt.timedelta(hours=1)):
        with time_machine.travel(visit.starts_at + DAY - before, tick=False):
            send_all()
    texts = {
        kind: sunk(kind).text for kind in ("visit.booked", "visit.moved", "visit.reminder_day", "visit.reminder_hour")
    }
    cancel_appointment(actor=clinic.desk, appointment=visit, reason="")
    send_all()
    texts["visit.cancelled"] = sunk("visit.cancelled").text
    assert {kind: text for kind, text in texts.items() if gsm.segments(text) > 2} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_end_once(clinic: MailingClinic, language: str) -> None:
    """A Spanish time of day ends with a full stop of its own."""
    wrong = {
        (kind.name, channel): made.text
        for kind in all_kinds()
        for channel in kind.channels
        if ".." in (made := rendering.preview(kind, channel, language, clinic.organization)).text + made.html
    }
    assert wrong == {}


def test_text_of_a_booking_says_so(clinic: MailingClinic) -> None:
    text = rendering.preview(kind_of("visit.booked"), "sms", "en", clinic.organization).text
    assert "It is booked: https://" in text


def test_text_says_how_people_meet_first_of_all_that_tells_of_the_visit(clinic: MailingClinic) -> None:
    OptOut.objects.create(patient=clinic.patient, group="bookings", channel="email")
    clinic.book()
    send_all()
    assert sunk("visit.booked").text.startswith(f"{clinic.organization.name}: Video visit from home, ")


def test_file_of_a_moved_visit_takes_the_place_of_the_first_one(clinic: MailingClinic) -> None:
    visit = clinic.book()
    first = invitation(visit, "visit.booked")
    move_appointment(actor=clinic.desk, appointment=visit, starts_at=visit.starts_at + DAY)
    moved = invitation(visit, "visit.moved")
    cancel_appointment(actor=clinic.desk, appointment=visit, reason="")
    gone = invitation(visit, "visit.cancelled")
    files = [first, moved, gone]
    assert {str(file.events[0]["uid"]) for file in files} == {f"{visit.uuid}@housecall"}
    sequences = [int(file.events[0]["sequence"]) for file in files]
    assert sequences == sorted(set(sequences))
    assert [str(file["method"]) for file in files] == ["REQUEST", "REQUEST", "CANCEL"]
    assert moved.events[0]["dtstart"].dt - first.events[0]["dtstart"].dt == DAY
    assert "#" not in str(first.events[0]["url"])


def test_what_goes_out_is_made_of_how_the_visit_is_then(clinic: MailingClinic) -> None:
    visit = clinic.book()
    Appointment.objects.filter(pk=visit.pk).update(late_minutes=25)
    with time_machine.travel(visit.starts_at - dt.timedelta(hours=1), tick=False):
        send_all()
    assert "It will probably begin 25 minutes later." in sunk("visit.reminder_hour").text


def test_sending_asks_few_questions_of_a_visit(clinic: MailingClinic, django_assert_max_num_queries: Any) -> None:
    clinic.book()
    message = Message.objects.select_related("patient", "organization").get(kind="visit.booked")
    kind = next(one for one in all_kinds() if one.name == "visit.booked")
    with django_assert_max_num_queries(2):
        letter = kind.look(message)
        made = rendering.parcel(message, kind, letter, "somebody@example.org")  # type: ignore[arg-type]
    assert made.to == "somebody@example.org"


def test_every_mail_says_where_to_choose_and_how_a_mail_program_stops_it(clinic: MailingClinic) -> None:
    clinic.book()
    send_all()
    mail = sunk("visit.booked")
    address = mail.headers["List-Unsubscribe"].strip("<>")
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    # The link to read leads to the whole page: only a mail program's button is about just these.
    own = preferences.address_of(clinic.patient)
    assert own in mail.text
    assert own in mail.html
    assert address not in mail.text
    answer = Client().post(address.removeprefix(django_settings.BASE_URL), {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert OptOut.objects.get(patient=clinic.patient, channel="email").group == "bookings"


def test_text_message_carries_no_second_link(clinic: MailingClinic) -> None:
    OptOut.objects.create(patient=clinic.patient, group="bookings", channel="email")
    clinic.book()
    send_all()
    assert sunk("visit.booked").text.count("http") == 1
    assert sunk("visit.booked").headers == {}
