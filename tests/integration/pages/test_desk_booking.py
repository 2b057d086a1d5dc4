"""The desk's booking form: kinds of visit, whoever is free, times outside the hours, the hour that comes twice."""

import datetime as dt
import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client

from accounts.models import Organization, Patient, Practitioner
from core.clock import now
from scheduling.models import Appointment, Modality, Schedule, VisitType, WeeklyRule
from tests import factories

pytestmark = pytest.mark.django_db
NEW = "/staff/appointments/new/"
CHICAGO = ZoneInfo("America/Chicago")


@pytest.fixture
def patient(clinic: Organization) -> Patient:
    return factories.make_patient(clinic)


@pytest.fixture
def kind(clinic: Organization, doctor: Practitioner) -> VisitType:
    found = VisitType.objects.create(
        organization=clinic, name="Follow-up by phone", minutes=15, modality=Modality.PHONE
    )
    found.practitioners.set([doctor])
    return found


def opened(practitioner: Practitioner, starts: int = 9 * 60, ends: int = 12 * 60) -> None:
    schedule = Schedule.objects.create(
        organization=practitioner.organization, practitioner=practitioner, timezone="America/Chicago"
    )
    for weekday in range(7):
        WeeklyRule.objects.create(
            schedule=schedule, weekday=weekday, starts=starts, ends=ends, first_day=dt.date(2020, 1, 1)
        )


def typed(patient: Patient, practitioner: Practitioner | None, **changes: Any) -> dict[str, Any]:
    """Tomorrow, 9:20 in Chicago."""
    tomorrow = (now() + dt.timedelta(days=1)).astimezone(CHICAGO).date()
    return {
        "patient": str(patient.uuid),
        "practitioner": str(practitioner.uuid) if practitioner else "",
        "on": tomorrow.isoformat(),
        "at": "09:20",
        "minutes": "20",
        "reason": "cough for two weeks",
        **changes,
    }


def test_kind_of_visit_says_how_long_and_how(
    doctor: Practitioner, patient: Patient, kind: VisitType, desk_browser: Client
) -> None:
    assert desk_browser.post(NEW, typed(patient, doctor, visit_type=str(kind.uuid), minutes="")).status_code == 302
    booked = Appointment.objects.get()
    assert (booked.visit_type, booked.modality) == (kind, Modality.PHONE)
    assert booked.ends_at - booked.starts_at == dt.timedelta(minutes=15)


def test_kind_of_visit_without_a_name_books_whoever_is_free(
    clinic: Organization, doctor: Practitioner, patient: Patient, kind: VisitType, desk_browser: Client
) -> None:
    colleague = factories.make_practitioner(clinic)
    kind.practitioners.add(colleague)
    with_whom = set()
    for _ in range(2):
        form = typed(factories.make_patient(clinic), None, visit_type=str(kind.uuid))
        assert desk_browser.post(NEW, form).status_code == 302
        with_whom.add(Appointment.objects.latest("pk").practitioner)
    assert with_whom == {doctor, colleague}
    answer = desk_browser.post(NEW, typed(patient, None, visit_type=str(kind.uuid)))
    assert answer.status_code == 409
    assert Appointment.objects.count() == 2


def test_taken_time_offers_free_ones_and_one_press_books_with_all_that_was_typed(
    clinic: Organization, doctor: Practitioner, patient: Patient, desk_browser: Client
) -> None:
    opened(doctor)
    desk_browser.post(NEW, typed(factories.make_patient(clinic), doctor))
    page = desk_browser.post(NEW, typed(patient, doctor)).content.decode()
    offered = re.findall(r'name="instead" value="([^"]+)"', page)
    assert len(offered) == 6
    assert desk_browser.post(NEW, typed(patient, doctor, instead=offered[1])).status_code == 302
    booked = Appointment.objects.get(patient=patient)
    assert booked.starts_at.isoformat() == offered[1].split()[1]
    assert (booked.reason, booked.practitioner) == ("cough for two weeks", doctor)
    for nonsense in ("", "x y", f"{doctor.uuid} 2026-13-01", f"{doctor.uuid} 2036-01-01T09:00"):
        assert desk_browser.post(NEW, typed(patient, doctor, instead=nonsense)).status_code == 409


def test_time_outside_the_hours_is_booked_at_the_second_press_only(
    doctor: Practitioner, patient: Patient, desk_browser: Client
) -> None:
    opened(doctor)
    answer = desk_browser.post(NEW, typed(patient, doctor, at="18:00"))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "does not see patients at that time" in page
    assert 'name="outside_rules" value="on"' in page
    assert not Appointment.objects.exists()
    assert desk_browser.post(NEW, typed(patient, doctor, at="18:00", outside_rules="on")).status_code == 302
    assert Appointment.objects.count() == 1


def test_hour_that_comes_twice_is_asked_about(doctor: Practitioner, patient: Patient, desk_browser: Client) -> None:
    with time_machine.travel(dt.datetime(2026, 11, 1, 2, tzinfo=dt.UTC), tick=False):
        browser = desk_browser
        form = typed(patient, doctor, on="2026-11-01", at="01:30")
        answer = browser.post(NEW, form)
        page = answer.content.decode()
        if answer.status_code == 302:  # the session has ended on the way to another year
            pytest.fail("not signed in")
        assert answer.status_code == 422
        assert "1:30 am comes twice on that night" in page
        assert "CDT, UTC-0500" in page
        assert "CST, UTC-0600" in page
        for which, hour in (("first", 6), ("second", 7)):
            other = factories.make_patient(doctor.organization)
            assert browser.post(NEW, form | {"patient": str(other.uuid), "which": which}).status_code == 302
            assert Appointment.objects.get(patient=other).starts_at.hour == hour


def test_page_with_a_chosen_patient_shows_no_other(
    clinic: Organization, doctor: Practitioner, patient: Patient, desk_browser: Client
) -> None:
    other = factories.make_patient(clinic)
    desk_browser.post(NEW, typed(other, doctor))
    page = desk_browser.post(NEW, typed(patient, doctor)).content.decode()
    assert (str(patient.uuid) in page, str(other.uuid) in page) == (True, False)
    assert str(other.uuid) in desk_browser.post(NEW, typed(patient, doctor) | {"patient": ""}).content.decode()
