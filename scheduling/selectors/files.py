"""Reading files that are brought in, and the lists that are taken out. Whatever shows patients is recorded."""

import datetime as dt
import uuid as uuids
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Prefetch, QuerySet

from accounts.actors import Actor
from accounts.models import Organization, Patient, Practitioner
from accounts.policy import Relation, require
from audit.services import record
from core.errors import NotFound
from scheduling.lifecycle import OVER
from scheduling.models import Appointment, FileIn, GroupPlace, WaitListEntry
from scheduling.selectors.groups import COMING
from scheduling.viewing import record_views

ROWS_AT_ONCE = 500
MOST_DAYS = 366
Values = Sequence[object]


def files_in(actor: Actor) -> list[FileIn]:
    """The last files of the actor's clinic, newest first."""
    require(actor, "scheduling.file.bring", Relation.SAME_CLINIC)
    found = FileIn.objects.filter(organization_id=actor.organization_id or 0).select_related("brought_by")
    return list(found.defer("content", "report").order_by("-pk")[:20])


def get_file_in(actor: Actor, uuid: uuids.UUID) -> FileIn:
    """One file of the actor's clinic, or NotFound."""
    found = FileIn.objects.defer("content").filter(uuid=uuid, organization_id=actor.organization_id or 0).first()
    if found is None:
        raise NotFound
    require(actor, "scheduling.file.bring", Relation.SAME_CLINIC)
    return found


def require_export(actor: Actor, what: str, clinic: Organization) -> None:
    """May this list be taken out? Recorded, for whatever is outside the house nothing here protects any more."""
    require(actor, "scheduling.file.export", Relation.SAME_CLINIC)
    record(actor=actor, action="scheduling.file.export", entity=clinic, detail={"list": what})


def patient_rows(actor: Actor) -> Iterator[Values]:
    """Every patient of the clinic with the columns that bring them in again."""
    yield ("given_name", "family_name", "birth_date", "email", "phone", "timezone", "language")
    rows = Patient.objects.filter(organization_id=actor.organization_id or 0, merged_into=None)

    def told(one: Patient) -> Iterator[Values]:
        yield (
            one.given_name, one.family_name, one.birth_date, one.email, one.phone, one.timezone, one.language
        )  # fmt: skip

    yield from _in_parts(actor, rows, told, lambda one: [one.pk])


def practitioner_rows(actor: Actor) -> Iterator[Values]:
    yield ("email", "prefix", "given_name", "family_name", "specialty")
    rows = Practitioner.objects.filter(organization_id=actor.organization_id or 0).select_related("user")

    def told(one: Practitioner) -> Iterator[Values]:
        yield (one.user.email, one.prefix, one.given_name, one.family_name, one.specialty)

    yield from _in_parts(actor, rows, told, None)


def appointment_rows(actor: Actor, clinic: Organization, first: dt.date, last: dt.date) -> Iterator[Values]:
    """The appointments of these days in the clinic's time, whatever became of them."""
    yield (
        "given_name", "family_name", "birth_date", "practitioner_email", "day", "time", "minutes", "visit_type",
        "modality", "reason", "status",
    )  # fmt: skip
    zone = ZoneInfo(clinic.timezone)
    last = min(last, first + dt.timedelta(days=MOST_DAYS))
    places = Prefetch("places", GroupPlace.objects.select_related("patient").order_by("number"))
    rows = Appointment.objects.select_related("patient", "practitioner__user", "visit_type").prefetch_related(places)
    rows = rows.filter(
        organization=clinic,
        patient__isnull=False,
        starts_at__gte=dt.datetime.combine(first, dt.time.min, tzinfo=zone),
        starts_at__lt=dt.datetime.combine(last + dt.timedelta(days=1), dt.time.min, tzinfo=zone),
    )

    def told(one: Appointment) -> Iterator[Values]:
        local = one.starts_at.astimezone(zone)
        kind = one.visit_type.name if one.visit_type else Appointment.Type.WALK_IN.label if one.is_walk_in else ""
        minutes = int((one.ends_at - one.starts_at).total_seconds() // 60)
        for patient, status in _whose(one):
            yield (
                patient.given_name, patient.family_name, patient.birth_date, one.practitioner.user.email, local.date(),
                f"{local:%H:%M}", minutes, kind, one.modality, one.reason, status,
            )  # fmt: skip

    yield from _in_parts(actor, rows, told, lambda one: [patient.pk for patient, _ in _whose(one)])


def _whose(appointment: Appointment) -> list[tuple[Patient, str]]:
    """Whose it is and how it stands for them: a group visit is a line for each of its patients."""
    if not appointment.is_group:
        return [(appointment.patient, appointment.status)] if appointment.patient else []
    as_a_whole = appointment.status in OVER
    return [
        (place.patient, str(appointment.status if as_a_whole and place.status != "noshow" else place.status))
        for place in appointment.places.all()
        if place.patient is not None and place.status in COMING
    ]


def wait_list_rows(actor: Actor) -> Iterator[Values]:
    """Everybody who waits or waited, in the order in which they came."""
    yield ("given_name", "family_name", "birth_date", "visit_type", "first_day", "last_day", "status")
    rows = WaitListEntry.objects.select_related("patient", "visit_type").filter(
        organization_id=actor.organization_id or 0
    )

    def told(one: WaitListEntry) -> Iterator[Values]:
        who, kind = one.patient, one.visit_type.name
        yield (who.given_name, who.family_name, who.birth_date, kind, one.first_day, one.last_day, one.status)

    yield from _in_parts(actor, rows, told, lambda one: [one.patient_id])


def _in_parts(
    actor: Actor,
    rows: QuerySet[Any],
    told: Callable[[Any], Iterator[Values]],
    patients_of: Callable[[Any], Sequence[int]] | None,
) -> Iterator[Values]:
    """A part at a time by primary key: a long list neither fills the memory nor keeps a transaction open."""
    after = 0
    while part := list(rows.filter(pk__gt=after).order_by("pk")[:ROWS_AT_ONCE]):
        after = part[-1].pk
        if patients_of is not None:
            record_views(actor=actor, patient_ids={pk for one in part for pk in patients_of(one)}, page="export")
        for one in part:
            yield from told(one)
