"""A visit that goes on to a colleague or a shared line: who is in the room, who may do what, its one timeline."""

import datetime as dt
from typing import Any

import pytest

from accounts.actors import Actor
from accounts.models import Practitioner
from accounts.roles import Role
from consults import selectors, services
from consults.models import Encounter, Pool, Queue
from consults.rooms import room_document
from consults.selectors.passing import elsewhere, passed_on, stops_of, target_of
from consults.services.queues import stand_in_pool
from core.clock import now
from core.errors import Conflict, HousecallError, Invalid, NotFound
from core.ids import new_uuid
from recordings.models import Recording
from recordings.selectors.playback import recordings_of
from scheduling.services import move_appointment
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit() -> Encounter:
    return make.make_visit_in_progress()


@pytest.fixture
def doctor(visit: Encounter) -> Actor:
    return make.practitioner_actor(visit.practitioner)


@pytest.fixture
def colleague(visit: Encounter) -> Practitioner:
    return make.make_practitioner(visit.organization)


@pytest.fixture
def nurses(colleague: Practitioner) -> Pool:
    return make.make_pool(colleague, make.make_practitioner(colleague.organization), name="Nurses")


@pytest.fixture
def desk(visit: Encounter) -> Actor:
    return make.staff_actor(Role.FRONT_DESK, organization=visit.organization)


def seated(visit: Encounter) -> set[str]:
    return set(visit.seats.filter(left_at=None).values_list("actor_type", flat=True))


def code_of(call: Any) -> str:
    with pytest.raises(HousecallError) as refusal:
        call()
    return refusal.value.code


def test_patient_keeps_seat_and_arrival_and_the_former_practitioner_is_out(
    visit: Encounter, doctor: Actor, colleague: Practitioner
) -> None:
    arrived_at = visit.arrived_at
    assert seated(visit) == {"user", "patient"}
    passed = services.pass_on(actor=doctor, encounter=visit, to=colleague, why="Blood pressure")
    assert (passed.status, passed.practitioner, passed.queue) == ("arrived", colleague, colleague.queue)
    assert (passed.arrived_at, passed.started_at) == (arrived_at, None)
    assert seated(visit) == {"patient"}
    assert [seat["active"] for seat in room_document(passed)["seats"]] == [False]
    for call in (services.admit_patient, services.finish_visit, services.hold_visit):
        with pytest.raises(NotFound):
            call(actor=doctor, encounter=visit)
    with pytest.raises(NotFound):
        services.take_seat(actor=doctor, encounter=visit, holder=new_uuid())
    theirs = make.practitioner_actor(colleague)
    assert services.admit_patient(actor=theirs, encounter=visit).status == "in-progress"
    services.take_seat(actor=theirs, encounter=visit, holder=new_uuid())
    assert services.finish_visit(actor=theirs, encounter=visit).status == "finished"


def test_desk_to_nurse_to_doctor_is_one_timeline(nurses: Pool, colleague: Practitioner) -> None:
    waiting = make.make_waiting_visit(organization=colleague.organization)
    doctor = waiting.practitioner
    desk = make.staff_actor(Role.FRONT_DESK, organization=waiting.organization)
    nurse = make.practitioner_actor(colleague)
    services.pass_on(actor=desk, encounter=waiting, to=nurses, why="Weigh first")
    waiting.refresh_from_db()
    # Until a nurse calls them in the doctor answers for them, and does not call them in.
    assert waiting.practitioner == doctor
    with pytest.raises(NotFound):
        services.admit_patient(actor=make.practitioner_actor(doctor), encounter=waiting)
    services.call_next(actor=nurse, queue=Queue.objects.get(pool=nurses))
    services.pass_on(actor=nurse, encounter=waiting, to=doctor)
    services.admit_patient(actor=make.practitioner_actor(doctor), encounter=waiting)
    services.finish_visit(actor=make.practitioner_actor(doctor), encounter=waiting)
    stops = stops_of(waiting)
    assert [(stop.line, stop.by, stop.passed_on_by, stop.why) for stop in stops] == [
        (doctor.short_name, "", "", ""),
        ("Nurses", colleague.short_name, desk.label, "Weigh first"),
        (doctor.short_name, doctor.short_name, colleague.short_name, ""),
    ]
    assert all(stop.until is not None for stop in stops)


