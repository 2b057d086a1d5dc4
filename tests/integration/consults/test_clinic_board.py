"""All lines of the clinic on one page: trouble first, then who was not called, then who waits longest."""

import datetime as dt
from typing import Any

import pytest
import time_machine

from accounts.models import Organization, Practitioner
from accounts.roles import Role
from audit.models import AuditEvent
from consults.models import DoorCheck, Encounter, Seat
from consults.selectors.clinic import ClinicBoard, clinic_board
from core.errors import NotFound
from tests import factories as make

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2036, 11, 24, 18, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def clinic(clock: Any) -> Organization:
    return make.make_organization(timezone="America/Chicago")


@pytest.fixture
def doctors(clinic: Organization) -> list[Practitioner]:
    return [make.make_practitioner(clinic) for _ in range(2)]


def look(clinic: Organization) -> ClinicBoard:
    return clinic_board(make.staff_actor(Role.FRONT_DESK, organization=clinic))


def names(rows: Any) -> list[str]:
    return [said.row.patient_name for said in rows]


def there(*visits: Encounter) -> None:
    Seat.objects.filter(encounter__in=visits).update(connected=True, last_seen_at=dt.datetime.now(dt.UTC))


def test_everybody_is_in_the_first_list_that_they_belong_to(
    clinic: Organization, doctors: list[Practitioner], clock: Any
) -> None:
    one, two = doctors
    overdue = make.make_waiting_visit(practitioner=one, starts_at=NOON, lasts=MINUTE)
    gone = make.make_waiting_visit(practitioner=two, starts_at=NOON + MINUTE, lasts=MINUTE)
    clock.move_to(NOON + 5 * MINUTE)
    newer = make.make_waiting_visit(practitioner=two, starts_at=NOON + 8 * MINUTE, lasts=MINUTE)
    clock.move_to(NOON + 7 * MINUTE)
    newest = make.make_waiting_visit(practitioner=one, starts_at=NOON + 12 * MINUTE, lasts=MINUTE)
    troubled = make.make_visit(practitioner=one, starts_at=NOON + 60 * MINUTE)
    DoorCheck.objects.create(
        encounter=troubled, actor_type="patient", actor_id=troubled.patient_id, checked_at=NOON, camera="denied"
    )
    make.make_visit(practitioner=two, starts_at=NOON + 60 * MINUTE)
    clock.move_to(NOON + 11 * MINUTE)
    there(overdue, newer, newest)
    board = look(clinic)
    assert names(board.trouble) == [gone.patient.full_name, troubled.patient.full_name]
    assert names(board.unanswered) == [overdue.patient.full_name]
    assert names(board.waiting) == [newer.patient.full_name, newest.patient.full_name]
    assert (board.count, board.longest_minutes) == (4, 11)
    assert [(line.name, line.waiting, line.later) for line in board.lines] == [
        (one.display_name, 2, 1),
        (two.display_name, 2, 1),
    ]


def test_trouble_of_who_is_still_to_come_outlasts_midnight(
    clinic: Organization, doctors: list[Practitioner], clock: Any
) -> None:
    midnight = NOON + dt.timedelta(hours=12)
    visit = make.make_visit(practitioner=doctors[0], starts_at=midnight - 5 * MINUTE)
    DoorCheck.objects.create(
        encounter=visit, actor_type="patient", actor_id=visit.patient_id, checked_at=NOON, camera="denied"
    )
    for minutes in (-1, 1):
        clock.move_to(midnight + minutes * MINUTE)
        assert names(look(clinic).trouble) == [visit.patient.full_name]


def test_board_is_the_desks_and_of_its_own_clinic_alone(clinic: Organization, doctors: list[Practitioner]) -> None:
    visit = make.make_waiting_visit(practitioner=doctors[0])
    make.make_waiting_visit()
    board = look(clinic)
    assert names(board.waiting) == [visit.patient.full_name]
    for actor in (make.practitioner_actor(doctors[0]), make.patient_actor(visit.appointment)):
        with pytest.raises(NotFound):
            clinic_board(actor)
    with pytest.raises(NotFound):
        clinic_board(make.staff_actor(Role.PRIVACY_OFFICER, organization=clinic))
    assert AuditEvent.objects.filter(action="view", patient_id=visit.patient_id, detail={"page": "queue"}).exists()


def test_board_costs_the_same_for_few_and_for_many(
    clinic: Organization, doctors: list[Practitioner], django_assert_max_num_queries: Any
) -> None:
    for count in (1, 6):
        for number in range(count):
            for doctor in doctors:
                make.make_waiting_visit(practitioner=doctor, starts_at=NOON + (count + number) * MINUTE, lasts=MINUTE)
        desk = make.staff_actor(Role.FRONT_DESK, organization=clinic)
        clinic_board(desk)
        with django_assert_max_num_queries(12):
            assert clinic_board(desk).count == 2 * (1 if count == 1 else 7)


def test_empty_clinic_has_a_board_that_says_so(clinic: Organization) -> None:
    board = look(clinic)
    assert (board.count, board.lines) == (0, ())
