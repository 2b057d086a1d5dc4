"""Who came: a visit counts as missed only when the patient never was there, and that can be put right."""

import datetime as dt

import pytest
import time_machine

from accounts.roles import Role
from consults.selectors import visit_state
from consults.services import enter_waiting_room, leave_waiting_room
from core.clock import now
from core.errors import Conflict, NotFound
from scheduling.lifecycle import MOVES, AppointmentStatus
from scheduling.models import Modality
from scheduling.selectors import states_now
from scheduling.services import correct_no_show, mark_held, mark_no_show
from tests import factories as make
from tests.integration.scheduling.clinic import TWENTY, Clinic

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic() -> Clinic:
    return Clinic()


def test_no_show_only_after_the_start_and_told_as_such(clinic: Clinic) -> None:
    booked = clinic.book()
    with pytest.raises(Conflict) as refused:
        mark_no_show(actor=clinic.desk, appointment=booked)
    assert refused.value.code == "noshow.early"
    with time_machine.travel(clinic.at + TWENTY):
        missed = mark_no_show(actor=clinic.desk, appointment=booked)
        assert mark_no_show(actor=clinic.desk, appointment=booked).sequence == missed.sequence == 1
        assert (missed.status, states_now(clinic.desk, [missed])[missed.pk]) == ("noshow", "noshow")
        assert visit_state(missed.encounter, now()) == "late"


def test_patient_who_sat_in_the_waiting_room_and_left_did_not_miss_it() -> None:
    visit = make.make_waiting_visit(starts_at=now() - dt.timedelta(minutes=1))
    desk = make.staff_actor(Role.FRONT_DESK, organization=visit.organization)
    for leaves in (False, True):
        if leaves:
            leave_waiting_room(actor=make.patient_actor(visit.appointment), encounter=visit)
        with pytest.raises(Conflict) as refused:
            mark_no_show(actor=desk, appointment=visit.appointment)
        assert refused.value.code == "noshow.joined"


def test_no_show_is_put_right_to_booked_or_to_held(clinic: Clinic) -> None:
    one, other = clinic.book(), clinic.book(clinic.at + TWENTY, patient=clinic.new_patient())
    with time_machine.travel(clinic.at + 2 * TWENTY):
        for appointment in (one, other):
            mark_no_show(actor=clinic.desk, appointment=appointment)
        again = correct_no_show(actor=clinic.desk, appointment=one)
        assert (again.status, states_now(clinic.desk, [again])[again.pk]) == ("booked", "expected")
        came = correct_no_show(actor=clinic.desk, appointment=other, came=True)
        other.encounter.refresh_from_db()
        assert (came.status, other.encounter.status) == ("fulfilled", "finished")
        assert correct_no_show(actor=clinic.desk, appointment=other).status == "fulfilled"


def test_no_show_by_whom_follows_the_table(clinic: Clinic) -> None:
    booked = clinic.book()
    with time_machine.travel(clinic.at + TWENTY):
        for actor in (make.patient_actor(booked), Clinic().desk):
            with pytest.raises(NotFound):
                mark_no_show(actor=actor, appointment=booked)
        assert mark_no_show(actor=make.practitioner_actor(clinic.practitioner), appointment=booked).status == "noshow"


@pytest.mark.parametrize("modality", [Modality.PHONE, Modality.IN_PERSON])
def test_visit_without_video_has_no_room_and_is_held_by_a_word(clinic: Clinic, modality: str) -> None:
    booked = clinic.book(now() + TWENTY / 2, modality=modality)
    visit = booked.encounter
    assert visit_state(visit, now()) == "elsewhere"
    make.consent.give_consent(
        actor=make.patient_actor(booked),
        patient=clinic.patient,
        purpose="telehealth",
        text_version=make.current_text(clinic.organization, "telehealth").version,
    )
    with pytest.raises(Conflict) as refused:
        enter_waiting_room(
            actor=make.patient_actor(booked), encounter=visit, place="At home", callback_phone="555 0100"
        )
    assert refused.value.code == "visit.no_room"
    with pytest.raises(Conflict):
        mark_held(actor=clinic.desk, appointment=booked)
    with time_machine.travel(now() + TWENTY):
        assert mark_held(actor=clinic.desk, appointment=booked).status == "fulfilled"
        assert mark_held(actor=clinic.desk, appointment=booked).status == "fulfilled"
    visit.refresh_from_db()
    assert visit.status == "finished"


def test_video_visit_is_not_held_by_a_word(clinic: Clinic) -> None:
    booked = clinic.book(modality=Modality.VIDEO_CLINIC)
    with time_machine.travel(clinic.at + TWENTY), pytest.raises(Conflict) as refused:
        mark_held(actor=clinic.desk, appointment=booked)
    assert refused.value.code == "attend.video"


def test_pending_visit_shows_that_it_is_not_confirmed(clinic: Clinic) -> None:
    booked = clinic.book(now() + TWENTY / 2)
    booked.status = AppointmentStatus.PENDING
    booked.save()
    assert visit_state(booked.encounter, now()) == "pending"
    assert states_now(clinic.desk, [booked])[booked.pk] == "pending"


def test_every_life_ends_and_only_a_missed_one_goes_on() -> None:
    ends = {status for status, targets in MOVES.items() if not targets}
    assert ends == {AppointmentStatus.FULFILLED, AppointmentStatus.CANCELLED}
    reachable = {AppointmentStatus.PROPOSED}
    while more := {target for status in reachable for target in MOVES[status]} - reachable:
        reachable |= more
    assert reachable == set(AppointmentStatus)
