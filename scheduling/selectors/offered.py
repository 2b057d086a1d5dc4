"""Whether a time is one that patients may choose: what a page offers is asked again when it is sent."""

import datetime as dt
from typing import Literal

from scheduling import availability
from scheduling.models import VisitType
from scheduling.selectors.days import Wanted
from scheduling.selectors.plans import plans_of
from scheduling.selectors.slots import free_slots
from scheduling.zones import midnight

ONE_DAY = dt.timedelta(days=1)


def free_at(visit_type: VisitType, starts_at: dt.datetime) -> set[int]:
    """The primary keys of those who offer this at that very time to whoever is not staff."""
    day = starts_at.astimezone(dt.UTC).date()
    found = free_slots(
        None, visit_type=visit_type, practitioner=None, from_day=day, until_day=day + ONE_DAY, zone="UTC"
    )
    return {pk for pk, slots in found.items() if any(slot.starts_at == starts_at for slot in slots)}


def standing_of(wanted: Wanted, starts_at: dt.datetime, now: dt.datetime) -> Literal["free", "taken", "not offered"]:
    """How a time stands for whoever is not staff."""
    day = starts_at.astimezone(dt.UTC).date()
    free = free_slots(
        None,
        visit_type=wanted.visit_type,
        practitioner=wanted.practitioner,
        from_day=day,
        until_day=day + ONE_DAY,
        zone="UTC",
        minutes=wanted.minutes,
        others=wanted.others,
    )
    if any(slot.starts_at == starts_at for slots in free.values() for slot in slots):
        return "free"
    minutes = wanted.minutes or wanted.visit_type.minutes
    for plan in plans_of(wanted.people, from_day=day, until_day=day + ONE_DAY, for_staff=False).values():
        from_, until = midnight("UTC", day), midnight("UTC", day + ONE_DAY)
        opened = availability.free_slots(plan, (), minutes=minutes, from_=from_, until=until, now=now)
        if any(slot.starts_at == starts_at for slot in opened):
            return "taken"
    return "not offered"
