"""Coming in without a booking: a place in a pool's line for whoever comes by its door, as many as may wait."""

import datetime as dt
import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import time_machine

from accounts.actors import Actor
from accounts.models import Organization, Patient, Practitioner
from accounts.roles import Role
from audit.models import AuditEvent
from consent.models import Consent, Purpose
from consent.selectors import current_text
from consults import selectors, services
from consults.models import Encounter, Pool
from consults.selectors.walkin import door_of, open_doors
from consults.services.calling import call_next
from consults.services.line import requeue_visit
from consults.services.walkin import come_in, end_unused
from core.clock import now
from core.errors import Conflict, HousecallError, NotFound
from notifications.models import Message
from scheduling import visitors
from scheduling.models import BookingTerms, DatedException, OccupiedSpan, PersonalLink, Schedule
from scheduling.selectors.calendar import calendar_page
from scheduling.services import cancel_appointment, mark_no_show, move_appointment, tell_late
from tests import factories as make
from tests.together import all_at_once

ONCE = pytest.mark.django_db
# 11 am on a Monday in Chicago.
MONDAY = dt.datetime(2036, 8, 4, 16, tzinfo=dt.UTC)
TYPED: dict[str, Any] = {
    "given_name": "Maria",
    "family_name": "Lopez",
    "birth_date": dt.date(1960, 5, 17),
    "phone": "+1 555 0142",
    "email": "maria@example.org",
}


@pytest.fixture
def on_monday() -> Iterator[None]:
    with time_machine.travel(MONDAY, tick=False):
        yield


@pytest.fixture
def clinic() -> Organization:
    return make.make_organization(timezone="America/Chicago")


@pytest.fixture
def doctor(clinic: Organization) -> Practitioner:
    return make.make_practitioner(clinic)


@pytest.fixture
def pool(doctor: Practitioner) -> Pool:
    return make.make_pool(doctor, make.make_practitioner(doctor.organization), takes_walk_ins=True, most_waiting=3)


def somebody(pool: Pool) -> Actor:
    """A browser that nobody has seen before."""
    return replace(visitors.visitor(visitors.new_key()), organization_id=pool.organization_id)


def enter(pool: Pool, actor: Actor | None = None, **person: Any) -> PersonalLink:
    version = current_text(pool.organization, Purpose.TELEHEALTH).version
    typed = {**TYPED, **person}
    actor = actor or somebody(pool)
    return come_in(actor=actor, pool=pool, person=typed, reason="a rash", text_version=version)


def to_the_waiting_room(link: PersonalLink) -> Encounter:
    encounter = Encounter.objects.get(appointment=link.appointment)
    return services.enter_waiting_room(
        actor=make.actor_by(link), encounter=encounter, place="at home", callback_phone="5550142"
    )


def refused(code: str, *call: Any, **fields: Any) -> Conflict:
    with pytest.raises(Conflict) as refusal:
        call[0](*call[1:], **fields)
    assert refusal.value.code == code
    return refusal.value


@ONCE
@pytest.mark.usefixtures("on_monday")
def test_who_comes_in_has_a_visit_a_link_a_yes_and_takes_nobodys_time(pool: Pool, doctor: Practitioner) -> None:
    link = enter(pool)
    encounter = Encounter.objects.get(appointment=link.appointment)
    assert (encounter.queue.pool, encounter.status, encounter.practitioner) == (pool, "planned", doctor)
    assert (link.appointment.appointment_type, link.appointment.reason) == ("WALKIN", "a rash")
    assert link.patient.self_registered
    [yes] = Consent.objects.filter(patient=link.patient)
    assert (yes.purpose, yes.decision, yes.about, yes.person_type) == (
        "telehealth",
        "permit",
        encounter.uuid,
        "patient",
    )
    assert not OccupiedSpan.objects.exists()
    # Somebody may still be booked at that very time, with that very doctor.
    make.make_appointment(practitioner=doctor, starts_at=link.appointment.starts_at)


@ONCE
@pytest.mark.usefixtures("on_monday")
def test_their_link_is_sent_to_them_and_nothing_reminds_them(pool: Pool) -> None:
    link = enter(pool)
    kinds = Message.objects.filter(about=link.appointment.uuid).values_list("kind", flat=True)
    assert list(kinds) == ["visit.link"]


@ONCE
@pytest.mark.usefixtures("on_monday")
def test_pressed_twice_it_is_one_place_and_another_person_has_another(pool: Pool) -> None:
    browser = somebody(pool)
    first = enter(pool, browser)
    assert enter(pool, browser) == first
    daughter = enter(pool, browser, given_name="Mia", birth_date=dt.date(2010, 1, 1))
    assert daughter != first
    assert Encounter.objects.count() == 2


@ONCE
@pytest.mark.usefixtures("on_monday")
def test_stranger_who_types_the_same_name_gets_a_place_of_their_own(pool: Pool) -> None:
    first, other = enter(pool), enter(pool)
    assert other != first
    assert other.patient_id != first.patient_id
    assert Patient.objects.filter(given_name="Maria").count() == 2


