"""The queue's board and the place in line."""

import datetime as dt
import uuid
from collections import OrderedDict
from typing import Any

import pytest
import time_machine

from accounts.models import Practitioner
from accounts.roles import Role
from audit.models import AuditEvent
from consults import selectors, services
from consults.models import Encounter
from consults.selectors import QueueBoard
from scheduling import viewing
from scheduling.services import cancel_appointment
from tests import factories as make

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2036, 11, 24, 18, 0, tzinfo=dt.UTC)  # in Chicago
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def practitioner() -> Practitioner:
    return make.make_practitioner(make.make_organization(timezone="America/Chicago"))


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def waiting(practitioner: Practitioner, minutes: int) -> Encounter:
    """Somebody who waits, booked for so many minutes after noon."""
    return make.make_waiting_visit(practitioner=practitioner, starts_at=NOON + minutes * MINUTE, lasts=MINUTE)


def board(practitioner: Practitioner) -> QueueBoard:
    actor = make.practitioner_actor(practitioner)
    return selectors.waiting_queue(actor, selectors.queues(actor)[0])


def line(visit: Encounter) -> dict[str, Any]:
    actor = make.patient_actor(visit.appointment)
    shown: dict[str, Any] = selectors.visit_snapshot(actor, selectors.get_visit(actor))["line"]
    return shown


def stay(*visits: Encounter) -> None:
    """The pages of these patients are heard."""
    for visit in visits:
        seat = visit.seats.select_related("encounter").get()
        assert services.touch_seat(seat=seat, holder=seat.holder)


def test_line_goes_by_booked_start_and_not_by_who_came_first(practitioner: Practitioner, clock: Any) -> None:
    third, first, second = (waiting(practitioner, minutes) for minutes in (9, 1, 5))
    waiting(make.make_practitioner(practitioner.organization), 0)
    assert [line(visit)["position"] for visit in (first, second, third)] == [1, 2, 3]
    assert line(first) == {"position": 1, "waiting": 3, "now": False}
    services.admit_patient(actor=make.practitioner_actor(practitioner), encounter=first)
    assert line(first) == {"position": None, "waiting": 2, "now": True}
    assert [line(visit)["position"] for visit in (second, third)] == [1, 2]
    services.leave_waiting_room(actor=make.patient_actor(second.appointment), encounter=second)
    assert (line(second)["position"], line(third)["position"]) == (None, 1)


def test_snapshot_names_nobody_of_another_visit(practitioner: Practitioner, clock: Any) -> None:
    mine, other = waiting(practitioner, 1), waiting(practitioner, 5)
    actor = make.patient_actor(mine.appointment)
    shown = repr(selectors.visit_snapshot(actor, selectors.get_visit(actor)))
    assert mine.patient.full_name in shown
    for strange in (other.patient.full_name, other.patient.given_name + "'", str(other.uuid)):
        assert strange not in shown


def test_board_puts_each_visit_into_one_list_by_its_state(practitioner: Practitioner, clock: Any) -> None:
    doctor = make.practitioner_actor(practitioner)
    done, call, wait, left, later, cancelled = (
        *(waiting(practitioner, minutes) for minutes in (0, 2, 4, 6)),
        *(make.make_visit(practitioner=practitioner, starts_at=NOON + m * MINUTE, lasts=MINUTE) for m in (8, 10)),
    )
    services.admit_patient(actor=doctor, encounter=done)
    services.finish_visit(actor=doctor, encounter=done)
    services.admit_patient(actor=doctor, encounter=call)
    cancel_appointment(actor=doctor, appointment=cancelled.appointment, reason="")
    clock.shift(14 * 60 + 5)
    stay(wait)
    shown = board(practitioner)
    lists = {
        name: [(r.visit_uuid, r.state) for r in getattr(shown, name)]
        for name in ("with_you", "waiting", "later", "done")
    }
    assert lists == {
        "with_you": [(call.uuid, "in-call")],
        "waiting": [(wait.uuid, "waiting"), (left.uuid, "away")],
        "later": [(later.uuid, "expected")],
        "done": [(done.uuid, "done"), (cancelled.uuid, "cancelled")],
    }
    assert shown.next_up == shown.waiting[0]
    assert (shown.counts.with_you, shown.counts.waiting, shown.counts.later, shown.counts.done) == (1, 2, 1, 2)
    assert (shown.longest_minutes, shown.with_you[0].minutes, shown.later[0].minutes) == (14, 14, None)
    assert shown.on_date == dt.date(2036, 11, 24)


