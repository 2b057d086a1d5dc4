"""Free times and the calendar's plan of days: computed from rules and bookings when asked, never stored ahead."""

import datetime as dt
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.translation import gettext

from accounts.actors import Actor
from accounts.models import Practitioner
from accounts.policy import require
from core.clock import now
from core.errors import NotFound
from scheduling import availability
from scheduling.availability import Slot, Slots, Span
from scheduling.models import BookingTerms, VisitType
from scheduling.selectors.groups import joinable
from scheduling.selectors.plans import plans_of
from scheduling.selectors.taken import Others, Window, busy_of, rooms_taken, taken_of, visits_of
from scheduling.week import Plan, Stretch
from scheduling.zones import instant, midnight

ONE_DAY = dt.timedelta(days=1)
# How far around a time others are looked for: first near, then wherever there is one.
NEAR = (dt.timedelta(days=7), dt.timedelta(days=60))
LONGEST_ASKED = dt.timedelta(days=400)


class Offer(NamedTuple):
    """A time that somebody can be booked at."""

    practitioner: Practitioner
    starts_at: dt.datetime
    ends_at: dt.datetime


@dataclass(frozen=True, slots=True)
class DayPlan:
    """What a calendar shows behind a practitioner's visits."""

    timezone: str
    open: list[Span]
    # Breaks, closed times, holidays, and what the practitioner's own calendar says is taken.
    pauses: list[Span]


NOBODY_ELSE = Others()


def free_slots(
    actor: Actor | None,
    *,
    visit_type: VisitType | None,
    practitioner: Practitioner | None = None,
    from_day: dt.date,
    until_day: dt.date,
    zone: str = "",
    minutes: int | None = None,
    others: Others = NOBODY_ELSE,
) -> dict[int, list[Slot]]:
    """The free times from `from_day` until `until_day` (not in it), by the primary key of whoever has them.

    `practitioner` None asks for anybody who offers the visit type. Days are those of `zone`, or of each practitioner's
    own. A group visit that stands is a free time while it has a place left. Without a visit type the practitioner and
    the minutes must be given. Staff are not held to notice and horizon; to everybody else only what may be booked by
    patients is shown. The number of queries does not depend on rows.
    """
    who, length = _asked(actor, visit_type, practitioner, minutes)
    if until_day - from_day > LONGEST_ASKED:
        raise ValueError("so many days are never shown at once")
    if until_day <= from_day or not who:
        return {}
    plans = plans_of(who, from_day=from_day, until_day=until_day, for_staff=_is_staff(actor))
    window = Window.of_days(from_day, until_day)
    taken, visits = taken_of(plans, window, others), visits_of(plans, window, others)
    made, present = Slots(length), now()
    found = {
        key: availability.free_among(
            plan,
            taken.get(key, ()),
            made,
            from_=midnight(zone or plan.zone, from_day),
            until=midnight(zone or plan.zone, until_day),
            now=present,
            visits=visits.get(key, ()),
        )
        for key, plan in plans.items()
    }
    if visit_type is not None and visit_type.needs_room and others.room is None:
        rooms = rooms_taken(visit_type.organization_id, window, others)
        found = {key: with_a_room(slots, rooms) for key, slots in found.items()}
    if visit_type is not None and visit_type.capacity > 1 and others.besides is None:
        for key, slots in _of_groups(visit_type, plans, from_day, until_day, zone, others).items():
            found[key] = sorted({*found.get(key, ()), *slots})
    return found


def _of_groups(
    visit_type: VisitType, plans: Mapping[int, Plan], from_day: dt.date, until_day: dt.date, zone: str, others: Others
) -> dict[int, list[Slot]]:
    """When the group visits begin that can still be joined, by the same notice and horizon as any other time."""
    window, present = Window.of_days(from_day, until_day), now()
    found: dict[int, list[Slot]] = {}
    for group in joinable(visit_type, plans, window.first, window.last, others):
        plan = plans[group.practitioner_id]
        asked = midnight(zone or plan.zone, from_day), midnight(zone or plan.zone, until_day)
        first, last = availability.bounds(plan, *asked, present)
        if first <= group.starts_at.timestamp() < last:
            found.setdefault(group.practitioner_id, []).append(Slot(group.starts_at, group.ends_at))
    return found


