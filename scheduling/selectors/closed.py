"""Reading when a clinic is closed, and who is away: for doors that stand open by hours of their own."""

import datetime as dt
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from django.db.models import Q

from accounts.models import Organization, Practitioner
from scheduling.models import DatedException
from scheduling.public_holidays import holidays_of
from scheduling.selectors.offering import terms_of

DAY_MINUTES = 24 * 60
Minutes = tuple[int, int]


def closed_times(clinic: Organization, first: dt.date, last: dt.date) -> dict[dt.date, list[Minutes]]:
    """What of these days the whole clinic is closed, in minutes of its day: on days of its own, and on holidays."""
    found: dict[dt.date, list[Minutes]] = {}
    worked = set()
    for row in DatedException.objects.filter(organization=clinic, schedule=None, day__gte=first, day__lte=last):
        if row.kind == DatedException.Kind.CLOSED:
            found.setdefault(row.day, []).append((row.starts, row.ends))
        else:
            worked.add(row.day)
    terms = terms_of(clinic)
    years = range(first.year, last.year + 1)
    for day in holidays_of(terms.holiday_country, terms.holiday_subdivision, years):
        if first <= day <= last and day not in worked:
            found[day] = [(0, DAY_MINUTES)]
    return found


def away_now(practitioners: Iterable[Practitioner], instant: dt.datetime) -> set[int]:
    """Primary keys of those who have entered that they are off at this moment, each by the clock of their own zone."""
    zones = {one.pk: one.schedule.timezone for one in practitioners if hasattr(one, "schedule")}
    days = (instant.date() - dt.timedelta(days=1), instant.date() + dt.timedelta(days=1))
    off = Q(kind=DatedException.Kind.CLOSED, schedule__practitioner__in=list(zones), day__range=days)
    found = set()
    for row in DatedException.objects.filter(off).select_related("schedule"):
        if row.schedule is None:
            continue
        local = instant.astimezone(ZoneInfo(zones[row.schedule.practitioner_id]))
        if row.day == local.date() and row.starts <= local.hour * 60 + local.minute < row.ends:
            found.add(row.schedule.practitioner_id)
    return found