def test_whoever_is_passed_on_is_not_the_last_in_the_other_line(
    visit: Encounter, doctor: Actor, colleague: Practitioner
) -> None:
    later = make.make_waiting_visit(practitioner=colleague, starts_at=now() + dt.timedelta(minutes=10))
    services.pass_on(actor=doctor, encounter=visit, to=colleague)
    theirs = make.practitioner_actor(colleague)
    assert services.call_next(actor=theirs, queue=colleague.queue).pk == visit.pk
    assert services.call_next(actor=theirs, queue=colleague.queue).pk == later.pk


def test_patient_is_told_who_has_passed_them_on_and_to_where(visit: Encounter, doctor: Actor, nurses: Pool) -> None:
    patient = make.patient_actor(visit.appointment)
    before = selectors.visit_snapshot(patient, selectors.get_visit(patient))["told"]
    services.pass_on(actor=doctor, encounter=visit, to=nurses)
    after = selectors.visit_snapshot(patient, selectors.get_visit(patient))
    assert after["told"] != before
    assert (after["state"], after["wait"]["standing"], after["wait"]["low_s"]) == ("waiting", "shared", None)
    stop = passed_on(visit)
    assert stop is not None
    assert (stop.passed_on_by, stop.line) == (visit.practitioner.short_name, "Nurses")


def test_visit_on_hold_is_passed_on_like_one_in_call(visit: Encounter, doctor: Actor, nurses: Pool) -> None:
    services.hold_visit(actor=doctor, encounter=visit)
    assert services.pass_on(actor=doctor, encounter=visit, to=nurses).status == "arrived"


def test_out_of_a_call_only_who_performs_it_passes_on(
    visit: Encounter, desk: Actor, colleague: Practitioner, nurses: Pool
) -> None:
    assert code_of(lambda: services.pass_on(actor=desk, encounter=visit, to=nurses)) == "visit.in_progress"
    for stranger in (make.practitioner_actor(colleague), make.patient_actor(visit.appointment)):
        with pytest.raises(NotFound):
            services.pass_on(actor=stranger, encounter=visit, to=nurses)


def test_what_cannot_be_passed_on_stays(visit: Encounter, doctor: Actor, desk: Actor, nurses: Pool) -> None:
    elsewhere_clinic = make.make_practitioner()
    with pytest.raises(NotFound):
        services.pass_on(actor=doctor, encounter=visit, to=elsewhere_clinic)
    with pytest.raises(NotFound):
        target_of(doctor, f"person:{elsewhere_clinic.uuid}")
    assert code_of(lambda: services.pass_on(actor=doctor, encounter=visit, to=visit.practitioner)) == "pass_on.same"
    with pytest.raises(Invalid):
        services.pass_on(actor=doctor, encounter=visit, to=nurses, why="x" * 201)
    Pool.objects.update(is_active=False)
    nurses.refresh_from_db()
    assert code_of(lambda: services.pass_on(actor=doctor, encounter=visit, to=nurses)) == "pass_on.gone"
    planned = make.make_visit(organization=visit.organization)
    with pytest.raises(Conflict):
        services.pass_on(actor=desk, encounter=planned, to=visit.practitioner)
    visit.refresh_from_db()
    assert visit.status == "in-progress"


def test_form_offers_everywhere_but_here(visit: Encounter, colleague: Practitioner, nurses: Pool) -> None:
    lines, people = elsewhere(visit)
    assert [one.name for one in lines] == ["Nurses"]
    names = {one.name for one in people}
    assert colleague.display_name in names
    assert visit.practitioner.display_name not in names


def test_recording_ends_and_stays_with_who_recorded() -> None:
    recording = make.make_recording()
    visit, first = recording.encounter, recording.encounter.practitioner
    second = make.make_practitioner(visit.organization)
    services.pass_on(actor=make.practitioner_actor(first), encounter=visit, to=second)
    recording.refresh_from_db()
    assert recording.ended_at is not None
    visit.refresh_from_db()
    assert room_document(visit)["recording"] is None
    theirs = make.practitioner_actor(second)
    services.admit_patient(actor=theirs, encounter=visit)
    services.take_seat(actor=theirs, encounter=visit, holder=new_uuid())
    visit.refresh_from_db()
    assert room_document(visit)["recording"] is None
    assert recordings_of(make.practitioner_actor(first)) == [Recording.objects.get()]
    assert recordings_of(theirs) == []


def undo(actor: Actor, passed: Encounter) -> Encounter:
    return services.undo(actor=actor, token=services.offer_unpass(actor, passed)).encounter


