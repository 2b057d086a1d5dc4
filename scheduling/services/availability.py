"""Changing when somebody can be booked. What would put booked visits outside the hours says so before it is saved."""

import datetime as dt
import uuid as uuids
from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.actors import Actor
from accounts.models import Organization, Practitioner
from audit.services import record
from core.errors import Invalid, NotFound
from core.ids import new_uuid
from scheduling.models import DatedException, Schedule, WeeklyRule
from scheduling.models.availability import DAY_MINUTES
from scheduling.policies import may_change_clinic, may_for
from scheduling.services.checks import require_zone
from scheduling.services.stranding import watched

# Far more than anybody types, and few enough to be computed at once.
MOST_ROWS = 200
MOST_DAYS = 366
EARLIEST, LATEST = dt.date(1900, 1, 1), dt.date(2199, 12, 31)


@dataclass(frozen=True)
class Hours:
    """A stretch of the week as one types it: on these weekdays, in minutes of the local day."""

    weekdays: Collection[int]
    starts: int
    ends: int
    first_day: dt.date
    last_day: dt.date | None = None
    every_weeks: int = 1
    is_break: bool = False
    label: str = ""


@dataclass(frozen=True)
class Days:
    """Days in a row that are otherwise than the week says, each from and until the same minutes."""

    kind: str
    first_day: dt.date
    last_day: dt.date
    starts: int = 0
    ends: int = DAY_MINUTES
    label: str = ""


@dataclass(frozen=True)
class Limits:
    """How a practitioner's hours may be booked."""

    timezone: str
    step_minutes: int = 20
    buffer_before: int = 0
    buffer_after: int = 0
    notice_minutes: int = 60
    horizon_days: int = 60
    daily_maximum: int | None = None
    keeps_holidays: bool = True


# Inclusive; the same as the columns hold.
_RANGES = {
    "step_minutes": (5, 480, gettext_noop("Enter the minutes between two times, from 5 to 480.")),
    "buffer_before": (0, 240, gettext_noop("Enter the minutes kept free before, from 0 to 240.")),
    "buffer_after": (0, 240, gettext_noop("Enter the minutes kept free after, from 0 to 240.")),
    "notice_minutes": (0, 525_600, gettext_noop("Enter a notice of at most a year.")),
    "horizon_days": (0, 730, gettext_noop("Enter how many days ahead, from 0 to 730.")),
    "daily_maximum": (1, 500, gettext_noop("Enter how many visits a day at most, from 1 to 500.")),
}


@transaction.atomic
def open_schedule(*, actor: Actor, practitioner: Practitioner, limits: Limits | None = None) -> Schedule:
    """The practitioner's schedule, locked; made in the clinic's zone when there is none yet."""
    _require(actor, practitioner)
    clinic = Organization.objects.get(pk=practitioner.organization_id)
    wanted = limits or Limits(timezone=clinic.timezone)
    _require_limits(wanted)
    schedule, is_new = Schedule.objects.get_or_create(
        practitioner=practitioner, defaults={"organization": clinic, **vars(wanted)}
    )
    if is_new:
        record(
            actor=actor, action="scheduling.schedule.open", entity=schedule, detail={"practitioner": practitioner.pk}
        )
    return Schedule.objects.select_for_update().get(pk=schedule.pk)


@transaction.atomic
def set_hours(
    *,
    actor: Actor,
    practitioner: Practitioner,
    hours: Hours,
    group: uuids.UUID | None = None,
    accepted: Collection[uuids.UUID] = (),
) -> uuids.UUID:
    """Add a stretch of the week, or put it in the place of the one that `group` names. Returns its group.

    Raises Stranding with the booked visits that would be outside the hours, unless all of them are `accepted`.
    """
    _require_hours(hours)
    schedule = open_schedule(actor=actor, practitioner=practitioner)
    standing = schedule.rules.filter(group=group) if group else schedule.rules.none()
    if group and not standing.exists():
        raise NotFound
    if schedule.rules.exclude(group=group or new_uuid()).count() + len(set(hours.weekdays)) > MOST_ROWS:
        raise Invalid(_("These are more hours than a week can have. Remove some first."), code="hours.too_many")
    with watched([practitioner], accepted):
        standing.delete()
        group = group or new_uuid()
        WeeklyRule.objects.bulk_create(
            [_rule(schedule, group, hours, weekday) for weekday in sorted(set(hours.weekdays))]
        )
    _changed(actor, schedule, "scheduling.hours.set", {"days": len(set(hours.weekdays)), "kept": len(accepted)})
    return group


