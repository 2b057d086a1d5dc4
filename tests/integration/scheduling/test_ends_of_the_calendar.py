"""Days at the ends of the calendar, in zones before and behind UTC: refused like other nonsense, and never a fault."""

import datetime as dt

import pytest
from django.test import Client

from accounts.models import Organization
from accounts.roles import Role
from core.clock import now
from scheduling.models import Appointment
from tests import factories as make

pytestmark = pytest.mark.django_db

DAYS = ("0001-01-01", "1899-12-31", "2200-01-01", "9999-12-31")


@pytest.fixture(params=["Pacific/Kiritimati", "America/Chicago"])
def clinic(request: pytest.FixtureRequest) -> Organization:
    return make.make_organization(timezone=request.param)


@pytest.fixture
def desk(client: Client, clinic: Organization) -> Client:
    client.force_login(make.make_user(clinic, Role.FRONT_DESK))
    return client


@pytest.mark.parametrize("day", DAYS)
def test_list_of_a_day_outside_the_calendar_is_todays(desk: Client, day: str) -> None:
    response = desk.get("/staff/calendar/", {"on": day, "view": "list"})
    assert (response.status_code, response.context["is_today"]) == (200, True)


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("time", ["00:00", "23:59"])
def test_booking_outside_the_calendar_is_422(desk: Client, clinic: Organization, day: str, time: str) -> None:
    patient, doctor = make.make_patient(clinic), make.make_practitioner(clinic)
    typed = {"patient": patient.uuid, "practitioner": doctor.uuid, "on": day, "at": time, "minutes": "90"}
    assert desk.post("/staff/appointments/new/", typed).status_code == 422
    assert not Appointment.objects.exists()


INSTANTS = ("9999-12-31T23:59:00-05:00", "9999-12-31T23:50:00+00:00", "0001-01-01T00:00:00+05:00")


@pytest.mark.parametrize("instant", INSTANTS)
def test_offered_time_outside_the_calendar_is_refused(desk: Client, clinic: Organization, instant: str) -> None:
    patient, doctor = make.make_patient(clinic), make.make_practitioner(clinic)
    day = (now() + dt.timedelta(days=1)).date()
    typed = {"patient": patient.uuid, "practitioner": doctor.uuid, "on": day, "at": "10:00", "minutes": "20"}
    answer = desk.post("/staff/appointments/new/", {**typed, "instead": f"{doctor.uuid} {instant}"})
    assert answer.status_code in (302, 422)
    assert {one.starts_at.year for one in Appointment.objects.all()} <= {day.year}


@pytest.mark.parametrize("instant", INSTANTS)
def test_move_to_a_time_outside_the_calendar_is_422(desk: Client, clinic: Organization, instant: str) -> None:
    booked = make.make_appointment(organization=clinic)
    typed = {"to": booked.practitioner.uuid, "on": booked.starts_at.date(), "starts": instant, "minutes": "20"}
    answer = desk.post(f"/staff/appointments/{booked.uuid}/move/", {**typed, "sequence": booked.sequence})
    assert answer.status_code == 422
    assert Appointment.objects.get().starts_at == booked.starts_at
