"""A visit on hold: nobody sees or hears anybody, nothing is recorded, and it goes on where it was."""

import datetime as dt
import threading
import uuid
from typing import Any

import pytest
import time_machine
from django.db import connections

from accounts.actors import Actor
from accounts.roles import Role
from consults import rooms, selectors, services
from consults.models import Encounter, Queue
from consults.presence import may_sit
from core.clock import now
from core.errors import Conflict, NotFound
from scheduling.services import cancel_appointment, move_appointment
from tests import factories as make

pytestmark = pytest.mark.django_db

TAB = uuid.uuid4()


@pytest.fixture
def visit() -> Encounter:
    return make.make_visit_in_progress()


@pytest.fixture
def doctor(visit: Encounter) -> Actor:
    return make.practitioner_actor(visit.practitioner)


@pytest.fixture
def patient(visit: Encounter) -> Actor:
    return make.patient_actor(visit.appointment)


def hold(actor: Actor, visit: Encounter) -> Encounter:
    return services.hold_visit(actor=actor, encounter=visit)


def take_back(actor: Actor, visit: Encounter, **how: Any) -> Encounter:
    return services.admit_patient(actor=actor, encounter=visit, **how)


def waiting_beside(visit: Encounter) -> Encounter:
    """Somebody else of the same practitioner, who was booked an hour before."""
    before = visit.appointment.starts_at - dt.timedelta(hours=1)
    return make.make_waiting_visit(practitioner=visit.practitioner, starts_at=before)


def code_of(call: Any) -> str:
    with pytest.raises(Conflict) as refused:
        call()
    return refused.value.code


def room_of(visit: Encounter) -> rooms.Document:
    [room] = rooms.rooms_of([visit.uuid])
    return room.document


def row_of(visit: Encounter, actor: Actor) -> Any:
    queue = Queue.objects.get(pk=visit.queue_id)
    [row] = [one for one in selectors.waiting_queue(actor, queue).with_you if one.visit_uuid == visit.uuid]
    return row


def test_on_hold_the_room_stays_and_carries_nothing(visit: Encounter, doctor: Actor, patient: Actor) -> None:
    before = visit.room_version
    held = hold(doctor, visit)
    document = room_of(visit)
    assert (held.status, held.room_version > before, document["closed"]) == ("onleave", True, False)
    [seat] = document["seats"]
    assert (seat["active"], visit.seats.get(left_at=None).actor_type) == (False, "patient")
    told = selectors.visit_snapshot(patient, selectors.get_visit(patient))
    assert (told["status"], told["state"], told["line"]["now"]) == ("onleave", "hold", False)
    assert may_sit(patient, held, now())
    assert not may_sit(doctor, held, now())


def test_taken_back_it_goes_on_with_the_time_it_began(visit: Encounter, doctor: Actor) -> None:
    hold(doctor, visit)
    back = take_back(doctor, visit)
    assert (back.status, back.started_at, back.held_at) == ("in-progress", visit.started_at, None)
    services.take_seat(actor=doctor, encounter=back, holder=uuid.uuid4())
    assert [seat["active"] for seat in room_of(visit)["seats"]] == [True, True]


def test_holding_and_taking_back_twice_change_nothing(visit: Encounter, doctor: Actor) -> None:
    once = hold(doctor, visit)
    assert hold(doctor, visit).held_at == once.held_at
    back = take_back(doctor, visit)
    assert take_back(doctor, visit).room_version == back.room_version


def test_board_shows_it_with_you_and_since_when(visit: Encounter, doctor: Actor) -> None:
    hold(doctor, visit)
    with time_machine.travel(now() + dt.timedelta(minutes=6)):
        row = row_of(visit, doctor)
    assert (row.state, row.minutes) == ("hold", 6)


def test_screen_is_no_longer_shared_after_a_hold(visit: Encounter, doctor: Actor, patient: Actor) -> None:
    services.start_share(actor=patient, encounter=visit, tab=TAB)
    hold(doctor, visit)
    assert not visit.seats.filter(sharing__isnull=False).exists()
    assert code_of(lambda: services.start_share(actor=patient, encounter=visit, tab=TAB)) == "visit.not_open"