def test_passing_on_is_undone_by_who_did_it_and_the_patient_waits_where_they_came_from(
    visit: Encounter, doctor: Actor, nurses: Pool
) -> None:
    own, arrived_at = visit.queue, visit.arrived_at
    back = undo(doctor, services.pass_on(actor=doctor, encounter=visit, to=nurses, why="Blood pressure"))
    assert (back.status, back.queue, back.practitioner, back.arrived_at) == (
        "arrived",
        own,
        visit.practitioner,
        arrived_at,
    )
    assert passed_on(back) is None
    assert services.admit_patient(actor=doctor, encounter=back).status == "in-progress"
    assert [stop.queue_id for stop in back.stations.all()] == [own.pk, own.pk]


def test_one_who_waited_stands_in_the_former_line_as_if_nothing_had_been(nurses: Pool, desk: Actor) -> None:
    waiting = make.make_waiting_visit(practitioner=nurses.memberships.first().practitioner)  # type: ignore[union-attr]
    own = waiting.queue
    desk = make.staff_actor(Role.FRONT_DESK, organization=waiting.organization)
    stations = [(one.queue_id, one.since, one.until) for one in waiting.stations.all()]
    back = undo(desk, services.pass_on(actor=desk, encounter=waiting, to=nurses))
    assert back.queue == own
    assert [(one.queue_id, one.since, one.until) for one in back.stations.all()] == stations


def test_passing_on_is_not_undone_by_another_nor_once_somebody_has_called_them(
    visit: Encounter, doctor: Actor, colleague: Practitioner, desk: Actor
) -> None:
    passed = services.pass_on(actor=doctor, encounter=visit, to=colleague)
    word = services.offer_unpass(doctor, passed)
    assert code_of(lambda: services.undo(actor=desk, token=word)) == "undo.late"
    theirs = make.practitioner_actor(colleague)
    services.admit_patient(actor=theirs, encounter=passed)
    assert code_of(lambda: services.undo(actor=doctor, token=word)) == "undo.late"
    services.pass_on(actor=theirs, encounter=passed, to=visit.practitioner)
    assert code_of(lambda: services.undo(actor=doctor, token=word)) == "undo.late"


def versions(*queues: Queue) -> list[int]:
    return [Queue.objects.get(pk=queue.pk).version for queue in queues]


def move(desk: Actor, visit: Encounter, **by: int) -> Encounter:
    visit.appointment.refresh_from_db()
    starts_at = visit.appointment.starts_at + dt.timedelta(**by)
    move_appointment(actor=desk, appointment=visit.appointment, starts_at=starts_at)
    return Encounter.objects.select_related("queue", "practitioner").get(pk=visit.pk)


@pytest.mark.parametrize("has_left", [False, True])
def test_visit_that_was_passed_on_and_is_moved_stands_where_it_is_booked(
    colleague: Practitioner, desk: Actor, has_left: bool
) -> None:
    waiting = make.make_waiting_visit(organization=colleague.organization)
    booked, doctor = waiting.queue, waiting.practitioner
    passed = services.pass_on(actor=desk, encounter=waiting, to=colleague)
    if has_left:
        services.leave_waiting_room(actor=make.patient_actor(waiting.appointment), encounter=waiting)
    before = versions(booked, passed.queue)
    moved = move(desk, waiting, days=7)
    assert (moved.status, moved.queue, moved.practitioner) == ("planned", booked, doctor)
    assert all(now_at > then for now_at, then in zip(versions(booked, passed.queue), before, strict=True))
    assert not moved.stations.filter(until=None).exists()


def test_visit_of_a_pool_that_was_passed_on_and_is_moved_is_the_pools_again(
    colleague: Practitioner, nurses: Pool, desk: Actor
) -> None:
    visit = make.make_visit(practitioner=colleague)
    stand_in_pool(make.SYSTEM, visit, nurses)
    waiting = make.arrive(visit)
    services.pass_on(actor=desk, encounter=waiting, to=make.make_practitioner(colleague.organization))
    moved = move(desk, waiting, days=7)
    assert (moved.queue.pool, moved.practitioner) == (nurses, colleague)


def test_who_was_passed_on_stays_in_that_line_while_they_wait_or_come_again_the_same_day(
    colleague: Practitioner, desk: Actor
) -> None:
    waiting = make.make_waiting_visit(organization=colleague.organization)
    passed = services.pass_on(actor=desk, encounter=waiting, to=colleague)
    assert move(desk, waiting, minutes=5).queue == passed.queue
    services.leave_waiting_room(actor=make.patient_actor(waiting.appointment), encounter=waiting)
    again = make.arrive(waiting)
    assert (again.status, again.queue, again.practitioner) == ("arrived", passed.queue, colleague)
    # They came to this line by themselves now, and are out of it all the same.
    assert move(desk, waiting, days=7).practitioner == waiting.appointment.practitioner
