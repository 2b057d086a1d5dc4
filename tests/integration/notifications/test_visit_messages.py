"""Each kind of message about a visit, from what causes it to what the sink was given."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
import time_machine

from core.clock import now
from notifications.models import ClinicMessages, Message, OptOut, PlannedKind, SunkMessage
from scheduling.links import address_of
from scheduling.models import Appointment, Modality
from scheduling.services import (
    book_held,
    book_series,
    cancel_appointment,
    cancel_series,
    confirm_appointment,
    mark_no_show,
    move_appointment,
    move_series,
    revoke_link,
)
from tests import factories as make
from tests.integration.notifications.mailing import DAY, HOUR, MailingClinic, invitation, planned, send_all, sunk, told

pytestmark = pytest.mark.django_db

DAYS, LAST = "visit.reminder_day", "visit.reminder_hour"


@pytest.fixture
def clinic() -> MailingClinic:
    return MailingClinic()


def link_of(visit: Appointment) -> str:
    return address_of(visit.links.get(guest=None))


def test_booking_sends_a_confirmation_at_once_and_plans_both_reminders(clinic: MailingClinic) -> None:
    visit = clinic.book()
    send_all()
    mail = sunk("visit.booked")
    assert mail.text.splitlines()[0] == "Video visit from home"
    assert "Your visit is booked." in mail.text
    assert visit.practitioner.display_name in mail.text
    assert clinic.organization.phone in mail.text
    assert link_of(visit) in mail.text
    assert link_of(visit) in mail.html
    assert mail.files == ["visit.ics"]
    assert planned(visit.uuid) == {"visit.booked": "sent", DAYS: "waiting", LAST: "waiting"}
    dues = dict(Message.objects.filter(about=visit.uuid).values_list("kind", "due_at"))
    assert (visit.starts_at - dues[DAYS], visit.starts_at - dues[LAST]) == (DAY, HOUR)


def test_reminders_go_out_when_they_are_due_and_once(clinic: MailingClinic) -> None:
    visit = clinic.book()
    for before in (DAY, HOUR, HOUR - dt.timedelta(minutes=1)):
        with time_machine.travel(visit.starts_at - before, tick=False):
            send_all()
    assert told(visit.uuid) == ["visit.booked", DAYS, LAST]
    assert "coming up" in sunk(DAYS).subject
    assert "begins soon" in sunk(LAST).subject


def test_first_reminder_that_could_not_go_in_time_does_not_go_beside_the_last(clinic: MailingClinic) -> None:
    visit = clinic.book()
    with time_machine.travel(visit.starts_at - HOUR, tick=False):
        send_all()
    assert told(visit.uuid) == ["visit.booked", LAST]
    assert planned(visit.uuid)[DAYS] == "skipped too_late"


@pytest.mark.parametrize(("ahead", "day", "hour"), [
    (dt.timedelta(minutes=90), "skipped booked_late", "skipped booked_late"),
    (dt.timedelta(hours=5), "skipped booked_late", "waiting"),
    (dt.timedelta(hours=25), "skipped booked_late", "waiting"),
    (dt.timedelta(hours=27), "waiting", "waiting"),
])  # fmt: skip
def test_reminder_is_not_sent_to_who_has_just_booked(
    clinic: MailingClinic, ahead: dt.timedelta, day: str, hour: str
) -> None:
    visit = clinic.book(now() + ahead)
    assert planned(visit.uuid) == {"visit.booked": "waiting", DAYS: day, LAST: hour}
    late = Message.objects.filter(about=visit.uuid, reason="booked_late")
    assert [row.events.get().detail for row in late] == ["booked_late"] * late.count()


def test_clinic_that_switches_a_kind_off_or_sets_another_time_is_heard(clinic: MailingClinic) -> None:
    clinic.visit_type.practitioners.add(clinic.practitioner)
    PlannedKind.objects.create(organization=clinic.organization, kind=DAYS, minutes_before=2880)
    PlannedKind.objects.create(
        organization=clinic.organization, kind=DAYS, visit_type=clinic.visit_type.uuid, is_on=False
    )
    PlannedKind.objects.create(organization=clinic.organization, kind="visit.booked", is_on=False)
    typed, other = clinic.book(clinic.at + 3 * DAY, visit_type=clinic.visit_type), clinic.book(clinic.at + 4 * DAY)
    assert planned(typed.uuid) == {LAST: "waiting"}
    assert planned(other.uuid) == {DAYS: "waiting", LAST: "waiting"}
    assert other.starts_at - Message.objects.get(about=other.uuid, kind=DAYS).due_at == 2 * DAY


def test_visit_that_the_clinic_has_to_confirm_is_told_as_such_and_reminded_of_only_then(clinic: MailingClinic) -> None:
    clinic.terms(confirm_self_bookings=True)
    visit = book_held(actor=make.SYSTEM, appointment=clinic.hold(), patient=clinic.patient)
    Appointment.objects.filter(pk=visit.pk).update(status="pending")
    Message.objects.filter(about=visit.uuid, kind__in=[DAYS, LAST]).delete()
    send_all()
    assert "still to be confirmed" in sunk("visit.booked").subject
    confirm_appointment(actor=clinic.desk, appointment=visit)
    send_all()
    assert told(visit.uuid) == ["visit.booked", "visit.confirmed"]
    assert planned(visit.uuid)[DAYS] == "waiting"
    assert invitation(visit, "visit.confirmed").events[0]["status"] == "CONFIRMED"


def test_confirmation_that_was_not_sent_yet_gives_way_to_the_clinics_yes(clinic: MailingClinic) -> None:
    visit = clinic.book()
    Appointment.objects.filter(pk=visit.pk).update(status="pending")
    confirm_appointment(actor=clinic.desk, appointment=visit)
    send_all()
    assert told(visit.uuid) == ["visit.confirmed"]
    assert Message.objects.get(about=visit.uuid, kind="visit.booked").reason == "newer"


def test_move_takes_back_what_was_planned_and_tells_both_times(clinic: MailingClinic) -> None:
    visit = clinic.book()
    send_all()
    later = visit.starts_at + 3 * DAY
    move_appointment(actor=clinic.desk, appointment=visit, starts_at=later)
    assert set(Message.objects.filter(about=visit.uuid, version=0).values_list("kind", "reason")) == {
        ("visit.booked", ""),
        (DAYS, "moved"),
        (LAST, "moved"),
    }
    assert planned(visit.uuid)[LAST] == "waiting"
    assert later - Message.objects.get(about=visit.uuid, kind=LAST, version=1).due_at == HOUR
    send_all()
    assert "Before, it was: " in sunk("visit.moved").text


def test_move_to_another_practitioner_is_told(clinic: MailingClinic) -> None:
    other = make.make_practitioner(clinic.organization)
    visit = clinic.book()
    move_appointment(actor=clinic.desk, appointment=visit, starts_at=visit.starts_at, practitioner=other)
    send_all()
    assert other.display_name in sunk("visit.moved").text


def test_another_length_alone_is_no_news_and_reminders_stay(clinic: MailingClinic) -> None:
    visit = clinic.book()
    send_all()
    move_appointment(actor=clinic.desk, appointment=visit, starts_at=visit.starts_at, ends_at=visit.starts_at + HOUR)
    assert planned(visit.uuid) == {"visit.booked": "sent", DAYS: "waiting", LAST: "waiting"}
    with time_machine.travel(visit.starts_at - HOUR, tick=False):
        send_all()
    assert LAST in told(visit.uuid)


def test_cancelled_visit_is_told_and_nothing_else_goes_out_any_more(clinic: MailingClinic) -> None:
    visit = clinic.book()
    send_all()
    cancel_appointment(actor=clinic.desk, appointment=visit, reason="")
    for before in (DAY, HOUR):
        with time_machine.travel(visit.starts_at - before, tick=False):
            send_all()
    assert told(visit.uuid) == ["visit.booked", "visit.cancelled"]
    assert planned(visit.uuid)[LAST] == "skipped cancelled"
    assert link_of(visit) not in sunk("visit.cancelled").text


def test_visit_that_was_missed_and_is_over_reminds_nobody(clinic: MailingClinic) -> None:
    visit = clinic.book()
    with time_machine.travel(visit.starts_at + dt.timedelta(minutes=5), tick=False):
        mark_no_show(actor=clinic.desk, appointment=visit)
    assert set(planned(visit.uuid).values()) == {"skipped over"}


def test_visit_that_is_over_when_it_is_cancelled_is_not_told_of(clinic: MailingClinic) -> None:
    visit = clinic.book()
    with time_machine.travel(visit.ends_at + HOUR, tick=False):
        cancel_appointment(actor=clinic.desk, appointment=visit, reason="")
    assert "visit.cancelled" not in planned(visit.uuid)


def test_held_time_tells_nobody(clinic: MailingClinic) -> None:
    clinic.hold()
    assert not Message.objects.exists()


def test_patient_who_is_there_already_is_not_reminded() -> None:
    visit = make.make_waiting_visit(starts_at=now() + dt.timedelta(minutes=10))
    send_all()
    assert planned(visit.appointment.uuid)["visit.booked"] == "skipped arrived"


def test_revoked_link_stands_in_no_message(clinic: MailingClinic) -> None:
    visit = clinic.book()
    revoke_link(actor=clinic.desk, link=visit.links.get(guest=None))
    send_all()
    assert "#" not in sunk("visit.booked").text


@pytest.mark.parametrize(("modality", "first", "do"), [
    (Modality.PHONE, "Phone call", "we call you"),
    (Modality.IN_PERSON, "Visit at the clinic", "Please come to the clinic."),
    (Modality.VIDEO_CLINIC, "Video visit from a clinic room", "Please come to the clinic: a room"),
    (Modality.VIDEO_HOME, "Video visit from home", "You can stay at home"),
])  # fmt: skip
def test_first_line_and_what_to_do_follow_how_people_meet_now(
    clinic: MailingClinic, modality: str, first: str, do: str
) -> None:
    visit = clinic.book()
    Appointment.objects.filter(pk=visit.pk).update(modality=modality)
    send_all()
    assert sunk("visit.booked").text.startswith(first)
    assert do in sunk("visit.booked").text


def test_who_does_not_want_mail_of_a_group_of_kinds_is_told_by_text(clinic: MailingClinic) -> None:
    OptOut.objects.create(patient=clinic.patient, group="bookings", channel="email")
    clinic.book()
    send_all()
    assert sunk("visit.booked").channel == "sms"


def series_of(clinic: MailingClinic) -> list[Appointment]:
    booked = book_series(
        actor=clinic.desk,
        patient=clinic.patient,
        practitioner=clinic.practitioner,
        starts_local=clinic.at.replace(tzinfo=None),
        minutes=20,
        timezone="America/Chicago",
        rrule="FREQ=WEEKLY;COUNT=4",
    )
    return list(booked.made)


def test_series_is_confirmed_by_one_message_that_lists_the_others(clinic: MailingClinic) -> None:
    first, *others = series_of(clinic)
    send_all()
    assert SunkMessage.objects.count() == 1
    listed = [line for line in sunk("visit.booked").text.splitlines() if line.startswith("- ")]
    assert len(listed) == len(others) == 3
    assert [planned(one.uuid) for one in others] == [{DAYS: "waiting", LAST: "waiting"}] * 3
    assert told(first.uuid) == ["visit.booked"]


def test_series_that_moves_or_is_cancelled_is_told_once(clinic: MailingClinic) -> None:
    first, *others = series_of(clinic)
    send_all()
    move_series(actor=clinic.desk, appointment=first, starts_at=first.starts_at + HOUR)
    send_all()
    cancel_series(actor=clinic.desk, appointment=first, reason="")
    send_all()
    assert told(first.uuid) == ["visit.booked", "visit.moved", "visit.cancelled"]
    assert [told(one.uuid) for one in others] == [[]] * 3
    assert not Message.objects.filter(status="waiting").exists()
    said = sunk("visit.cancelled").text
    listed = [line for line in said.split("Also cancelled:")[1].splitlines() if line.startswith("- ")]
    assert len(listed) == len(others)
    assert "Still booked" not in said


@pytest.mark.parametrize(("days", "told_at"), [(1, "at once"), (5, "in the morning")])
def test_what_is_near_does_not_wait_for_the_end_of_quiet_hours(clinic: MailingClinic, days: int, told_at: str) -> None:
    ClinicMessages.objects.all().delete()
    evening = dt.datetime(2027, 2, 1, 22, 30, tzinfo=ZoneInfo("America/Chicago"))
    with time_machine.travel(evening - DAY, tick=False):
        visit = clinic.book(evening.replace(hour=8) + days * DAY)
        send_all()
        assert told(visit.uuid) == ["visit.booked"]
    with time_machine.travel(evening, tick=False):
        cancel_appointment(actor=clinic.desk, appointment=visit, reason="")
        send_all()
    assert ("visit.cancelled" in told(visit.uuid)) is (told_at == "at once")
    with time_machine.travel(evening.replace(hour=8, minute=1) + DAY, tick=False):
        send_all()
    assert told(visit.uuid) == ["visit.booked", "visit.cancelled"]
