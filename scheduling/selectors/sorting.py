"""Reading who booked by themselves and is not yet known to be anybody, and who of the known patients it might be."""

import uuid as uuids
from dataclasses import dataclass

from django.db.models import Q

from accounts.actors import Actor
from accounts.models import Patient
from accounts.policy import require
from accounts.selectors import patients
from core.errors import NotFound
from scheduling.models import Appointment, PatientMerge, WaitListEntry
from scheduling.policies import relation_to_patient
from scheduling.selectors.groups import visits_with
from scheduling.selectors.waiting import STANDING
from scheduling.viewing import record_views

CANDIDATES = 8
# Phone numbers are written in many ways; their last digits are the same in all of them.
LAST_DIGITS = 7


@dataclass(frozen=True)
class Candidate:
    """A known patient beside a self-registered one, with what is the same in both."""

    patient: Patient
    same: frozenset[str]


@dataclass(frozen=True)
class Unsorted:
    """A self-registered patient with everything that the desk decides by."""

    patient: Patient
    appointments: list[Appointment]
    wishes: int
    candidates: list[Candidate]
    merge: PatientMerge | None
    """Standing, when the desk has said who it is."""


def unsorted_patients(actor: Actor) -> list[Patient]:
    """Who typed themselves in and is neither confirmed nor merged, the longest waiting first."""
    require(actor, "scheduling.patient.sort")
    if actor.organization_id is None:
        raise NotFound
    found = Patient.objects.filter(
        organization_id=actor.organization_id, self_registered=True, merged_into=None
    ).order_by("created_at", "pk")
    rows = list(found)
    record_views(actor=actor, patient_ids=[row.pk for row in rows], page="patients-unsorted")
    return rows


def unsorted(actor: Actor, uuid: uuids.UUID) -> Unsorted:
    """One of them, or NotFound. Whom else the page shows is recorded as seen, too."""
    patient = Patient.objects.select_related("merged_into").filter(uuid=uuid).first()
    if patient is None:
        raise NotFound
    require(actor, "scheduling.patient.merge", relation_to_patient(actor, patient))
    visits = Appointment.objects.filter(visits_with(patient)).select_related("practitioner", "visit_type")
    is_open = patient.self_registered and patient.merged_into_id is None
    candidates = _candidates(actor, patient) if is_open else []
    seen = [patient.pk, *(one.patient.pk for one in candidates)]
    record_views(actor=actor, patient_ids=seen, page="patient-sort")
    return Unsorted(
        patient=patient,
        appointments=list(visits.order_by("starts_at")),
        wishes=WaitListEntry.objects.filter(patient=patient, status__in=STANDING).count(),
        candidates=candidates,
        merge=PatientMerge.objects.filter(patient=patient, undone_at=None).first(),
    )


def candidate(actor: Actor, uuid: str) -> Patient:
    """A patient of the clinic to merge into, or NotFound."""
    try:
        found = patients(actor).filter(uuid=uuids.UUID(uuid)).first()
    except ValueError:
        found = None
    if found is None:
        raise NotFound
    return found


def _candidates(actor: Actor, patient: Patient) -> list[Candidate]:
    """Those who share the birth date, the name, the phone or the email; the more of it, the further up."""
    digits = _digits(patient.phone)[-LAST_DIGITS:]
    alike = Q(birth_date=patient.birth_date)
    alike |= Q(family_name__iexact=patient.family_name, given_name__iexact=patient.given_name)
    if patient.email:
        alike |= Q(email__iexact=patient.email)
    if digits:
        alike |= Q(phone__endswith=digits[-2:]) | Q(phone=patient.phone)
    rows = patients(actor).exclude(pk=patient.pk).filter(alike)
    found = [Candidate(row, _same(patient, row, digits)) for row in rows]
    # An older registration of the same person by themselves is one to merge into only once the desk has said who it is.
    found = [one for one in found if one.same and not one.patient.self_registered]
    return sorted(found, key=lambda one: (-len(one.same), one.patient.family_name, one.patient.pk))[:CANDIDATES]


def _same(patient: Patient, row: Patient, digits: str) -> frozenset[str]:
    theirs = _digits(row.phone)[-LAST_DIGITS:]
    same = {
        "name": patient.full_name.casefold() == row.full_name.casefold(),
        "birth date": patient.birth_date == row.birth_date,
        "phone": bool(digits) and digits == theirs,
        "email": bool(patient.email) and patient.email.casefold() == row.email.casefold(),
    }
    return frozenset(name for name, is_same in same.items() if is_same)


def _digits(phone: str) -> str:
    return "".join(sign for sign in phone if sign.isdigit())
