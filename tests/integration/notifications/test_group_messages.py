"""Messages about group visits: to each who comes, and to nobody else."""

import datetime as dt

import pytest
import time_machine

from accounts.actors import Actor
from accounts.models import Patient
from accounts.roles import Role
from consults.models import Encounter, Seat
from notifications.models import Message, OptOut, PushSubscription, SunkMessage
from notifications.selectors.choosing import address_of
from notifications.selectors.preferences import chosen_by
from notifications.services.preferring import Preferences, set_preferences
from notifications.services.subscribing import unsubscribe
from scheduling.models import Appointment, GroupPlace
from scheduling.services import (
    add_patient,
    book_series,
    cancel_appointment,
    cancel_series,
    confirm_patient,
    move_appointment,
    remove_patient,
)
from scheduling.services.merging import merge_patient, undo_merge
from tests.integration.notifications.mailing import DAY, HOUR, MailingClinic, invitation, planned, send_all, sunk, told

pytestmark = pytest.mark.django_db

LAST = "visit.reminder_hour"


@pytest.fixture
def clinic() -> MailingClinic:
    return MailingClinic()


def place_of(patient: Patient) -> GroupPlace:
    return GroupPlace.objects.exclude(status="cancelled").get(patient=patient)


def test_everybody_of_a_group_is_told_by_their_own_link(clinic: MailingClinic) -> None:
    group = clinic.group(3)
    send_all()
    rows = Message.objects.filter(about=group.uuid, kind="visit.booked", status="sent")
    assert set(rows.values_list("patient", flat=True)) == set(group.places.values_list("patient", flat=True))


def test_who_joins_a_group_gets_their_own_and_the_others_nothing_new(clinic: MailingClinic) -> None:
    group, late = clinic.group(2), clinic.new_patient()
    before = Message.objects.exclude(patient=late).count()
    add_patient(actor=clinic.desk, appointment=group, patient=late)
    assert planned(group.uuid, late)["visit.booked"] == "waiting"
    assert planned(group.uuid, late)[LAST] == "waiting"
    assert Message.objects.exclude(patient=late).count() == before


def test_who_leaves_a_group_is_told_so_and_the_others_still_come(clinic: MailingClinic) -> None:
    group = clinic.group(2)
    goes, stays = (place.patient for place in group.places.order_by("number"))
    send_all()
    remove_patient(actor=clinic.desk, place=place_of(goes))
    send_all()
    assert told(group.uuid, goes) == ["visit.booked", "visit.cancelled"]
    assert planned(group.uuid, goes)[LAST] == "skipped left"
    assert planned(group.uuid, stays)[LAST] == "waiting"
    with time_machine.travel(group.starts_at - HOUR, tick=False):
        send_all()
    assert LAST in told(group.uuid, stays)
    assert LAST not in told(group.uuid, goes)


def test_who_leaves_a_group_gets_a_file_that_takes_it_off_their_calendar(clinic: MailingClinic) -> None:
    group = clinic.group(2)
    goes = group.places.order_by("number").first().patient
    remove_patient(actor=clinic.desk, place=place_of(goes))
    file = invitation(group, "visit.cancelled")
    assert (file["method"], file.events[0]["status"]) == ("CANCEL", "CANCELLED")
    assert file.events[0]["uid"] == f"{group.uuid}@housecall"


def test_who_comes_back_to_a_group_is_told_anew_and_reminded(clinic: MailingClinic) -> None:
    group = clinic.group(2)
    back = group.places.order_by("number").last().patient
    for _ in range(2):
        send_all()
        remove_patient(actor=clinic.desk, place=place_of(back))
        send_all()
        add_patient(actor=clinic.desk, appointment=group, patient=back)
    send_all()
    with time_machine.travel(group.starts_at - HOUR, tick=False):
        send_all()
    assert told(group.uuid, back) == ["visit.booked", "visit.cancelled"] * 2 + ["visit.booked", LAST]


def test_place_that_the_clinic_confirms_is_told_to_its_patient_alone(clinic: MailingClinic) -> None:
    group, late = clinic.group(2), clinic.new_patient()
    add_patient(actor=clinic.desk, appointment=group, patient=late)
    GroupPlace.objects.filter(patient=late).update(status="pending")
    send_all()
    confirm_patient(actor=clinic.desk, place=place_of(late))
    send_all()
    assert told(group.uuid, late)[-1] == "visit.confirmed"
    assert Message.objects.filter(kind="visit.confirmed").count() == 1


def test_group_that_moves_or_is_cancelled_is_told_to_all_who_come(clinic: MailingClinic) -> None:
    group = clinic.group(3)
    goes = group.places.order_by("number").last().patient
    remove_patient(actor=clinic.desk, place=place_of(goes))
    send_all()
    group = move_appointment(actor=clinic.desk, appointment=group, starts_at=group.starts_at + DAY)
    send_all()
    cancel_appointment(actor=clinic.desk, appointment=group, reason="")
    send_all()
    for place in group.places.exclude(patient=goes):
        assert told(group.uuid, place.patient)[-2:] == ["visit.moved", "visit.cancelled"]
    assert told(group.uuid, goes)[-1] == "visit.cancelled"
    assert Message.objects.filter(patient=goes, kind="visit.moved").count() == 0


