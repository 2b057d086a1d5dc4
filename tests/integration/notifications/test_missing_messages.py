"""Visits that were booked before there were messages are reminded of all the same, once."""

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine

from notifications.models import Message
from scheduling.messages.missing import plan_missing
from scheduling.services import add_patient, cancel_appointment
from tests.integration.notifications.mailing import DAY, HOUR, MailingClinic, send_all, told

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2027, 3, 1, 18, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def test_visit_of_before_is_reminded_of_and_not_confirmed_again(clock: time_machine.Traveller) -> None:
    clinic = MailingClinic()
    visit = clinic.book(NOON + 2 * DAY, patient=clinic.new_patient())
    gone = clinic.book(NOON + 3 * DAY, patient=clinic.new_patient())
    cancel_appointment(actor=clinic.desk, appointment=gone, reason="")
    Message.objects.all().delete()
    assert plan_missing() == 1
    assert plan_missing() == 0
    for due in (NOON + DAY, NOON + 2 * DAY - HOUR):
        clock.move_to(due)
        send_all()
    assert told(visit.uuid) == ["visit.reminder_day", "visit.reminder_hour"]
    assert told(gone.uuid) == []


def test_visit_that_has_its_messages_is_left_alone(clock: time_machine.Traveller) -> None:
    clinic = MailingClinic()
    clinic.book(NOON + 2 * DAY, patient=clinic.new_patient())
    assert plan_missing() == 0
    assert Message.objects.count() == 3


def test_group_of_before_reminds_everybody_who_comes(clock: time_machine.Traveller) -> None:
    clinic = MailingClinic()
    clinic.offer_groups(3)
    people = [clinic.new_patient() for _ in range(2)]
    group = clinic.group(2, patient=people[0], starts_at=NOON + 2 * DAY, practitioner=clinic.practitioners[0])
    Message.objects.all().delete()
    assert plan_missing() == 1
    clock.move_to(NOON + DAY)
    send_all()
    assert Message.objects.filter(about=group.uuid, status="sent").count() == 2


def test_group_of_before_that_somebody_has_joined_since_reminds_the_others_too(clock: time_machine.Traveller) -> None:
    clinic = MailingClinic()
    clinic.offer_groups(3)
    group = clinic.group(2, starts_at=NOON + 2 * DAY)
    Message.objects.all().delete()
    add_patient(actor=clinic.desk, appointment=group, patient=clinic.new_patient())
    assert plan_missing() == 1
    assert plan_missing() == 0
    clock.move_to(NOON + DAY)
    send_all()
    assert Message.objects.filter(about=group.uuid, kind="visit.reminder_day", status="sent").count() == 3
