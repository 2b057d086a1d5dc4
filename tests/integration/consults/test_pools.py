"""Lines that several practitioners share: kept by administrators, seen by members, claimed by who calls in first."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction

from accounts.actors import Actor
from accounts.models import Practitioner
from accounts.policy import Relation
from accounts.roles import Role
from audit.models import AuditEvent
from consults import selectors, services
from consults.models import Encounter, Pool, Queue
from consults.policies import relation_to_row
from consults.selectors.desk import desk_page
from consults.selectors.pools import get_pool, pools_kept
from consults.selectors.walkin import door_of, pool_at_door
from consults.services.pools import PoolTerms, renew_door, save_pool
from consults.services.queues import stand_in_pool
from core.clock import now
from core.errors import Conflict, HousecallError, Invalid, NotFound
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def first() -> Practitioner:
    return make.make_practitioner(make.make_organization(timezone="America/Chicago"))


@pytest.fixture
def second(first: Practitioner) -> Practitioner:
    return make.make_practitioner(first.organization)


@pytest.fixture
def pool(first: Practitioner, second: Practitioner) -> Pool:
    return make.make_pool(first, second)


@pytest.fixture
def admin(first: Practitioner) -> Actor:
    return make.staff_actor(Role.ADMINISTRATOR, organization=first.organization)


def terms(*members: Practitioner, **fields: Any) -> PoolTerms:
    return PoolTerms(**{"name": "Walk-in", "members": members, "hours": {0: (480, 720)}, **fields})


def waiting_in(pool: Pool, practitioner: Practitioner, minutes: int = 1) -> Encounter:
    """A visit booked with this practitioner, in so many minutes, whose patient waits in the pool's line."""
    starts_at = now() + dt.timedelta(minutes=minutes)
    visit = make.make_visit(practitioner=practitioner, starts_at=starts_at, lasts=dt.timedelta(minutes=1))
    stand_in_pool(make.SYSTEM, visit, pool)
    return make.arrive(visit)


def board(practitioner: Practitioner) -> Any:
    actor = make.practitioner_actor(practitioner)
    return selectors.waiting_queue(actor, services.open_queue(actor=actor, practitioner=practitioner))


def test_administrator_makes_a_line_with_its_queue(admin: Actor, first: Practitioner) -> None:
    made = save_pool(actor=admin, organization=first.organization, terms=terms(first, takes_walk_ins=True))
    assert Queue.objects.get(pool=made).practitioner_id is None
    assert [(row.weekday, row.opens, row.closes) for row in made.hours.all()] == [(0, 480, 720)]
    assert pool_at_door(made.door_token) == made
    [kept] = pools_kept(admin, now())
    assert (kept.pool, kept.members, kept.waiting) == (made, (first.display_name,), 0)
    assert AuditEvent.objects.filter(action="consults.pool.add").exists()