def test_calling_another_in_holds_whoever_is_with_you(visit: Encounter, doctor: Actor) -> None:
    other = waiting_beside(visit)
    take_back(doctor, other, hold_others=True)
    visit.refresh_from_db()
    other.refresh_from_db()
    assert (visit.status, other.status) == ("onleave", "in-progress")
    take_back(doctor, visit, hold_others=True)
    visit.refresh_from_db()
    other.refresh_from_db()
    assert (visit.status, other.status) == ("in-progress", "onleave")


def test_nobody_is_put_on_hold_for_somebody_who_is_not_there(visit: Encounter, doctor: Actor) -> None:
    other = make.make_visit(practitioner=visit.practitioner, starts_at=visit.appointment.ends_at)
    assert code_of(lambda: take_back(doctor, other, hold_others=True)) == "visit.not_waiting"
    visit.refresh_from_db()
    assert visit.status == "in-progress"


def test_visit_on_hold_has_begun_for_everybody(visit: Encounter, doctor: Actor, patient: Actor) -> None:
    hold(doctor, visit)
    desk, booked = make.staff_actor(Role.SCHEDULER, organization=visit.organization), visit.appointment
    later = booked.starts_at + dt.timedelta(hours=2)
    refused = [
        lambda: cancel_appointment(actor=desk, appointment=booked, reason=""),
        lambda: move_appointment(actor=desk, appointment=booked, starts_at=later),
        lambda: services.leave_waiting_room(actor=patient, encounter=visit),
    ]
    assert {code_of(call) for call in refused} == {"visit.in_progress"}
    assert services.finish_visit(actor=doctor, encounter=visit).status == "finished"


@pytest.mark.parametrize("make_one", [make.make_visit, make.make_waiting_visit])
def test_visit_that_has_not_begun_cannot_be_held(make_one: Any) -> None:
    visit = make_one()
    doctor = make.practitioner_actor(visit.practitioner)
    assert code_of(lambda: hold(doctor, visit)) == "visit.not_begun"


def test_only_its_practitioner_holds_it(visit: Encounter, patient: Actor) -> None:
    colleague = make.practitioner_actor(make.make_practitioner(visit.organization))
    for actor in (patient, colleague):
        with pytest.raises(NotFound):
            hold(actor, visit)


def test_nothing_is_recorded_while_on_hold_and_it_goes_on_after() -> None:
    recording = make.make_recording()
    visit = recording.encounter
    doctor = make.practitioner_actor(visit.practitioner)
    assert room_of(visit)["recording"] is not None
    hold(doctor, visit)
    recording.refresh_from_db()
    assert (room_of(visit)["recording"], recording.due_at, recording.ended_at) == (None, None, None)
    take_back(doctor, visit)
    services.take_seat(actor=doctor, encounter=visit, holder=uuid.uuid4())
    recording.refresh_from_db()
    assert room_of(visit)["recording"] is not None
    assert recording.due_at is not None


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_two_tabs_that_call_each_others_patients_in_leave_one_in_the_call() -> None:
    """Each puts the other's on hold: locked in one order, neither waits for the other."""
    first = make.make_visit_in_progress()
    second = waiting_beside(first)
    doctor = make.practitioner_actor(first.practitioner)
    take_back(doctor, second)
    failures: list[BaseException] = []
    together = threading.Barrier(2, timeout=60)

    def call_in(visit: Encounter) -> None:
        try:
            for _ in range(5):
                hold(doctor, visit)
                # Both on hold: neither finds the other's in progress unless one waits for what the other does.
                together.wait()
                take_back(doctor, visit, hold_others=True)
                together.wait()
        except BaseException as error:
            together.abort()
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=call_in, args=(visit,)) for visit in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    statuses = sorted(Encounter.objects.values_list("status", flat=True))
    assert statuses == ["in-progress", "onleave"]
