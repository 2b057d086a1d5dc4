"""Reading what anybody may book by themselves: the clinic's terms, its visit types and those who offer them."""

import datetime as dt
import uuid as uuids
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db.models import Max, Prefetch, Q

from accounts.actors import Actor
from accounts.models import Organization, Practitioner
from accounts.policy import require
from accounts.selectors import organization_of
from core.clock import now, today
from core.errors import NotFound
from scheduling.lifecycle import AppointmentStatus
from scheduling.models import Appointment, BookingTerms, GroupPlace, PersonalLink, Schedule, VisitType
from scheduling.selectors.slots import free_slots

NEXT_FREE_DAYS = 14
# For so long the browser that booked is shown the link once more.
SHOWN_AGAIN = dt.timedelta(hours=1)
# The first page may be asked for often; a time that went in these seconds is found out at the next press.
NEXT_FREE_SECONDS = 30


@dataclass(frozen=True)
class Offering:
    """A kind of visit that people may book themselves, and who offers it."""

    visit_type: VisitType
    practitioners: tuple[Practitioner, ...]

    def practitioner(self, uuid: str) -> Practitioner | None:
        return next((one for one in self.practitioners if str(one.uuid) == uuid), None)


def clinic_of(actor: Actor) -> Organization:
    """The clinic that the booking pages are of, or NotFound before it is set up."""
    require(actor, "scheduling.self_booking.view")
    clinic = organization_of(actor)
    if clinic is None:
        raise NotFound
    return clinic


def terms_of(organization: Organization) -> BookingTerms:
    """What holds for bookings of this clinic; the usual terms where it has set none."""
    return BookingTerms.objects.filter(organization=organization).first() or BookingTerms(organization=organization)


def zone_of(practitioner: Practitioner | None, clinic: Organization) -> str:
    """The zone that somebody's hours are meant in; of anybody, and of whoever has none, the clinic's."""
    schedule: Schedule | None = getattr(practitioner, "schedule", None) if practitioner else None
    return schedule.timezone if schedule else clinic.timezone


def offerings(organization: Organization) -> list[Offering]:
    """By name. Empty where the clinic takes no bookings but by its desk."""
    if not terms_of(organization).self_booking:
        return []
    bookable = Practitioner.objects.filter(schedule__isnull=False, user__is_active=True).select_related("schedule")
    people = Prefetch("practitioners", bookable.order_by("pk"))
    found = VisitType.objects.filter(organization=organization, is_active=True, self_booking=True)
    # Rooms are put together by the desk.
    found = found.filter(needs_room=False)
    rows = [Offering(one, tuple(one.practitioners.all())) for one in found.order_by("pk").prefetch_related(people)]
    return [one for one in rows if one.practitioners]


def offering(organization: Organization, visit_type: str) -> Offering | None:
    """The one of this visit type, or None."""
    return next((one for one in offerings(organization) if str(one.visit_type.uuid) == visit_type), None)


def last_day(practitioners: tuple[Practitioner, ...], timezone: str) -> dt.date:
    """The last day on which one of them can be booked at present."""
    widest = Schedule.objects.filter(practitioner__in=practitioners).aggregate(days=Max("horizon_days"))["days"]
    return today(timezone) + dt.timedelta(days=widest or 0)


def own_hold(actor: Actor, uuid: uuids.UUID) -> Appointment:
    """The time that this browser holds, held or has booked by itself; for everybody else it does not exist."""
    require(actor, "scheduling.self_booking.view")
    found = None
    if actor.session:
        rows = Appointment.objects.select_related("organization", "practitioner__schedule", "visit_type", "patient")
        found = rows.filter(uuid=uuid, held_by=actor.session, visit_type__isnull=False).first()
    if found is None:
        raise NotFound
    return found


def booked_instead(
    actor: Actor, hold: Appointment, starts_at: dt.datetime, person: Mapping[str, Any] | None = None
) -> Appointment | None:
    """What this browser has booked at that time since it lost `hold`, for `person` where somebody is named.

    A press that comes twice finds here what the first one has made, with whomever of a pool that is.
    """
    if not actor.session or hold.held_by != actor.session:
        return None
    rows = Appointment.objects.filter(
        held_by=actor.session, visit_type=hold.visit_type, starts_at=starts_at, pk__gt=hold.pk
    )
    booked = Q(status__in=(AppointmentStatus.PENDING, AppointmentStatus.BOOKED))
    joined = Q(holds_place__patient__isnull=False)
    if person is not None:
        names = ("given_name", "family_name", "birth_date")
        booked &= Q(**{f"patient__{name}": person[name] for name in names})
        joined &= Q(**{f"holds_place__patient__{name}": person[name] for name in names})
    return rows.filter(booked | joined).order_by("pk").first()


def own_booking(actor: Actor, uuid: uuids.UUID) -> PersonalLink:
    """The link to what this browser has booked by itself within the hour."""
    booked = own_hold(actor, uuid)
    link = link_from(booked) if booked.created_at > now() - SHOWN_AGAIN else None
    if link is None:
        raise NotFound
    return link


def is_booked(hold: Appointment) -> bool:
    """Whether what was held is somebody's visit by now, or their place in one."""
    return hold.patient_id is not None or GroupPlace.objects.filter(hold=hold, patient__isnull=False).exists()


def link_from(hold: Appointment) -> PersonalLink | None:
    """The standing link of whoever booked what was held; in a group there are links of others beside it."""
    place = GroupPlace.objects.filter(Q(hold=hold) | Q(appointment=hold), patient__isnull=False).order_by("pk").first()
    if place is None and hold.patient_id is None:
        return None
    appointment, patient = (place.appointment_id, place.patient_id) if place else (hold.pk, hold.patient_id)
    rows = PersonalLink.objects.select_related("patient", "appointment__practitioner", "appointment__visit_type")
    rows = rows.select_related("appointment__organization", "organization")
    theirs = Q(patient_id=patient) | Q(patient__merged_into_id=patient)
    # The first one only: where the desk has made another, it went to whom the desk knows.
    rows = rows.filter(theirs, appointment_id=appointment, guest=None, revoked_at=None, generation=1)
    return rows.order_by("pk").first()


def next_free(organization: Organization) -> dict[int, dt.datetime]:
    """By practitioner's primary key: when each can be booked next by anybody, as of a few seconds ago."""
    key = f"scheduling.next-free:{organization.pk}"
    known: dict[int, dt.datetime] | None = cache.get(key)
    if known is None:
        known = _next_free(organization)
        cache.set(key, known, NEXT_FREE_SECONDS)
    return {pk: at for pk, at in known.items() if at > now()}


def _next_free(organization: Organization) -> dict[int, dt.datetime]:
    from_day = today(organization.timezone)
    found: dict[int, dt.datetime] = {}
    for one in offerings(organization):
        slots = free_slots(
            None,
            visit_type=one.visit_type,
            from_day=from_day,
            until_day=from_day + dt.timedelta(days=NEXT_FREE_DAYS),
        )
        for pk, times in slots.items():
            if times:
                found[pk] = min(times[0].starts_at, found.get(pk, times[0].starts_at))
    return found
