"""Booking and cancelling: what is made, what is refused, and what each leaves in the audit."""

import datetime as dt

import pytest
import time_machine

from accounts.roles import Role
from audit.models import AuditEvent
from consults.models import Encounter
from core.clock import now
from core.errors import Conflict, Invalid, NotFound
from scheduling.models import Appointment, OccupiedSpan, PersonalLink
from scheduling.services import book_appointment, cancel_appointment
from tests import factories as make

pytestmark = pytest.mark.django_db

SOON = dt.timedelta(hours=1)
TWENTY = dt.timedelta(minutes=20)


class Clinic:
    def __init__(self) -> None:
        self.organization = make.make_organization(timezone="America/Chicago")
        self.desk = make.staff_actor(Role.FRONT_DESK, organization=self.organization)
        self.patient = make.make_patient(self.organization)
        self.practitioner = make.make_practitioner(self.organization)
        self.starts_at = now() + SOON

    def book(self, **changes: object) -> Appointment:
        asked = {
            "actor": self.desk,
            "patient": self.patient,
            "practitioner": self.practitioner,
            "starts_at": self.starts_at,
            "ends_at": self.starts_at + TWENTY,
            "timezone": "America/Chicago",
            "reason": "Cough",
        }
        return book_appointment(**{**asked, **changes})  # type: ignore[arg-type]


@pytest.fixture
def clinic() -> Clinic:
    return Clinic()


def test_book_free_time_makes_visit_spans_link_and_one_event_each(clinic: Clinic) -> None:
    appointment = clinic.book()
    visit = Encounter.objects.get(appointment=appointment)
    assert (visit.status, visit.patient, visit.queue.practitioner) == ("planned", clinic.patient, clinic.practitioner)
    assert set(appointment.spans.values_list("actor__kind", flat=True)) == {"practitioner", "patient"}
    assert appointment.links.get().patient == clinic.patient
    events = AuditEvent.objects.filter(entity_id=str(appointment.uuid))
    assert [(event.action, event.outcome, event.actor_id) for event in events] == [
        ("scheduling.appointment.book", "success", clinic.desk.id)
    ]


def test_book_taken_practitioner_conflicts_with_time_and_zone_and_leaves_nothing(clinic: Clinic) -> None:
    clinic.starts_at = dt.datetime(2036, 11, 24, 15, 20, tzinfo=dt.UTC)
    clinic.book()
    with pytest.raises(Conflict) as refused:
        clinic.book(patient=make.make_patient(clinic.organization))
    assert (refused.value.code, refused.value.status) == ("slot.taken", 409)
    assert refused.value.message == "9:20 am, Chicago time, was just taken. Choose another time."
    assert refused.value.extra["whose"] == "practitioner"
    assert (Appointment.objects.count(), OccupiedSpan.objects.count(), PersonalLink.objects.count()) == (1, 2, 1)
    refusal = AuditEvent.objects.get(outcome="refused")
    assert (refusal.action, refusal.detail["code"]) == ("scheduling.appointment.book", "slot.taken")


def test_book_time_taken_long_ago_is_not_told_as_news(clinic: Clinic) -> None:
    clinic.starts_at = dt.datetime(2036, 11, 24, 15, 20, tzinfo=dt.UTC)
    with time_machine.travel(now() - dt.timedelta(hours=1)):
        clinic.book()
    with pytest.raises(Conflict) as refused:
        clinic.book(patient=make.make_patient(clinic.organization))
    assert refused.value.message == "9:20 am, Chicago time, is taken. Choose another time."


def test_book_busy_patient_says_that_it_is_the_patient(clinic: Clinic) -> None:
    clinic.book()
    with pytest.raises(Conflict) as refused:
        clinic.book(practitioner=make.make_practitioner(clinic.organization))
    assert (refused.value.code, refused.value.extra["whose"]) == ("slot.taken", "patient")
    assert clinic.patient.given_name not in refused.value.message


@pytest.mark.parametrize("shift", [-TWENTY, TWENTY])
def test_book_next_to_a_taken_time_is_free_and_one_second_into_it_is_not(clinic: Clinic, shift: dt.timedelta) -> None:
    clinic.book()
    into = dt.timedelta(seconds=1) if shift < dt.timedelta(0) else dt.timedelta(seconds=-1)
    start = clinic.starts_at + shift + into
    with pytest.raises(Conflict):
        clinic.book(starts_at=start, ends_at=start + TWENTY)
    start = clinic.starts_at + shift
    assert clinic.book(starts_at=start, ends_at=start + TWENTY).status == "booked"


@pytest.mark.parametrize(
    ("starts", "lasts", "code"),
    [
        (dt.timedelta(minutes=-6), TWENTY, "appointment.in_past"),
        (SOON, dt.timedelta(0), "appointment.ends_before_start"),
        (SOON, -TWENTY, "appointment.ends_before_start"),
        (SOON, dt.timedelta(hours=8, seconds=1), "appointment.too_long"),
    ],
)
def test_book_impossible_time_is_invalid(clinic: Clinic, starts: dt.timedelta, lasts: dt.timedelta, code: str) -> None:
    start = now() + starts
    with pytest.raises(Invalid) as refused:
        clinic.book(starts_at=start, ends_at=start + lasts)
    assert (refused.value.code, Appointment.objects.count()) == (code, 0)


