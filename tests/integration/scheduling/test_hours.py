"""Changing hours: what it would strand is told before it is saved, by whom it may be done, and what cannot be."""

import datetime as dt
import uuid as uuids
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine

from accounts.roles import Role
from audit.models import AuditEvent
from core.errors import Conflict, Invalid, NotFound
from scheduling.models import Appointment, BookingTerms, DatedException, Schedule, VisitType, WeeklyRule
from scheduling.selectors.schedules import get_week, outside_hours
from scheduling.services import availability as services
from scheduling.services import book_appointment
from scheduling.services.availability import Days, Hours, Limits
from scheduling.services.offers import Offer, Terms, save_visit_type, set_terms
from scheduling.services.stranding import Stranding
from tests import factories as make
from tests.integration.scheduling.week import EARLY, LONG_AGO, MONDAY, WORKDAYS, Week, at

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with time_machine.travel(EARLY, tick=False):
        yield


def book(week: Week, starts_at: dt.datetime) -> Appointment:
    return book_appointment(
        actor=make.SYSTEM,
        patient=make.make_patient(week.organization),
        practitioner=week.practitioner,
        starts_at=starts_at,
        ends_at=starts_at + dt.timedelta(minutes=20),
        timezone="America/Chicago",
    )


def open_group(week: Week) -> uuids.UUID:
    return WeeklyRule.objects.filter(schedule__practitioner=week.practitioner, kind="open")[0].group


def own(week: Week) -> dict[str, Any]:
    return {"actor": week.desk, "practitioner": week.practitioner}


def shorter(week: Week, accepted: Any = ()) -> None:
    """The week ends at noon from now on."""
    hours = Hours(WORKDAYS, 540, 720, LONG_AGO)
    services.set_hours(**own(week), hours=hours, group=open_group(week), accepted=accepted)


EDITS: dict[str, Callable[[Week, Any], Any]] = {
    "shorter hours": shorter,
    "hours removed": lambda week, accepted: services.remove_hours(
        **own(week), group=open_group(week), accepted=accepted
    ),
    "a break": lambda week, accepted: services.set_hours(
        **own(week), hours=Hours([0], 780, 900, LONG_AGO, is_break=True), accepted=accepted
    ),
    "another zone": lambda week, accepted: services.set_limits(
        **own(week), limits=Limits("Asia/Kolkata"), accepted=accepted
    ),
    "a day off": lambda week, accepted: services.add_days(
        **own(week), organization=week.organization, days=Days("closed", MONDAY, MONDAY), accepted=accepted
    ),
    "a day off of the clinic": lambda week, accepted: services.add_days(
        actor=week.desk,
        organization=week.organization,
        practitioner=None,
        days=Days("closed", MONDAY, MONDAY + DAY, 780, 900),
        accepted=accepted,
    ),
    "holidays": lambda week, accepted: set_terms(
        # The first of June is a holiday in Ireland in 2026.
        actor=week.desk, organization=week.organization, terms=Terms(holiday_country="IE"), accepted=accepted
    ),
}  # fmt: skip


def rows() -> list[Any]:
    """All that says when it is open."""
    found: list[Any] = []
    for model, order in ((WeeklyRule, "weekday"), (DatedException, "day"), (Schedule, "pk"), (BookingTerms, "pk")):
        found.append(list(model.objects.order_by(order, "pk").values()))
    return found


@pytest.mark.parametrize("edit", EDITS, ids=str)
def test_edit_that_strands_a_visit_says_which_and_saves_nothing_until_it_is_accepted(edit: str) -> None:
    week = Week()
    booked, kept = book(week, at(MONDAY, 14)), book(week, at(MONDAY + 3 * DAY, 9))
    before = rows()
    with pytest.raises(Stranding) as told:
        EDITS[edit](week, ())
    assert booked in told.value.appointments
    assert rows() == before
    with pytest.raises(Stranding):
        EDITS[edit](week, {uuids.uuid4()})
    assert rows() == before
    EDITS[edit](week, {one.uuid for one in told.value.appointments})
    assert rows() != before
    booked.refresh_from_db()
    assert booked.status == "booked"
    left_out = outside_hours(week.desk, get_week(week.desk, week.practitioner.uuid))
    assert booked in left_out
    if edit not in {"hours removed", "another zone"}:
        assert kept not in left_out


def test_visit_that_was_outside_already_is_not_asked_about_again() -> None:
    week = Week()
    book(week, at(MONDAY, 20))
    shorter(week)
    assert WeeklyRule.objects.filter(kind="open", ends=720).count() == 5


def test_visit_booked_while_the_question_stands_is_asked_about_too() -> None:
    week = Week()
    first = book(week, at(MONDAY, 14))
    with pytest.raises(Stranding):
        shorter(week)
    second = book(week, at(MONDAY, 15))
    with pytest.raises(Stranding) as told:
        shorter(week, {first.uuid})
    assert told.value.appointments == [first, second]


def test_cancelled_and_past_visits_strand_nobody() -> None:
    week = Week()
    book(week, at(MONDAY, 14))
    Appointment.objects.update(status="cancelled")
    shorter(week)
    book(week, at(MONDAY, 9, 20))
    with time_machine.travel(at(MONDAY, 10), tick=False):
        services.remove_hours(**own(week), group=open_group(week))
    assert not WeeklyRule.objects.filter(kind="open").exists()


