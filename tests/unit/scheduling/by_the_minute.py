"""Free times found the slow and obvious way: every minute is asked whether it is open and nothing is in the way."""

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from scheduling.availability import Plan, Slot

MINUTE = dt.timedelta(minutes=1)


class Days:
    """The minutes of each local day: whether it is open, and how far into its open stretch."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.known: dict[dt.date, list[int | None]] = {}

    def into(self, local: dt.datetime) -> int | None:
        """The minutes since the open stretch of the day began, by the clock; None when it is not open."""
        day = local.date()
        if day not in self.known:
            self.known[day] = into = []
            for minute in range(24 * 60):
                before = into[-1] if into else None
                into.append((0 if before is None else before + 1) if is_open(self.plan, day, minute) else None)
        return self.known[day][local.hour * 60 + local.minute]


def is_open(plan: Plan, day: dt.date, minute: int) -> bool:
    """The last word counts: the week, its breaks, holidays, the clinic's changes, one's own."""
    said = False
    for rule in plan.rules:
        if not rule.is_break and rule.starts <= minute < rule.ends and _holds(rule, day):
            said = True
    for rule in plan.rules:
        if rule.is_break and rule.starts <= minute < rule.ends and _holds(rule, day):
            said = False
    todays = [change for change in plan.changes if change.day == day]
    if day in plan.holidays and not [change for change in todays if change.kind == "usual"]:
        said = False
    for of_clinic, kind in ((True, "open"), (True, "closed"), (False, "open"), (False, "closed")):
        for change in todays:
            if change.of_clinic == of_clinic and change.kind == kind and change.starts <= minute < change.ends:
                said = kind == "open"
    return said


def _holds(rule, day: dt.date) -> bool:
    if day < rule.first_day or day > (rule.last_day or dt.date.max) or day.isoweekday() != rule.weekday + 1:
        return False
    monday = rule.first_day - dt.timedelta(days=rule.first_day.weekday())
    return (day - monday).days // 7 % rule.every_weeks == 0


def free_slots(
    plan: Plan,
    taken: Sequence[tuple[dt.datetime, dt.datetime]],
    *,
    minutes: int,
    from_: dt.datetime,
    until: dt.datetime,
    now: dt.datetime,
    visits: Sequence[dt.datetime] = (),
) -> list[Slot]:
    zone, days, found = ZoneInfo(plan.zone), Days(plan), []
    every = [from_ + i * MINUTE for i in range((until - from_) // MINUTE + minutes)]
    into = [days.into(at.astimezone(zone)) for at in every]
    for i, at in enumerate(every[: (until - from_) // MINUTE]):
        begun = into[i]
        if begun is None or begun % plan.step or None in into[i : i + minutes]:
            continue
        ends = at + minutes * MINUTE
        before, after = at - plan.buffer_before * MINUTE, ends + plan.buffer_after * MINUTE
        is_taken = any(starts < after and over > before for starts, over in taken)
        if not is_taken and _may(plan, at, now, visits):
            found.append(Slot(at, ends))
    return found


def _may(plan: Plan, at: dt.datetime, now: dt.datetime, visits: Sequence[dt.datetime]) -> bool:
    zone = ZoneInfo(plan.zone)
    day = at.astimezone(zone).date()
    if at < now + plan.notice_minutes * MINUTE:
        return False
    if plan.horizon_days is not None and (day - now.astimezone(zone).date()).days > plan.horizon_days:
        return False
    same_day = [each for each in visits if each.astimezone(zone).date() == day]
    return plan.daily_maximum is None or len(same_day) < plan.daily_maximum
