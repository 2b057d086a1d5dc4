"""Called, and nobody answered; called by mistake; did not come: what becomes of the place in line, and the way back."""

import datetime as dt
from typing import Any
from uuid import uuid4

import pytest
import time_machine

from accounts.models import Practitioner
from accounts.roles import Role
from consults import selectors, services
from consults.lifecycle import VisitStatus
from consults.models import Encounter, Seat, WaitTold
from consults.selectors.rows import board_row
from consults.services.line import offer_unadmit
from core.errors import Conflict, NotFound
from scheduling.lifecycle import AppointmentStatus
from scheduling.services import correct_no_show
from tests import factories as make

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2036, 11, 24, 18, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def doctor() -> Practitioner:
    return make.make_practitioner(make.make_organization(timezone="America/Chicago"))


@pytest.fixture
def desk(doctor: Practitioner) -> make.Actor:
    return make.staff_actor(Role.FRONT_DESK, organization=doctor.organization)


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def three(doctor: Practitioner, clock: Any) -> list[Encounter]:
    """They are booked for noon, and 5 and 9 minutes after it, and are there."""
    return [
        make.make_waiting_visit(practitioner=doctor, starts_at=NOON + at * MINUTE, lasts=MINUTE) for at in (0, 5, 9)
    ]


def order(doctor: Practitioner) -> list[str]:
    board = selectors.waiting_queue(
        make.practitioner_actor(doctor), selectors.queues(make.practitioner_actor(doctor))[0]
    )
    return [row.patient_name for row in board.waiting]


def places(*visits: Encounter) -> list[int | None]:
    found = []
    for visit in visits:
        actor = make.patient_actor(visit.appointment)
        found.append(selectors.visit_snapshot(actor, selectors.get_visit(actor))["line"]["position"])
    return found


def gone(visit: Encounter) -> None:
    Seat.objects.filter(encounter=visit).update(connected=False, last_seen_at=NOON - MINUTE)
    Encounter.objects.filter(pk=visit.pk).update(arrived_at=NOON - MINUTE)


def call_in(doctor: Practitioner, visit: Encounter) -> Encounter:
    return services.admit_patient(actor=make.practitioner_actor(doctor), encounter=visit)


def requeue(doctor: Practitioner, visit: Encounter) -> str:
    return services.requeue_visit(actor=make.practitioner_actor(doctor), encounter=visit).undo


def test_who_was_called_and_did_not_answer_stands_behind_those_who_are_there(
    doctor: Practitioner, three: list[Encounter]
) -> None:
    first, second, third = three
    gone(third)
    told = selectors.visit_snapshot(make.patient_actor(first.appointment), first)["told"]
    call_in(doctor, first)
    Seat.objects.create(encounter=first, actor_type="user", actor_id=doctor.user_id, label="Dr", role="practitioner")
    requeue(doctor, first)
    first.refresh_from_db()
    assert (first.status, first.started_at, first.requeued_why) == (VisitStatus.ARRIVED, None, "called")
    assert places(second, first, third) == [1, 2, 3]
    assert order(doctor) == [one.patient.full_name for one in (second, first, third)]
    assert selectors.visit_snapshot(make.patient_actor(first.appointment), first)["told"] != told
    assert not Seat.objects.filter(encounter=first, actor_type="user", left_at=None).exists()
    assert Seat.objects.get(encounter=first, actor_type="patient").left_at is None
    # They were called after so long as they were told: that nobody answered is no fault of the range.
    assert WaitTold.objects.get(encounter=first).waited_s is not None


def test_who_waits_and_is_away_goes_behind_and_who_is_there_does_not(desk: make.Actor, three: list[Encounter]) -> None:
    first, second, third = three
    with pytest.raises(Conflict) as refusal:
        services.requeue_visit(actor=desk, encounter=first)
    assert refusal.value.code == "requeue.there"
    gone(first)
    services.requeue_visit(actor=desk, encounter=first)
    assert places(second, third, first) == [1, 2, 3]


