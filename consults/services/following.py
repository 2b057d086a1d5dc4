"""Listeners to scheduling: a visit follows its appointment to another time, practitioner or standing."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.models import Patient, User
from consults import hints
from consults.lifecycle import BEGUN, VisitStatus, door_state, moved
from consults.models import Arrival, Encounter, Queue, Seat
from consults.people import FOR_PATIENT
from consults.services.door import leave_door
from consults.services.queues import ensure_queue
from consults.services.rows import (
    empty_seats,
    line_changed,
    lock_lines,
    locked_visit,
    locked_visit_of,
    own_place_again,
    raise_queue_version,
    record_visit,
    seats_of_patient,
    store_change,
)
from consults.services.stations import close_station, open_station
from consults.services.waits import forget_told
from core.clock import now
from core.errors import Conflict
from scheduling.lifecycle import AppointmentStatus
from scheduling.models import Appointment, GroupPlace
from scheduling.ports import Before
from scheduling.services import mark_not_arrived


def move_visit(actor: Actor, appointment: Appointment, before: Before) -> None:
    """Listener: to another time and, with another practitioner, to that one's queue.

    A visit that has begun stays where it is (Conflict `visit.in_progress`). Whoever waits goes along in line while the
    door is open at the new time too; else they are back at the beginning, and their page tells them the new time. Where
    nobody waits, a visit that was passed on stands where it is booked again: the calendar has it there.
    """
    encounter = locked_visit_of(appointment)
    if encounter.status in BEGUN:
        raise Conflict(_("The visit has begun. Finish it instead of moving it."), code="visit.in_progress")
    old_queue = encounter.queue
    changed = ["practitioner", "queue", "performer_since"]
    was_waiting = encounter.status == VisitStatus.ARRIVED
    has_to_go = was_waiting and _has_to_go(appointment)
    if appointment.practitioner_id != before.practitioner.pk:
        encounter.practitioner = appointment.practitioner
        encounter.queue = ensure_queue(actor, appointment.practitioner)
    elif (has_to_go or not was_waiting) and (booked := _line_before_passing_on(actor, encounter)) is not None:
        encounter.practitioner, encounter.queue = appointment.practitioner, booked
    if has_to_go:
        encounter.status = moved(encounter.status, VisitStatus.PLANNED)
        encounter.arrived_at = encounter.callback_at = encounter.called_at = None
        empty_seats(encounter)
        Arrival.objects.filter(encounter=encounter).update(arrived_at=None)
        mark_not_arrived(actor=actor, appointment=appointment)
        close_station(encounter)
        changed += ["status", "arrived_at", "callback_at", "called_at"]
    elif was_waiting and old_queue.pk != encounter.queue.pk:
        open_station(encounter, passed_on_by=actor.label)
    if old_queue.pk != encounter.queue.pk:
        encounter.performer_since = now()
        lock_lines(old_queue, encounter.queue)
    store_change(encounter, *changed, *own_place_again(encounter))
    if old_queue.pk != encounter.queue.pk:
        raise_queue_version(old_queue)
    if was_waiting:
        forget_told(encounter)
        for queue in {old_queue.pk: old_queue, encounter.queue.pk: encounter.queue}.values():
            line_changed(queue)
    record_visit(actor, "consults.visit.move", encounter)


def restate_visit(actor: Actor, appointment: Appointment) -> None:
    """Listener: confirmed, missed, told to be late: pages and boards look again. One that was held is finished."""
    encounter = locked_visit_of(appointment)
    if appointment.status == AppointmentStatus.FULFILLED and encounter.status == VisitStatus.PLANNED:
        encounter.status = moved(encounter.status, VisitStatus.FINISHED)
        encounter.ended_at = now()
        store_change(encounter, "status", "ended_at")
        record_visit(actor, "consults.visit.finish", encounter)
        return
    store_change(encounter)


def change_patient(actor: Actor, appointment_ids: Sequence[int], patient: Patient) -> None:
    """Listener: the desk says that these visits are another patient's.

    Seats, chat and answers stay with whoever came by the link: that is the same person still.
    """
    for pk in lock_visits(appointment_ids):
        encounter = locked_visit(Encounter(pk=pk))
        encounter.patient = patient
        store_change(encounter, "patient")
        record_visit(actor, "consults.visit.identify_patient", encounter)


def lock_visits(appointment_ids: Sequence[int]) -> list[int]:
    """Listener: these are about to change in one step. All of them before any line of theirs: whoever holds one of
    the visits waits for its line. Returns their primary keys."""
    visits = Encounter.objects.filter(appointment_id__in=appointment_ids).order_by("pk")
    return list(visits.select_for_update().values_list("pk", flat=True))


def joined(appointment_ids: Sequence[int]) -> set[int]:
    """Asked by scheduling: the appointments whose patient sat in the waiting room or the call, however briefly."""
    seats = Seat.objects.filter(encounter__appointment_id__in=appointment_ids, role__in=FOR_PATIENT)
    return set(seats.values_list("encounter__appointment_id", flat=True))


def patient_left(actor: Actor, appointment: Appointment, patient: Patient) -> None:
    """Listener: one of a group comes no more. While the visit goes on nobody is taken off it (`visit.in_progress`)."""
    encounter = locked_visit_of(appointment)
    if encounter.status in BEGUN:
        raise Conflict(
            _("The visit has begun. Close their link to take them out of the call."), code="visit.in_progress"
        )
    member = GroupPlace.objects.filter(appointment=appointment, patient=patient).exclude(status="cancelled").first()
    if member is not None:
        leave_door(actor, encounter, appointment, member)


def access_changed(user: User) -> None:
    """Listener: somebody may sign in no more: who waits for them is told, and boards and calendars look again."""
    for queue in Queue.objects.filter(practitioner__user=user):
        raise_queue_version(queue)
        hints.line_changed(queue)


def was_there(appointment: Appointment, patient: Patient) -> bool:
    """Asked by scheduling: whether this one of a group sat in the waiting room or the call, however briefly."""
    encounter = Encounter.objects.filter(appointment=appointment).first()
    return encounter is not None and seats_of_patient(encounter, patient.pk).exists()


def performs(practitioner_id: int, appointment: Appointment) -> bool:
    """Asked by scheduling: whether this practitioner holds the visit, which may be booked with a colleague."""
    return Encounter.objects.filter(appointment=appointment, practitioner_id=practitioner_id).exists()


def _line_before_passing_on(actor: Actor, encounter: Encounter) -> Queue | None:
    """Of a visit that somebody has passed on, the line of its booking: the pool it came to, or its practitioner's."""
    stations = encounter.stations.select_related("queue__pool")
    if not stations.exclude(passed_on_by="").exists():
        return None
    first = stations[0].queue
    return first if first.pool_id is not None else ensure_queue(actor, encounter.appointment.practitioner)


def _has_to_go(appointment: Appointment) -> bool:
    if not appointment.is_video:
        return True
    return door_state(starts_at=appointment.starts_at, ends_at=appointment.ends_at, now=now()) == "early"
