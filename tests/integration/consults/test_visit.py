"""A visit's way through its life, by the services, and the moves that are refused on it."""

import datetime as dt
from typing import Any

import pytest
import time_machine

from audit.models import AuditEvent
from consent.services import give_consent, withdraw_consent
from consults import selectors, services
from consults.lifecycle import DOOR_CLOSES_AFTER
from consults.models import Encounter
from core.clock import now
from core.errors import Conflict, Invalid
from tests import factories as make

pytestmark = pytest.mark.django_db


def enter(visit: Encounter, **changes: Any) -> Encounter:
    asked = {"actor": make.patient_actor(visit.appointment), "place": "At home", "callback_phone": "555 0100"}
    return services.enter_waiting_room(encounter=visit, **{**asked, **changes})


def agree(visit: Encounter) -> None:
    actor = make.patient_actor(visit.appointment)
    give_consent(actor=actor, patient=visit.patient, purpose="telehealth", text_version="2026-10-01", about=visit.uuid)


def actions(visit: Encounter) -> list[str]:
    return list(AuditEvent.objects.filter(entity_id=str(visit.uuid)).order_by("pk").values_list("action", flat=True))


def code_of(call: Any) -> str:
    with pytest.raises((Conflict, Invalid)) as refused:
        call()
    return refused.value.code


def test_whole_visit_leaves_its_times_moves_and_events() -> None:
    visit = make.make_visit()
    agree(visit)
    doctor = make.practitioner_actor(visit.practitioner)
    visit = enter(visit)
    assert (visit.status, visit.place, visit.callback_phone) == ("arrived", "At home", "555 0100")
    assert visit.arrived_at is not None
    visit = services.admit_patient(actor=doctor, encounter=visit)
    visit = services.confirm_identity(actor=doctor, encounter=visit)
    assert (visit.status, visit.identity_confirmed_by_id) == ("in-progress", doctor.user_id)
    visit = services.finish_visit(actor=doctor, encounter=visit)
    visit.refresh_from_db()
    assert (visit.status, visit.appointment.status) == ("finished", "fulfilled")
    assert visit.arrived_at <= visit.started_at <= visit.ended_at
    assert actions(visit) == [
        "consults.visit.plan",
        "consults.visit.enter",
        "consults.visit.admit",
        "consults.visit.identify",
        "consults.visit.finish",
    ]


def test_enter_without_consent_conflicts_and_with_it_is_let_in() -> None:
    visit = make.make_visit()
    assert code_of(lambda: enter(visit)) == "consent.missing"
    agree(visit)
    assert enter(visit).status == "arrived"


def test_enter_after_withdrawal_conflicts() -> None:
    visit = make.make_visit()
    agree(visit)
    withdraw_consent(actor=make.patient_actor(visit.appointment), patient=visit.patient, purpose="telehealth")
    assert code_of(lambda: enter(visit)) == "consent.missing"


@pytest.mark.parametrize(
    ("after_start", "code"),
    [(dt.timedelta(minutes=-16), "visit.early"), (dt.timedelta(hours=12, minutes=21), "visit.late")],
)
def test_enter_through_a_closed_door_conflicts(after_start: dt.timedelta, code: str) -> None:
    visit = make.make_visit(starts_at=now() + dt.timedelta(hours=2))
    agree(visit)
    with time_machine.travel(visit.appointment.starts_at + after_start):
        assert code_of(lambda: enter(visit)) == code
    with time_machine.travel(visit.appointment.starts_at - dt.timedelta(minutes=14)):
        assert enter(visit).status == "arrived"


def test_enter_again_keeps_arrival_and_corrects_the_place() -> None:
    visit = make.make_waiting_visit()
    arrived_at, version = visit.arrived_at, visit.room_version
    visit = enter(visit)
    assert visit.room_version == version
    visit = enter(visit, place=" In the  car ")
    assert (visit.place, visit.arrived_at, visit.room_version) == ("In the car", arrived_at, version + 1)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"place": "  "}, "visit.place"),
        ({"place": "x" * 201}, "visit.place"),
        ({"place": "a\x00b"}, "visit.place"),
        ({"callback_phone": "no number"}, "visit.phone"),
        ({"callback_phone": "5" * 41}, "visit.phone"),
        ({"callback_phone": "555\x00"}, "visit.phone"),
    ],
)
def test_enter_without_place_or_number_is_invalid(changes: dict[str, str], code: str) -> None:
    visit = make.make_visit()
    agree(visit)
    assert code_of(lambda: enter(visit, **changes)) == code


def test_leave_gives_up_the_place_and_the_door_stays_open() -> None:
    visit = make.make_waiting_visit()
    actor = make.patient_actor(visit.appointment)
    for _ in range(2):
        visit = services.leave_waiting_room(actor=actor, encounter=visit)
    visit.appointment.refresh_from_db()
    assert (visit.status, visit.arrived_at, visit.appointment.status) == ("planned", None, "booked")
    assert not visit.seats.filter(left_at=None).exists()
    assert enter(visit).status == "arrived"


def test_leave_waiting_room_once_the_call_began_conflicts() -> None:
    visit = make.make_visit_in_progress()
    actor = make.patient_actor(visit.appointment)
    assert code_of(lambda: services.leave_waiting_room(actor=actor, encounter=visit)) == "visit.in_progress"


def test_admit_twice_changes_nothing_more() -> None:
    visit = make.make_waiting_visit()
    doctor = make.practitioner_actor(visit.practitioner)
    first = services.admit_patient(actor=doctor, encounter=visit)
    second = services.admit_patient(actor=doctor, encounter=visit)
    assert (second.started_at, second.room_version) == (first.started_at, first.room_version)
    assert actions(visit).count("consults.visit.admit") == 1