def test_of_two_who_did_not_answer_the_second_stands_behind_the_first(
    doctor: Practitioner, three: list[Encounter]
) -> None:
    first, second, third = three
    for visit in (first, second):
        call_in(doctor, visit)
        requeue(doctor, visit)
    assert places(third, first, second) == [1, 2, 3]


def test_where_nobody_else_is_there_the_place_stays(doctor: Practitioner, three: list[Encounter]) -> None:
    for visit in three:
        gone(visit)
    with pytest.raises(Conflict) as refusal:
        requeue(doctor, three[0])
    assert refusal.value.code == "requeue.alone"
    call_in(doctor, three[0])
    requeue(doctor, three[0])
    assert places(*three) == [1, 2, 3]


def test_who_was_met_is_not_sent_back_into_the_line(doctor: Practitioner, three: list[Encounter]) -> None:
    actor = make.practitioner_actor(doctor)
    visit = call_in(doctor, three[0])
    undo = offer_unadmit(actor, visit)
    services.confirm_identity(actor=actor, encounter=visit)
    with pytest.raises(Conflict) as refusal:
        requeue(doctor, visit)
    assert refusal.value.code == "requeue.met"
    with pytest.raises(Conflict) as late:
        services.undo(actor=actor, token=undo)
    assert late.value.code == "undo.late"


@pytest.mark.parametrize("met", ["identified", "recorded"])
def test_who_was_met_by_a_colleague_before_can_be_called_in_vain(met: str) -> None:
    """What the former practitioner did in their call is nothing that the one has done to whom they were passed on."""
    visit = make.make_recording().encounter if met == "recorded" else make.make_visit_in_progress()
    actor, colleague = make.practitioner_actor(visit.practitioner), make.make_practitioner(visit.organization)
    if met == "identified":
        services.confirm_identity(actor=actor, encounter=visit)
    assert not board_row(actor, visit.uuid).may_requeue
    services.pass_on(actor=actor, encounter=visit, to=colleague)
    theirs = make.practitioner_actor(colleague)
    assert services.undo(actor=theirs, token=offer_unadmit(theirs, call_in(colleague, visit))) is not None
    called = call_in(colleague, visit)
    assert board_row(theirs, visit.uuid).may_requeue
    undo = requeue(colleague, called)
    visit.refresh_from_db()
    assert (visit.status, visit.requeued_why, bool(undo)) == (VisitStatus.ARRIVED, "called", True)


def test_who_leaves_and_comes_again_stands_by_the_booked_time(doctor: Practitioner, three: list[Encounter]) -> None:
    first = three[0]
    call_in(doctor, first)
    requeue(doctor, first)
    actor = make.patient_actor(first.appointment)
    services.leave_waiting_room(actor=actor, encounter=first)
    services.enter_waiting_room(actor=actor, encounter=first, place="Home", callback_phone="555 0100")
    assert places(*three) == [1, 2, 3]


def test_requeue_is_undone_while_they_wait_where_they_were_put(doctor: Practitioner, three: list[Encounter]) -> None:
    first, actor = three[0], make.practitioner_actor(doctor)
    call_in(doctor, first)
    undo = requeue(doctor, first)
    services.undo(actor=actor, token=undo)
    assert places(*three) == [1, 2, 3]
    first.refresh_from_db()
    assert (first.requeued_at, first.requeued_why) == (None, "")
    call_in(doctor, first)
    again = requeue(doctor, first)
    call_in(doctor, first)
    with pytest.raises(Conflict) as refusal:
        services.undo(actor=actor, token=again)
    assert refusal.value.code == "undo.late"


