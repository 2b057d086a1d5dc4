"""Writing the visit itself: planned with its appointment, cancelled with it, begun and finished by its practitioner."""

import uuid as uuids

from django.db import transaction

from accounts.actors import Actor
from audit.services import record
from consults import hints, messages, ports
from consults.lifecycle import BEGUN, OVER, VisitStatus, moved
from consults.models import Arrival, Encounter
from consults.people import is_group
from consults.policies import require_visit
from consults.presence import is_open
from consults.services.holding import hold_locked, locked_with_others
from consults.services.queues import ensure_queue
from consults.services.rows import (
    empty_seats,
    line_changed,
    locked_visit,
    raise_queue_version,
    record_visit,
    store_change,
)
from consults.services.waits import forget_told, note_called_in
from core.clock import now
from core.errors import Conflict, NotFound
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
    if encounter.status in BEGUN:
        raise Conflict("The visit has begun. Finish it instead of cancelling.", code="visit.in_progress")
    was_waiting = encounter.status == VisitStatus.ARRIVED
    encounter.status = moved(encounter.status, VisitStatus.CANCELLED)
    encounter.ended_at = now()
    empty_seats(encounter)
    store_change(encounter, "status", "ended_at")
    ports.tell_visit_over(actor, encounter)
    if was_waiting:
        forget_told(encounter)
        line_changed(encounter.queue)
    record_visit(actor, "consults.visit.cancel", encounter)


@transaction.atomic
def admit_patient(*, actor: Actor, encounter: Encounter, hold_others: bool = False) -> Encounter:
    """Begin the visit with a patient who waits, or go on with one on hold; admitting once more changes nothing.

    Only the treating practitioner may, so two people cannot both have admitted. Conflict `visit.not_waiting` when the
    patient is not (or no longer) in the waiting room. With `hold_others` whoever is with the practitioner now is put
    on hold in the same step, or, where this one cannot be called in, is not.
    """
    encounter, others = locked_with_others(encounter) if hold_others else (locked_visit(encounter), [])
    require_visit(actor, "consults.visit.admit", encounter)
    if encounter.status == VisitStatus.IN_PROGRESS:
        return encounter
    if not is_open(encounter, now()):
        raise Conflict(
            "This patient is not in the waiting room now. Wait for them or call them.", code="visit.not_waiting"
        )
    for other in others:
        hold_locked(actor, other)
    is_back = encounter.status == VisitStatus.ON_LEAVE
    encounter.status = moved(encounter.status, VisitStatus.IN_PROGRESS)
    encounter.started_at, encounter.held_at = encounter.started_at or now(), None
    store_change(encounter, "status", "started_at", "held_at")
    note_called_in(encounter)
    line_changed(encounter.queue)
    messages.tell_ready(encounter)
    record_visit(actor, "consults.visit.resume" if is_back else "consults.visit.admit", encounter)
    return encounter


@transaction.atomic
def finish_visit(*, actor: Actor, encounter: Encounter) -> Encounter:
    """End the visit for everybody; finishing once more changes nothing."""
    appointment = lock_appointment(encounter.appointment_id)
    encounter = locked_visit(encounter)
    require_visit(actor, "consults.visit.finish", encounter)
    if encounter.status == VisitStatus.FINISHED:
        return encounter
    if encounter.status not in OVER | BEGUN:
        raise Conflict("This visit has not begun. Call the patient in first.", code="visit.not_begun")
    encounter.status = moved(encounter.status, VisitStatus.FINISHED)
    encounter.ended_at = now()
    empty_seats(encounter)
    fulfil_appointment(actor=actor, appointment=appointment)
    store_change(encounter, "status", "ended_at")
    ports.tell_visit_over(actor, encounter)
    hints.line_changed(encounter.queue)
    record_visit(actor, "consults.visit.finish", encounter)
    return encounter


@transaction.atomic
def confirm_identity(*, actor: Actor, encounter: Encounter, member: uuids.UUID | None = None) -> Encounter | Arrival:
    """Keep who saw that the patient is the one in the banner, and when; the first time counts.

    Of a group `member` is the place of the one who was seen; NotFound for who has not arrived.
    """
    encounter = locked_visit(encounter)
    require_visit(actor, "consults.visit.identify", encounter)
    seen: Encounter | Arrival = encounter if not is_group(encounter) else _arrived(encounter, member)
    if seen.identity_confirmed_at is not None:
        return seen
    if encounter.status != VisitStatus.IN_PROGRESS:
        raise Conflict("Call the patient in first, then confirm who they are.", code="visit.not_open")
    seen.identity_confirmed_at = now()
    seen.identity_confirmed_by_id = actor.user_id
    seen.save(update_fields=["identity_confirmed_at", "identity_confirmed_by"])
    hints.visit_changed(encounter)
    patient_id = seen.member.patient_id if isinstance(seen, Arrival) else encounter.patient_id
    record(actor=actor, action="consults.visit.identify", entity=encounter, patient_id=patient_id)
    return seen


def _arrived(encounter: Encounter, member: uuids.UUID | None) -> Arrival:
    if member is None:
        raise NotFound
    rows = Arrival.objects.select_for_update(of=("self",)).select_related("member")
    found = rows.filter(encounter=encounter, member__uuid=member, arrived_at__isnull=False).first()
    if found is None:
        raise NotFound
    return found
