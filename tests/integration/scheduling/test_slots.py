"""Free times from rows: what is booked, held, busy, full or closed is not offered, in a constant number of queries."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Location
from accounts.roles import Role
from core.errors import NotFound
from scheduling.lifecycle import AppointmentStatus
from scheduling.models import (
    Appointment,
    BookableActor,
    BookingTerms,
    BusyCalendar,
    BusyTime,
    DatedException,
    OccupiedSpan,
    Schedule,
)
from scheduling.selectors import Others, day_plan, free_slots, nearest_free
from scheduling.services import book_appointment, cancel_appointment
from tests import factories as make
from tests.integration.scheduling.week import EARLY, MONDAY, Week, at

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
TWENTY = dt.timedelta(minutes=20)


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with time_machine.travel(EARLY, tick=False):
        yield


def begins(week: Week, actor: Any = None, days: int = 1, **asked: Any) -> set[dt.datetime]:
    found = free_slots(actor, visit_type=week.visit_type, from_day=MONDAY, until_day=MONDAY + days * DAY, **asked)
    return {slot.starts_at for slot in found.get(week.practitioner.pk, [])}


def book(week: Week, starts_at: dt.datetime, lasts: dt.timedelta = TWENTY, **asked: Any) -> Appointment:
    return book_appointment(
        actor=week.desk,
        patient=make.make_patient(week.organization),
        practitioner=week.practitioner,
        starts_at=starts_at,
        ends_at=starts_at + lasts,
        timezone="America/Chicago",
        **asked,
    )


def test_free_times_of_a_day_are_its_steps_without_lunch() -> None:
    week = Week()
    found = begins(week)
    assert len(found) == 3 * 7
    assert min(found) == at(MONDAY, 9)
    assert max(found) == at(MONDAY, 16, 40)
    assert at(MONDAY, 12, 20) not in found


def test_booked_time_is_gone_and_back_when_it_is_cancelled() -> None:
    week = Week()
    booked = book(week, at(MONDAY, 9, 20))
    assert at(MONDAY, 9, 20) not in begins(week)
    cancel_appointment(actor=week.desk, appointment=booked, reason="")
    assert at(MONDAY, 9, 20) in begins(week)


def test_own_time_of_the_visit_that_is_moved_is_not_in_the_way() -> None:
    week = Week()
    booked = book(week, at(MONDAY, 9, 20))
    assert at(MONDAY, 9, 20) in begins(week, others=Others(besides=booked))


def test_time_of_a_hold_is_free_the_moment_it_is_over() -> None:
    week = Week()
    booked = book(week, at(MONDAY, 9, 20))
    Appointment.objects.filter(pk=booked.pk).update(status=AppointmentStatus.PROPOSED, held_until=EARLY + TWENTY)
    assert at(MONDAY, 9, 20) not in begins(week)
    with time_machine.travel(EARLY + TWENTY, tick=False):
        assert at(MONDAY, 9, 20) in begins(week)


def test_busy_time_of_ones_own_calendar_blocks() -> None:
    week = Week()
    calendar = BusyCalendar.objects.create(
        organization=week.organization, practitioner=week.practitioner, url="https://example.org/busy.ics"
    )
    BusyTime.objects.create(
        calendar=calendar, practitioner=week.practitioner, starts_at=at(MONDAY, 10, 10), ends_at=at(MONDAY, 10, 30)
    )
    assert {at(MONDAY, 10), at(MONDAY, 10, 20)}.isdisjoint(begins(week))
    assert {at(MONDAY, 9, 40), at(MONDAY, 10, 40)} <= begins(week)
    [pause] = [
        span for span in day_plan(week.desk, MONDAY, MONDAY + DAY)[week.practitioner.pk].pauses if span.kind == "busy"
    ]
    assert pause.starts_at == at(MONDAY, 10, 10)


def test_notice_and_horizon_hold_patients_and_not_staff() -> None:
    week = Week(notice_minutes=24 * 60, horizon_days=2)
    assert min(begins(week, days=14)) == at(MONDAY + DAY, 9)
    assert max(begins(week, days=14)) == at(MONDAY + 2 * DAY, 16, 40)
    staff = begins(week, week.desk, days=14)
    assert (min(staff), max(staff)) == (at(MONDAY, 9), at(MONDAY + 11 * DAY, 16, 40))


def test_day_with_its_maximum_of_visits_is_full() -> None:
    week = Week(daily_maximum=2)
    first = book(week, at(MONDAY, 9))
    assert begins(week)
    book(week, at(MONDAY, 16))
    assert begins(week) == set()
    assert begins(week, others=Others(besides=first))
    assert begins(week, days=2)


def test_type_that_patients_may_not_book_is_shown_to_staff_alone() -> None:
    week = Week()
    week.visit_type.self_booking = False
    week.visit_type.save()
    assert begins(week) == set()
    assert begins(week, week.desk)


def test_clinic_without_self_booking_shows_patients_nothing() -> None:
    week = Week()
    BookingTerms.objects.create(organization=week.organization, self_booking=False)
    assert begins(week) == set()
    assert begins(week, week.desk)


def test_visit_that_takes_a_room_needs_one_room_free_all_the_time() -> None:
    week = Week()
    week.visit_type.needs_room = True
    week.visit_type.save()
    assert begins(week) == set()
    rooms = [Location.objects.create(organization=week.organization, name=f"Room {i}", is_room=True) for i in (1, 2)]
    # Half of the visit each room is free, and none of them for the whole of it.
    for room, starts, ends in ((rooms[0], 0, 10), (rooms[1], 10, 20)):
        actor = BookableActor.objects.create(organization=week.organization, kind="location", location=room)
        booked = make.make_appointment(organization=week.organization, starts_at=at(MONDAY, 20 + starts // 10))
        OccupiedSpan.objects.create(
            organization=week.organization,
            actor=actor,
            appointment=booked,
            starts_at=at(MONDAY, 9, starts),
            ends_at=at(MONDAY, 9, ends),
        )
    assert at(MONDAY, 9) not in begins(week)
    assert at(MONDAY, 9, 20) in begins(week)


def test_nearest_free_times_are_around_the_one_that_was_taken() -> None:
    week = Week()
    book(week, at(MONDAY, 10))
    offers = nearest_free(
        None, visit_type=week.visit_type, practitioner=week.practitioner, around=at(MONDAY, 10), count=3
    )
    assert [offer.starts_at for offer in offers] == [at(MONDAY, 9, 20), at(MONDAY, 9, 40), at(MONDAY, 10, 20)]
    assert {offer.practitioner for offer in offers} == {week.practitioner}


def test_nearest_free_times_when_weeks_are_closed_are_those_after() -> None:
    week = Week()
    schedule = Schedule.objects.get(practitioner=week.practitioner)
    DatedException.objects.bulk_create(
        DatedException(organization=week.organization, schedule=schedule, day=MONDAY + ahead * DAY)
        for ahead in range(14)
    )
    [offer] = nearest_free(None, visit_type=week.visit_type, around=at(MONDAY, 10), count=1)
    assert offer.starts_at == at(MONDAY + 14 * DAY, 9)


def test_times_of_another_clinic_do_not_exist_for_staff() -> None:
    week, elsewhere = Week(), make.staff_actor(Role.FRONT_DESK)
    with pytest.raises(NotFound):
        begins(week, elsewhere)
    with pytest.raises(NotFound):
        free_slots(
            elsewhere,
            visit_type=None,
            practitioner=week.practitioner,
            minutes=20,
            from_day=MONDAY,
            until_day=MONDAY + DAY,
        )


def test_days_of_the_viewers_zone_begin_at_the_viewers_midnight() -> None:
    week = Week()
    auckland = begins(week, zone="Pacific/Auckland", days=2)
    # Its first of June began at noon in UTC the day before; its second ends at noon.
    assert max(auckland) < dt.datetime(2026, 6, 2, 12, tzinfo=dt.UTC)
    assert min(auckland) == at(MONDAY, 9)


def test_pauses_of_a_day_are_named_and_lie_where_it_would_be_open() -> None:
    week = Week()
    schedule = Schedule.objects.get(practitioner=week.practitioner)
    DatedException.objects.create(
        organization=week.organization, schedule=schedule, day=MONDAY, starts=900, ends=1440, label="Training"
    )
    plan = day_plan(week.desk, MONDAY, MONDAY + DAY)[week.practitioner.pk]
    assert [(span.label, span.kind, span.starts_at) for span in plan.pauses] == [
        ("Lunch", "break", at(MONDAY, 12)),
        ("Training", "closed", at(MONDAY, 15)),
    ]
    assert [(span.starts_at, span.ends_at) for span in plan.open] == [
        (at(MONDAY, 9), at(MONDAY, 12)),
        (at(MONDAY, 13), at(MONDAY, 15)),
    ]


def test_queries_of_free_times_do_not_grow_with_rows() -> None:
    def queries(week: Week) -> dict[str, int]:
        asked = {
            "free": lambda: begins(week, days=60),
            "nearest": lambda: nearest_free(None, visit_type=week.visit_type, around=at(MONDAY, 10)),
            "plan": lambda: day_plan(week.desk, MONDAY, MONDAY + 7 * DAY),
        }
        found = {}
        for name, ask in asked.items():
            with CaptureQueriesContext(
                connection,
            ) as seen:
                ask()
            found[name] = len(seen)
        return found

    small, large = Week(1, daily_maximum=9), Week(6, daily_maximum=9)
    for practitioner in large.practitioners:
        for hour in (9, 10, 14):
            book_appointment(
                actor=large.desk,
                patient=make.make_patient(large.organization),
                practitioner=practitioner,
                starts_at=at(MONDAY, hour),
                ends_at=at(MONDAY, hour, 20),
                timezone="America/Chicago",
            )
    few, many = queries(small), queries(large)
    assert few == many
    assert few["free"] <= 9
