"""Held times: taken like booked ones, booked when the form is sent, given back when their minutes are over."""

import datetime as dt
from typing import Any

import pytest
import time_machine

from accounts.actors import ANONYMOUS
from accounts.services.licences import add_licence
from audit.models import AuditEvent
from consults.models import Encounter
from core.clock import now
from core.errors import Conflict, Invalid, NotFound
from scheduling import ports
from scheduling.models import Appointment, OccupiedSpan
from scheduling.services import (
    book_held,
    cancel_appointment,
    confirm_appointment,
    end_holds,
    hold_time,
    release_hold,
)
from tests import factories as make
from tests.integration.scheduling.clinic import TWENTY, Clinic, spans_of

pytestmark = pytest.mark.django_db
ELEVEN = dt.timedelta(minutes=11)


@pytest.fixture
def clinic() -> Clinic:
    return Clinic()


@pytest.fixture
def freed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    told: list[tuple[Any, ...]] = []
    monkeypatch.setattr(ports, "_freed", [lambda *what: told.append(what)])
    return told


def test_hold_takes_the_practitioners_time_for_nobody_yet(clinic: Clinic) -> None:
    held = clinic.hold(actor=ANONYMOUS)
    assert (held.status, held.patient, held.ends_at) == ("proposed", None, clinic.at + TWENTY)
    assert held.held_until is not None
    assert abs(held.held_until - now() - dt.timedelta(minutes=10)) < dt.timedelta(seconds=5)
    assert spans_of(held) == {("practitioner", clinic.at, clinic.at + TWENTY)}
    assert not Encounter.objects.exists()
    for take in (clinic.hold, clinic.book):
        with pytest.raises(Conflict) as refused:
            take()
        assert refused.value.code == "slot.taken"


def test_hold_lasts_as_the_clinics_terms_say(clinic: Clinic) -> None:
    clinic.terms(hold_minutes=3)
    held = clinic.hold()
    with time_machine.travel(now() + dt.timedelta(minutes=4)):
        assert end_holds() == 1
    held.refresh_from_db()
    assert held.status == "cancelled"


def test_booking_a_held_time_makes_visit_link_and_spans(clinic: Clinic) -> None:
    held = clinic.hold(actor=ANONYMOUS)
    booked = book_held(actor=ANONYMOUS, appointment=held, patient=clinic.patient, reason=" Cough ")
    assert (booked.pk, booked.status, booked.reason, booked.sequence) == (held.pk, "booked", "Cough", 1)
    assert {kind for kind, *_ in spans_of(booked)} == {"practitioner", "patient"}
    assert booked.links.get().patient == clinic.patient
    assert Encounter.objects.get().patient == clinic.patient


def test_booking_a_held_time_twice_changes_nothing_more(clinic: Clinic) -> None:
    held = clinic.hold()
    first = book_held(actor=ANONYMOUS, appointment=held, patient=clinic.patient)
    second = book_held(actor=ANONYMOUS, appointment=held, patient=clinic.patient)
    assert (first.pk, first.sequence) == (second.pk, second.sequence)
    with pytest.raises(Conflict) as refused:
        book_held(actor=ANONYMOUS, appointment=held, patient=clinic.new_patient())
    assert refused.value.code == "hold.over"


def test_held_time_that_is_over_cannot_be_booked(clinic: Clinic) -> None:
    held = clinic.hold()
    with time_machine.travel(now() + ELEVEN), pytest.raises(Conflict) as refused:
        book_held(actor=ANONYMOUS, appointment=held, patient=clinic.patient)
    assert refused.value.code == "hold.over"
    assert Appointment.objects.get().patient is None


def test_held_time_for_a_busy_patient_stays_held(clinic: Clinic) -> None:
    other = make.make_practitioner(clinic.organization)
    clinic.book(practitioner=other)
    held = clinic.hold()
    with pytest.raises(Conflict) as refused:
        book_held(actor=ANONYMOUS, appointment=held, patient=clinic.patient)
    assert (refused.value.code, refused.value.extra["whose"]) == ("slot.taken", "patient")
    held.refresh_from_db()
    assert (held.status, held.patient) == ("proposed", None)
    assert {kind for kind, *_ in spans_of(held)} == {"practitioner"}


def test_booking_over_a_hold_that_ran_out_cancels_it_in_the_same_transaction(clinic: Clinic) -> None:
    held = clinic.hold()
    with time_machine.travel(now() + ELEVEN):
        booked = clinic.book(clinic.at + TWENTY / 2)
    held.refresh_from_db()
    assert (held.status, booked.status) == ("cancelled", "booked")
    assert not spans_of(held)
    assert AuditEvent.objects.get(action="scheduling.hold.end").entity_id == str(held.uuid)


def test_refused_booking_over_a_hold_that_ran_out_leaves_it(clinic: Clinic) -> None:
    held = clinic.hold()
    clinic.book(clinic.at + TWENTY, patient=clinic.new_patient())
    with time_machine.travel(now() + ELEVEN), pytest.raises(Conflict):
        clinic.book(clinic.at + TWENTY / 2)
    held.refresh_from_db()
    assert held.status == "proposed"


def test_sweep_gives_back_what_ran_out_and_nothing_else(
    clinic: Clinic, freed: list[tuple[Any, ...]], django_capture_on_commit_callbacks: Any
) -> None:
    held, booked = clinic.hold(), clinic.book(clinic.at + TWENTY)
    assert end_holds() == 0
    with time_machine.travel(now() + ELEVEN), django_capture_on_commit_callbacks(execute=True):
        assert (end_holds(), end_holds()) == (1, 0)
    assert freed == [(clinic.organization.pk, clinic.practitioner, clinic.at, clinic.at + TWENTY)]
    booked.refresh_from_db()
    assert (booked.status, OccupiedSpan.objects.filter(appointment=held).count()) == ("booked", 0)


