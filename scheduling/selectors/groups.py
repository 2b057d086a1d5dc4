"""Reading group visits: who comes, how many places are left, and which of them can still be joined."""

import datetime as dt
import uuid as uuids
from collections.abc import Iterable
from typing import Protocol

from django.db.models import Count, Exists, F, OuterRef, Q

from accounts.actors import Actor
from accounts.models import Patient
from core.clock import now
from core.errors import NotFound
from scheduling.lifecycle import AppointmentStatus
from scheduling.models import Appointment, GroupPlace, OccupiedSpan, VisitType
from scheduling.policies import require_group
from scheduling.selectors.taken import Others

# Whose place is theirs, whether they came or not.
COMING = (AppointmentStatus.PENDING, AppointmentStatus.BOOKED, AppointmentStatus.NOSHOW)
# Group visits in these states take others in.
JOINABLE = (AppointmentStatus.PENDING, AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED)


class MaybeGroup(Protocol):
    """An appointment, or a row that was read of one."""

    @property
    def pk(self) -> int: ...
    @property
    def is_group(self) -> bool: ...


def coming_to(appointment: Appointment) -> list[GroupPlace]:
    """The places of who comes to a group visit, in the order of their numbers. Who asks has read the appointment."""
    rows = GroupPlace.objects.select_related("patient").filter(appointment=appointment, status__in=COMING)
    return list(rows.order_by("number"))


def own_place(actor: Actor, appointment: Appointment) -> GroupPlace | None:
    """The place of the patient who came by a link; None at a visit for one, and for whoever comes no more."""
    if not appointment.is_group or actor.type != "patient" or actor.patient_id is None:
        return None
    rows = GroupPlace.objects.select_related("patient")
    return rows.filter(appointment=appointment, patient_id=actor.patient_id, status__in=COMING).first()


def get_place(actor: Actor, uuid: uuids.UUID) -> GroupPlace:
    """One patient's place for those who may change it, or NotFound."""
    rows = GroupPlace.objects.select_related("patient", "appointment__practitioner", "appointment__visit_type")
    found = rows.select_related("appointment__organization").filter(uuid=uuid, patient__isnull=False).first()
    if found is None:
        raise NotFound
    require_group(actor, found.appointment)
    return found


def visits_with(patient: Patient) -> Q:
    """Their own visits, and the group visits to which they come."""
    places = GroupPlace.objects.filter(patient=patient, status__in=COMING)
    return Q(patient=patient, capacity=1) | Q(pk__in=places.values("appointment"))


def counts_of(appointments: Iterable[MaybeGroup]) -> dict[int, int]:
    """How many patients come to each group visit of these, by primary key; one query, and none without a group."""
    groups = [one.pk for one in appointments if one.is_group]
    if not groups:
        return {}
    rows = GroupPlace.objects.filter(appointment_id__in=groups, status__in=COMING)
    found = dict(rows.values_list("appointment_id").annotate(Count("pk")).order_by())
    return {pk: found.get(pk, 0) for pk in groups}


def taken(prefix: str = "") -> Q:
    """Places that nobody else can have: all but those given up and those whose hold has run out."""
    given_up = Q(**{f"{prefix}status": AppointmentStatus.CANCELLED})
    run_out = Q(**{f"{prefix}status": AppointmentStatus.PROPOSED, f"{prefix}hold__held_until__lte": now()})
    return ~given_up & ~run_out


def places_left(
    visit_type: VisitType, practitioners: Iterable[int], from_: dt.datetime, until: dt.datetime
) -> dict[dt.datetime, int]:
    """By the beginning of each standing group visit that can be joined, how many places it has left."""
    if visit_type.capacity == 1:
        return {}
    found: dict[dt.datetime, int] = {}
    for group in joinable(visit_type, practitioners, from_, until, Others()):
        found[group.starts_at] = max(group.left, found.get(group.starts_at, 0))  # type: ignore[attr-defined]
    return found


def joinable(
    visit_type: VisitType, practitioners: Iterable[int], from_: dt.datetime, until: dt.datetime, others: Others
) -> list[Appointment]:
    """Group visits of this type with places `left`, in order; not where `others.patient` has a visit. One query."""
    rows = Appointment.objects.filter(
        visit_type=visit_type,
        practitioner_id__in=list(practitioners),
        status__in=JOINABLE,
        capacity__gt=1,
        starts_at__gte=from_,
        starts_at__lt=until,
    )
    if others.patient is not None:
        theirs = OccupiedSpan.objects.filter(actor__patient=others.patient)
        rows = rows.exclude(Exists(theirs.filter(starts_at__lt=OuterRef("ends_at"), ends_at__gt=OuterRef("starts_at"))))
    rows = rows.annotate(left=F("capacity") - Count("places", filter=taken("places__")))
    return list(rows.filter(left__gt=0).order_by("starts_at", "pk"))
