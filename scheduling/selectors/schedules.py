"""Reading hours, days and types of visit as people entered them: grouped, in order, and what is booked outside them."""

import datetime as dt
import uuid as uuids
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.actors import Actor
from accounts.models import Organization, Practitioner
from accounts.policy import Relation, may, require
from accounts.selectors import organization_of
from core.clock import now, today
from core.errors import NotFound
from scheduling.availability import OpenTimes
from scheduling.lifecycle import AppointmentStatus
from scheduling.models import Appointment, BookingTerms, DatedException, Schedule, VisitType, WeeklyRule
from scheduling.policies import may_change_clinic, may_for
from scheduling.public_holidays import holidays_of
from scheduling.selectors.plans import plans_of
from scheduling.viewing import record_views

ONE_DAY = dt.timedelta(days=1)
# A hold is over in minutes, and whoever has arrived is here.
AHEAD = (AppointmentStatus.BOOKED, AppointmentStatus.PENDING)


@dataclass(frozen=True)
class HoursGroup:
    """A stretch of the week on all its weekdays, as it was entered."""

    first: WeeklyRule
    weekdays: tuple[int, ...]

    @property
    def uuid(self) -> uuids.UUID:
        return self.first.group


@dataclass(frozen=True)
class DaysGroup:
    """Days that were entered together, from the first to the last."""

    first: DatedException
    last_day: dt.date

    @property
    def uuid(self) -> uuids.UUID:
        return self.first.group


@dataclass(frozen=True)
class Week:
    """One practitioner with the hours that they have, or none yet."""

    practitioner: Practitioner
    schedule: Schedule | None
    hours: tuple[HoursGroup, ...]


def weeks(actor: Actor) -> list[Week]:
    """The weeks that the actor may see: the desk everybody's, a practitioner their own."""
    require(actor, "scheduling.schedule.list")
    if actor.organization_id is None:
        raise NotFound
    people = Practitioner.objects.filter(organization_id=actor.organization_id, user__is_active=True)
    if not may(actor, "scheduling.schedule.view", Relation.SAME_CLINIC):
        people = people.filter(pk=actor.practitioner_id or 0)
    schedules = {row.practitioner_id: row for row in Schedule.objects.filter(practitioner__in=people)}
    rules: dict[int, list[WeeklyRule]] = {}
    for rule in WeeklyRule.objects.filter(schedule__in=list(schedules.values())).select_related("schedule"):
        rules.setdefault(rule.schedule_id, []).append(rule)
    return [
        Week(one, schedule, hours_groups(rules.get(schedule.pk, ()) if schedule else ()))
        for one in people.order_by("family_name", "given_name")
        for schedule in [schedules.get(one.pk)]
    ]


def get_week(actor: Actor, practitioner: uuids.UUID, action: str = "scheduling.schedule.view") -> Week:
    """One practitioner's week, or NotFound."""
    found = Practitioner.objects.filter(uuid=practitioner).select_related("organization").first()
    if found is None or not may_for(actor, action, found):
        raise NotFound
    schedule = Schedule.objects.filter(practitioner=found).first()
    return Week(found, schedule, hours_groups(schedule.rules.select_related("schedule") if schedule else ()))


def get_hours(week: Week, group: uuids.UUID) -> HoursGroup:
    found = next((one for one in week.hours if one.uuid == group), None)
    if found is None:
        raise NotFound
    return found


def days_of(actor: Actor, week: Week) -> list[DaysGroup]:
    """The practitioner's own days that are not over."""
    if week.schedule is None:
        return []
    rows = DatedException.objects.filter(schedule=week.schedule, day__gte=today(week.schedule.timezone))
    return days_groups(rows)


def clinic_days(actor: Actor) -> list[DaysGroup]:
    """The days of the whole clinic that are not over."""
    clinic = clinic_of(actor)
    rows = DatedException.objects.filter(organization=clinic, schedule=None, day__gte=today(clinic.timezone))
    return days_groups(rows)


def get_days(actor: Actor, group: uuids.UUID) -> tuple[DaysGroup, Practitioner | None]:
    """Days entered together, and whose they are: None for the clinic. NotFound unless the actor may change them."""
    rows = DatedException.objects.filter(group=group).select_related("schedule__practitioner").order_by("day")
    found = list(rows)
    if not found:
        raise NotFound
    schedule = found[0].schedule
    practitioner = schedule.practitioner if schedule else None
    if practitioner is not None:
        allowed = may_for(actor, "scheduling.schedule.change", practitioner)
    else:
        allowed = may_change_clinic(actor, found[0].organization_id)
    if not allowed:
        raise NotFound
    return days_groups(found)[0], practitioner