def test_messages_of_who_turns_out_to_be_known_go_to_the_known_patient(clinic: MailingClinic) -> None:
    typed = clinic.new_patient()
    Patient.objects.filter(pk=typed.pk).update(self_registered=True)
    visit = clinic.book(patient=typed)
    known = clinic.new_patient()
    merge_patient(actor=clinic.desk, patient=typed, into=known)
    send_all()
    assert told(visit.uuid, known) == ["visit.booked"]
    undo_merge(actor=clinic.desk, patient=Patient.objects.get(pk=typed.pk))
    with time_machine.travel(visit.starts_at - HOUR, tick=False):
        send_all()
    # What was sent stays with the name it was sent to.
    assert told(visit.uuid, typed) == [LAST]
    assert told(visit.uuid, known) == ["visit.booked"]


def test_known_patient_who_had_left_the_group_gets_what_was_planned_for_the_other_record(clinic: MailingClinic) -> None:
    known = clinic.new_patient()
    group = clinic.group(2, patient=known)
    send_all()
    remove_patient(actor=clinic.desk, place=place_of(known))
    typed = clinic.new_patient()
    Patient.objects.filter(pk=typed.pk).update(self_registered=True)
    add_patient(actor=clinic.desk, appointment=group, patient=typed)
    merge_patient(actor=clinic.desk, patient=typed, into=known)
    assert Message.objects.filter(about=group.uuid, patient=typed).count() == 0
    with time_machine.travel(group.starts_at - HOUR, tick=False):
        send_all()
    assert told(group.uuid, known)[-1] == LAST
    undo_merge(actor=clinic.desk, patient=Patient.objects.get(pk=typed.pk))
    group = move_appointment(actor=clinic.desk, appointment=group, starts_at=group.starts_at + DAY)
    with time_machine.travel(group.starts_at - HOUR, tick=False):
        send_all()
    assert told(group.uuid, typed)[-1] == LAST
    assert told(group.uuid, known).count(LAST) == 1


def test_who_is_in_the_waiting_room_with_a_group_is_not_reminded_but_the_others_are(clinic: MailingClinic) -> None:
    group = clinic.group(2, starts_at=clinic.at)
    here, there = (place.patient for place in group.places.order_by("number"))
    Appointment.objects.filter(pk=group.pk).update(status="arrived")
    Seat.objects.create(
        encounter=Encounter.objects.get(appointment=group), actor_type="patient", actor_id=here.pk, label="", role=""
    )
    with time_machine.travel(group.starts_at - dt.timedelta(minutes=59), tick=False):
        send_all()
    assert planned(group.uuid, here)[LAST] == "skipped arrived"
    assert told(group.uuid, there) == ["visit.booked", LAST]


def test_who_joined_one_visit_of_a_series_is_told_of_that_one_alone(clinic: MailingClinic) -> None:
    clinic.offer_groups()
    booked = book_series(
        actor=clinic.desk, patient=clinic.patient, practitioner=clinic.practitioner, visit_type=clinic.visit_type,
        starts_local=clinic.at.replace(tzinfo=None), minutes=20, timezone="America/Chicago",
        rrule="FREQ=WEEKLY;COUNT=3",
    )  # fmt: skip
    first, second, third = booked.made
    joins = clinic.new_patient()
    for group in (first, third):
        add_patient(actor=clinic.desk, appointment=group, patient=joins)
    send_all()
    mails = SunkMessage.objects.filter(address=joins.email, subject__startswith="Your visit is booked")
    assert [mail.text.count("\n- ") for mail in mails] == [1, 1]
    cancel_series(actor=clinic.desk, appointment=second, reason="")
    remove_patient(actor=clinic.desk, place=place_of_in(first, joins))
    send_all()
    said = SunkMessage.objects.filter(address=joins.email).latest("pk").text
    assert said.split("Also cancelled:")[1].count("\n- ") == 1


def place_of_in(group: Appointment, patient: Patient) -> GroupPlace:
    return GroupPlace.objects.exclude(status="cancelled").get(appointment=group, patient=patient)


def test_what_somebody_does_not_want_and_their_browser_stay_theirs_when_the_desk_knows_them(
    clinic: MailingClinic,
) -> None:
    typed, known = clinic.new_patient(), clinic.new_patient()
    Patient.objects.filter(pk=typed.pk).update(self_registered=True)
    visit = clinic.book(patient=typed)
    OptOut.objects.create(patient=typed, group="bookings", channel="email")
    PushSubscription.objects.create(organization=clinic.organization, patient=typed, endpoint="https://push.example")
    merge_patient(actor=clinic.desk, patient=typed, into=known)
    send_all()
    assert told(visit.uuid, known) == ["visit.booked"]
    assert sunk("visit.booked").channel == "sms"
    assert address_of(known, "push") == str(known.pk)
    actor = Actor("patient", known.pk, "", clinic.organization.pk, frozenset({Role.PATIENT}), "", patient_id=known.pk)
    every = Preferences(frozenset(), "email")
    set_preferences(actor=actor, patient=known, asked=[("bookings", "email")], chosen=every)
    assert chosen_by(known).refused == frozenset()
    assert unsubscribe(actor=actor, patient=known, endpoint="https://push.example")
    assert address_of(known, "push") == ""