def test_admit_of_somebody_who_is_not_there_conflicts() -> None:
    visit = make.make_visit()
    doctor = make.practitioner_actor(visit.practitioner)
    assert code_of(lambda: services.admit_patient(actor=doctor, encounter=visit)) == "visit.not_waiting"


def test_finish_twice_is_one_end_and_before_the_beginning_none() -> None:
    visit = make.make_waiting_visit()
    doctor = make.practitioner_actor(visit.practitioner)
    assert code_of(lambda: services.finish_visit(actor=doctor, encounter=visit)) == "visit.not_begun"
    services.admit_patient(actor=doctor, encounter=visit)
    first = services.finish_visit(actor=doctor, encounter=visit)
    assert services.finish_visit(actor=doctor, encounter=visit).ended_at == first.ended_at
    assert actions(visit).count("consults.visit.finish") == 1


def test_over_visit_answers_every_act_with_visit_over() -> None:
    visit = make.make_visit_in_progress()
    doctor, patient = make.practitioner_actor(visit.practitioner), make.patient_actor(visit.appointment)
    services.finish_visit(actor=doctor, encounter=visit)
    acts = [
        lambda: enter(visit),
        lambda: services.leave_waiting_room(actor=patient, encounter=visit),
        lambda: services.admit_patient(actor=doctor, encounter=visit),
        lambda: services.confirm_identity(actor=doctor, encounter=visit),
        lambda: services.take_seat(actor=patient, encounter=visit, holder=visit.uuid),
        lambda: services.set_media(actor=patient, encounter=visit, mic=False, camera=False),
        lambda: services.post_chat(actor=patient, encounter=visit, body="hi", client_id=visit.uuid),
    ]
    assert {code_of(act) for act in acts} == {"visit.over"}
    services.leave_call(actor=patient, encounter=visit)
    assert selectors.visit_snapshot(patient, visit)["status"] == "in-progress"  # what was passed in, not read again
    assert selectors.visit_snapshot(patient, selectors.get_visit(patient))["status"] == "finished"


def test_confirm_identity_counts_the_first_time_and_only_in_the_call() -> None:
    visit = make.make_waiting_visit()
    doctor = make.practitioner_actor(visit.practitioner)
    assert code_of(lambda: services.confirm_identity(actor=doctor, encounter=visit)) == "visit.not_open"
    services.admit_patient(actor=doctor, encounter=visit)
    first = services.confirm_identity(actor=doctor, encounter=visit)
    second = services.confirm_identity(actor=doctor, encounter=visit)
    assert first.identity_confirmed_at == second.identity_confirmed_at
    assert actions(visit).count("consults.visit.identify") == 1


@pytest.mark.parametrize(
    ("make_one", "state"),
    [(make.make_visit, "open"), (make.make_waiting_visit, "waiting"), (make.make_visit_in_progress, "call")],
)
def test_visit_state_names_what_the_page_shows(make_one: Any, state: str) -> None:
    assert selectors.visit_state(make_one(), now()) == state


def test_visit_state_before_after_and_at_both_ends() -> None:
    visit = make.make_visit(starts_at=now() + dt.timedelta(hours=2))
    assert selectors.visit_state(visit, now()) == "early"
    assert selectors.visit_state(visit, now() + dt.timedelta(days=1)) == "late"
    visit.status = "finished"
    assert selectors.visit_state(visit, now()) == "ended"
    visit.status = "cancelled"
    assert selectors.visit_state(visit, now()) == "cancelled"


def test_visit_of_a_forgotten_waiter_is_late_everywhere() -> None:
    visit = make.make_waiting_visit()
    patient, doctor = make.patient_actor(visit.appointment), make.practitioner_actor(visit.practitioner)
    closes_at = visit.appointment.ends_at + DOOR_CLOSES_AFTER
    with time_machine.travel(closes_at, tick=False):
        assert selectors.visit_snapshot(patient, visit)["state"] == "waiting"
        services.take_seat(actor=patient, encounter=visit, holder=visit.uuid)
    with time_machine.travel(closes_at + dt.timedelta(seconds=1)):
        assert selectors.visit_state(visit, now()) == "late"
        assert selectors.visit_snapshot(patient, visit)["state"] == "late"
        assert code_of(lambda: services.take_seat(actor=patient, encounter=visit, holder=visit.uuid)) == "visit.late"
        assert code_of(lambda: enter(visit)) == "visit.late"
        assert code_of(lambda: services.admit_patient(actor=doctor, encounter=visit)) == "visit.not_waiting"


def test_last_place_is_the_newest_visits_else_the_number_we_have() -> None:
    patient = make.make_patient(phone="555 0199")
    assert selectors.last_place(patient) == ("", "555 0199")
    make.make_waiting_visit(patient=patient)
    assert selectors.last_place(patient) == ("At home", "555 0100")


def test_take_off_of_admitted_patient_is_finish_and_not_hanging_up() -> None:
    visit = make.make_visit_in_progress()
    doctor, patient = make.practitioner_actor(visit.practitioner), make.patient_actor(visit.appointment)
    for actor in (doctor, patient):
        services.leave_call(actor=actor, encounter=visit)
    visit.refresh_from_db()
    assert (visit.status, visit.seats.filter(left_at=None).count()) == ("in-progress", 0)
    seat = services.take_seat(actor=patient, encounter=visit, holder=visit.uuid)
    assert (seat.left_at, seat.connected) == (None, True)
