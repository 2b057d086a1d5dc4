"""Reading files that are brought in, and the lists that are taken out. Whatever shows patients is recorded."""

import datetime as dt
import uuid as uuids
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from accounts.actors import Actor
from accounts.models import Organization, Patient, Practitioner
from accounts.policy import Relation, require
from audit.services import record
from core.errors import NotFound
from scheduling.models import Appointment, FileIn, WaitListEntry
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

    def told(one: Patient) -> Values:
        return (
            one.given_name, one.family_name, one.birth_date, one.email, one.phone, one.timezone, one.language
        )  # fmt: skip

    yield from _in_parts(actor, rows, told, lambda one: one.pk)


def practitioner_rows(actor: Actor) -> Iterator[Values]:
    yield ("email", "prefix", "given_name", "family_name", "specialty")
    rows = Practitioner.objects.filter(organization_id=actor.organization_id or 0).select_related("user")

    def told(one: Practitioner) -> Values:
        return (one.user.email, one.prefix, one.given_name, one.family_name, one.specialty)

    yield from _in_parts(actor, rows, told, None)


def appointment_rows(actor: Actor, clinic: Organization, first: dt.date, last: dt.date) -> Iterator[Values]:
    """The appointments of these days in the clinic's time, whatever became of them."""
    yield (
        "given_name", "family_name", "birth_date", "practitioner_email", "day", "time", "minutes", "visit_type",
        "modality", "reason", "status",
    )  # fmt: skip
    zone = ZoneInfo(clinic.timezone)
    last = min(last, first + dt.timedelta(days=MOST_DAYS))
    rows = Appointment.objects.select_related("patient", "practitioner__user", "visit_type").filter(
        organization=clinic,
        patient__isnull=False,
        starts_at__gte=dt.datetime.combine(first, dt.time.min, tzinfo=zone),
        starts_at__lt=dt.datetime.combine(last + dt.timedelta(days=1), dt.time.min, tzinfo=zone),
    )

    def told(one: Appointment) -> Values:
        local = one.starts_at.astimezone(zone)
        patient, kind = one.patient, one.visit_type
        minutes = int((one.ends_at - one.starts_at).total_seconds() // 60)
        return (
            patient.given_name if patient else "", patient.family_name if patient else "",
            patient.birth_date if patient else "", one.practitioner.user.email, local.date(), f"{local:%H:%M}", minutes,
            kind.name if kind else "", one.modality, one.reason, one.status,
        )  # fmt: skip

    yield from _in_parts(actor, rows, told, lambda one: one.booked_for)


def wait_list_rows(actor: Actor) -> Iterator[Values]:
    """Everybody who waits or waited, in the order in which they came."""
    yield ("given_name", "family_name", "birth_date", "visit_type", "first_day", "last_day", "status")
    rows = WaitListEntry.objects.select_related("patient", "visit_type").filter(
        organization_id=actor.organization_id or 0
    )

    def told(one: WaitListEntry) -> Values:
        who, kind = one.patient, one.visit_type.name
        return (who.given_name, who.family_name, who.birth_date, kind, one.first_day, one.last_day, one.status)

    yield from _in_parts(actor, rows, told, lambda one: one.patient_id)


def _in_parts(
    actor: Actor, rows: QuerySet[Any], told: Callable[[Any], Values], patient_of: Callable[[Any], int] | None
) -> Iterator[Values]:
    """A part at a time by primary key: a long list neither fills the memory nor keeps a transaction open."""
    after = 0
    while part := list(rows.filter(pk__gt=after).order_by("pk")[:ROWS_AT_ONCE]):
        after = part[-1].pk
        if patient_of is not None:
            record_views(actor=actor, patient_ids={patient_of(one) for one in part}, page="export")
        yield from (told(one) for one in part)