def test_board_row_tells_age_on_the_clinics_day_and_the_reason(practitioner: Practitioner, clock: Any) -> None:
    born = make.make_patient(practitioner.organization, birth_date=dt.date(1984, 11, 25), given_name="Otto")
    make.make_visit(practitioner=practitioner, patient=born, starts_at=NOON, reason="Cough")
    row = board(practitioner).later[0]
    assert (row.age, row.reason, row.given_name, row.patient_name) == (51, "Cough", "Otto", born.full_name)
    clock.shift(24 * 60 * 60)
    assert dt.date(2036, 11, 25) == board(practitioner).on_date


def test_board_holds_today_what_is_near_and_what_is_open(practitioner: Practitioner, clock: Any) -> None:
    hour = dt.timedelta(hours=1)
    starts = {"this evening": 10 * hour, "tomorrow": 20 * hour, "soon": 2 * hour}
    made = {name: make.make_visit(practitioner=practitioner, starts_at=NOON + after) for name, after in starts.items()}
    began = make.make_visit_in_progress(practitioner=practitioner, starts_at=NOON)

    def shown() -> set[uuid.UUID]:
        found = board(practitioner)
        return {row.visit_uuid for row in (*found.with_you, *found.waiting, *found.later, *found.done)}

    assert shown() == {made["soon"].uuid, made["this evening"].uuid, began.uuid}
    clock.shift(11 * 60 * 60 + 30 * 60)  # half past eleven at night
    assert shown() == {made["soon"].uuid, made["this evening"].uuid, began.uuid}
    clock.shift(60 * 60)  # past midnight: what began yesterday and what is near stay
    assert shown() == {made["this evening"].uuid, made["tomorrow"].uuid, began.uuid}


def test_board_patient_who_just_came_through_the_door_waits_before_any_socket(
    practitioner: Practitioner, clock: Any
) -> None:
    visit = waiting(practitioner, 1)
    visit.seats.all().delete()
    assert board(practitioner).waiting[0].state == "waiting"
    clock.shift(16)
    shown = board(practitioner)
    assert (shown.waiting[0].state, shown.next_up) == ("reconnecting", None)


def test_board_forgets_who_waited_until_after_the_door_closed(practitioner: Practitioner, clock: Any) -> None:
    forgotten = waiting(practitioner, 1)
    assert len(board(practitioner).waiting) == 1
    clock.shift(13 * 60 * 60)
    assert board(practitioner).waiting == ()
    fresh = make.make_waiting_visit(practitioner=practitioner)
    assert line(fresh)["position"] == 1
    assert forgotten.pk != fresh.pk


def test_board_costs_the_same_for_one_and_for_twelve(
    practitioner: Practitioner,
    clock: Any,
    django_assert_num_queries: Any,
    django_capture_on_commit_callbacks: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(viewing, "_recorded", OrderedDict())
    actor = make.practitioner_actor(practitioner)
    for count, minutes in ((1, range(1)), (12, range(1, 12))):
        for minute in minutes:
            waiting(practitioner, minute)
        queue = selectors.queues(actor)[0]
        with django_capture_on_commit_callbacks(execute=True):
            selectors.waiting_queue(actor, queue)
        with django_assert_num_queries(6):
            assert selectors.waiting_queue(actor, queue).counts.waiting == count


def test_board_look_is_recorded_once_per_viewer_patient_and_session(practitioner: Practitioner, clock: Any) -> None:
    visit = waiting(practitioner, 1)
    desk = make.staff_actor(Role.FRONT_DESK, organization=practitioner.organization)
    for _ in range(3):
        board(practitioner)
        selectors.waiting_queue(desk, visit.queue)
    views = AuditEvent.objects.filter(action="view", patient_id=visit.patient_id, detail={"page": "queue"})
    assert sorted(views.values_list("actor_id", flat=True)) == sorted([practitioner.user_id, desk.id])


def test_version_rises_with_every_change_a_board_would_show(practitioner: Practitioner, clock: Any) -> None:
    doctor = make.practitioner_actor(practitioner)
    seen = [make.make_visit(practitioner=practitioner, starts_at=NOON + 40 * MINUTE).queue.version]

    def note() -> None:
        seen.append(board(practitioner).version)

    visit = waiting(practitioner, 1)
    note()
    seat = visit.seats.select_related("encounter").get()
    for change in (
        lambda: services.release_seat(seat=seat, holder=seat.holder),
        lambda: services.touch_seat(seat=seat, holder=seat.holder),
        lambda: services.admit_patient(actor=doctor, encounter=visit),
        lambda: services.finish_visit(actor=doctor, encounter=visit),
    ):
        change()
        note()
    cancel_appointment(actor=doctor, appointment=waiting(practitioner, 5).appointment, reason="")
    note()
    assert seen == sorted(set(seen))
