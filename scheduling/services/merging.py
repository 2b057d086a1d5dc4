"""The desk says who somebody is who booked by themselves: a patient it knows, or a new one. Nothing is deleted.

"The same person" moves appointments and wishes to the known patient, in one transaction, and can be undone: what was
moved is written down. Links and consents stay with the name under which they were given; who reads them follows
`merged_into`. So nothing changes for somebody who sits in a visit while the desk says who they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Count
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.models import Patient
from accounts.policy import require
from audit.services import record
from core.clock import now
from core.errors import Conflict, NotFound
from scheduling import ports
from scheduling.guards import NO_OVERLAP
from scheduling.lifecycle import AppointmentStatus
from scheduling.models import Appointment, BookableActor, GroupPlace, OccupiedSpan, PatientMerge, WaitListEntry
from scheduling.policies import relation_to_patient

ACTION = "scheduling.patient.merge"


def merge_patient(*, actor: Actor, patient: Patient, into: Patient) -> PatientMerge:
    """`patient`, who typed themselves in, is the known `into`. Saying it twice changes nothing.

    Raises Conflict `patient.sorted` when it was decided otherwise, and `patient.two_visits` when the known one
    has a visit at the same time.
    """
    try:
        with transaction.atomic():
            return _merge(actor, patient, into)
    except IntegrityError as refusal:
        if NO_OVERLAP not in str(refusal):
            raise
        raise Conflict(
            _("The known patient has another visit at the same time. Move or cancel one of the two first."),
            code="patient.two_visits",
        ) from refusal


@transaction.atomic
def undo_merge(*, actor: Actor, patient: Patient) -> Patient:
    """They were two people: what was moved goes back. Undoing twice changes nothing."""
    patient, into = _locked(actor, patient, patient.merged_into)
    merge = PatientMerge.objects.select_for_update().filter(patient=patient, undone_at=None).first()
    if patient.merged_into_id is None or merge is None or into is None:
        return patient
    # Only what still is with them: an appointment that was moved on since stays where it is.
    standing = Appointment.objects.filter(pk__in=merge.appointments, patient=into)
    # Who has come to the head of a group since goes back with their place in it.
    led = Appointment.objects.filter(places__in=merge.group_places, patient=into)
    appointments = [*standing.values_list("pk", flat=True), *led.values_list("pk", flat=True)]
    _hand_over(actor, _Moved(sorted(set(appointments)), merge.wait_list_entries, merge.group_places), into, patient)
    patient.merged_into = None
    patient.self_registered = True
    patient.save(update_fields=["merged_into", "self_registered"])
    merge.undone_at = now()
    merge.save(update_fields=["undone_at"])
    _record(actor, "scheduling.patient.unmerge", patient, into)
    return patient


@transaction.atomic
def confirm_new_patient(*, actor: Actor, patient: Patient) -> Patient:
    """Somebody whom the clinic did not know. Saying it twice changes nothing."""
    patient, _nobody = _locked(actor, patient, None)
    if patient.merged_into_id is not None:
        raise _sorted()
    if patient.self_registered:
        patient.self_registered = False
        patient.save(update_fields=["self_registered"])
        record(actor=actor, action="scheduling.patient.confirm", entity=patient, patient_id=patient.pk)
    return patient


def _merge(actor: Actor, patient: Patient, into: Patient) -> PatientMerge:
    patient, known = _locked(actor, patient, into)
    if known is None or known.pk == patient.pk or known.organization_id != patient.organization_id:
        raise NotFound
    standing = PatientMerge.objects.filter(patient=patient, undone_at=None).first()
    if standing is not None and patient.merged_into_id == known.pk:
        return standing
    # Into somebody who is somebody else themselves, nobody can be found any more.
    if patient.merged_into_id is not None or not patient.self_registered:
        raise _sorted()
    if known.merged_into_id is not None or known.self_registered:
        raise _sorted()
    if Patient.objects.filter(merged_into=patient).exists():
        raise _sorted()
    _require_no_group_of_both(patient, known)
    appointments = list(Appointment.objects.filter(patient=patient).order_by("pk").values_list("pk", flat=True))
    entries = list(WaitListEntry.objects.filter(patient=patient).values_list("pk", flat=True))
    places = list(GroupPlace.objects.filter(patient=patient).order_by("pk").values_list("pk", flat=True))
    _hand_over(actor, _Moved(appointments, entries, places), patient, known)
    patient.merged_into = known
    patient.save(update_fields=["merged_into"])
    merge = PatientMerge.objects.create(
        organization_id=patient.organization_id,
        patient=patient,
        into=known,
        appointments=appointments,
        wait_list_entries=entries,
        group_places=places,
        merged_by_id=actor.user_id,
    )
    _record(actor, ACTION, patient, known, appointments=len(appointments))
    return merge


@dataclass(frozen=True)
class _Moved:
    """Primary keys of what goes over."""

    appointments: Sequence[int]
    entries: Sequence[int]
    places: Sequence[int]


def _hand_over(actor: Actor, moved: _Moved, former: Patient, patient: Patient) -> None:
    """Everything that says whose these appointments are says so of `patient` from now on."""
    groups = GroupPlace.objects.filter(pk__in=moved.places, patient=former).values_list("appointment_id", flat=True)
    every = {*moved.appointments, *groups}
    locked = list(Appointment.objects.select_for_update().filter(pk__in=every).order_by("pk"))
    bookable, _is_new = BookableActor.objects.get_or_create(
        patient=patient,
        defaults={"organization_id": patient.organization_id, "kind": BookableActor.Kind.PATIENT},
    )
    BookableActor.objects.select_for_update().get(pk=bookable.pk)
    ids = [one.pk for one in locked if one.pk in moved.appointments]
    for span in OccupiedSpan.objects.filter(appointment__in=every, actor__patient=former).order_by("starts_at"):
        span.actor = bookable
        span.save(update_fields=["actor"])
    Appointment.objects.filter(pk__in=ids).update(patient=patient)
    GroupPlace.objects.filter(pk__in=moved.places, patient=former).update(patient=patient)
    entries = WaitListEntry.objects.filter(pk__in=moved.entries, patient=former)
    wishes = list(entries.values_list("uuid", flat=True))
    entries.update(patient=patient)
    ports.tell_patient_changed(actor, ids, patient)
    ports.tell_handed_over([*(one.uuid for one in locked), *wishes], former, patient, moved.places)


def _require_no_group_of_both(patient: Patient, known: Patient) -> None:
    """One person cannot have two places in one group."""
    theirs = GroupPlace.objects.filter(patient__in=(patient, known)).exclude(status=AppointmentStatus.CANCELLED)
    if theirs.values("appointment").annotate(places=Count("pk")).filter(places__gt=1).exists():
        raise Conflict(
            _("Both have a place in the same group visit. Take one of the two off it first."), code="patient.two_visits"
        )


def _locked(actor: Actor, patient: Patient, other: Patient | None) -> tuple[Patient, Patient | None]:
    """Both rows, locked in one order; the actor must be allowed to sort them.

    Their places on the wait list first, as whoever takes an offered time does. And so that rows which point at a
    patient, like the link that comes with it, do not wait for us while we wait for them: without the key.
    """
    ids = [one.pk for one in (patient, other) if one is not None]
    list(WaitListEntry.objects.select_for_update().filter(patient__in=ids).order_by("pk").values_list("pk"))
    locked = Patient.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    rows = {row.pk: row for row in locked}
    for row in rows.values():
        require(actor, ACTION, relation_to_patient(actor, row))
    if patient.pk not in rows:
        raise NotFound
    return rows[patient.pk], rows.get(other.pk) if other is not None else None


def _sorted() -> Conflict:
    return Conflict(_("Somebody has said who this is already. Load the page again to see it."), code="patient.sorted")


def _record(actor: Actor, action: str, patient: Patient, into: Patient, **detail: int) -> None:
    """In both records: whoever looks into either learns of it."""
    for one in (patient, into):
        record(
            actor=actor,
            action=action,
            entity=patient,
            patient_id=one.pk,
            detail={"into": str(into.uuid), **detail},
        )