@transaction.atomic
def remove_hours(
    *, actor: Actor, practitioner: Practitioner, group: uuids.UUID, accepted: Collection[uuids.UUID] = ()
) -> None:
    """Take a stretch of the week away. Raises Stranding like `set_hours`; NotFound when it is not there any more."""
    schedule = open_schedule(actor=actor, practitioner=practitioner)
    with watched([practitioner], accepted):
        deleted, _each = schedule.rules.filter(group=group).delete()
        if not deleted:
            raise NotFound
    _changed(actor, schedule, "scheduling.hours.remove", {"days": deleted, "kept": len(accepted)})


@transaction.atomic
def set_limits(
    *, actor: Actor, practitioner: Practitioner, limits: Limits, accepted: Collection[uuids.UUID] = ()
) -> Schedule:
    """Set zone, steps, buffers, notice, horizon, daily maximum and whether holidays are kept. Raises Stranding."""
    _require_limits(limits)
    schedule = open_schedule(actor=actor, practitioner=practitioner)
    with watched([practitioner], accepted):
        for name, value in vars(limits).items():
            setattr(schedule, name, value)
        schedule.save(update_fields=list(vars(limits)))
    _changed(actor, schedule, "scheduling.limits.set", {"kept": len(accepted)})
    return schedule


@transaction.atomic
def add_days(
    *,
    actor: Actor,
    organization: Organization,
    practitioner: Practitioner | None,
    days: Days,
    accepted: Collection[uuids.UUID] = (),
) -> uuids.UUID:
    """Say that days are otherwise, for one practitioner or (None) the whole clinic. Returns their group."""
    _require_days(days)
    schedule = _schedule_of(actor, organization, practitioner)
    group, count = new_uuid(), (days.last_day - days.first_day).days + 1
    concerned = [practitioner] if practitioner is not None else _everybody(organization)
    with watched(concerned, accepted):
        DatedException.objects.bulk_create(
            DatedException(
                organization=organization,
                schedule=schedule,
                group=group,
                kind=days.kind,
                label=days.label.strip(),
                day=days.first_day + dt.timedelta(days=ahead),
                starts=days.starts,
                ends=days.ends,
            )
            for ahead in range(count)
        )
    _days_changed(actor, organization, schedule, "scheduling.days.add", {"days": count, "kept": len(accepted)})
    return group


@transaction.atomic
def remove_days(
    *,
    actor: Actor,
    organization: Organization,
    practitioner: Practitioner | None,
    group: uuids.UUID,
    accepted: Collection[uuids.UUID] = (),
) -> None:
    """Let the week hold again on these days. Raises Stranding where they had been opened, NotFound when gone."""
    schedule = _schedule_of(actor, organization, practitioner)
    concerned = [practitioner] if practitioner is not None else _everybody(organization)
    with watched(concerned, accepted):
        rows = DatedException.objects.filter(organization=organization, schedule=schedule, group=group)
        deleted, _each = rows.delete()
        if not deleted:
            raise NotFound
    _days_changed(actor, organization, schedule, "scheduling.days.remove", {"days": deleted, "kept": len(accepted)})


def _require(actor: Actor, practitioner: Practitioner) -> None:
    if actor.type == "system" and actor.organization_id in (None, practitioner.organization_id):
        return
    if not may_for(actor, "scheduling.schedule.change", practitioner):
        raise NotFound


