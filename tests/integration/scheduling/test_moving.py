"""Moving: the link stays, the number rises, the visit follows, and what somebody else changed is not written over."""

import datetime as dt
from typing import Any

import pytest

from audit.models import AuditEvent
from consults.models import Encounter
from core.clock import now
from core.errors import Conflict, Invalid, NotFound
from scheduling import ports
from scheduling.links import address_of
from scheduling.models import Appointment, Schedule
from scheduling.services import cancel_appointment, move_appointment
from tests import factories as make
from tests.integration.scheduling.clinic import DAY, TWENTY, Clinic, spans_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic() -> Clinic:
    return Clinic(practitioners=2)


def move(clinic: Clinic, appointment: Appointment, **changes: Any) -> Appointment:
    asked = {"actor": clinic.desk, "appointment": appointment, "starts_at": clinic.at + DAY}
    return move_appointment(**{**asked, **changes})


def test_move_keeps_link_and_uuid_and_takes_the_new_time_only(clinic: Clinic) -> None:
    booked = clinic.book()
    address = address_of(booked.links.get())
    moved = move(clinic, booked, sequence=0, reason="Doctor ill")
    assert (moved.uuid, moved.sequence, moved.ends_at) == (booked.uuid, 1, clinic.at + DAY + TWENTY)
    assert address_of(moved.links.get()) == address
    assert {(starts, ends) for _, starts, ends in spans_of(moved)} == {(clinic.at + DAY, clinic.at + DAY + TWENTY)}
    assert clinic.book(patient=clinic.new_patient()).status == "booked"
    event = AuditEvent.objects.get(action="scheduling.appointment.move")
    assert (event.outcome, event.detail["reason"], event.detail["sequence"]) == ("success", "Doctor ill", 1)


def test_move_by_a_page_that_shows_an_older_state_is_refused(clinic: Clinic) -> None:
    booked = clinic.book()
    move(clinic, booked, sequence=0)
    with pytest.raises(Conflict) as refused:
        move(clinic, booked, starts_at=clinic.at + 2 * DAY, sequence=0)
    assert (refused.value.code, refused.value.extra["sequence"]) == ("appointment.changed", 1)
    with pytest.raises(Conflict) as refused:
        cancel_appointment(actor=clinic.desk, appointment=booked, reason="", sequence=0)
    assert refused.value.code == "appointment.changed"
    assert Appointment.objects.get().starts_at == clinic.at + DAY


def test_move_pressed_twice_moves_once(clinic: Clinic) -> None:
    booked = clinic.book()
    assert move(clinic, booked, sequence=0).sequence == 1
    assert move(clinic, booked, sequence=0).sequence == 1


def test_move_onto_a_taken_time_leaves_everything(clinic: Clinic) -> None:
    booked, other = clinic.book(), clinic.book(clinic.at + DAY, patient=clinic.new_patient())
    before = spans_of(booked)
    with pytest.raises(Conflict) as refused:
        move(clinic, booked)
    assert (refused.value.code, refused.value.extra["whose"]) == ("slot.taken", "practitioner")
    booked.refresh_from_db()
    assert (booked.starts_at, booked.sequence, spans_of(booked)) == (clinic.at, 0, before)
    assert other.spans.count() == 2
    assert AuditEvent.objects.get(outcome="refused").detail == {"code": "slot.taken"}


def test_move_by_half_its_own_length_does_not_collide_with_itself(clinic: Clinic) -> None:
    assert move(clinic, clinic.book(), starts_at=clinic.at + TWENTY / 2).starts_at == clinic.at + TWENTY / 2


def test_resize_changes_the_end_under_the_guard(clinic: Clinic) -> None:
    booked = clinic.book()
    clinic.book(clinic.at + 3 * TWENTY, patient=clinic.new_patient())
    longer = move(clinic, booked, starts_at=clinic.at, ends_at=clinic.at + 3 * TWENTY)
    assert longer.ends_at == clinic.at + 3 * TWENTY
    with pytest.raises(Conflict):
        move(clinic, booked, starts_at=clinic.at, ends_at=clinic.at + 4 * TWENTY)
    for end in (clinic.at, clinic.at + dt.timedelta(hours=9)):
        with pytest.raises(Invalid):
            move(clinic, booked, starts_at=clinic.at, ends_at=end)


