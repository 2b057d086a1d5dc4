"""Rows become plans: what says when practitioners can be booked, read in a constant number of queries."""

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, cast

from accounts.models import Practitioner
from scheduling.availability import DayChange, Plan, Rule
from scheduling.models import BookingTerms, DatedException, Schedule, WeeklyRule
from scheduling.public_holidays import holidays_of

# A day asked for is a local day, and a holiday may lie on either side of it by the clocks elsewhere.
_AROUND = dt.timedelta(days=2)


def plans_of(
    practitioners: Iterable[Practitioner], *, from_day: dt.date, until_day: dt.date, for_staff: bool
) -> dict[int, Plan]:
    """The plan of every one of them that has a schedule, by the practitioner's primary key: four queries.

    Staff book at once and for as far ahead as they like; notice and horizon are for patients.
    """
    schedules = list(Schedule.objects.filter(practitioner_id__in=[one.pk for one in practitioners]))
    return plans_by(schedules, from_day=from_day, until_day=until_day, for_staff=for_staff)


def plans_by(
    schedules: Sequence[Schedule], *, from_day: dt.date, until_day: dt.date, for_staff: bool
) -> dict[int, Plan]:
    """The same by schedules that were read just now."""
    if not schedules:
        return {}
    clinics = {schedule.organization_id for schedule in schedules}
    first, last = from_day - _AROUND, until_day + _AROUND
    rules = _rules(schedules)
    changes = _changes(schedules, clinics, first, last)
    holidays = _holidays(clinics, first, last)
    return {
        schedule.practitioner_id: plan_from(
            schedule,
            rules.get(schedule.pk, []),
            [
                *changes.get((schedule.organization_id, None), []),
                *changes.get((schedule.organization_id, schedule.pk), []),
            ],
            holidays[schedule.organization_id] if schedule.keeps_holidays else {},
            for_staff=for_staff,
        )
        for schedule in schedules
    }


def plan_from(
    schedule: Schedule,
    rules: Iterable[WeeklyRule],
    changes: Iterable[DatedException],
    holidays: Mapping[dt.date, str],
    *,
    for_staff: bool,
) -> Plan:
    """The plan that these rows make, saved or not yet."""
    return Plan(
        zone=schedule.timezone,
        rules=tuple(rule_from(rule) for rule in rules),
        changes=tuple(change_from(change) for change in changes),
        holidays=holidays,
        step=schedule.step_minutes,
        buffer_before=schedule.buffer_before,
        buffer_after=schedule.buffer_after,
        notice_minutes=0 if for_staff else schedule.notice_minutes,
        horizon_days=None if for_staff else schedule.horizon_days,
        daily_maximum=schedule.daily_maximum,
    )


def rule_from(row: WeeklyRule) -> Rule:
    return Rule(
        weekday=row.weekday,
        starts=row.starts,
        ends=row.ends,
        first_day=row.first_day,
        last_day=row.last_day,
        every_weeks=row.every_weeks,
        is_break=row.kind == WeeklyRule.Kind.BREAK,
        label=row.label,
    )


def change_from(row: DatedException) -> DayChange:
    kind = cast(Literal["open", "closed", "usual"], row.kind)
    return DayChange(row.day, kind, row.starts, row.ends, row.label, of_clinic=row.schedule_id is None)


def _rules(schedules: Sequence[Schedule]) -> dict[int, list[WeeklyRule]]:
    found: dict[int, list[WeeklyRule]] = {}
    for row in WeeklyRule.objects.filter(schedule__in=schedules).order_by("pk"):
        found.setdefault(row.schedule_id, []).append(row)
    return found


def _changes(
    schedules: Sequence[Schedule], clinics: set[int], first: dt.date, last: dt.date
) -> dict[tuple[int, int | None], list[DatedException]]:
    """By clinic and schedule; those of the whole clinic stand under None."""
    ours = {schedule.pk for schedule in schedules}
    rows = DatedException.objects.filter(organization_id__in=clinics, day__gte=first, day__lte=last).order_by("pk")
    found: dict[tuple[int, int | None], list[DatedException]] = {}
    for row in rows:
        if row.schedule_id is None or row.schedule_id in ours:
            found.setdefault((row.organization_id, row.schedule_id), []).append(row)
    return found


def _holidays(clinics: set[int], first: dt.date, last: dt.date) -> dict[int, Mapping[dt.date, str]]:
    terms = {row.organization_id: row for row in BookingTerms.objects.filter(organization_id__in=clinics)}
    years = range(first.year, last.year + 1)
    return {
        clinic: holidays_of(terms[clinic].holiday_country, terms[clinic].holiday_subdivision, years)
        if clinic in terms
        else {}
        for clinic in clinics
    }


def without_limits(plan: Plan) -> Plan:
    """The same hours without notice, horizon and maximum: what is open, not what can be booked."""
    return dataclasses.replace(plan, notice_minutes=0, horizon_days=None, daily_maximum=None)
