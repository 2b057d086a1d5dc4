"""A walk-in who asks to be called back: the door is open to everybody, so the place is not theirs without end."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.core.cache import cache
from django.test import Client

from accounts.actors import Actor
from accounts.models import Organization
from accounts.roles import Role
from consent.selectors import current_text
from consults import selectors, services, uptime
from consults.models import Encounter, Pool, Seat
from consults.selectors.keeping import callback_until
from consults.selectors.walkin import door_of
from consults.services.walkin import come_in
from core.clock import now
from core.ids import new_uuid
from notifications.models import ClinicMessages, Message
from scheduling import visitors
from scheduling.links import COOKIE_NAME, path_of, session_cookie_for
from scheduling.models import DatedException
from tests import factories as make

pytestmark = pytest.mark.django_db

# 11 am on a Monday in Chicago.
MONDAY = dt.datetime(2036, 8, 4, 16, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(MONDAY, tick=False) as clock:
        cache.set(uptime.KEY, (MONDAY - dt.timedelta(days=1), MONDAY), None)
        yield clock
    cache.delete(uptime.KEY)


@pytest.fixture
def clinic() -> Organization:
    clinic = make.make_organization(timezone="America/Chicago")
    ClinicMessages.objects.create(organization=clinic, quiet_from=0, quiet_until=0, most_a_day=1000)
    return clinic


def pool_open(clinic: Organization, opens: int, closes: int) -> Pool:
    """A door that is open so every day, in minutes, for three people, of whom one is there and stays the next."""
    pool = make.make_pool(make.make_practitioner(clinic), takes_walk_ins=True, most_waiting=3)
    pool.hours.update(opens=opens, closes=closes)
    visit, patient = came(pool)
    services.take_seat(actor=patient, encounter=visit, holder=new_uuid())
    return pool


def asked(pool: Pool) -> Encounter:
    """Somebody has come by the door, asked to be called back, and closed the page."""
    visit, patient = came(pool)
    return services.ask_callback(actor=patient, encounter=visit)


def came(pool: Pool) -> tuple[Encounter, Actor]:
    """By the door into the waiting room."""
    actor = replace(visitors.visitor(visitors.new_key()), organization_id=pool.organization_id)
    person = {"given_name": "Maria", "family_name": "Lopez", "birth_date": dt.date(1960, 5, 17)}
    person |= {"phone": "+1 312 555 0142", "email": "maria@example.org"}
    words = current_text(pool.organization, "telehealth").version
    link = come_in(actor=actor, pool=pool, person=person, reason="a rash", text_version=words)
    encounter = Encounter.objects.get(appointment=link.appointment)
    patient = make.actor_by(link)
    services.enter_waiting_room(actor=patient, encounter=encounter, place="at home", callback_phone="3125550142")
    return Encounter.objects.get(pk=encounter.pk), patient


def passes(clock: Any, time: dt.timedelta) -> None:
    clock.move_to(now() + time)
    cache.set(uptime.KEY, (MONDAY - dt.timedelta(days=1), now()), None)
    Seat.objects.filter(connected=True).update(last_seen_at=now())
    services.keep_places()


def page_of(visit: Encounter) -> str:
    link, client = visit.appointment.links.get(), Client()
    client.cookies[COOKIE_NAME] = session_cookie_for(link)
    return client.get(path_of(link)).content.decode()


def status(visit: Encounter) -> str:
    return Encounter.objects.get(pk=visit.pk).status


def test_places_end_with_the_hours_of_the_line_and_the_minutes_that_places_are_kept(
    clock: Any, clinic: Organization
) -> None:
    pool = pool_open(clinic, 9 * 60, 13 * 60)
    visits = [asked(pool), asked(pool)]
    assert door_of(pool, now()).state == "full"
    assert {visit.callback_until for visit in visits} == {MONDAY + dt.timedelta(hours=2, minutes=10)}
    passes(clock, dt.timedelta(hours=2, minutes=9))
    assert [status(visit) for visit in visits] == ["arrived", "arrived"]
    passes(clock, MINUTE)
    assert [status(visit) for visit in visits] == ["planned", "planned"]
    assert (door_of(pool, now()).waiting, door_of(pool, now()).coming) == (1, 0)
    assert Message.objects.filter(kind="visit.place_lost").count() == 2


def test_places_at_a_door_that_never_closes_end_after_four_hours_and_others_get_in(
    clock: Any, clinic: Organization
) -> None:
    pool = pool_open(clinic, 0, 24 * 60)
    visits = [asked(pool), asked(pool)]
    passes(clock, dt.timedelta(hours=3, minutes=59))
    assert door_of(pool, now()).state == "full"
    passes(clock, MINUTE)
    assert [status(visit) for visit in visits] == ["planned", "planned"]
    assert door_of(pool, now()).state == "open"
    # Who asks twice has no more of it; who comes back stands in line anew.
    link = visits[0].appointment.links.get()
    services.enter_waiting_room(
        actor=make.actor_by(link), encounter=visits[0], place="at home", callback_phone="3125550142"
    )
    again = services.ask_callback(actor=make.actor_by(link), encounter=visits[0])
    until = again.callback_until
    clock.move_to(now() + 30 * MINUTE)
    assert services.ask_callback(actor=make.actor_by(link), encounter=again).callback_until == until


def test_whose_page_is_heard_keeps_the_place_and_has_the_minutes_of_everybody_from_its_last_word_on(
    clock: Any, clinic: Organization
) -> None:
    pool = pool_open(clinic, 9 * 60, 13 * 60)
    visit, patient = came(pool)
    seat = services.take_seat(actor=patient, encounter=visit, holder=new_uuid())
    services.ask_callback(actor=patient, encounter=visit)
    passes(clock, dt.timedelta(hours=2, minutes=20))
    # A guest opens their link, which has a look at the place before it says hello.
    services.keep_own_place(encounter=Encounter.objects.get(pk=visit.pk))
    assert status(visit) == "arrived"
    assert "we keep it until" not in page_of(visit)
    # The page is loaded again, and is gone for longer then.
    Seat.objects.filter(pk=seat.pk).update(connected=False)
    passes(clock, 9 * MINUTE)
    services.keep_own_place(encounter=Encounter.objects.get(pk=visit.pk))
    assert status(visit) == "arrived"
    member = pool.memberships.get().practitioner
    board = selectors.waiting_queue(make.practitioner_actor(member), visit.queue)
    row = next(one for one in board.waiting if one.visit_uuid == visit.uuid)
    assert (row.state, row.kept_until) == ("callback", now() + MINUTE)
    passes(clock, MINUTE)
    assert status(visit) == "planned"


def test_a_break_of_the_whole_clinic_ends_no_day(clock: Any, clinic: Organization) -> None:
    pool = pool_open(clinic, 9 * 60, 14 * 60)
    DatedException.objects.create(organization=clinic, day=dt.date(2036, 8, 4), starts=12 * 60, ends=13 * 60)
    visit = asked(pool)
    closes = MONDAY + dt.timedelta(hours=3)
    assert visit.callback_until == callback_until(visit, MONDAY + 90 * MINUTE) == closes + 10 * MINUTE
    assert callback_until(visit, closes + 5 * MINUTE) == closes + 15 * MINUTE


def test_passed_on_and_back_it_is_reckoned_anew_by_the_line_and_without_hours_for_four_hours(
    clock: Any, clinic: Organization
) -> None:
    pool = pool_open(clinic, 9 * 60, 13 * 60)
    visit = asked(pool)
    nurses = make.make_pool(make.make_practitioner(clinic))
    nurses.hours.all().delete()
    passes(clock, 30 * MINUTE)
    desk = make.staff_actor(Role.FRONT_DESK, organization=clinic)
    visit = services.pass_on(actor=desk, encounter=visit, to=nurses)
    undo = services.offer_unpass(desk, visit)
    assert Encounter.objects.get(pk=visit.pk).callback_until == now() + dt.timedelta(hours=4)
    services.undo(actor=desk, token=undo)
    assert Encounter.objects.get(pk=visit.pk).callback_until == MONDAY + dt.timedelta(hours=2, minutes=10)


def test_who_asked_before_there_was_an_end_has_four_hours_from_now(clock: Any, clinic: Organization) -> None:
    visit = asked(pool_open(clinic, 0, 24 * 60))
    Encounter.objects.filter(pk=visit.pk).update(callback_at=MONDAY - dt.timedelta(hours=5), callback_until=None)
    step: Any = import_module("consults.migrations.0018_until_when_walk_ins_are_called_back")
    step.bound_those_who_wait(apps, None)
    assert Encounter.objects.get(pk=visit.pk).callback_until == MONDAY + dt.timedelta(hours=4)


def test_page_and_board_say_until_when(clock: Any, clinic: Organization) -> None:
    pool = pool_open(clinic, 9 * 60, 13 * 60)
    visit = asked(pool)
    assert "Because you came without a booking, we keep it until 1:10 pm at the latest." in page_of(visit)
    passes(clock, MINUTE)
    member = pool.memberships.get().practitioner
    board = selectors.waiting_queue(make.practitioner_actor(member), visit.queue)
    row = next(one for one in board.waiting if one.visit_uuid == visit.uuid)
    assert (row.state, row.kept_until) == ("callback", visit.callback_until)
    staff = Client()
    staff.force_login(member.user)
    assert "Place kept until 1:10 pm" in staff.get(f"/staff/queue/{visit.queue.uuid}/").content.decode()


def test_who_has_booked_waits_elsewhere_as_long_as_it_takes(clock: Any, clinic: Organization) -> None:
    patient = make.make_patient(clinic, phone="+13125550123")
    visit = make.make_waiting_visit(practitioner=make.make_practitioner(clinic), starts_at=MONDAY, patient=patient)
    visit = services.ask_callback(actor=make.patient_actor(visit.appointment), encounter=visit)
    assert visit.callback_until is None
    passes(clock, dt.timedelta(hours=5))
    assert status(visit) == "arrived"
