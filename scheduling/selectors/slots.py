"""Free times and the calendar's plan of days: computed from rules and bookings when asked, never stored ahead."""

import datetime as dt
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import Q, QuerySet

from accounts.actors import Actor
from accounts.models import Location, Patient, Practitioner
from accounts.policy import require
from core.clock import now
from core.errors import NotFound
from scheduling import availability
from scheduling.availability import Plan, Slot, Slots, Span
from scheduling.lifecycle import AppointmentStatus
from scheduling.models import Appointment, BookableActor, BookingTerms, BusyTime, Interpreter, OccupiedSpan, VisitType
from scheduling.selectors.plans import plans_of
from scheduling.zones import midnight

ONE_DAY = dt.timedelta(days=1)
# How far around a time others are looked for: first near, then wherever there is one.
NEAR = (dt.timedelta(days=7), dt.timedelta(days=60))
LONGEST_ASKED = dt.timedelta(days=400)
# Neither stands in anybody's way any more, nor counts for the day's maximum.
NOT_STANDING = (AppointmentStatus.CANCELLED, AppointmentStatus.NOSHOW)

Stretch = tuple[dt.datetime, dt.datetime]


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


@dataclass(frozen=True, slots=True)
class Others:
    """Who else takes part, whose times must be free too; and the appointment to be moved, which is not in the way."""

    patient: Patient | None = None
    interpreter: Interpreter | None = None
    room: Location | None = None
    besides: Appointment | None = None


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
    own. Without a visit type the practitioner and the minutes must be given. Staff are not held to notice and horizon;
    to everybody else only what may be booked by patients is shown. The number of queries does not depend on rows.
    """
    who, length = _asked(actor, visit_type, practitioner, minutes)
    if until_day - from_day > LONGEST_ASKED:
        raise ValueError("so many days are never shown at once")
    if until_day <= from_day or not who:
        return {}
    plans = plans_of(who, from_day=from_day, until_day=until_day, for_staff=_is_staff(actor))
    first, last = _window(from_day, until_day)
    taken = _taken(plans, first, last, others)
    visits = _visits(plans, first, last, others)
    made, present = Slots(length), now()
    found = {
        key: availability.free_slots(
            plan,
            taken.get(key, ()),
            minutes=length,
            from_=midnight(zone or plan.zone, from_day),
            until=midnight(zone or plan.zone, until_day),
            now=present,
            visits=visits.get(key, ()),
            slots=made,
        )
        for key, plan in plans.items()
    }
    if visit_type is not None and visit_type.needs_room and others.room is None:
        rooms = _rooms_taken(visit_type.organization_id, first, last, others)
        found = {key: with_a_room(slots, rooms) for key, slots in found.items()}
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
    busy = _busy(plans, *_window(day, until_day))
    return {
        key: DayPlan(
            plan.zone,
            availability.open_spans(plan, day, until_day),
            sorted(
                [
                    *availability.breaks(plan, day, until_day),
                    *availability.closures(plan, day, until_day),
                    *(Span(starts_at, ends_at, "Busy", "busy") for starts_at, ends_at in busy.get(key, ())),
                ]
            ),
        )
        for key, plan in plans.items()
    }


def with_a_room(slots: Iterable[Slot], rooms: Mapping[int, Sequence[Stretch]]) -> list[Slot]:
    """Those in which one room is free from beginning to end; `rooms` has what is taken of each, in order."""
    begins = {room: [starts for starts, _ in taken] for room, taken in rooms.items()}

    def is_free(room: int, slot: Slot) -> bool:
        # Of one room's times, which never overlap, only the last that begins before the end can be in the way.
        place = bisect_left(begins[room], slot.ends_at)
        return place == 0 or rooms[room][place - 1][1] <= slot.starts_at

    return [slot for slot in slots if any(is_free(room, slot) for room in rooms)]


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


def _window(from_day: dt.date, until_day: dt.date) -> Stretch:
    """Instants that surely hold these local days, with the longest visit and its buffers."""
    first, last = (dt.datetime.combine(day, dt.time.min, tzinfo=dt.UTC) for day in (from_day, until_day))
    return first - 2 * ONE_DAY, last + 2 * ONE_DAY


def _standing(rows: QuerySet[OccupiedSpan], others: Others) -> QuerySet[OccupiedSpan]:
    """Without holds that are over, whose rows are still there, and without the appointment to be moved."""
    rows = rows.exclude(appointment__status=AppointmentStatus.PROPOSED, appointment__held_until__lte=now())
    return rows.exclude(appointment=others.besides) if others.besides is not None else rows


def _taken(
    plans: Mapping[int, Plan], first: dt.datetime, last: dt.datetime, others: Others
) -> dict[int, list[Stretch]]:
    """What is taken of each practitioner: by visits, by their own calendar, and by whoever else takes part."""
    spans = _standing(OccupiedSpan.objects.filter(starts_at__lt=last, ends_at__gt=first), others)
    taken = _busy(plans, first, last)
    rows = spans.filter(actor__practitioner_id__in=list(plans))
    for key, starts_at, ends_at in rows.values_list("actor__practitioner_id", "starts_at", "ends_at"):
        taken.setdefault(key, []).append((starts_at, ends_at))
    if also := _also(others):
        theirs = list(spans.filter(also).values_list("starts_at", "ends_at"))
        for key in plans:
            taken.setdefault(key, []).extend(theirs)
    return taken


def _also(others: Others) -> Q | None:
    asked = {"patient": others.patient, "interpreter": others.interpreter, "location": others.room}
    wanted = [Q(**{f"actor__{name}": row}) for name, row in asked.items() if row is not None]
    found: Q | None = None
    for each in wanted:
        found = each if found is None else found | each
    return found


def _busy(plans: Mapping[int, Plan], first: dt.datetime, last: dt.datetime) -> dict[int, list[Stretch]]:
    found: dict[int, list[Stretch]] = {}
    rows = BusyTime.objects.filter(practitioner_id__in=list(plans), starts_at__lt=last, ends_at__gt=first)
    for key, starts_at, ends_at in rows.order_by("starts_at").values_list("practitioner_id", "starts_at", "ends_at"):
        found.setdefault(key, []).append((starts_at, ends_at))
    return found


def _visits(
    plans: Mapping[int, Plan], first: dt.datetime, last: dt.datetime, others: Others
) -> dict[int, list[dt.datetime]]:
    """When the visits of those begin who see so many a day at most."""
    limited = [key for key, plan in plans.items() if plan.daily_maximum is not None]
    rows = Appointment.objects.filter(practitioner_id__in=limited, starts_at__gte=first, starts_at__lt=last)
    rows = rows.exclude(status__in=NOT_STANDING).exclude(status=AppointmentStatus.PROPOSED, held_until__lte=now())
    if others.besides is not None:
        rows = rows.exclude(pk=others.besides.pk)
    found: dict[int, list[dt.datetime]] = {}
    for key, starts_at in rows.values_list("practitioner_id", "starts_at"):
        found.setdefault(key, []).append(starts_at)
    return found


def _rooms_taken(
    organization_id: int, first: dt.datetime, last: dt.datetime, others: Others
) -> dict[int, list[Stretch]]:
    """Every room of the clinic with what is taken of it, in order."""
    rooms = Location.objects.filter(organization_id=organization_id, is_room=True)
    found: dict[int, list[Stretch]] = {pk: [] for pk in rooms.values_list("pk", flat=True)}
    spans = OccupiedSpan.objects.filter(
        actor__kind=BookableActor.Kind.LOCATION,
        actor__location_id__in=list(found),
        starts_at__lt=last,
        ends_at__gt=first,
    )
    rows = _standing(spans, others).order_by("starts_at")
    for room, starts_at, ends_at in rows.values_list("actor__location_id", "starts_at", "ends_at"):
        found[room].append((starts_at, ends_at))
    return found


def _nearest(slots: Sequence[Slot], around: dt.datetime, count: int) -> list[Slot]:
    """So many of one practitioner's slots on either side of a time that the nearest are among them."""
    place = bisect_left(slots, around, key=lambda slot: slot.starts_at)
    return list(slots[max(place - count, 0) : place + count])
