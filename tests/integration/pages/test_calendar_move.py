"""Moving a visit by its form and by a drag: free times, what a stale page is told, clocks that change, the way back."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Organization, Practitioner
from accounts.roles import Role
from scheduling.models import Appointment, Schedule, WeeklyRule
from scheduling.services import cancel_appointment
from tests import factories as make
from tests.integration.pages.conftest import SignIn

pytestmark = pytest.mark.django_db

CHICAGO = ZoneInfo("America/Chicago")
DAY = dt.date(2036, 11, 25)
JSON = {"accept": "application/json"}


def at(hour: int, minute: int = 0, day: dt.date = DAY) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour, minute), tzinfo=CHICAGO)


@pytest.fixture
def booked(doctor: Practitioner) -> Appointment:
    schedule = Schedule.objects.create(
        organization=doctor.organization, practitioner=doctor, timezone="America/Chicago", step_minutes=20
    )
    WeeklyRule.objects.create(schedule=schedule, weekday=1, starts=540, ends=720, first_day=dt.date(2020, 1, 7))
    patient = make.make_patient(doctor.organization, given_name="Otto", family_name="Pepperday")
    return make.make_appointment(practitioner=doctor, patient=patient, starts_at=at(10), reason="cough")


def form_of(booked: Appointment, **changes: Any) -> dict[str, Any]:
    """What a drag of the visit sends: an hour later, with the same practitioner."""
    fields = {"to": booked.practitioner.uuid, "on": "2036-11-25", "at": "11:00", "minutes": 20, "sequence": 0}
    return fields | changes


def path_of(booked: Appointment) -> str:
    return reverse("appointment-move", args=[booked.uuid])


def test_form_offers_the_free_times_of_the_day_and_the_one_it_has(booked: Appointment, desk_browser: Client) -> None:
    make.make_appointment(practitioner=booked.practitioner, starts_at=at(9, 20))
    found = desk_browser.get(path_of(booked), {"times": "yes"}, headers=JSON).json()["times"]
    assert [words for _, words in found][:4] == [
        "9:00 am, free",
        "9:40 am, free",
        "10:00 am, as it is now",
        "10:20 am, free",
    ]
    page = desk_browser.get(path_of(booked)).content.decode()
    assert "10:20 am, free</option>" in page
    panel = desk_browser.get(path_of(booked), headers=JSON).json()["html"]
    for part in ("Otto Pepperday", "Move the visit", "Copy link", "Chicago time (CST)"):
        assert part in panel, part


def test_free_times_follow_practitioner_day_and_length(
    clinic: Organization, booked: Appointment, desk_browser: Client
) -> None:
    def times(**asked: str) -> list[str]:
        found = desk_browser.get(path_of(booked), {"times": "yes", **asked}, headers=JSON).json()["times"]
        return [words for _, words in found]

    assert times(minutes="150") == ["9:00 am, free", "9:20 am, free", "10:00 am, as it is now"]
    assert times(on="2036-11-26") == []
    assert times(to=str(make.make_practitioner(clinic).uuid)) == ["10:00 am, free"]
    for nonsense in ({"on": "never"}, {"to": "nobody"}, {"minutes": "-5"}, {"minutes": "9" * 30}):
        assert times(**nonsense) == times()


def test_drag_moves_the_visit_and_can_be_taken_back(
    clinic: Organization, booked: Appointment, desk_browser: Client
) -> None:
    colleague = make.make_practitioner(clinic, prefix="Dr", family_name="Brightwater")
    answer = desk_browser.post(path_of(booked), form_of(booked, to=colleague.uuid, minutes=40), headers=JSON).json()
    assert answer["said"] == "Moved to 11:00 am, Tuesday 25 November, Dr Brightwater."
    booked.refresh_from_db()
    assert (booked.practitioner, booked.starts_at, booked.ends_at) == (colleague, at(11), at(11, 40))
    back = {"on": "2036-11-25", "sequence": answer["sequence"], **answer["former"]}
    assert desk_browser.post(path_of(booked), back, headers=JSON).json()["ok"]
    booked.refresh_from_db()
    assert (booked.starts_at, booked.ends_at) == (at(10), at(10, 20))


def test_form_without_script_moves_to_the_chosen_time(booked: Appointment, desk_browser: Client) -> None:
    typed = form_of(booked, at="", starts=at(10, 20).isoformat())
    answer = desk_browser.post(path_of(booked), typed, follow=True)
    assert answer.redirect_chain[0][0] == f"/staff/calendar/?on=2036-11-25#visit-{booked.uuid}"
    assert "Moved to 10:20 am, Tuesday 25 November, Dr Marlow." in answer.content.decode()
    booked.refresh_from_db()
    assert booked.starts_at == at(10, 20)


def test_stale_drag_is_refused_and_told_who_was_faster(
    clinic: Organization, booked: Appointment, desk_browser: Client, sign_in: SignIn
) -> None:
    colleague = make.make_user(clinic, Role.FRONT_DESK, name="Jo Tindle")
    faster = sign_in(colleague).post(path_of(booked), form_of(booked, at="11:20"), headers=JSON)
    assert faster.status_code == 200
    answer = desk_browser.post(path_of(booked), form_of(booked), headers=JSON)
    assert answer.status_code == 409
    error = answer.json()["error"]
    assert error["code"] == "appointment.changed"
    assert error["message"] == (
        "Jo Tindle has just changed this visit: it is now at 11:20 am, Tuesday 25 November, Dr Marlow. It stays there."
    )
    booked.refresh_from_db()
    assert booked.starts_at == at(11, 20)
    page = desk_browser.post(path_of(booked), form_of(booked))
    assert page.status_code == 409
    assert "Jo Tindle has just changed this visit" in page.content.decode()
    # The form that came back knows how the visit is now, so that sending it again is a choice.
    assert 'name="sequence" value="1"' in page.content.decode()


def test_cancelled_meanwhile_is_told_so(booked: Appointment, desk_browser: Client) -> None:
    desk_browser.get(path_of(booked))
    cancel_appointment(actor=make.SYSTEM, appointment=booked, reason="")
    answer = desk_browser.post(path_of(booked), form_of(booked), headers=JSON)
    assert answer.status_code == 409
    assert "This visit cannot be moved any more." in desk_browser.get(path_of(booked)).content.decode()


def test_taken_time_keeps_what_was_typed(booked: Appointment, desk_browser: Client) -> None:
    make.make_appointment(practitioner=booked.practitioner, starts_at=at(11))
    answer = desk_browser.post(path_of(booked), form_of(booked), headers=JSON)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "slot.taken")
    page = desk_browser.post(path_of(booked), form_of(booked))
    assert page.status_code == 409
    assert 'value="11:00"' in page.content.decode()
    booked.refresh_from_db()
    assert (booked.starts_at, booked.sequence) == (at(10), 0)


@pytest.mark.parametrize(
    "changes",
    [
        {"at": "", "starts": ""},
        {"at": "", "starts": "soon"},
        {"at": "", "starts": "2036-11-25T11:00"},
        {"at": "25:00"},
        {"on": "9999-12-31"},
        {"minutes": "-20"},
        {"minutes": "100000"},
        {"to": "nobody"},
        {"sequence": "first"},
        {"on": "2020-01-07"},
    ],
)
def test_nonsense_is_422_with_one_sentence(booked: Appointment, desk_browser: Client, changes: dict[str, Any]) -> None:
    answer = desk_browser.post(path_of(booked), form_of(booked, **changes), headers=JSON)
    assert answer.status_code == 422
    assert answer.json()["error"]["message"]
    assert desk_browser.post(path_of(booked), form_of(booked, **changes)).status_code == 422
    booked.refresh_from_db()
    assert booked.sequence == 0


def test_hours_that_the_clocks_skip_or_show_twice_are_asked_about(booked: Appointment, desk_browser: Client) -> None:
    days = {"2037-03-08": "02:30", "2036-11-02": "01:30"}
    answers = [
        desk_browser.post(path_of(booked), form_of(booked, on=on, at=at), headers=JSON) for on, at in days.items()
    ]
    assert [answer.json()["error"]["code"] for answer in answers] == ["time.skipped", "time.twice"]
    WeeklyRule.objects.create(
        schedule=Schedule.objects.get(), weekday=6, starts=60, ends=120, first_day=dt.date(2020, 1, 5)
    )
    asked = {"times": "yes", "on": "2036-11-02", "minutes": "30"}
    found = desk_browser.get(path_of(booked), asked, headers=JSON).json()["times"]
    assert {words for _, words in found} >= {"1:00 am CDT, free", "1:00 am CST, free"}


def test_people_of_another_clinic_are_nobody_to_move_to(booked: Appointment, desk_browser: Client) -> None:
    foreign = make.make_practitioner()
    assert foreign.family_name not in desk_browser.get(path_of(booked)).content.decode()
    assert desk_browser.post(path_of(booked), form_of(booked, to=foreign.uuid), headers=JSON).status_code == 422


def test_doctor_moves_own_visits_within_their_own_time(
    clinic: Organization, booked: Appointment, doctors_browser: Client, sign_in: SignIn
) -> None:
    colleague = make.make_practitioner(clinic)
    assert sign_in(colleague.user).get(path_of(booked)).status_code == 404
    refused = doctors_browser.post(path_of(booked), form_of(booked, to=colleague.uuid), headers=JSON)
    assert refused.status_code == 422
    assert doctors_browser.post(path_of(booked), form_of(booked), headers=JSON).status_code == 200


def test_own_change_is_told_as_ones_own(booked: Appointment, desk_browser: Client) -> None:
    desk_browser.post(path_of(booked), form_of(booked), headers=JSON)
    again = desk_browser.post(path_of(booked), form_of(booked, at="11:40"), headers=JSON)
    assert again.json()["error"]["message"].startswith("You have just changed this visit:")