@ONCE
@pytest.mark.usefixtures("on_monday")
def test_line_is_full_at_its_limit_counting_who_is_on_the_way_in(pool: Pool) -> None:
    to_the_waiting_room(enter(pool))
    for _ in range(2):
        enter(pool)
    assert (door_of(pool, now()).state, door_of(pool, now()).waiting, door_of(pool, now()).coming) == ("full", 1, 2)
    patients = Patient.objects.count()
    refused("line.full", enter, pool)
    assert Patient.objects.count() == patients
    assert AuditEvent.objects.filter(action="consults.walk_in.use", outcome="refused").count() == 1


@ONCE
@pytest.mark.usefixtures("on_monday")
def test_who_does_not_go_on_gives_the_place_back_and_has_to_ask_for_it_anew(pool: Pool) -> None:
    late, *_others = (enter(pool) for _ in range(3))
    with time_machine.travel(MONDAY + dt.timedelta(minutes=21), tick=False):
        assert door_of(pool, now()).state == "open"
        for _ in range(3):
            enter(pool)
        refused("line.full", to_the_waiting_room, late)
        cancel_appointment(actor=make.SYSTEM, appointment=enter_none(pool), reason="")
        assert to_the_waiting_room(late).status == "arrived"


def enter_none(pool: Pool) -> Any:
    """The visit that came in last."""
    return Encounter.objects.filter(queue__pool=pool).order_by("-pk")[0].appointment


@ONCE
@pytest.mark.usefixtures("on_monday")
def test_closed_door_tells_when_it_opens_and_skips_what_the_clinic_is_closed(pool: Pool, clinic: Organization) -> None:
    pool.hours.all().delete()
    for weekday in (0, 1, 2):
        pool.hours.create(weekday=weekday, opens=8 * 60, closes=12 * 60)
    DatedException.objects.create(organization=clinic, day=dt.date(2036, 8, 5))
    # Wednesday from 10 am on: the first two hours are closed.
    DatedException.objects.create(organization=clinic, day=dt.date(2036, 8, 6), starts=0, ends=600)
    evening = MONDAY + dt.timedelta(hours=2)
    door = door_of(pool, evening)
    assert (door.state, door.opens_at) == ("closed", dt.datetime(2036, 8, 6, 15, tzinfo=dt.UTC))
    with time_machine.travel(evening, tick=False):
        refused("line.closed", enter, pool)


@ONCE
def test_door_is_closed_on_a_holiday_that_the_clinic_keeps(pool: Pool, clinic: Organization) -> None:
    BookingTerms.objects.update_or_create(organization=clinic, defaults={"holiday_country": "US"})
    july = dt.datetime(2036, 7, 4, 16, tzinfo=dt.UTC)
    assert (door_of(pool, july).state, door_of(pool, july + dt.timedelta(days=1)).state) == ("closed", "open")
    DatedException.objects.create(organization=clinic, day=july.date(), kind="usual")
    assert door_of(pool, july).state == "open"


@ONCE
@pytest.mark.usefixtures("on_monday")
def test_nobody_gets_in_while_all_who_work_the_line_down_are_away(pool: Pool, doctor: Practitioner) -> None:
    for one in pool.members.all():
        schedule = Schedule.objects.create(
            organization=one.organization, practitioner=one, timezone=one.organization.timezone
        )
        DatedException.objects.create(
            organization=one.organization, schedule=schedule, day=dt.date(2036, 8, 4), starts=600, ends=720
        )
    assert door_of(pool, now()).state == "nobody"
    refused("line.nobody", enter, pool)
    assert door_of(pool, now() + dt.timedelta(hours=1)).state == "open"


@ONCE
@pytest.mark.usefixtures("on_monday")
def test_switched_off_or_another_clinics_door_lets_nobody_in(pool: Pool) -> None:
    stranger = replace(somebody(pool), organization_id=make.make_organization().pk)
    with pytest.raises(NotFound):
        enter(pool, stranger)
    assert [door.name for door in open_doors(pool.organization)] == [pool.name]
    Pool.objects.update(takes_walk_ins=False)
    assert open_doors(pool.organization) == []
    refused("line.off", enter, pool)


@ONCE
@pytest.mark.usefixtures("on_monday")
def test_booked_whose_time_has_come_goes_first_and_walk_ins_by_arrival(pool: Pool, doctor: Practitioner) -> None:
    # Came in first, and to the waiting room last.
    slow, quick = enter(pool), enter(pool)
    with time_machine.travel(MONDAY + dt.timedelta(minutes=1), tick=False):
        to_the_waiting_room(quick)
        booked = make.make_appointment(practitioner=doctor, starts_at=MONDAY + dt.timedelta(minutes=10))
        make.arrive(booked.encounter)
    with time_machine.travel(MONDAY + dt.timedelta(minutes=2), tick=False):
        to_the_waiting_room(slow)
        assert names(doctor) == [quick.patient_id, slow.patient_id, booked.patient_id]
    with time_machine.travel(MONDAY + dt.timedelta(minutes=10), tick=False):
        assert names(doctor) == [booked.patient_id, quick.patient_id, slow.patient_id]


