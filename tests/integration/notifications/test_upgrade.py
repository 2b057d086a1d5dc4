"""A house that had visits before it had messages: they are reminded of them like all others."""

from importlib import import_module

import pytest
import time_machine
from django.apps import apps
from django.db import connection

from notifications.models import Message, MessageEvent
from scheduling.services import add_patient, cancel_appointment, move_appointment, remove_patient
from tests.integration.notifications.mailing import DAY, HOUR, MailingClinic, send_all, told

pytestmark = pytest.mark.django_db
LAST, DAYS = "visit.reminder_hour", "visit.reminder_day"


def upgrade() -> None:
    import_module("scheduling.migrations.0010_reminders_of_what_is_booked").plan_reminders(apps, connection)


def forget() -> None:
    MessageEvent.objects.all().delete()
    Message.objects.all().delete()


def columns() -> set[tuple[object, ...]]:
    return set(
        Message.objects.filter(kind__in=(DAYS, LAST), status="waiting").values_list(
            "patient", "kind", "about", "version", "channel", "due_at", "next_at", "too_late_at", "organization"
        )
    )


def test_visits_of_before_have_the_very_reminders_that_a_booking_writes() -> None:
    clinic = MailingClinic(practitioners=3)
    clinic.book()
    phone_alone = clinic.new_patient(email="")
    clinic.book(patient=phone_alone, practitioner=clinic.practitioners[1])
    group = clinic.group(2, practitioner=clinic.practitioners[2])
    back = group.places.order_by("number").last()
    remove_patient(actor=clinic.desk, place=back)
    add_patient(actor=clinic.desk, appointment=group, patient=back.patient)
    gone = clinic.book(clinic.at + 2 * HOUR, patient=clinic.new_patient())
    cancel_appointment(actor=clinic.desk, appointment=gone, reason="")
    expected = columns()
    assert len(expected) == 2 * 4
    forget()
    upgrade()
    assert columns() == expected
    upgrade()
    assert Message.objects.count() == len(expected)


def test_visit_of_before_that_is_moved_is_reminded_of_its_new_time_once() -> None:
    clinic = MailingClinic()
    visit = clinic.book()
    forget()
    with time_machine.travel(visit.starts_at - 2 * HOUR, tick=False):
        upgrade()
        assert list(Message.objects.values_list("kind", flat=True)) == [LAST]
        visit = move_appointment(actor=clinic.desk, appointment=visit, starts_at=visit.starts_at + 3 * DAY)
    for before in (3 * DAY + HOUR, DAY, HOUR):
        with time_machine.travel(visit.starts_at - before, tick=False):
            send_all()
    assert told(visit.uuid) == ["visit.moved", DAYS, LAST]