def test_removing_extra_hours_strands_what_was_booked_in_them() -> None:
    week, saturday = Week(), MONDAY + 5 * DAY
    whose = {"organization": week.organization, **own(week)}
    group = services.add_days(**whose, days=Days("open", saturday, saturday, 540, 720))
    booked = book(week, at(saturday, 9))
    with pytest.raises(Stranding):
        services.remove_days(**whose, group=group)
    services.remove_days(**whose, group=group, accepted={booked.uuid})
    assert not DatedException.objects.exists()


def test_every_change_leaves_one_audit_event_and_a_new_version() -> None:
    week = Week()
    schedule = Schedule.objects.get()
    count = AuditEvent.objects.count()
    shorter(week)
    assert AuditEvent.objects.count() == count + 1
    assert AuditEvent.objects.latest("pk").action == "scheduling.hours.set"
    assert Schedule.objects.get().version == schedule.version + 1


def test_practitioner_changes_their_own_hours_and_nobody_elses() -> None:
    week = Week(2)
    actor = make.practitioner_actor(week.practitioner)
    hours = Hours([5], 540, 720, MONDAY)
    services.set_hours(actor=actor, practitioner=week.practitioner, hours=hours)
    with pytest.raises(NotFound):
        services.set_hours(actor=actor, practitioner=week.practitioners[1], hours=hours)
    for refused in (
        make.staff_actor(Role.FRONT_DESK),
        make.staff_actor(Role.PRIVACY_OFFICER, organization=week.organization),
    ):
        with pytest.raises(NotFound):
            services.set_hours(actor=refused, practitioner=week.practitioner, hours=hours)
        with pytest.raises(NotFound):
            services.set_limits(actor=refused, practitioner=week.practitioner, limits=Limits("UTC"))
    with pytest.raises(NotFound):
        set_terms(actor=actor, organization=week.organization, terms=Terms())


HOURS = {
    "no day": {"weekdays": []},
    "an eighth day": {"weekdays": [7]},
    "a negative time": {"starts": -1},
    "an end after the day": {"ends": 1441},
    "an end before it begins": {"starts": 600, "ends": 540},
    "no length": {"starts": 540, "ends": 540},
    "every tenth week": {"every_weeks": 10},
    "a long name": {"label": "x" * 61},
    "a last day before the first": {"last_day": MONDAY - DAY},
    "a day outside the calendar": {"first_day": dt.date(9999, 12, 31)},
}


@pytest.mark.parametrize("changes", HOURS.values(), ids=HOURS.keys())
def test_impossible_hours_are_refused_and_nothing_is_done(changes: dict[str, Any]) -> None:
    week = Week()
    before = rows()
    fields = {"weekdays": [0], "starts": 540, "ends": 600, "first_day": MONDAY, **changes}
    with pytest.raises(Invalid):
        services.set_hours(**own(week), hours=Hours(**fields))
    assert rows() == before


@pytest.mark.parametrize(
    "changes",
    [
        {"timezone": "Mars/Olympus"},
        {"timezone": "../etc/passwd"},
        {"timezone": ""},
        {"step_minutes": 0},
        {"buffer_before": -5},
        {"buffer_after": 241},
        {"notice_minutes": -1},
        {"horizon_days": 731},
        {"daily_maximum": 0},
    ],
    ids=str,
)
def test_impossible_limits_are_refused(changes: dict[str, Any]) -> None:
    week = Week()
    with pytest.raises(Invalid):
        services.set_limits(**own(week), limits=Limits(**{"timezone": "UTC", **changes}))


def test_impossible_days_are_refused() -> None:
    week = Week()
    whose = {"organization": week.organization, **own(week)}
    for days in (
        Days("shut", MONDAY, MONDAY),
        Days("closed", MONDAY, MONDAY - DAY),
        Days("closed", MONDAY, MONDAY + 366 * DAY),
        Days("closed", MONDAY, MONDAY, 600, 600),
        Days("open", MONDAY, MONDAY, -5, 600),
    ):
        with pytest.raises(Invalid):
            services.add_days(**whose, days=days)
    assert not DatedException.objects.exists()


def test_impossible_offers_and_terms_are_refused() -> None:
    week = Week()
    whose: dict[str, Any] = {"actor": week.desk, "organization": week.organization}
    for offer in (
        Offer("", 20),
        Offer("A", 4),
        Offer("A", 481),
        Offer("A", 20, "telepathy"),
        Offer("A", 20, capacity=8),
    ):
        with pytest.raises(Invalid):
            save_visit_type(**whose, offer=offer, practitioners=[])
    with pytest.raises(Conflict):
        save_visit_type(**whose, offer=Offer("Check-up", 20), practitioners=[])
    stranger = make.make_practitioner()
    with pytest.raises(NotFound):
        save_visit_type(**whose, offer=Offer("A", 20), practitioners=[stranger])
    for terms in (
        Terms("XX"),
        Terms("US", "QQ"),
        Terms("", "IL"),
        Terms(hold_minutes=0),
        Terms(change_notice_minutes=-1),
    ):
        with pytest.raises(Invalid):
            set_terms(**whose, terms=terms)
    assert VisitType.objects.count() == 1