def names(doctor: Practitioner) -> list[int]:
    """Who waits on this doctor's board, in order."""
    actor = make.practitioner_actor(doctor)
    board = selectors.waiting_queue(actor, services.open_queue(actor=actor, practitioner=doctor))
    rows = {one.uuid: one.patient_id for one in Encounter.objects.all()}
    return [rows[row.visit_uuid] for row in board.waiting]


@ONCE
@pytest.mark.usefixtures("on_monday")
def test_who_does_not_answer_goes_behind_walk_ins_who_are_there(pool: Pool, doctor: Practitioner) -> None:
    booked = make.arrive(
        make.make_appointment(practitioner=doctor, starts_at=MONDAY - dt.timedelta(minutes=1)).encounter
    )
    Encounter.objects.filter(pk=booked.pk).update(queue=pool.queue)
    walked_in = to_the_waiting_room(enter(pool))
    actor = make.practitioner_actor(doctor)
    called = call_next(actor=actor, queue=pool.queue)
    assert called.pk == booked.pk
    requeue_visit(actor=actor, encounter=called)
    assert names(doctor) == [walked_in.patient_id, booked.patient_id]
    assert call_next(actor=actor, queue=pool.queue).pk == walked_in.pk


@ONCE
@pytest.mark.usefixtures("on_monday")
def test_who_leaves_and_comes_again_stands_by_the_new_arrival(pool: Pool, doctor: Practitioner) -> None:
    first, second = enter(pool), enter(pool)
    encounter = to_the_waiting_room(first)
    services.leave_waiting_room(actor=make.actor_by(first), encounter=encounter)
    with time_machine.travel(MONDAY + dt.timedelta(minutes=1), tick=False):
        to_the_waiting_room(second)
    with time_machine.travel(MONDAY + dt.timedelta(minutes=2), tick=False):
        to_the_waiting_room(first)
        assert names(doctor) == [second.patient_id, first.patient_id]


@ONCE
@pytest.mark.usefixtures("on_monday")
def test_walk_in_is_on_no_calendar_and_cannot_be_moved_or_missed(pool: Pool, doctor: Practitioner) -> None:
    link = enter(pool)
    desk = make.staff_actor(Role.FRONT_DESK, organization=pool.organization)
    page = calendar_page(desk, first_day=MONDAY.date(), until_day=MONDAY.date() + dt.timedelta(days=1))
    assert page.visits == ()
    later = now() + dt.timedelta(hours=1)
    refused("walk_in.no_time", move_appointment, actor=desk, appointment=link.appointment, starts_at=later)
    refused("noshow.walk_in", mark_no_show, actor=desk, appointment=link.appointment)
    assert tell_late(actor=desk, practitioner=doctor, minutes=20, move=True).moved == ()
    assert tell_late(actor=desk, practitioner=doctor, minutes=20, move=False).told == ()


@ONCE
@pytest.mark.usefixtures("on_monday")
def test_who_gives_up_frees_the_place_whatever_the_clinics_notice(pool: Pool) -> None:
    links = [enter(pool) for _ in range(3)]
    mine = make.actor_by(links[0])
    cancel_appointment(actor=mine, appointment=links[0].appointment, reason="by the patient")
    assert door_of(pool, now()).state == "open"


@ONCE
@pytest.mark.usefixtures("on_monday")
def test_unused_walk_ins_are_ended_the_day_after_and_others_stay(pool: Pool) -> None:
    enter(pool)
    to_the_waiting_room(enter(pool))
    assert end_unused() == 0
    with time_machine.travel(MONDAY + dt.timedelta(days=2), tick=False):
        assert end_unused() == 1
        assert end_unused() == 0
    assert sorted(Encounter.objects.values_list("status", flat=True)) == ["arrived", "cancelled"]
    assert Message.objects.exclude(kind="visit.link").count() == 0


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_exactly_as_many_get_in_as_may_wait(pool: Pool) -> None:
    many, most = (200, 20) if os.environ.get("HOUSECALL_LONG") else (20, 2)
    Pool.objects.update(most_waiting=most)
    browsers = [somebody(pool) for _ in range(many)]
    found: list[Any] = []
    for part in range(0, many, 20):
        found += all_at_once([lambda one=one: enter(pool, one) for one in browsers[part : part + 20]])
    inside = [one for one in found if not isinstance(one, HousecallError)]
    assert len(inside) == Encounter.objects.count() == Patient.objects.count() == most
    assert {one.code for one in found if isinstance(one, HousecallError)} == {"line.full"}


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_button_pressed_many_times_at_once_gives_one_place(pool: Pool) -> None:
    browser = somebody(pool)
    found = all_at_once([lambda: enter(pool, browser)] * 6)
    assert len({one.pk for one in found}) == Encounter.objects.count() == 1