def nearest_free(
    actor: Actor | None,
    *,
    visit_type: VisitType | None,
    practitioner: Practitioner | None = None,
    around: dt.datetime,
    count: int = 6,
    minutes: int | None = None,
    others: Others = NOBODY_ELSE,
) -> list[Offer]:
    """The free times nearest to `around`, before or after, in order: of one practitioner or of all who offer it."""
    by_key: dict[int, Practitioner] = {one.pk: one for one in _asked(actor, visit_type, practitioner, minutes)[0]}
    offers: list[Offer] = []
    for near in NEAR:
        first, last = max(around - near, now()).date() - ONE_DAY, (around + near).date() + ONE_DAY
        found = free_slots(
            actor,
            visit_type=visit_type,
            practitioner=practitioner,
            from_day=first,
            until_day=max(last, first),
            minutes=minutes,
            others=others,
        )
        offers = [Offer(by_key[key], *slot) for key, slots in found.items() for slot in _nearest(slots, around, count)]
        if len(offers) >= count:
            break
    offers.sort(key=lambda offer: (abs(offer.starts_at - around), offer.starts_at, offer.practitioner.pk))
    return sorted(offers[:count], key=lambda offer: (offer.starts_at, offer.practitioner.pk))


def day_plan(
    actor: Actor, day: dt.date, until_day: dt.date, *, practitioners: Sequence[Practitioner] | None = None
) -> dict[int, DayPlan]:
    """Open times, breaks and closed times of the clinic's practitioners from `day` until `until_day` (not in it)."""
    require(actor, "scheduling.appointment.list")
    if actor.organization_id is None:
        raise NotFound
    who = (
        list(Practitioner.objects.filter(organization_id=actor.organization_id))
        if practitioners is None
        else practitioners
    )
    plans = plans_of(who, from_day=day, until_day=until_day, for_staff=True)
    busy = busy_of(plans, Window.of_days(day, until_day))
    return {
        key: DayPlan(
            plan.zone,
            availability.open_spans(plan, day, until_day),
            sorted(
                [
                    *availability.breaks(plan, day, until_day),
                    *availability.closures(plan, day, until_day),
                    *(
                        Span(instant(first), instant(last), gettext("Busy"), "busy")
                        for first, last in busy.get(key, ())
                    ),
                ]
            ),
        )
        for key, plan in plans.items()
    }


def with_a_room(slots: Iterable[Slot], rooms: Mapping[int, Sequence[Stretch]]) -> list[Slot]:
    """Those in which one room is free from beginning to end; `rooms` has what is taken of each, in order."""
    begins = {room: [first for first, _ in taken] for room, taken in rooms.items()}

    def is_free(room: int, first: float, last: float) -> bool:
        # Of one room's times, which never overlap, only the last that begins before the end can be in the way.
        place = bisect_left(begins[room], last)
        return place == 0 or rooms[room][place - 1][1] <= first

    times = ((slot, slot.starts_at.timestamp(), slot.ends_at.timestamp()) for slot in slots)
    return [slot for slot, first, last in times if any(is_free(room, first, last) for room in rooms)]


def _asked(
    actor: Actor | None, visit_type: VisitType | None, practitioner: Practitioner | None, minutes: int | None
) -> tuple[list[Practitioner], int]:
    """Whose times are asked for and how long a visit is; nobody's where the asker may not book this."""
    if visit_type is None:
        if practitioner is None or minutes is None or not _is_staff(actor):
            raise NotFound
        if not _is_of_clinic(actor, practitioner.organization_id):
            raise NotFound
        return [practitioner], minutes
    if not _is_of_clinic(actor, visit_type.organization_id):
        raise NotFound
    if not _is_staff(actor) and not _is_open_to_patients(visit_type):
        return [], visit_type.minutes
    offering = visit_type.practitioners.filter(user__is_active=True).order_by("pk")
    if practitioner is not None:
        offering = offering.filter(pk=practitioner.pk)
    return list(offering), minutes or visit_type.minutes


def _is_staff(actor: Actor | None) -> bool:
    return actor is not None and (actor.is_staff or actor.type == "system")


def _is_of_clinic(actor: Actor | None, organization_id: int) -> bool:
    """A stranger may look at what any clinic's public pages show; somebody of a clinic sees their own."""
    return actor is None or actor.organization_id in (None, organization_id)


def _is_open_to_patients(visit_type: VisitType) -> bool:
    if not (visit_type.is_active and visit_type.self_booking):
        return False
    return not BookingTerms.objects.filter(organization_id=visit_type.organization_id, self_booking=False).exists()


def _nearest(slots: Sequence[Slot], around: dt.datetime, count: int) -> list[Slot]:
    """So many of one practitioner's slots on either side of a time that the nearest are among them."""
    place = bisect_left(slots, around, key=lambda slot: slot.starts_at)
    return list(slots[max(place - count, 0) : place + count])
