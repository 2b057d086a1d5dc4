"""Finding a patient by name with their visits, as the calendar's search shows them."""

from dataclasses import dataclass

from django.db.models import Q

from accounts.actors import Actor
from accounts.models import Patient
from accounts.selectors import patients
from core.clock import now
from scheduling.lifecycle import AppointmentStatus
from scheduling.models import Appointment, GroupPlace
from scheduling.selectors.calendar import may_see_all
from scheduling.selectors.groups import COMING
from scheduling.viewing import record_views

# So many people fit under one look; who finds more types another letter.
MOST = 8
VISITS_EACH = 4


@dataclass(frozen=True, slots=True)
class FoundPatient:
    """Somebody of that name: the visits ahead, soonest first, then the latest before now."""

    patient: Patient
    visits: tuple[Appointment, ...]


def find_patients(actor: Actor, typed: str) -> list[FoundPatient]:
    """Those whose given and family names begin with the words typed, in any order; recorded as seen. Three queries."""
    found = patients(actor)
    for word in typed.split()[:5]:
        found = found.filter(Q(given_name__istartswith=word) | Q(family_name__istartswith=word))
    people = list(found.filter(merged_into=None)[:MOST])
    record_views(actor=actor, patient_ids=[each.pk for each in people], page="calendar-find")
    rows = Appointment.objects.filter(patient__in=people, capacity=1).exclude(status=AppointmentStatus.CANCELLED)
    if not may_see_all(actor):
        rows = rows.filter(practitioner_id=actor.practitioner_id or 0)
    by_patient: dict[int, list[Appointment]] = {each.pk: [] for each in people}
    for row in rows.select_related("practitioner", "organization").order_by("starts_at", "pk"):
        by_patient[row.booked_for].append(row)
    places = GroupPlace.objects.filter(patient__in=people, status__in=COMING).exclude(appointment__status="cancelled")
    if not may_see_all(actor):
        places = places.filter(appointment__practitioner_id=actor.practitioner_id or 0)
    for place in places.select_related("appointment__practitioner", "appointment__organization"):
        if place.patient_id is not None:
            by_patient[place.patient_id].append(place.appointment)
    return [FoundPatient(each, _nearest(by_patient[each.pk])) for each in people]


def _nearest(rows: list[Appointment]) -> tuple[Appointment, ...]:
    present = now()
    rows = sorted(rows, key=lambda row: (row.starts_at, row.pk))
    ahead = [row for row in rows if row.ends_at >= present]
    behind = [row for row in rows if row.ends_at < present]
    return tuple([*ahead, *reversed(behind)][:VISITS_EACH])
