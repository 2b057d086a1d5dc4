"""The desk's booking form: kinds of visit, whoever is free, times outside the hours, the hour that comes twice."""

import datetime as dt
import html
import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client

from accounts.models import Organization, Patient, Practitioner
from accounts.roles import Role
from core.clock import now
from scheduling.models import Appointment, Modality, Schedule, VisitType, WeeklyRule
from tests import factories
from tests.integration.pages.conftest import SignIn

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


def test_hour_that_comes_twice_is_asked_about(doctor: Practitioner, patient: Patient, sign_in: SignIn) -> None:
    with time_machine.travel(dt.datetime(2026, 11, 1, 2, tzinfo=dt.UTC), tick=False):
        browser = sign_in(factories.make_user(doctor.organization, Role.FRONT_DESK))
        form = typed(patient, doctor, on="2026-11-01", at="01:30")
        answer = browser.post(NEW, form)
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "1:30 am comes twice on that night" in page
        assert "CDT, UTC-0500" in page
        assert "CST, UTC-0600" in page
        for which, hour in (("first", 6), ("second", 7)):
            other = factories.make_patient(doctor.organization)
            assert browser.post(NEW, form | {"patient": str(other.uuid), "which": which}).status_code == 302
            assert Appointment.objects.get(patient=other).starts_at.hour == hour


def test_series_by_the_desk_names_taken_dates_and_books_the_others_by_one_press(
    clinic: Organization, doctor: Practitioner, patient: Patient, desk_browser: Client
) -> None:
    form = typed(patient, doctor, repeat="weekly", times="4")
    second = dt.date.fromisoformat(form["on"]) + dt.timedelta(days=7)
    desk_browser.post(NEW, typed(factories.make_patient(clinic), doctor, on=second.isoformat()))
    answer = desk_browser.post(NEW, form)
    page = answer.content.decode()
    assert (answer.status_code, page.count("is taken") + page.count("just taken")) == (409, 1)
    assert "1 of these dates is not free" in page
    assert not Appointment.objects.filter(patient=patient).exists()
    answer = desk_browser.post(NEW, form | {"leave_out": "on"}, follow=True)
    first = Appointment.objects.filter(patient=patient).earliest("starts_at")
    assert first.series.appointments.count() == 3
    assert "And the 2 visits that follow it in its series" in answer.content.decode()
    desk_browser.post(f"/staff/appointments/{first.uuid}/cancel/", {"reason": "", "following": "on"})
    assert not Appointment.objects.filter(patient=patient).exclude(status="cancelled").exists()
    for wrong in ({"times": ""}, {"times": "1"}, {"times": "1000000"}, {"repeat": "hourly"}, {"practitioner": ""}):
        assert desk_browser.post(NEW, form | wrong).status_code == 422


def test_follow_up_knows_the_visit_that_it_follows(
    clinic: Organization, doctor: Practitioner, patient: Patient, desk_browser: Client
) -> None:
    first = factories.make_appointment(practitioner=doctor, patient=patient)
    page = desk_browser.get(f"/staff/appointments/{first.uuid}/").content.decode()
    [address] = re.findall(r'href="([^"]+follows=[^"]+)"', page)
    form = desk_browser.get(html.unescape(address)).content.decode()
    assert f'<option value="{patient.uuid}" selected' in form
    assert desk_browser.post(NEW, typed(patient, doctor, follows=str(first.uuid))).status_code == 302
    assert Appointment.objects.latest("pk").follows == first
    foreign = factories.make_appointment()
    assert desk_browser.post(NEW, typed(patient, doctor, at="11:00", follows=str(foreign.uuid))).status_code == 404


def test_buttons_of_a_visit_confirm_it_and_say_who_came(
    clinic: Organization, doctor: Practitioner, patient: Patient, desk_browser: Client
) -> None:
    one = factories.make_appointment(
        practitioner=doctor, patient=patient, starts_at=now() - dt.timedelta(minutes=3), modality=Modality.PHONE
    )
    Appointment.objects.filter(pk=one.pk).update(status="pending")
    path = f"/staff/appointments/{one.uuid}/"
    for say, status in (("confirm", "booked"), ("missed", "noshow"), ("booked", "booked"), ("held", "fulfilled")):
        assert f'name="say" value="{say}"' in desk_browser.get(path).content.decode()
        assert desk_browser.post(f"{path}standing/", {"say": say}).status_code == 302
        one.refresh_from_db()
        assert one.status == status
    assert 'name="say"' not in desk_browser.get(path).content.decode()
    assert desk_browser.post(f"{path}standing/", {"say": "dance"}).status_code == 422


def test_page_with_a_chosen_patient_shows_no_other(
    clinic: Organization, doctor: Practitioner, patient: Patient, desk_browser: Client
) -> None:
    other = factories.make_patient(clinic)
    desk_browser.post(NEW, typed(other, doctor))
    page = desk_browser.post(NEW, typed(patient, doctor)).content.decode()
    assert (str(patient.uuid) in page, str(other.uuid) in page) == (True, False)
    assert str(other.uuid) in desk_browser.post(NEW, typed(patient, doctor) | {"patient": ""}).content.decode()