def test_change_of_members_hours_and_name_is_whole(
    admin: Actor, pool: Pool, first: Practitioner, second: Practitioner
) -> None:
    changed = terms(second, name="  Nurses  today ", hours={2: (0, 1440), 5: (60, 90)}, most_waiting=3)
    save_pool(actor=admin, organization=first.organization, terms=changed, pool=pool)
    pool.refresh_from_db()
    assert (pool.name, pool.most_waiting, list(pool.members.all())) == ("Nurses today", 3, [second])
    assert [row.weekday for row in pool.hours.all()] == [2, 5]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"members": []},
        {"most_waiting": 0},
        {"visit_minutes": 1},
        {"hours": {0: (720, 720)}},
        {"hours": {7: (1, 2)}},
    ],
)
def test_line_that_makes_no_sense_is_refused(admin: Actor, first: Practitioner, wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        save_pool(actor=admin, organization=first.organization, terms=replace(terms(first), **wrong))


def test_two_lines_of_a_clinic_have_two_names(admin: Actor, first: Practitioner, pool: Pool) -> None:
    with pytest.raises(Conflict):
        save_pool(actor=admin, organization=first.organization, terms=terms(first, name=pool.name))


def test_only_administrators_of_the_clinic_keep_its_lines(pool: Pool, first: Practitioner) -> None:
    strangers = [
        make.practitioner_actor(first),
        make.staff_actor(Role.SCHEDULER, organization=first.organization),
        make.staff_actor(Role.ADMINISTRATOR),
    ]
    for actor in strangers:
        with pytest.raises(NotFound):
            get_pool(actor, pool.uuid)
        with pytest.raises(NotFound):
            save_pool(actor=actor, organization=first.organization, terms=terms(first), pool=pool)
        with pytest.raises(NotFound):
            renew_door(actor=actor, pool=pool)


def test_member_of_another_clinic_is_refused(admin: Actor, first: Practitioner) -> None:
    with pytest.raises(NotFound):
        save_pool(actor=admin, organization=first.organization, terms=terms(first, make.make_practitioner()))


def test_queue_is_of_a_practitioner_or_a_pool_and_never_of_both(pool: Pool, first: Practitioner) -> None:
    queue = Queue.objects.get(pool=pool)
    for owners in ({"practitioner": first}, {"pool": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Queue.objects.filter(pk=queue.pk).update(**owners)


def test_door_opens_closes_and_is_full_by_the_clinics_clock(admin: Actor, first: Practitioner) -> None:
    made = save_pool(
        actor=admin, organization=first.organization, terms=terms(first, takes_walk_ins=True, most_waiting=1)
    )
    # The hours are 8:00 to 12:00 on Mondays in Chicago, which is 5 hours behind in August.
    opens, closes = dt.datetime(2036, 8, 4, 13, tzinfo=dt.UTC), dt.datetime(2036, 8, 4, 17, tzinfo=dt.UTC)
    before = door_of(made, opens - dt.timedelta(seconds=1))
    assert (before.state, before.opens_at) == ("closed", opens)
    assert (door_of(made, opens).state, door_of(made, opens).closes_at) == ("open", closes)
    assert (door_of(made, closes).state, door_of(made, closes).opens_at) == ("closed", opens + dt.timedelta(days=7))
    with time_machine.travel(opens, tick=False):
        waiting_in(made, first)
        assert door_of(made, now()).state == "full"


@pytest.mark.parametrize(
    ("hours", "closes", "another_day"),
    [
        ({0: (0, 1440)}, dt.datetime(2036, 8, 5, 5, tzinfo=dt.UTC), False),
        ({0: (0, 1440), 1: (0, 600)}, dt.datetime(2036, 8, 5, 15, tzinfo=dt.UTC), True),
        ({0: (0, 1440), 1: (60, 600)}, dt.datetime(2036, 8, 5, 5, tzinfo=dt.UTC), False),
        (dict.fromkeys(range(7), (0, 1440)), None, False),
    ],
)
def test_door_that_is_open_over_midnight_does_not_close_at_midnight(
    admin: Actor, first: Practitioner, hours: Any, closes: dt.datetime | None, another_day: bool
) -> None:
    asked = replace(terms(first, takes_walk_ins=True), hours=hours)
    made = save_pool(actor=admin, organization=first.organization, terms=asked)
    door = door_of(made, dt.datetime(2036, 8, 4, 17, tzinfo=dt.UTC))
    assert (door.state, door.closes_at, door.closes_another_day) == ("open", closes, another_day)


def test_door_of_a_line_without_walk_ins_is_off(pool: Pool) -> None:
    assert door_of(pool_at_door(pool.door_token), now()).state == "off"


def test_new_address_closes_the_old_one(admin: Actor, first: Practitioner) -> None:
    made = save_pool(actor=admin, organization=first.organization, terms=terms(first, takes_walk_ins=True))
    old = made.door_token
    assert pool_at_door(renew_door(actor=admin, pool=made).door_token) == made
    with pytest.raises(NotFound):
        pool_at_door(old)


def test_members_boards_show_the_line_marked_by_its_name(pool: Pool, first: Practitioner, second: Practitioner) -> None:
    visit = waiting_in(pool, first)
    outsider = make.make_practitioner(first.organization)
    for member in (first, second):
        [row] = board(member).waiting
        assert (row.visit_uuid, row.line) == (visit.uuid, pool.name)
    assert board(outsider).waiting == ()


def test_who_calls_in_first_has_it_and_others_boards_no_longer_show_it(
    pool: Pool, first: Practitioner, second: Practitioner
) -> None:
    visit = waiting_in(pool, first)
    services.admit_patient(actor=make.practitioner_actor(second), encounter=visit)
    visit.refresh_from_db()
    assert (visit.practitioner, visit.status) == (second, "in-progress")
    assert [row.visit_uuid for row in board(second).with_you] == [visit.uuid]
    assert (board(first).with_you, board(first).waiting) == ((), ())
    with pytest.raises(HousecallError) as refusal:
        services.admit_patient(actor=make.practitioner_actor(first), encounter=visit)
    assert refusal.value.code == "visit.claimed"
    assert second.short_name in refusal.value.message


def test_what_may_be_done_follows_who_has_called_in(pool: Pool, first: Practitioner, second: Practitioner) -> None:
    visit = waiting_in(pool, first)
    services.admit_patient(actor=make.practitioner_actor(second), encounter=visit)
    booked_with, holder = make.practitioner_actor(first), make.practitioner_actor(second)
    assert selectors.get_visit_for(holder, visit.uuid) == visit
    with pytest.raises(NotFound):
        selectors.get_visit_for(booked_with, visit.uuid)
    with pytest.raises(NotFound):
        services.finish_visit(actor=booked_with, encounter=visit)
    make.make_guest(visit.appointment)
    assert services.finish_visit(actor=holder, encounter=visit).status == "finished"
    assert visit.stations.get().practitioner == second


def test_what_was_written_with_the_desk_is_no_colleagues_once_one_has_called_in(
    pool: Pool, first: Practitioner, second: Practitioner
) -> None:
    visit = waiting_in(pool, first)
    colleague, holder = make.practitioner_actor(first), make.practitioner_actor(second)
    for member in (colleague, holder):
        assert len(desk_page(member, visit.uuid).talks) == 1
    services.admit_patient(actor=holder, encounter=visit)
    with pytest.raises(NotFound):
        desk_page(colleague, visit.uuid)
    services.finish_visit(actor=holder, encounter=visit)
    assert len(desk_page(holder, visit.uuid).talks) == 1
    with pytest.raises(NotFound):
        desk_page(colleague, visit.uuid)
    visit.refresh_from_db()
    assert relation_to_row(colleague, visit) is Relation.SAME_CLINIC
    assert relation_to_row(holder, visit) is Relation.ENDED


def test_who_is_no_member_calls_nobody_in(pool: Pool, first: Practitioner) -> None:
    visit = waiting_in(pool, first)
    outsider = make.practitioner_actor(make.make_practitioner(first.organization))
    for call in (services.admit_patient, services.finish_visit, services.hold_visit):
        with pytest.raises(NotFound):
            call(actor=outsider, encounter=visit)
    with pytest.raises(NotFound):
        services.call_next(actor=outsider, queue=Queue.objects.get(pool=pool))


def test_next_is_the_first_of_own_and_shared_lines_who_is_there(
    pool: Pool, first: Practitioner, second: Practitioner
) -> None:
    mine = make.make_waiting_visit(practitioner=first, starts_at=now() + dt.timedelta(minutes=9))
    gone, shared = (waiting_in(pool, first, minutes) for minutes in (1, 5))
    gone.seats.update(connected=False)
    actor = make.practitioner_actor(first)
    own = services.open_queue(actor=actor, practitioner=first)
    assert services.call_next(actor=actor, queue=own).pk == shared.pk
    assert services.call_next(actor=actor, queue=own, hold_others=True).pk == mine.pk
    shared.refresh_from_db()
    assert shared.status == "onleave"
    with pytest.raises(Conflict) as refusal:
        services.call_next(actor=actor, queue=own)
    assert refusal.value.code == "queue.nobody"
    with pytest.raises(NotFound):
        services.call_next(actor=make.practitioner_actor(second), queue=own)


def test_a_change_of_members_changes_the_versions_of_their_boards(
    admin: Actor, pool: Pool, first: Practitioner, second: Practitioner
) -> None:
    before = [board(one).version for one in (first, second)]
    save_pool(actor=admin, organization=first.organization, terms=terms(second), pool=pool)
    after = [board(one).version for one in (first, second)]
    assert all(new > old for new, old in zip(after, before, strict=True))
