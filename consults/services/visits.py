"""Writing the visit itself: planned with its appointment, cancelled with it, begun and finished by its practitioner."""

from django.db import transaction

from accounts.actors import Actor
from consults import hints, ports
from consults.lifecycle import OVER, VisitStatus, moved
from consults.models import Encounter, Seat
from consults.policies import require_visit
from consults.presence import is_open
from consults.services.queues import ensure_queue
from consults.services.rows import locked_visit, raise_queue_version, record_visit, store_change
from core.clock import now
from core.errors import Conflict
from scheduling.models import Appointment
from scheduling.services import fulfil_appointment, lock_appointment


def plan_visit(actor: Actor, appointment: Appointment) -> None:
    """Listener: an appointment never stands without its visit."""
    encounter = Encounter.objects.create(
        organization_id=appointment.organization_id,
        appointment=appointment,
        patient_id=appointment.booked_for,
        practitioner_id=appointment.practitioner_id,
        queue=ensure_queue(actor, appointment.practitioner),
    )
    raise_queue_version(encounter.queue)
    record_visit(actor, "consults.visit.plan", encounter)


def cancel_visit(actor: Actor, appointment: Appointment) -> None:
    """Listener: a cancelled appointment takes its visit along, unless that has begun (Conflict `visit.in_progress`)."""
    encounter = locked_visit(Encounter.objects.get(appointment=appointment))
    if encounter.status == VisitStatus.IN_PROGRESS:
        raise Conflict("The visit has begun. Finish it instead of cancelling.", code="visit.in_progress")
    was_waiting = encounter.status == VisitStatus.ARRIVED
    encounter.status = moved(encounter.status, VisitStatus.CANCELLED)
    encounter.ended_at = now()
    _empty_seats(encounter)
    store_change(encounter, "status", "ended_at")
    ports.tell_visit_over(actor, encounter)
    if was_waiting:
        hints.line_changed(encounter.queue)
    record_visit(actor, "consults.visit.cancel", encounter)


@transaction.atomic
def admit_patient(*, actor: Actor, encounter: Encounter) -> Encounter:
    """Begin the visit with a patient who waits; admitting once more changes nothing.

    Only the treating practitioner may, so two people cannot both have admitted. Conflict `visit.not_waiting` when the
    patient is not (or no longer) in the waiting room.
    """
    encounter = locked_visit(encounter)
    require_visit(actor, "consults.visit.admit", encounter)
    if encounter.status == VisitStatus.IN_PROGRESS:
        return encounter
    if not is_open(encounter, now()):
        raise Conflict(
            "This patient is not in the waiting room now. Wait for them or call them.", code="visit.not_waiting"
        )
    encounter.status = moved(encounter.status, VisitStatus.IN_PROGRESS)
    encounter.started_at = now()
    store_change(encounter, "status", "started_at")
    hints.line_changed(encounter.queue)
    record_visit(actor, "consults.visit.admit", encounter)
    return encounter


@transaction.atomic
def finish_visit(*, actor: Actor, encounter: Encounter) -> Encounter:
    """End the visit for everybody; finishing once more changes nothing."""
    appointment = lock_appointment(encounter.appointment_id)
    encounter = locked_visit(encounter)
    require_visit(actor, "consults.visit.finish", encounter)
    if encounter.status == VisitStatus.FINISHED:
        return encounter
    if encounter.status not in OVER and encounter.status != VisitStatus.IN_PROGRESS:
        raise Conflict("This visit has not begun. Call the patient in first.", code="visit.not_begun")
    encounter.status = moved(encounter.status, VisitStatus.FINISHED)
    encounter.ended_at = now()
    _empty_seats(encounter)
    fulfil_appointment(actor=actor, appointment=appointment)
    store_change(encounter, "status", "ended_at")
    ports.tell_visit_over(actor, encounter)
    hints.line_changed(encounter.queue)
    record_visit(actor, "consults.visit.finish", encounter)
    return encounter


@transaction.atomic
def confirm_identity(*, actor: Actor, encounter: Encounter) -> Encounter:
    """Keep who saw that the patient is the one in the banner, and when; the first time counts."""
    encounter = locked_visit(encounter)
    require_visit(actor, "consults.visit.identify", encounter)
    if encounter.identity_confirmed_at is not None:
        return encounter
    if encounter.status != VisitStatus.IN_PROGRESS:
        raise Conflict("Call the patient in first, then confirm who they are.", code="visit.not_open")
    encounter.identity_confirmed_at = now()
    encounter.identity_confirmed_by_id = actor.user_id
    encounter.save(update_fields=["identity_confirmed_at", "identity_confirmed_by"])
    hints.visit_changed(encounter)
    record_visit(actor, "consults.visit.identify", encounter)
    return encounter


def _empty_seats(encounter: Encounter) -> None:
    Seat.objects.filter(encounter=encounter, left_at=None).update(
        left_at=now(), connected=False, holder=None, sharing=None
    )
