"""How often the presses of a busy desk ask the database: each statement costs the web process most of a millisecond.

Savepoints of the tests' own transaction stand in for BEGIN and COMMIT.
"""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Organization, Practitioner
from scheduling.models import Appointment, Schedule, VisitType, WeeklyRule
from tests import factories as make

pytestmark = pytest.mark.django_db

CHICAGO = ZoneInfo("America/Chicago")
DAY = dt.date(2036, 11, 25)
BOOK, MOVE, CANCEL = 29, 34, 28


def open_all_week(practitioner: Practitioner) -> None:
    clinic = practitioner.organization
    schedule = Schedule.objects.create(organization=clinic, practitioner=practitioner, timezone=str(CHICAGO))
    WeeklyRule.objects.bulk_create(
        WeeklyRule(schedule=schedule, weekday=day, starts=480, ends=1020, first_day=dt.date(2020, 1, 1))
        for day in range(7)
    )


def test_book_move_and_cancel_ask_as_often_as_they_must(
    clinic: Organization, doctor: Practitioner, desk_browser: Client
) -> None:
    colleague, patient = make.make_practitioner(clinic), make.make_patient(clinic)
    kind = VisitType.objects.create(organization=clinic, name="Check-up", minutes=20)
    kind.practitioners.set([doctor, colleague])
    open_all_week(doctor)
    open_all_week(colleague)

    def book(at: str) -> Appointment:
        who = {"visit_type": kind.uuid, "practitioner": doctor.uuid, "patient": patient.uuid}
        fields = {**who, "on": DAY.isoformat(), "at": at, "minutes": "20", "modality": "", "reason": "bench"}
        assert desk_browser.post("/staff/appointments/new/", fields).status_code == 302
        return Appointment.objects.latest("pk")

    def move(one: Appointment, hour: int) -> None:
        starts = dt.datetime.combine(DAY, dt.time(hour), tzinfo=CHICAGO)
        fields = {"to": colleague.uuid, "on": DAY.isoformat(), "starts": starts.isoformat(), "minutes": "20"}
        path = f"/staff/appointments/{one.uuid}/move/"
        answer = desk_browser.post(path, {**fields, "sequence": "0"}, headers={"accept": "application/json"})
        assert answer.status_code == 200

    # The first time makes what stays: rows of those whose time is taken, queues.
    move(book("08:00"), 9)
    with CaptureQueriesContext(connection) as booking:
        one = book("08:20")
    with CaptureQueriesContext(connection) as moving:
        move(one, 10)
    with CaptureQueriesContext(connection) as cancelling:
        assert desk_browser.post(f"/staff/appointments/{one.uuid}/cancel/", {"reason": "bench"}).status_code == 302
    for name, said, most in (("book", booking, BOOK), ("move", moving, MOVE), ("cancel", cancelling, CANCEL)):
        assert len(said) <= most, (name, [query["sql"] for query in said])
