"""Writing the visit itself: planned with its appointment, cancelled with it, finished by its practitioner."""

import uuid as uuids

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import Actor
from audit.services import record
from consults import hints, ports
from consults.lifecycle import BEGUN, OVER, VisitStatus, moved
from consults.models import Arrival, Encounter, Queue
from consults.people import is_group
from consults.policies import require_visit
from consults.services.queues import ensure_queue
from consults.services.rows import (
    empty_seats,
    line_changed,
    locked_visit,
    locked_visit_of,
    raise_queue_version,
    record_visit,
    store_change,
)
from consults.services.stations import close_station
from consults.services.waits import forget_told
from core.clock import now
from core.errors import Conflict, NotFound
from scheduling.models import Appointment
from scheduling.services import fulfil_appointment, lock_appointment


def plan_visit(actor: Actor, appointment: Appointment) -> None:
    """Listener: an appointment never stands without its visit. That of a walk-in is made by its door (walkin.py)."""
    if not appointment.is_walk_in:
        plan_visit_in(actor, appointment, ensure_queue(actor, appointment.practitioner))


def plan_visit_in(actor: Actor, appointment: Appointment, queue: Queue) -> Encounter:
    """For the services of this app: the visit of an appointment, which will stand in this line."""
    encounter = Encounter.objects.create(
        organization_id=appointment.organization_id,
        appointment=appointment,
        patient_id=appointment.booked_for,
        practitioner_id=appointment.practitioner_id,
        queue=queue,
    )
    raise_queue_version(encounter.queue)
    record_visit(actor, "consults.visit.plan", encounter)
    return encounter


def cancel_visit(actor: Actor, appointment: Appointment) -> None:
    """Listener: a cancelled appointment takes its visit along, unless that has begun (Conflict `visit.in_progress`)."""
    encounter = locked_visit_of(appointment)
    if encounter.status in BEGUN:
        raise Conflict(_("The visit has begun. Finish it instead of cancelling."), code="visit.in_progress")
    was_waiting = encounter.status == VisitStatus.ARRIVED
    encounter.status = moved(encounter.status, VisitStatus.CANCELLED)
    encounter.ended_at = now()
    empty_seats(encounter)
    store_change(encounter, "status", "ended_at")
    ports.tell_visit_over(actor, encounter)
    if was_waiting:
        close_station(encounter)
        forget_told(encounter)
        line_changed(encounter.queue)
    record_visit(actor, "consults.visit.cancel", encounter)


@transaction.atomic
def finish_visit(*, actor: Actor, encounter: Encounter) -> Encounter:
    """End the visit for everybody; finishing once more changes nothing."""
    appointment = lock_appointment(encounter.appointment_id)
    encounter = locked_visit(encounter)
    require_visit(actor, "consults.visit.finish", encounter)
    if encounter.status == VisitStatus.FINISHED:
        return encounter
    if encounter.status not in OVER | BEGUN:
        raise Conflict(_("This visit has not begun. Call the patient in first."), code="visit.not_begun")
    encounter.status = moved(encounter.status, VisitStatus.FINISHED)
    encounter.ended_at = now()
    empty_seats(encounter)
    fulfil_appointment(actor=actor, appointment=appointment)
    store_change(encounter, "status", "ended_at")
    close_station(encounter)
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
        raise Conflict(_("Call the patient in first, then confirm who they are."), code="visit.not_open")
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
