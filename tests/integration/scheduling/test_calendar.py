"""What the calendar reads: whose visits, which days, held times, lateness, what changed; and that it is recorded."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.actors import ANONYMOUS, Actor
from accounts.models import Location, Organization, Practitioner
from accounts.roles import Role
from audit.models import AuditEvent
from core.errors import NotFound
from scheduling.models import Appointment, VisitType
from scheduling.selectors.calendar import CalendarPage, Narrowed, Wanted, calendar_digest, calendar_page, lateness
from scheduling.selectors.finding import find_patients
from scheduling.services import cancel_appointment, tell_late
from tests import factories as make

pytestmark = pytest.mark.django_db

DAY = dt.date(2036, 11, 25)
NEXT = DAY + dt.timedelta(days=1)
CHICAGO = ZoneInfo("America/Chicago")


def at(hour: int, minute: int = 0, day: dt.date = DAY) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour, minute), tzinfo=CHICAGO)


@pytest.fixture
def clinic() -> Organization:
    return make.make_organization(timezone="America/Chicago")


@pytest.fixture
def doctor(clinic: Organization) -> Practitioner:
    return make.make_practitioner(clinic, family_name="Marlow")


@pytest.fixture
def desk(clinic: Organization) -> Actor:
    return make.staff_actor(Role.FRONT_DESK, organization=clinic)


def page_of(actor: Actor, **narrowed: Any) -> CalendarPage:
    return calendar_page(actor, first_day=DAY, until_day=NEXT, narrowed=Narrowed(**narrowed))


def held(like: Appointment, starts_at: dt.datetime, until: dt.datetime) -> Appointment:
    return Appointment.objects.create(
        organization=like.organization,
        location=like.location,
        practitioner=like.practitioner,
        starts_at=starts_at,
        ends_at=starts_at + dt.timedelta(minutes=20),
        timezone=like.timezone,
        status="proposed",
        held_until=until,
    )


def test_day_is_the_clinics_day_and_practitioners_see_their_own(
    clinic: Organization, doctor: Practitioner, desk: Actor
) -> None:
    colleague = make.make_practitioner(clinic)
    # 11:30 pm in Chicago is the next day in UTC.
    own = make.make_appointment(practitioner=doctor, starts_at=at(23, 30))
    others = make.make_appointment(practitioner=colleague, starts_at=at(21))
    make.make_appointment(practitioner=doctor, starts_at=at(0, day=NEXT))
    make.make_appointment(starts_at=at(21))
    assert [visit.uuid for visit in page_of(desk).visits] == [others.uuid, own.uuid]
    mine = page_of(make.practitioner_actor(doctor))
    assert ([visit.uuid for visit in mine.visits], [each.pk for each in mine.people]) == ([own.uuid], [doctor.pk])
    for stranger in (make.patient_actor(own), ANONYMOUS):
        with pytest.raises(NotFound):
            page_of(stranger)
        with pytest.raises(NotFound):
            calendar_digest(stranger, first_day=DAY, until_day=NEXT)


def test_days_are_narrowed_by_practitioner_type_and_room(
    clinic: Organization, doctor: Practitioner, desk: Actor
) -> None:
    kind = VisitType.objects.create(organization=clinic, name="Check-up", minutes=20)
    room = Location.objects.create(organization=clinic, name="Room 3", is_room=True)
    colleague = make.make_practitioner(clinic)
    plain = make.make_appointment(practitioner=doctor, starts_at=at(9))
    typed = make.make_appointment(practitioner=colleague, starts_at=at(10))
    placed = make.make_appointment(practitioner=colleague, starts_at=at(11))
    Appointment.objects.filter(pk=typed.pk).update(visit_type=kind)
    Appointment.objects.filter(pk=placed.pk).update(room=room)
    for narrowed, wanted in (
        ({"practitioner": doctor.uuid}, [plain]),
        ({"visit_type": kind.uuid}, [typed]),
        ({"room": room.pk}, [placed]),
        ({"practitioner": doctor.uuid, "room": room.pk}, []),
        ({}, [plain, typed, placed]),
    ):
        assert [visit.uuid for visit in page_of(desk, **narrowed).visits] == [each.uuid for each in wanted]
    assert page_of(desk, visit_type=kind.uuid).visits[0].kind == "Check-up, video visit from home"


def test_only_what_was_asked_for_is_read_again(clinic: Organization, doctor: Practitioner, desk: Actor) -> None:
    colleague = make.make_practitioner(clinic)
    first, second = (make.make_appointment(practitioner=doctor, starts_at=at(hour)) for hour in (9, 10))
    third = make.make_appointment(practitioner=colleague, starts_at=at(9))

    def read(**wanted: Any) -> set[Any]:
        page = calendar_page(desk, first_day=DAY, until_day=NEXT, wanted=Wanted(**wanted))
        return {visit.uuid for visit in page.visits}

    assert read(visits=frozenset({first.uuid})) == {first.uuid}
    assert read(people=frozenset({colleague.uuid})) == {third.uuid}
    assert read(visits=frozenset({second.uuid}), people=frozenset({colleague.uuid})) == {second.uuid, third.uuid}


def test_held_time_is_shown_until_it_is_over_and_names_nobody(doctor: Practitioner, desk: Actor) -> None:
    like = make.make_appointment(practitioner=doctor, starts_at=at(15))
    with time_machine.travel(at(8), tick=False):
        held(like, at(9), until=at(8, 10))
        held(like, at(10), until=at(7, 50))
        found = [(visit.name, visit.state, visit.movable) for visit in page_of(desk).visits]
        assert found[0] == ("A new booking", "held", False)
        assert len(found) == 2
    with time_machine.travel(at(8, 11), tick=False):
        assert len(page_of(desk).visits) == 1


def test_visit_can_be_moved_until_it_has_begun_by_whom_the_table_allows(doctor: Practitioner, desk: Actor) -> None:
    booked = make.make_appointment(practitioner=doctor, starts_at=at(9))
    cancelled = make.make_appointment(practitioner=doctor, starts_at=at(10))
    cancel_appointment(actor=make.SYSTEM, appointment=cancelled, reason="")
    for actor in (desk, make.practitioner_actor(doctor)):
        assert {visit.uuid: visit.movable for visit in page_of(actor).visits} == {
            booked.uuid: True,
            cancelled.uuid: False,
        }


def test_digest_changes_with_every_change_that_is_shown_and_with_nothing_else(
    doctor: Practitioner, desk: Actor
) -> None:
    booked = make.make_appointment(practitioner=doctor, starts_at=at(9))

    def digest() -> str:
        return calendar_digest(desk, first_day=DAY, until_day=NEXT)

    seen = [digest()]
    assert digest() == seen[0]
    make.make_appointment(practitioner=doctor, starts_at=at(9, day=NEXT), organization=doctor.organization)
    make.make_appointment(practitioner=doctor, starts_at=at(11))
    seen.append(digest())
    with time_machine.travel(at(8), tick=False):
        seen.append(digest())
        held(booked, at(13), until=at(8, 10))
        seen.append(digest())
        tell_late(actor=desk, practitioner=doctor, minutes=20, move=False)
        seen.append(digest())
    with time_machine.travel(at(8, 11), tick=False):
        seen.append(digest())
    cancel_appointment(actor=desk, appointment=booked, reason="")
    seen.append(digest())
    assert len(set(seen)) == len(seen)


def test_lateness_is_what_was_told_or_the_wait_of_who_is_there(doctor: Practitioner, desk: Actor) -> None:
    assert lateness(page_of(desk).visits) is None
    make.make_appointment(practitioner=doctor, starts_at=at(9))
    make.make_appointment(practitioner=doctor, starts_at=at(10))
    with time_machine.travel(at(9, 12), tick=False):
        # Nobody is there yet, so nobody is kept waiting.
        assert lateness(page_of(desk).visits) == 0
        tell_late(actor=desk, practitioner=doctor, minutes=25, move=False)
        assert lateness(page_of(desk).visits) == 25


def test_waiting_beyond_the_booked_time_is_lateness(doctor: Practitioner, desk: Actor) -> None:
    visit = make.make_waiting_visit(practitioner=doctor)
    starts_at = visit.appointment.starts_at
    day = starts_at.astimezone(CHICAGO).date()
    with time_machine.travel(starts_at + dt.timedelta(minutes=7), tick=False):
        page = calendar_page(desk, first_day=day, until_day=day + dt.timedelta(days=1))
        assert lateness(page.visits) == 7
        assert page.visits[0].minutes in (7, 8)


def test_looking_is_recorded_once_for_every_patient_shown(doctor: Practitioner, desk: Actor) -> None:
    shown = [make.make_appointment(practitioner=doctor, starts_at=at(hour)) for hour in (9, 10)]
    for _ in range(2):
        page_of(desk)
    views = AuditEvent.objects.filter(action="view", detail={"page": "calendar"})
    assert sorted(views.values_list("patient_id", flat=True)) == sorted(each.patient_id for each in shown)


def test_queries_do_not_grow_with_visits_or_practitioners(
    clinic: Organization, doctor: Practitioner, desk: Actor
) -> None:
    def queries() -> int:
        page_of(desk)  # the first look records who was seen
        with CaptureQueriesContext(connection) as captured:
            page_of(desk)
            calendar_digest(desk, first_day=DAY, until_day=NEXT)
        return len(captured)

    make.make_appointment(practitioner=doctor, starts_at=at(9))
    few = queries()
    for hour in range(10, 16):
        make.make_appointment(practitioner=doctor, starts_at=at(hour))
        make.make_appointment(practitioner=make.make_practitioner(clinic), starts_at=at(hour))
    assert queries() == few


def test_patients_are_found_by_the_beginnings_of_their_names(clinic: Organization, desk: Actor) -> None:
    otto = make.make_patient(clinic, given_name="Otto", family_name="Pepperday")
    make.make_patient(clinic, given_name="Ottilie", family_name="Moss")
    make.make_patient(given_name="Otto", family_name="Pepperday")
    booked = make.make_appointment(patient=otto, starts_at=at(9))
    cancelled = make.make_appointment(patient=otto, practitioner=booked.practitioner, starts_at=at(11))
    cancel_appointment(actor=make.SYSTEM, appointment=cancelled, reason="")
    assert [each.patient.given_name for each in find_patients(desk, "ott")] == ["Ottilie", "Otto"]
    [found] = find_patients(desk, "pepper otto")
    assert (found.patient, list(found.visits)) == (otto, [booked])
    assert find_patients(desk, "pepper nobody") == []
    # A colleague finds the person, whose visits are not theirs to see.
    [seen] = find_patients(make.practitioner_actor(make.make_practitioner(clinic)), "pepperday")
    assert seen.visits == ()