def test_book_a_few_minutes_ago_and_eight_hours_long_are_allowed(clinic: Clinic) -> None:
    start = now() - dt.timedelta(minutes=4)
    assert clinic.book(starts_at=start, ends_at=start + dt.timedelta(hours=8)).status == "booked"


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "America"])
def test_book_unknown_zone_is_invalid(clinic: Clinic, zone: str) -> None:
    with pytest.raises(Invalid) as refused:
        clinic.book(timezone=zone)
    assert refused.value.code == "appointment.zone_unknown"


def test_book_naive_time_is_invalid(clinic: Clinic) -> None:
    naive = clinic.starts_at.replace(tzinfo=None)
    with pytest.raises(Invalid):
        clinic.book(starts_at=naive, ends_at=naive + TWENTY)


def test_book_people_of_another_clinic_do_not_exist(clinic: Clinic) -> None:
    other = Clinic()
    for strange in ({"patient": other.patient}, {"practitioner": other.practitioner}, {"actor": other.desk}):
        with pytest.raises(NotFound):
            clinic.book(**strange)
    with pytest.raises(NotFound):
        clinic.book(patient=other.patient, practitioner=other.practitioner)
    assert Appointment.objects.count() == 0


def test_book_by_role_follows_the_table(clinic: Clinic) -> None:
    doctor = make.practitioner_actor(clinic.practitioner)
    colleague = make.practitioner_actor(make.make_practitioner(clinic.organization))
    officer = make.staff_actor(Role.PRIVACY_OFFICER, organization=clinic.organization)
    for actor in (colleague, officer):
        with pytest.raises(NotFound):
            clinic.book(actor=actor)
    assert clinic.book(actor=doctor).practitioner == clinic.practitioner


def test_cancel_gives_the_time_back_and_takes_the_visit_along(clinic: Clinic) -> None:
    appointment = clinic.book()
    cancel_appointment(actor=clinic.desk, appointment=appointment, reason=" Doctor ill ")
    appointment.refresh_from_db()
    assert (appointment.status, appointment.cancellation_reason) == ("cancelled", "Doctor ill")
    assert appointment.encounter.status == "cancelled"
    assert appointment.links.get().revoked_at is None
    assert clinic.book(patient=make.make_patient(clinic.organization)).status == "booked"
    move = AuditEvent.objects.get(action="scheduling.appointment.cancel")
    assert move.detail == {"from": "booked", "to": "cancelled"}


def test_cancel_twice_changes_nothing_more(clinic: Clinic) -> None:
    appointment = clinic.book()
    cancel_appointment(actor=clinic.desk, appointment=appointment, reason="one")
    events = AuditEvent.objects.count()
    cancel_appointment(actor=clinic.desk, appointment=appointment, reason="two")
    appointment.refresh_from_db()
    assert (appointment.cancellation_reason, AuditEvent.objects.count()) == ("one", events)


def test_cancel_by_whom_follows_the_table() -> None:
    visit = make.make_visit()
    appointment = visit.appointment
    strangers = [
        make.patient_actor(make.make_appointment(organization=appointment.organization)),
        make.patient_actor(make.make_appointment(patient=appointment.patient, starts_at=now() + dt.timedelta(days=2))),
        make.practitioner_actor(make.make_practitioner(appointment.organization)),
        make.staff_actor(Role.PRIVACY_OFFICER, organization=appointment.organization),
        make.staff_actor(Role.FRONT_DESK),
    ]
    for stranger in strangers:
        with pytest.raises(NotFound):
            cancel_appointment(actor=stranger, appointment=appointment, reason="")
    appointment.refresh_from_db()
    assert appointment.status == "booked"
    assert (
        cancel_appointment(actor=make.patient_actor(appointment), appointment=appointment, reason="").status
        == "cancelled"
    )


def test_cancel_waiting_patient_is_allowed_and_call_in_progress_refused() -> None:
    waiting = make.make_waiting_visit()
    desk = make.staff_actor(Role.FRONT_DESK, organization=waiting.organization)
    cancel_appointment(actor=desk, appointment=waiting.appointment, reason="")
    waiting.refresh_from_db()
    assert waiting.status == "cancelled"
    assert not waiting.seats.filter(left_at=None).exists()
    begun = make.make_visit_in_progress()
    desk = make.staff_actor(Role.FRONT_DESK, organization=begun.organization)
    with pytest.raises(Conflict) as refused:
        cancel_appointment(actor=desk, appointment=begun.appointment, reason="")
    begun.appointment.refresh_from_db()
    assert (refused.value.code, begun.appointment.status) == ("visit.in_progress", "arrived")
    assert begun.appointment.spans.count() == 2


def test_cancel_fulfilled_appointment_conflicts() -> None:
    from consults.services import finish_visit

    visit = make.make_visit_in_progress()
    finish_visit(actor=make.practitioner_actor(visit.practitioner), encounter=visit)
    desk = make.staff_actor(Role.FRONT_DESK, organization=visit.organization)
    with pytest.raises(Conflict) as refused:
        cancel_appointment(actor=desk, appointment=visit.appointment, reason="")
    assert refused.value.code == "appointment.over"


def test_book_listener_that_fails_leaves_no_appointment(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    from scheduling import ports

    def refuse(*_: object) -> None:
        raise RuntimeError("no room")

    monkeypatch.setattr(ports, "_booked", [*ports._booked, refuse])
    with pytest.raises(RuntimeError):
        clinic.book()
    assert (Appointment.objects.count(), Encounter.objects.count(), OccupiedSpan.objects.count()) == (0, 0, 0)
