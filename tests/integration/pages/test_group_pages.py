"""Group visits on pages: booked by the desk for several, changed one by one, joined by people themselves."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Patient
from core.clock import now
from scheduling.links import secret_for
from scheduling.models import Appointment, GroupPlace, PersonalLink, Schedule, VisitType, WeeklyRule
from scheduling.selectors.groups import coming_to
from scheduling.services import add_patient
from tests import factories as make
from tests.integration.scheduling.clinic import DAY, Clinic

pytestmark = pytest.mark.django_db
NEW = "/staff/appointments/new/"


@pytest.fixture
def clinic() -> Clinic:
    clinic = Clinic()
    clinic.offer_groups()
    return clinic


@pytest.fixture
def desk(clinic: Clinic) -> Client:
    client = Client()
    client.force_login(make.User.objects.get(pk=clinic.desk.user_id))
    return client


def typed(clinic: Clinic, *further: Patient, **changes: str) -> dict[str, str]:
    day = (now() + DAY).date().isoformat()
    rows = {f"further_{number}": str(one.uuid) for number, one in enumerate(further, start=1)}
    return {
        "visit_type": str(clinic.visit_type.uuid),
        "patient": str(clinic.patient.uuid),
        "practitioner": str(clinic.practitioner.uuid),
        "on": day,
        "at": "10:00",
        "minutes": "20",
        **rows,
        **changes,
    }


def coming(group: Appointment) -> list[Patient]:
    return [place.patient for place in coming_to(group) if place.patient is not None]


def test_form_takes_another_patient_without_script_and_books_them_together(clinic: Clinic, desk: Client) -> None:
    second, third = clinic.new_patient(), clinic.new_patient()
    assert "further_1" not in desk.get(NEW).content.decode()
    page = desk.post(NEW, typed(clinic, second, more_patients="yes", reason="sleep"))
    body = page.content.decode()
    assert (page.status_code, Appointment.objects.count()) == (200, 0)
    assert f'<option value="{second.uuid}" selected' in body
    assert 'name="further_2"' in body
    assert 'value="sleep"' in body
    answer = desk.post(NEW, typed(clinic, second, third, further_3=""))
    group = Appointment.objects.get()
    assert answer.headers["Location"] == reverse("appointment", args=[group.uuid])
    assert coming(group) == [clinic.patient, second, third]


def test_form_of_a_clinic_without_groups_has_no_such_button(clinic: Clinic, desk: Client) -> None:
    clinic.offer_groups(1)
    assert "more_patients" not in desk.get(NEW).content.decode()


def test_too_many_and_unknown_patients_are_told_and_nothing_typed_is_lost(clinic: Clinic, desk: Client) -> None:
    many = [clinic.new_patient() for _ in range(3)]
    page = desk.post(NEW, typed(clinic, *many))
    assert page.status_code == 422
    assert "for 3 patients at most" in page.content.decode()
    assert all(str(one.uuid) in page.content.decode() for one in many)
    stranger = desk.post(NEW, typed(clinic, make.make_patient()))
    assert stranger.status_code == 422
    assert "Choose a patient of this clinic" in stranger.content.decode()
    assert not Appointment.objects.exists()


def test_page_of_the_visit_lists_everybody_with_link_and_buttons(clinic: Clinic, desk: Client) -> None:
    group = clinic.group(2)
    body = desk.get(reverse("appointment", args=[group.uuid])).content.decode()
    assert "Who comes: 2 of 3" in body
    for one in coming(group):
        assert one.full_name in body
        assert secret_for(group.links.get(patient=one)) in body
    place = GroupPlace.objects.get(patient=coming(group)[1])
    say = reverse("group-place", args=[place.uuid])
    link = PersonalLink.objects.get(patient=coming(group)[1])
    assert desk.post(say, {"say": "new-link"}).status_code == 302
    link.refresh_from_db()
    assert link.generation == 2
    assert "has not begun yet" in desk.post(say, {"say": "missed"}, follow=True).content.decode()
    assert desk.post(say, {"say": "nothing"}).status_code == 422
    assert "does not come any more" in desk.post(say, {"say": "remove"}, follow=True).content.decode()
    assert len(coming(group)) == 1
    assert desk.post(reverse("appointment-link", args=[group.uuid])).status_code == 409


def test_adding_a_patient_whose_time_is_taken_is_told_with_times_around(clinic: Clinic, desk: Client) -> None:
    group, busy = clinic.group(1), clinic.new_patient()
    clinic.book(patient=busy, practitioner=make.make_practitioner(clinic.organization))
    open_hours(clinic)
    add = reverse("appointment-patients", args=[group.uuid])
    assert desk.get(add).status_code == 200
    page = desk.post(add, {"patient": str(busy.uuid)})
    body = page.content.decode()
    assert page.status_code == 409
    assert f"{busy.full_name} already has a visit" in body
    assert f'<option value="{busy.uuid}" selected' in body
    assert f"patient={busy.uuid}" in body
    free = clinic.new_patient()
    assert desk.post(add, {"patient": str(free.uuid)}).status_code == 302
    assert coming(group)[1] == free
    single = clinic.book(clinic.at + DAY)
    assert (
        desk.post(reverse("appointment-patients", args=[single.uuid]), {"patient": str(free.uuid)}).status_code == 409
    )


def open_hours(clinic: Clinic) -> None:
    schedule = Schedule.objects.create(
        organization=clinic.organization, practitioner=clinic.practitioner, timezone="UTC", notice_minutes=0
    )
    for weekday in range(7):
        WeeklyRule.objects.create(
            schedule=schedule, weekday=weekday, starts=900, ends=1080, first_day=dt.date(2020, 1, 6)
        )


def public(clinic: Clinic) -> tuple[Client, str]:
    """A browser on the page of times of the one kind there is."""
    open_hours(clinic)
    client = Client()
    day = clinic.at.date().isoformat()
    return client, f"/book/time/?type={clinic.visit_type.uuid}&who={clinic.practitioner.uuid}&zone=UTC&day={day}"


def person(number: int = 1) -> dict[str, str]:
    return {
        "name": f"Ana Berg{'a' * number}",
        "birth_date": "1990-01-02",
        "phone": "555-0142",
        "email": "ana@example.org",
    }


def test_people_join_a_standing_group_by_themselves_and_see_no_name(clinic: Clinic) -> None:
    group = clinic.group(2)
    browser, times = public(clinic)
    page = browser.get(times).content.decode()
    assert "1 place left" in page
    assert "Others in this group will see and hear you" in page
    held = browser.post(times, {"time": clinic.at.isoformat()})
    assert held.status_code == 302
    details = held.headers["Location"]
    assert "1 place left" not in Client().get(times).content.decode()
    done = browser.post(details, person())
    assert done.status_code == 302
    assert browser.post(details, person()).headers["Location"] == done.headers["Location"]
    body = browser.get(done.headers["Location"]).content.decode()
    joined = coming(group)[2]
    assert joined.given_name == "Ana"
    assert secret_for(group.links.get(patient=joined)) in body
    assert not any(one.family_name in page + body for one in coming(group)[:2])
    assert Client().get(done.headers["Location"]).status_code == 404


def test_first_one_opens_a_group_that_the_next_one_joins(clinic: Clinic) -> None:
    browser, times = public(clinic)
    for number, client in enumerate((browser, Client()), start=1):
        details = client.post(times, {"time": clinic.at.isoformat()}).headers["Location"]
        assert client.post(details, person(number)).status_code == 302
    [group] = Appointment.objects.filter(patient__isnull=False)
    assert [one.family_name for one in coming(group)] == ["Berga", "Bergaa"]


def test_place_that_went_meanwhile_is_told_with_everything_typed(clinic: Clinic) -> None:
    group = clinic.group(2)
    browser, times = public(clinic)
    details = browser.post(times, {"time": clinic.at.isoformat()}).headers["Location"]
    Appointment.objects.filter(holds_place__isnull=False).update(held_until=now())
    add_patient(actor=clinic.desk, appointment=group, patient=clinic.patient)
    page = browser.post(details, person())
    assert page.status_code == 409
    assert 'value="Ana Berga"' in page.content.decode()
    assert len(coming(group)) == 3
    assert VisitType.objects.count() == 1


def test_page_of_a_patients_link_speaks_of_the_group_and_of_nobody_in_it(clinic: Clinic) -> None:
    group = clinic.group(2, starts_at=now() + dt.timedelta(minutes=5))
    first, second = coming(group)
    link = group.links.get(patient=second)
    browser, page = Client(), reverse("visit", args=[link.uuid])
    browser.post(reverse("visit-open", args=[link.uuid]), {"secret": secret_for(link)})
    body = browser.get(page).content.decode()
    assert f"Hello {second.given_name}" in body
    assert "Others in this group will see and hear you" in body
    assert first.given_name not in body
    assert "Move visit" not in body
    browser.post(reverse("visit-cancel", args=[link.uuid]))
    body = browser.get(page).content.decode()
    assert "You do not come to this visit" in body
    assert coming(group) == [first]


def test_call_page_of_a_group_lists_who_is_here_and_confirms_each(clinic: Clinic) -> None:
    group = clinic.group(2)
    doctor = Client()
    doctor.force_login(clinic.practitioner.user)
    body = doctor.get(reverse("call", args=[group.encounter.uuid])).content.decode()
    assert "0 of 2 are here" in body
    assert all(one.full_name in body for one in coming(group))
    assert doctor.post(reverse("call-identity", args=[group.encounter.uuid])).status_code == 404