def test_released_hold_frees_the_time_once(
    clinic: Clinic, freed: list[tuple[Any, ...]], django_capture_on_commit_callbacks: Any
) -> None:
    held = clinic.hold(actor=ANONYMOUS)
    with django_capture_on_commit_callbacks(execute=True):
        release_hold(actor=ANONYMOUS, appointment=held)
        release_hold(actor=ANONYMOUS, appointment=held)
    assert len(freed) == 1
    assert clinic.book().status == "booked"


def test_release_of_what_was_booked_meanwhile_changes_nothing(clinic: Clinic) -> None:
    held = clinic.hold()
    book_held(actor=ANONYMOUS, appointment=held, patient=clinic.patient)
    release_hold(actor=ANONYMOUS, appointment=held)
    held.refresh_from_db()
    assert held.status == "booked"


def test_self_booking_waits_for_the_desk_where_the_clinic_wants_it(clinic: Clinic) -> None:
    clinic.terms(confirm_self_bookings=True)
    pending = book_held(actor=ANONYMOUS, appointment=clinic.hold(actor=ANONYMOUS), patient=clinic.patient)
    assert pending.status == "pending"
    assert len(spans_of(pending)) == 2
    with pytest.raises(Conflict):
        clinic.book(patient=clinic.new_patient())
    with pytest.raises(NotFound):
        confirm_appointment(actor=make.patient_actor(pending), appointment=pending)
    confirmed = confirm_appointment(actor=clinic.desk, appointment=pending)
    assert (confirmed.status, confirmed.sequence) == ("booked", pending.sequence + 1)
    assert confirm_appointment(actor=clinic.desk, appointment=pending).sequence == confirmed.sequence
    by_desk = book_held(actor=clinic.desk, appointment=clinic.hold(clinic.at + TWENTY), patient=clinic.patient)
    assert by_desk.status == "booked"


def test_pending_can_be_called_off_and_its_time_is_free(clinic: Clinic) -> None:
    clinic.terms(confirm_self_bookings=True, change_notice_minutes=0)
    pending = book_held(actor=ANONYMOUS, appointment=clinic.hold(actor=ANONYMOUS), patient=clinic.patient)
    cancel_appointment(actor=make.patient_actor(pending), appointment=pending, reason="")
    assert clinic.book().status == "booked"


@pytest.mark.parametrize("closed", ["type", "clinic"])
def test_public_cannot_hold_what_is_not_open_to_it_but_the_desk_can(clinic: Clinic, closed: str) -> None:
    if closed == "type":
        clinic.visit_type.self_booking = False
        clinic.visit_type.save()
    else:
        clinic.terms(self_booking=False)
    with pytest.raises(Invalid) as refused:
        clinic.hold(actor=ANONYMOUS)
    assert refused.value.code == "booking.closed"
    assert clinic.hold().status == "proposed"


def test_hold_of_somebody_who_does_not_offer_the_type_is_invalid(clinic: Clinic) -> None:
    with pytest.raises(Invalid) as refused:
        clinic.hold(practitioner=make.make_practitioner(clinic.organization))
    assert refused.value.code == "visit_type.not_offered"
    with pytest.raises(NotFound):
        clinic.hold(practitioner=make.make_practitioner())


class TestPool:
    """Without a practitioner, whoever of the pool is free."""

    def test_pool_gives_the_least_loaded_of_that_day(self) -> None:
        clinic = Clinic(practitioners=3)
        first, second, third = clinic.practitioners
        for number, who in enumerate([first, first, third]):
            clinic.book(clinic.at + TWENTY * (number + 3), practitioner=who)
        clinic.book(clinic.at + dt.timedelta(days=1), practitioner=second)
        assert clinic.hold(practitioner=None).practitioner == second

    def test_pool_tries_the_next_when_one_is_taken_and_refuses_when_all_are(self) -> None:
        clinic = Clinic(practitioners=3)
        held = [clinic.hold(practitioner=None).practitioner for _ in range(3)]
        assert set(held) == set(clinic.practitioners)
        with pytest.raises(Conflict) as refused:
            clinic.hold(practitioner=None)
        assert refused.value.code == "slot.taken"

    def test_pool_is_whoever_speaks_the_language_and_may_practise_there(self) -> None:
        clinic = Clinic(practitioners=3)
        speaks, licensed, both = clinic.practitioners
        for who, languages, regions in (
            (speaks, ["es-MX", "en"], ["US-TX"]),
            (licensed, ["en"], ["US-IL"]),
            (both, ["es"], ["US"]),
        ):
            who.languages = languages
            who.save()
            for region in regions:
                add_licence(actor=make.SYSTEM, practitioner=who, region=region)
        assert clinic.hold(practitioner=None, language="es", region="US-IL").practitioner == both
        with pytest.raises(Conflict):
            clinic.hold(practitioner=None, language="es", region="US-IL")

    def test_pool_of_nobody_is_taken(self) -> None:
        clinic = Clinic(practitioners=1)
        clinic.visit_type.practitioners.clear()
        with pytest.raises(Conflict) as refused:
            hold_time(
                actor=ANONYMOUS,
                visit_type=clinic.visit_type,
                practitioner=None,
                starts_at=clinic.at,
                timezone="America/Chicago",
            )
        assert refused.value.code == "slot.taken"