def _schedule_of(actor: Actor, organization: Organization, practitioner: Practitioner | None) -> Schedule | None:
    if practitioner is not None:
        return open_schedule(actor=actor, practitioner=practitioner)
    if not may_change_clinic(actor, organization.pk):
        raise NotFound
    # Two who change the clinic's days at once would each look for stranded visits without the other's.
    Organization.objects.select_for_update().get(pk=organization.pk)
    return None


def _everybody(organization: Organization) -> list[Practitioner]:
    return list(Practitioner.objects.filter(organization=organization, schedule__isnull=False))


def _rule(schedule: Schedule, group: uuids.UUID, hours: Hours, weekday: int) -> WeeklyRule:
    return WeeklyRule(
        schedule=schedule,
        group=group,
        kind=WeeklyRule.Kind.BREAK if hours.is_break else WeeklyRule.Kind.OPEN,
        label=hours.label.strip(),
        weekday=weekday,
        starts=hours.starts,
        ends=hours.ends,
        every_weeks=hours.every_weeks,
        first_day=hours.first_day,
        last_day=hours.last_day,
    )


def _changed(actor: Actor, schedule: Schedule, action: str, detail: dict[str, object]) -> None:
    schedule.version += 1
    schedule.save(update_fields=["version"])
    record(actor=actor, action=action, entity=schedule, detail={"practitioner": schedule.practitioner_id, **detail})


def _days_changed(
    actor: Actor, organization: Organization, schedule: Schedule | None, action: str, detail: dict[str, object]
) -> None:
    if schedule is not None:
        _changed(actor, schedule, action, detail)
    else:
        record(actor=actor, action=action, entity=organization, detail=detail)


def _require_hours(hours: Hours) -> None:
    if not hours.weekdays or not set(hours.weekdays) <= set(range(7)):
        raise Invalid(_("Choose at least one day of the week."), code="hours.weekdays", field="weekdays")
    _require_stretch(hours.starts, hours.ends)
    if not 1 <= hours.every_weeks <= 4:
        raise Invalid(_("Choose how often from the list."), code="hours.every_weeks", field="every_weeks")
    _require_label(hours.label)
    _require_order(hours.first_day, hours.last_day or hours.first_day)


def _require_days(days: Days) -> None:
    if days.kind not in DatedException.Kind.values:
        raise Invalid(_("Choose whether it is open or closed."), code="days.kind", field="kind")
    _require_stretch(days.starts, days.ends)
    _require_label(days.label)
    _require_order(days.first_day, days.last_day)
    if (days.last_day - days.first_day).days >= MOST_DAYS:
        raise Invalid(
            _("These are more days than a year has. Choose an earlier last day."),
            code="days.too_many",
            field="last_day",
        )


def _require_stretch(starts: int, ends: int) -> None:
    if not 0 <= starts < DAY_MINUTES or not 0 < ends <= DAY_MINUTES:
        raise Invalid(_("Enter a time of the day, like 9:00."), code="hours.no_time", field="starts")
    if starts >= ends:
        raise Invalid(
            _("It must end after it begins. Enter a later end."), code="hours.ends_before_start", field="ends"
        )


def _require_label(label: str) -> None:
    if len(label.strip()) > 60:
        raise Invalid(_("Say it in 60 letters or fewer."), code="hours.label", field="label")


def _require_order(first: dt.date, last: dt.date) -> None:
    if not (EARLIEST <= first <= LATEST and EARLIEST <= last <= LATEST):
        raise Invalid(_("Enter a day that is in the calendar."), code="hours.no_day", field="first_day")
    if last < first:
        raise Invalid(
            _("The last day is before the first. Enter a later one."), code="hours.last_day", field="last_day"
        )


def _require_limits(limits: Limits) -> None:
    require_zone(limits.timezone)
    for name, (least, most, sentence) in _RANGES.items():
        value = getattr(limits, name)
        if value is not None and not least <= value <= most:
            raise Invalid(_(sentence), code="limits.out_of_range", field=name)