def test_move_to_a_colleague_takes_visit_queue_and_buffers_along(clinic: Clinic) -> None:
    colleague = clinic.practitioners[1]
    Schedule.objects.create(
        organization=clinic.organization,
        practitioner=colleague,
        timezone="America/Chicago",
        buffer_before=5,
        buffer_after=10,
    )
    booked = clinic.book()
    queue = booked.encounter.queue
    moved = move(clinic, booked, starts_at=clinic.at, practitioner=colleague)
    visit = Encounter.objects.get()
    assert (moved.practitioner, visit.practitioner, visit.queue.practitioner) == (colleague,) * 3
    assert ("practitioner", clinic.at - TWENTY / 4, clinic.at + 1.5 * TWENTY) in spans_of(moved)
    version = queue.version
    queue.refresh_from_db()
    assert queue.version > version
    assert clinic.book(patient=clinic.new_patient()).practitioner == clinic.practitioner


def test_move_of_a_waiting_patient_goes_along_in_line_or_back_to_the_door(clinic: Clinic) -> None:
    soon = now() + dt.timedelta(minutes=1)
    for later, status, arrived in ((TWENTY / 2, "arrived", True), (DAY, "planned", False)):
        visit = make.make_waiting_visit(practitioner=clinic.practitioner, starts_at=soon)
        moved = move(clinic, visit.appointment, starts_at=soon + later, practitioner=clinic.practitioners[1])
        visit.refresh_from_db()
        assert (visit.status, visit.queue.practitioner) == (status, clinic.practitioners[1])
        assert moved.status == ("arrived" if arrived else "booked")
        assert visit.seats.filter(left_at=None).exists() is arrived


def test_move_of_a_visit_that_has_begun_is_refused() -> None:
    visit = make.make_visit_in_progress()
    desk = make.practitioner_actor(visit.practitioner)
    with pytest.raises(Conflict) as refused:
        move_appointment(actor=desk, appointment=visit.appointment, starts_at=now() + DAY)
    assert refused.value.code == "visit.in_progress"
    assert spans_of(visit.appointment) == {
        (kind, visit.appointment.starts_at, visit.appointment.ends_at) for kind in ("practitioner", "patient")
    }


def test_move_of_a_cancelled_or_held_one_is_refused(clinic: Clinic) -> None:
    gone, held = clinic.book(), clinic.hold(clinic.at + 3 * TWENTY)
    cancel_appointment(actor=clinic.desk, appointment=gone, reason="")
    codes = []
    for one in (gone, held):
        with pytest.raises(Conflict) as refused:
            move(clinic, one)
        codes.append(refused.value.code)
    assert codes == ["appointment.over", "appointment.held"]


def test_move_into_the_past_or_with_a_naive_time_is_invalid(clinic: Clinic) -> None:
    booked = clinic.book()
    for start in (now() - TWENTY, clinic.at.replace(tzinfo=None)):
        with pytest.raises(Invalid):
            move(clinic, booked, starts_at=start)


def test_move_by_whom_follows_the_table(clinic: Clinic) -> None:
    booked = clinic.book()
    doctor = make.practitioner_actor(clinic.practitioner)
    colleague = make.practitioner_actor(clinic.practitioners[1])
    with pytest.raises(NotFound):
        move(clinic, booked, actor=colleague)
    with pytest.raises(NotFound):
        move(clinic, booked, actor=doctor, practitioner=clinic.practitioners[1])
    with pytest.raises(NotFound):
        move(clinic, booked, practitioner=make.make_practitioner())
    assert move(clinic, booked, actor=doctor).starts_at == clinic.at + DAY


def test_patient_moves_and_cancels_by_link_until_the_clinics_notice(clinic: Clinic) -> None:
    terms = clinic.terms(change_notice_minutes=24 * 60)
    booked = clinic.book()
    actor = make.patient_actor(booked)
    assert move(clinic, booked, actor=actor, starts_at=clinic.at + TWENTY).sequence == 1
    terms.change_notice_minutes = 3 * 24 * 60
    terms.save()
    for change in (
        lambda: move(clinic, booked, actor=actor),
        lambda: cancel_appointment(actor=actor, appointment=booked, reason=""),
    ):
        with pytest.raises(Conflict) as refused:
            change()
        assert refused.value.code == "change.too_late"
    assert move(clinic, booked).starts_at == clinic.at + DAY


def test_move_tells_of_the_freed_time_and_the_changed_appointment_after_the_commit(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    freed: list[tuple[Any, ...]] = []
    changed: list[tuple[Any, ...]] = []
    monkeypatch.setattr(ports, "_freed", [lambda *what: freed.append(what)])
    monkeypatch.setattr(ports, "_changed", [lambda *what: changed.append(what)])
    booked = clinic.book()
    with django_capture_on_commit_callbacks(execute=True):
        move(clinic, booked)
        assert not freed
    assert freed == [(clinic.organization.pk, clinic.practitioner, clinic.at, clinic.at + TWENTY)]
    assert changed == [(clinic.organization.pk, booked.uuid)]
