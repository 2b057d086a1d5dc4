"""Running late: whoever comes after is moved in one go, or told; nobody collides and pauses are used up."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client

from accounts.roles import Role
from consults.selectors.visits import told_of
from core.errors import Conflict, Invalid, NotFound
from scheduling.links import COOKIE_NAME, path_of, session_cookie_for
from scheduling.models import Appointment
from scheduling.services import tell_late
from tests import factories as make
from tests.integration.scheduling.clinic import TWENTY, Clinic

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic() -> Clinic:
    return Clinic(practitioners=2)


def day_of(clinic: Clinic, *minutes: int) -> list[Appointment]:
    """Visits that begin so many minutes after ten."""
    return [clinic.book(clinic.at + dt.timedelta(minutes=m), patient=clinic.new_patient()) for m in minutes]


def after_ten(clinic: Clinic, appointments: list[Appointment]) -> list[int]:
    for one in appointments:
        one.refresh_from_db()
    return [int((one.starts_at - clinic.at).total_seconds() // 60) for one in appointments]


def test_moving_back_to_back_visits_moves_each_and_stops_at_a_pause(clinic: Clinic) -> None:
    visits = day_of(clinic, 0, 20, 40, 90, 110)
    elsewhere = clinic.book(practitioner=clinic.practitioners[1])
    with time_machine.travel(clinic.at - TWENTY):
        late = tell_late(actor=clinic.desk, practitioner=clinic.practitioner, minutes=20, move=True)
    assert after_ten(clinic, visits) == [20, 40, 60, 90, 110]
    assert [one.pk for one in late.moved] == [one.pk for one in visits[:3]]
    assert [one.sequence for one in visits] == [1, 1, 1, 0, 0]
    assert after_ten(clinic, [elsewhere]) == [0]


def test_telling_moves_nobody_and_says_how_late_each_will_be(clinic: Clinic) -> None:
    visits = day_of(clinic, 0, 20, 50)
    with time_machine.travel(clinic.at - TWENTY):
        late = tell_late(actor=clinic.desk, practitioner=clinic.practitioner, minutes=25, move=False)
        assert after_ten(clinic, visits) == [0, 20, 50]
        assert [one.late_minutes for one in visits] == [25, 25, 15]
        assert [minutes for _, minutes in late.told] == [25, 25, 15]
        tell_late(actor=clinic.desk, practitioner=clinic.practitioner, minutes=0, move=False)
    assert after_ten(clinic, visits) == [0, 20, 50]
    assert [one.late_minutes for one in visits] == [0, 0, 0]


def test_moving_into_another_visit_of_a_patient_moves_nobody_and_names_whose(clinic: Clinic) -> None:
    visits = day_of(clinic, 0, 20)
    clinic.book(clinic.at + 2 * TWENTY, patient=visits[1].patient, practitioner=clinic.practitioners[1])
    with time_machine.travel(clinic.at - TWENTY), pytest.raises(Conflict) as refused:
        tell_late(actor=clinic.desk, practitioner=clinic.practitioner, minutes=20, move=True)
    assert (refused.value.extra["whose"], refused.value.extra["appointment"]) == ("patient", str(visits[1].uuid))
    assert after_ten(clinic, visits) == [0, 20]


def test_visit_that_has_begun_and_tomorrows_stay(clinic: Clinic) -> None:
    begun = make.make_visit_in_progress()
    desk = make.staff_actor(Role.FRONT_DESK, organization=begun.organization)
    late = tell_late(actor=desk, practitioner=begun.practitioner, minutes=30, move=True)
    assert late.moved == ()
    visits = day_of(clinic, 0, 24 * 60)
    with time_machine.travel(clinic.at - TWENTY):
        tell_late(actor=clinic.desk, practitioner=clinic.practitioner, minutes=30, move=True)
    assert after_ten(clinic, visits) == [30, 24 * 60]


def test_shortly_before_midnight_the_next_visits_are_told_too(clinic: Clinic) -> None:
    midnight = clinic.at.astimezone(ZoneInfo("America/Chicago")).replace(hour=0) + dt.timedelta(days=1)
    visits = [clinic.book(midnight + dt.timedelta(minutes=m), patient=clinic.new_patient()) for m in (-10, 10, 240)]
    with time_machine.travel(midnight - TWENTY):
        late = tell_late(actor=clinic.desk, practitioner=clinic.practitioner, minutes=30, move=False)
    assert late.told == ((visits[0], 30), (visits[1], 30))


def test_late_by_whom_and_by_how_much(clinic: Clinic) -> None:
    for minutes, move in ((0, True), (-5, False), (241, True)):
        with pytest.raises(Invalid):
            tell_late(actor=clinic.desk, practitioner=clinic.practitioner, minutes=minutes, move=move)
    colleague = make.practitioner_actor(clinic.practitioners[1])
    stranger = make.staff_actor(Role.FRONT_DESK)
    for actor in (colleague, stranger):
        with pytest.raises(NotFound):
            tell_late(actor=actor, practitioner=clinic.practitioner, minutes=5, move=False)
    own = make.practitioner_actor(clinic.practitioner)
    assert tell_late(actor=own, practitioner=clinic.practitioner, minutes=5, move=False).told == ()


def test_link_of_a_visit_that_will_be_late_says_so_and_an_open_page_learns_it() -> None:
    visit = make.make_visit()
    before = told_of(visit)
    own = make.practitioner_actor(visit.practitioner)
    tell_late(actor=own, practitioner=visit.practitioner, minutes=15, move=False)
    visit.appointment.refresh_from_db()
    assert told_of(visit) != before
    browser = Client()
    link = visit.appointment.links.get()
    browser.cookies[COOKIE_NAME] = session_cookie_for(link)
    page = browser.get(path_of(link)).content.decode()
    assert f"{visit.practitioner.short_name} is running late" in page
    assert "about 15 minutes later" in page
    assert told_of(visit) in page
