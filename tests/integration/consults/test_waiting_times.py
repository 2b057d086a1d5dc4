"""The wait as people are told it, and what the house keeps of that to score itself."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Organization, Practitioner
from accounts.roles import Role
from consults import selectors, services, tasks
from consults.models import Encounter, WaitTold
from consults.selectors.scores import wait_scores
from core.errors import NotFound
from scheduling.models import VisitType
from scheduling.services import cancel_appointment, move_appointment, tell_late
from tests import factories as make

pytestmark = pytest.mark.django_db

NINE = dt.datetime(2036, 11, 24, 15, 0, tzinfo=dt.UTC)  # in Chicago
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def practitioner() -> Practitioner:
    return make.make_practitioner(make.make_organization(timezone="America/Chicago"))


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(NINE, tick=False) as clock:
        yield clock


def booked(practitioner: Practitioner, minutes: int, **fields: Any) -> Encounter:
    """A visit so many minutes after nine, for ten minutes."""
    fields = {"lasts": 10 * MINUTE, **fields}
    return make.make_visit(practitioner=practitioner, starts_at=NINE + minutes * MINUTE, **fields)


def waiting(practitioner: Practitioner, minutes: int, **fields: Any) -> Encounter:
    fields = {"lasts": 10 * MINUTE, **fields}
    return make.make_waiting_visit(practitioner=practitioner, starts_at=NINE + minutes * MINUTE, **fields)


def call_in(visit: Encounter) -> Encounter:
    return services.admit_patient(actor=make.practitioner_actor(visit.practitioner), encounter=visit)


def shown(visit: Encounter) -> dict[str, Any]:
    actor = make.patient_actor(visit.appointment)
    return selectors.visit_snapshot(actor, selectors.get_visit(actor))


def wait(visit: Encounter) -> dict[str, Any]:
    found: dict[str, Any] = shown(visit)["wait"]
    return found


def hold(visit: Encounter, clock: Any, minutes: float) -> None:
    """The visit is held for so long."""
    call_in(visit)
    clock.shift(minutes * 60)
    services.finish_visit(actor=make.practitioner_actor(visit.practitioner), encounter=visit)


def test_who_waits_behind_a_visit_is_told_a_range_by_its_booked_length(practitioner: Practitioner, clock: Any) -> None:
    call_in(waiting(practitioner, 0))
    mine = waiting(practitioner, 10)
    told = wait(mine)
    assert told["standing"] == "going"
    assert 3 * 60 < told["low_s"] < 10 * 60 < told["high_s"] < 30 * 60
    assert told["low_s"] % 60 == told["high_s"] % 60 == 0


def test_measured_lengths_of_this_practitioner_and_type_make_the_range(practitioner: Practitioner, clock: Any) -> None:
    quick = VisitType.objects.create(organization=practitioner.organization, name="Quick", minutes=10)
    elsewhere = make.make_practitioner(practitioner.organization)
    quick.practitioners.add(practitioner, elsewhere)
    for number in range(8):
        hold(waiting(practitioner, number * 10, visit_type=quick), clock, 3)
        clock.move_to(NINE + (number + 1) * 10 * MINUTE)
    clock.move_to(NINE + 90 * MINUTE)
    for each in (practitioner, elsewhere):
        call_in(waiting(each, 80, visit_type=quick))
    known, unknown = (wait(waiting(each, 90))["high_s"] for each in (practitioner, elsewhere))
    assert known <= 8 * 60
    assert unknown > 12 * 60


def test_range_is_reckoned_anew_as_time_goes_and_as_the_line_moves(practitioner: Practitioner, clock: Any) -> None:
    first, mine = waiting(practitioner, 0), waiting(practitioner, 10)
    call_in(first)
    told = [wait(mine)]
    for _ in range(12):
        clock.shift(60)
        told.append(wait(mine))
    assert told[0]["low_s"] > told[6]["low_s"]
    assert told[0]["high_s"] > told[6]["high_s"] > told[12]["high_s"]
    services.finish_visit(actor=make.practitioner_actor(practitioner), encounter=first)
    assert (wait(mine)["low_s"], wait(mine)["high_s"]) == (0, 300)


def test_nobody_but_who_waits_is_told(practitioner: Practitioner, clock: Any) -> None:
    visit, planned = waiting(practitioner, 0), booked(practitioner, 10)
    guest = make.guest_actor(make.make_guest(visit.appointment))
    assert shown(planned)["wait"] is None
    assert selectors.visit_snapshot(make.practitioner_actor(practitioner), visit)["wait"] is None
    assert selectors.visit_snapshot(guest, selectors.get_visit(guest))["wait"] is None
    call_in(visit)
    assert shown(visit)["wait"] is None


def test_doctor_who_has_not_begun_or_is_away_is_told_in_words(practitioner: Practitioner, clock: Any) -> None:
    mine = waiting(practitioner, 0)
    assert (wait(mine)["standing"], wait(mine)["high_s"] is None) == ("not-begun", False)
    clock.shift(3 * 60 * 60)
    away = {"low_s": None, "high_s": None, "standing": "away", "late_minutes": 180}
    assert wait(mine) == away
    call_in(waiting(practitioner, 170))
    clock.shift(3 * 60 * 60)
    assert {**wait(mine), "late_minutes": 0} == {**away, "standing": "long", "late_minutes": 0}


def test_visit_that_nobody_finished_holds_up_no_line(practitioner: Practitioner, clock: Any) -> None:
    call_in(waiting(practitioner, 0))
    clock.shift(30 * 60)
    hold(waiting(practitioner, 30), clock, 10)
    mine = waiting(practitioner, 40)
    assert (wait(mine)["standing"], wait(mine)["high_s"]) == ("going", 300)


def test_lateness_is_one_number_for_board_and_page(practitioner: Practitioner, clock: Any) -> None:
    doctor = make.practitioner_actor(practitioner)
    mine = waiting(practitioner, 0)

    def late() -> tuple[int, int]:
        board = selectors.waiting_queue(doctor, selectors.queues(doctor)[0])
        return wait(mine)["late_minutes"], board.late_minutes

    assert late() == (0, 0)
    for minutes, said in ((4, 0), (6, 5), (9, 10), (13, 15)):
        clock.move_to(NINE + minutes * MINUTE)
        assert late() == (said, said)


def test_lateness_that_was_told_is_said_and_waited_for(practitioner: Practitioner, clock: Any) -> None:
    doctor = make.practitioner_actor(practitioner)
    mine = waiting(practitioner, 5)
    tell_late(actor=doctor, practitioner=practitioner, minutes=30, move=False)
    assert wait(mine)["late_minutes"] == 30
    assert wait(mine)["low_s"] >= 35 * 60


def test_looking_costs_the_same_however_long_the_line_and_less_the_second_time(
    practitioner: Practitioner, clock: Any
) -> None:
    call_in(waiting(practitioner, 0, lasts=MINUTE))
    costs = []
    for minutes in (range(1, 2), range(2, 8)):
        last = [waiting(practitioner, each, lasts=MINUTE) for each in minutes][-1]
        actor = make.patient_actor(last.appointment)
        mine = selectors.get_visit(actor)
        for _ in range(2):
            with CaptureQueriesContext(connection) as captured:
                selectors.visit_snapshot(actor, mine)
            costs.append(len(captured))
    assert costs == [costs[0], costs[0] - 2] * 2


# ---- the score


def told() -> list[tuple[int, int, int | None]]:
    return list(WaitTold.objects.order_by("pk").values_list("low_s", "high_s", "waited_s"))


def test_what_was_told_on_coming_in_is_kept_once_and_the_wait_with_it(practitioner: Practitioner, clock: Any) -> None:
    call_in(waiting(practitioner, 0))
    WaitTold.objects.all().delete()
    mine = waiting(practitioner, 10)
    said = wait(mine)
    assert told() == [(said["low_s"], said["high_s"], None)]
    clock.shift(17 * 60)
    wait(mine)
    call_in(mine)
    call_in(mine)
    assert told() == [(said["low_s"], said["high_s"], 17 * 60)]


@pytest.mark.parametrize("how", ["left", "cancelled", "moved"])
def test_wait_that_did_not_end_in_a_visit_is_no_wait(practitioner: Practitioner, clock: Any, how: str) -> None:
    mine = waiting(practitioner, 10)
    assert len(told()) == 1
    patient, doctor = make.patient_actor(mine.appointment), make.practitioner_actor(practitioner)
    if how == "left":
        services.leave_waiting_room(actor=patient, encounter=mine)
    elif how == "cancelled":
        cancel_appointment(actor=doctor, appointment=mine.appointment, reason="")
    else:
        move_appointment(actor=doctor, appointment=mine.appointment, starts_at=NINE + 14 * MINUTE)
    assert told() == []


def test_who_comes_again_is_told_anew(practitioner: Practitioner, clock: Any) -> None:
    mine = waiting(practitioner, 10)
    patient = make.patient_actor(mine.appointment)
    services.leave_waiting_room(actor=patient, encounter=mine)
    clock.shift(5 * 60)
    services.enter_waiting_room(actor=patient, encounter=mine, place="At home", callback_phone="555 0100")
    assert WaitTold.objects.get().told_at == NINE + 5 * MINUTE


def test_nothing_is_kept_where_nothing_was_told(practitioner: Practitioner, clock: Any) -> None:
    call_in(waiting(practitioner, 0))
    clock.shift(3 * 60 * 60)
    WaitTold.objects.all().delete()
    assert wait(waiting(practitioner, 180))["low_s"] is None
    assert told() == []


def scored(practitioner: Practitioner, waited: int, days_ago: float = 1) -> None:
    """Somebody was told 5 to 10 minutes and waited so many."""
    visit = make.make_visit(practitioner=practitioner, starts_at=NINE + WaitTold.objects.count() * 30 * MINUTE)
    WaitTold.objects.create(
        organization=visit.organization,
        encounter=visit,
        told_at=NINE - dt.timedelta(days=days_ago),
        low_s=300,
        high_s=600,
        waited_s=waited * 60,
    )


def test_score_counts_the_last_30_days_by_practitioner(practitioner: Practitioner, clock: Any) -> None:
    clinic: Organization = practitioner.organization
    other = make.make_practitioner(clinic, family_name="Aster")
    for minutes in (5, 7, 10, 4, 11, 12):
        scored(practitioner, minutes)
    scored(practitioner, 7, days_ago=31)
    scored(other, 6)
    scored(make.make_practitioner(), 7)
    waiting(practitioner, -20)
    scores = wait_scores(make.staff_actor(Role.ADMINISTRATOR, organization=clinic))
    assert [(one.pk, score.waits, score.inside, score.sooner, score.later) for one, score in scores.practitioners] == [
        (other.pk, 1, 1, 0, 0),
        (practitioner.pk, 6, 3, 1, 2),
    ]
    assert (scores.whole.waits, scores.whole.inside, scores.whole.per_hundred) == (7, 4, None)


def test_score_is_for_administrators(practitioner: Practitioner) -> None:
    for role in (Role.FRONT_DESK, Role.SCHEDULER, Role.PRIVACY_OFFICER):
        with pytest.raises(NotFound):
            wait_scores(make.staff_actor(role, organization=practitioner.organization))
    with pytest.raises(NotFound):
        wait_scores(make.practitioner_actor(practitioner))


def test_what_was_told_long_ago_is_forgotten(practitioner: Practitioner, clock: Any) -> None:
    scored(practitioner, 7, days_ago=91)
    scored(practitioner, 8, days_ago=89)
    for _ in range(2):
        tasks.prune_waits()
        assert [waited for *_, waited in told()] == [8 * 60]