def clinic_of(actor: Actor, action: str = "scheduling.clinic.view") -> Organization:
    clinic = organization_of(actor)
    if clinic is None or not may_change_clinic(actor, clinic.pk, action):
        raise NotFound
    return clinic


def terms_of(organization: Organization) -> BookingTerms:
    """The clinic's terms; those that hold until somebody sets them, unsaved, where nobody has: no notice is asked."""
    found = BookingTerms.objects.filter(organization=organization).first()
    return found or BookingTerms(organization=organization, change_notice_minutes=0)


def holidays_ahead(organization: Organization, count: int = 12) -> list[tuple[dt.date, str]]:
    """The clinic's next holidays by the country that it has chosen."""
    terms, first = terms_of(organization), today(organization.timezone)
    found = holidays_of(terms.holiday_country, terms.holiday_subdivision, (first.year, first.year + 1))
    return sorted((day, name) for day, name in found.items() if day >= first)[:count]


def visit_types(actor: Actor) -> QuerySet[VisitType]:
    """Every type of visit of the clinic, those that are offered first."""
    clinic = clinic_of(actor, "scheduling.visit_type.list")
    found = VisitType.objects.filter(organization=clinic).prefetch_related("practitioners")
    return found.order_by("-is_active", "name")


def get_visit_type(actor: Actor, uuid: uuids.UUID) -> VisitType:
    found = VisitType.objects.filter(uuid=uuid).first()
    if found is None or not may_change_clinic(actor, found.organization_id, "scheduling.visit_type.list"):
        raise NotFound
    return found


def outside_hours(actor: Actor, week: Week) -> list[Appointment]:
    """The practitioner's booked visits that are not within the hours, to be moved one by one."""
    if week.schedule is None:
        return []
    visits = visits_ahead([week.practitioner])
    left_out = outside([week.practitioner], visits)
    return with_people(actor, [visit for visit in visits if visit.pk in left_out])


def with_people(actor: Actor, visits: Sequence[Appointment]) -> list[Appointment]:
    """The same visits with the people of each, for a page that names them; recorded as seen."""
    rows = Appointment.objects.filter(pk__in=[visit.pk for visit in visits], patient__isnull=False)
    found = list(rows.select_related("patient", "practitioner", "visit_type").order_by("starts_at", "pk"))
    seen = [row.booked_for for row in found if not row.is_group]
    record_views(actor=actor, patient_ids=seen, page="stranded")
    return found


def visits_ahead(practitioners: Sequence[Practitioner]) -> list[Appointment]:
    """What is booked with them and has not begun, in order."""
    rows = Appointment.objects.filter(practitioner__in=practitioners, status__in=AHEAD, starts_at__gt=now())
    return list(rows.order_by("starts_at", "pk"))


def outside(practitioners: Sequence[Practitioner], visits: Sequence[Appointment]) -> set[int]:
    """Primary keys of those visits that are not within the hours as the database has them now."""
    if not visits:
        return set()
    days = [at.astimezone(dt.UTC).date() for visit in visits for at in (visit.starts_at, visit.ends_at)]
    first, last = min(days) - ONE_DAY, max(days) + 2 * ONE_DAY
    plans = plans_of(practitioners, from_day=first, until_day=last, for_staff=True)
    opened = {key: OpenTimes(plan, first, last) for key, plan in plans.items()}
    return {
        visit.pk
        for visit in visits
        if visit.practitioner_id not in opened or not opened[visit.practitioner_id].hold(visit.starts_at, visit.ends_at)
    }


def hours_groups(rules: Iterable[WeeklyRule]) -> tuple[HoursGroup, ...]:
    """Open hours before breaks, by weekday and time."""
    found: dict[uuids.UUID, list[WeeklyRule]] = {}
    for rule in rules:
        found.setdefault(rule.group, []).append(rule)
    groups = [HoursGroup(rows[0], tuple(sorted(row.weekday for row in rows))) for rows in found.values()]
    return tuple(
        sorted(groups, key=lambda one: (one.first.kind != WeeklyRule.Kind.OPEN, one.weekdays, one.first.starts))
    )


def days_groups(rows: Iterable[DatedException]) -> list[DaysGroup]:
    found: dict[uuids.UUID, list[DatedException]] = {}
    for row in sorted(rows, key=lambda one: (one.day, one.starts)):
        found.setdefault(row.group, []).append(row)
    return [DaysGroup(group[0], group[-1].day) for group in found.values()]