def test_call_by_mistake_is_undone_with_place_arrival_and_wait(doctor: Practitioner, three: list[Encounter]) -> None:
    first, actor = three[0], make.practitioner_actor(doctor)
    arrived = Encounter.objects.get(pk=first.pk).arrived_at
    undo = offer_unadmit(actor, call_in(doctor, first))
    assert WaitTold.objects.get(encounter=first).waited_s is not None
    services.undo(actor=actor, token=undo)
    first.refresh_from_db()
    assert (first.status, first.arrived_at, first.started_at) == (VisitStatus.ARRIVED, arrived, None)
    assert places(*three) == [1, 2, 3]
    assert WaitTold.objects.get(encounter=first).waited_s is None
    with pytest.raises(Conflict):
        services.undo(actor=actor, token=undo)


@pytest.mark.parametrize("act", ["chat", "hold", "finish"])
def test_call_in_which_something_was_done_is_not_undone(doctor: Practitioner, three: list[Encounter], act: str) -> None:
    first, actor = three[0], make.practitioner_actor(doctor)
    undo = offer_unadmit(actor, call_in(doctor, first))
    if act == "chat":
        services.take_seat(actor=actor, encounter=first, holder=uuid4())
        services.post_chat(actor=actor, encounter=first, client_id=uuid4(), body="Good morning")
    elif act == "hold":
        services.hold_visit(actor=actor, encounter=first)
    else:
        services.finish_visit(actor=actor, encounter=first)
    status = Encounter.objects.get(pk=first.pk).status
    with pytest.raises(Conflict) as refusal:
        services.undo(actor=actor, token=undo)
    assert refusal.value.code in {"undo.late", "visit.over"}
    assert Encounter.objects.get(pk=first.pk).status == status


def test_call_that_was_recorded_is_not_undone() -> None:
    recording = make.make_recording()
    actor = make.practitioner_actor(recording.encounter.practitioner)
    with pytest.raises(Conflict) as refusal:
        services.undo(actor=actor, token=offer_unadmit(actor, recording.encounter))
    assert refusal.value.code == "undo.late"


def test_undo_is_too_late_after_a_minute_and_never_by_a_made_up_word(
    doctor: Practitioner, three: list[Encounter], clock: Any
) -> None:
    actor = make.practitioner_actor(doctor)
    undo = offer_unadmit(actor, call_in(doctor, three[0]))
    for token in ("", "x", undo[:-1] + ("A" if undo[-1] != "A" else "B")):
        with pytest.raises(Conflict) as refusal:
            services.undo(actor=actor, token=token)
        assert refusal.value.code == "undo.late"
    clock.shift(61)
    with pytest.raises(Conflict):
        services.undo(actor=actor, token=undo)


def test_who_did_not_come_is_noted_from_the_board_and_undone_once(doctor: Practitioner, desk: make.Actor) -> None:
    visit = make.make_visit(practitioner=doctor, starts_at=dt.datetime.now(dt.UTC) - 5 * MINUTE)
    undo = services.mark_missed(actor=desk, encounter=visit)
    visit.appointment.refresh_from_db()
    assert visit.appointment.status == AppointmentStatus.NOSHOW
    services.undo(actor=desk, token=undo)
    visit.appointment.refresh_from_db()
    assert visit.appointment.status == AppointmentStatus.BOOKED
    again = services.mark_missed(actor=desk, encounter=visit)
    correct_no_show(actor=desk, appointment=visit.appointment, came=True)
    with pytest.raises(Conflict) as refusal:
        services.undo(actor=desk, token=again)
    assert refusal.value.code in {"undo.late", "visit.over"}


def test_strangers_neither_requeue_nor_undo(doctor: Practitioner, three: list[Encounter]) -> None:
    visit = call_in(doctor, three[0])
    colleague = make.practitioner_actor(make.make_practitioner(doctor.organization))
    for actor in (colleague, make.patient_actor(three[0].appointment), make.staff_actor(Role.FRONT_DESK)):
        with pytest.raises(NotFound):
            services.requeue_visit(actor=actor, encounter=visit)
    with pytest.raises(NotFound):
        services.undo(actor=make.patient_actor(three[0].appointment), token="x")
