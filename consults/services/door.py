"""Writing who is in the waiting room: coming in after consent and place, and leaving again."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import Actor
from consent.models import Purpose
from consent.selectors import standing_consent
from consults.lifecycle import BEGUN, VisitStatus, door_state, moved
from consults.models import Arrival, Encounter, Seat
from consults.people import FOR_PATIENT, is_group, patient_of
from consults.policies import require_visit, visit_late
from consults.presence import is_open
from consults.said import FIELDS, Said, checked, said_in
from consults.services.rows import (
    PLACE_FIELDS,
    empty_seats,
    line_changed,
    locked_visit,
    own_place_again,
    record_visit,
    seats_of_patient,
    store_change,
)
from consults.services.stations import close_station, open_station
from consults.services.waits import forget_told, note_told
from consults.services.walkin import require_way_back
from core.clock import now
from core.errors import Conflict, NotFound
from scheduling.lifecycle import AppointmentStatus
from scheduling.models import Appointment, GroupPlace
from scheduling.selectors.groups import own_place
from scheduling.services import lock_appointment, mark_arrived, mark_not_arrived

# What is kept of somebody's place in line while they are not there.
KEEPING = ("callback_at", "called_at", "place_lost_at")


@transaction.atomic
def enter_waiting_room(
    *,
    actor: Actor,
    encounter: Encounter,
    place: str,
    callback_phone: str,
    region: str = "",
    emergency_name: str = "",
    emergency_phone: str = "",
) -> Encounter:
    """Arrive, or, when already there, keep a corrected place and number.

    Needs a standing consent (Conflict `consent.missing`) and an open door (Conflict `visit.early`, `visit.late`).
    """
    appointment = lock_appointment(encounter.appointment_id)
    encounter = locked_visit(encounter)
    require_visit(actor, "consults.visit.enter", encounter)
    said = checked(Said(place, callback_phone, region, emergency_name, emergency_phone))
    _remember_region(actor, encounter, said)
    if standing_consent(patient_of(actor, encounter), Purpose.TELEHEALTH) is None:
        raise Conflict(_("Agree to the video visit first, then go in."), code="consent.missing")
    if is_group(encounter):
        return _enter_group(actor, encounter, appointment, said)
    if is_open(encounter, now()):
        return _corrected(actor, encounter, said)
    _require_open_door(encounter)
    _require_room(encounter)
    require_way_back(encounter)
    encounter.status = moved(encounter.status, VisitStatus.ARRIVED)
    encounter.arrived_at = now()
    said.onto(encounter)
    encounter.callback_at = encounter.called_at = encounter.place_lost_at = None
    mark_arrived(actor=actor, appointment=appointment)
    store_change(encounter, "status", "arrived_at", *FIELDS, *KEEPING)
    open_station(encounter)
    line_changed(encounter.queue)
    note_told(encounter)
    record_visit(actor, "consults.visit.enter", encounter)
    return encounter


@transaction.atomic
def leave_waiting_room(*, actor: Actor, encounter: Encounter) -> Encounter:
    """Give up the place in line; the door stays open for coming back. Leaving twice changes nothing."""
    appointment = lock_appointment(encounter.appointment_id)
    encounter = locked_visit(encounter)
    require_visit(actor, "consults.visit.unenter", encounter)
    if encounter.status == VisitStatus.PLANNED:
        return encounter
    if encounter.status in BEGUN:
        raise Conflict(_("Your visit has begun. Press Leave in the call to hang up."), code="visit.in_progress")
    if is_group(encounter):
        if (own := own_place(actor, appointment)) is not None:
            leave_door(actor, encounter, appointment, own)
        return encounter
    mine = Seat.objects.filter(encounter=encounter, actor_type=actor.type, actor_id=actor.id or 0)
    others = Seat.objects.filter(encounter=encounter, role__in=FOR_PATIENT, connected=True, left_at=None)
    if others.exclude(pk__in=mine).exists():
        # The patient waits on without who came along with them, or the other way round.
        empty_seats(encounter, mine)
        store_change(encounter)
        record_visit(actor, "consults.seat.leave", encounter)
        return encounter
    encounter.status = moved(encounter.status, VisitStatus.PLANNED)
    encounter.arrived_at = encounter.callback_at = encounter.called_at = None
    empty_seats(encounter)
    mark_not_arrived(actor=actor, appointment=appointment)
    store_change(encounter, "status", "arrived_at", *KEEPING, *own_place_again(encounter))
    close_station(encounter)
    line_changed(encounter.queue)
    forget_told(encounter)
    record_visit(actor, "consults.visit.unenter", encounter)
    return encounter


def _enter_group(actor: Actor, encounter: Encounter, appointment: Appointment, said: Said) -> Encounter:
    """One of a group arrives: the visit with the first of them. Who comes while it goes on is in it at once."""
    member = own_place(actor, appointment)
    if member is None:
        raise NotFound
    arrival, _ = Arrival.objects.get_or_create(encounter=encounter, member=member)
    if arrival.arrived_at is None:
        if not is_open(encounter, now()):
            _require_open_door(encounter)
        _require_room(encounter, member)
        arrival.arrived_at = now()
    elif said_in(arrival) == said and is_open(encounter, now()):
        return encounter
    said.onto(arrival)
    arrival.place_lost_at = None
    arrival.save(update_fields=["arrived_at", "place_lost_at", *FIELDS])
    if encounter.status == VisitStatus.PLANNED:
        encounter.status = moved(encounter.status, VisitStatus.ARRIVED)
        encounter.arrived_at = arrival.arrived_at
        mark_arrived(actor=actor, appointment=appointment)
        open_station(encounter)
    store_change(encounter, "status", "arrived_at")
    line_changed(encounter.queue)
    record_visit(actor, "consults.visit.enter", encounter)
    return encounter


def leave_door(actor: Actor, encounter: Encounter, appointment: Appointment, member: GroupPlace) -> None:
    """One of a group is gone from the waiting room; the visit waits while somebody else is there.

    For the services of this app: both rows are locked, and the visit has not begun.
    """
    if not Arrival.objects.filter(member=member, arrived_at__isnull=False).update(arrived_at=None):
        return
    empty_seats(encounter, seats_of_patient(encounter, member.patient_id))
    first = Arrival.objects.filter(encounter=encounter, arrived_at__isnull=False).order_by("arrived_at").first()
    encounter.arrived_at = first.arrived_at if first is not None else None
    if first is None and encounter.status == VisitStatus.ARRIVED:
        encounter.status = moved(encounter.status, VisitStatus.PLANNED)
        mark_not_arrived(actor=actor, appointment=appointment)
        own_place_again(encounter)
        close_station(encounter)
    store_change(encounter, "status", "arrived_at", *PLACE_FIELDS)
    line_changed(encounter.queue)
    record_visit(actor, "consults.visit.unenter", encounter)


def _corrected(actor: Actor, encounter: Encounter, said: Said) -> Encounter:
    if said_in(encounter) == said:
        return encounter
    said.onto(encounter)
    store_change(encounter, *FIELDS)
    record_visit(actor, "consults.visit.correct_place", encounter)
    return encounter


def _remember_region(actor: Actor, encounter: Encounter, said: Said) -> None:
    """Of whom nobody has said where they usually are: there. It is held against licences when the next is booked."""
    patient = patient_of(actor, encounter)
    if said.region and not patient.region:
        patient.region = said.region
        patient.save(update_fields=["region"])


def _require_room(encounter: Encounter, member: GroupPlace | None = None) -> None:
    """Visits by phone or at the clinic have no room; what the clinic has not confirmed is no visit yet."""
    standing = {encounter.appointment.status, member.status if member is not None else encounter.appointment.status}
    if not encounter.appointment.is_video:
        raise Conflict(_("This visit is not held by video, so there is nothing to join here."), code="visit.no_room")
    if AppointmentStatus.PENDING in standing:
        raise Conflict(_("The clinic has not confirmed this visit yet. Please call the desk."), code="visit.pending")
    if AppointmentStatus.NOSHOW in standing:
        raise visit_late()


def _require_open_door(encounter: Encounter) -> None:
    appointment = encounter.appointment
    state = door_state(starts_at=appointment.starts_at, ends_at=appointment.ends_at, now=now())
    if state == "early":
        raise Conflict(_("The waiting room opens 15 minutes before your visit. Come back then."), code="visit.early")
    if state == "late":
        raise visit_late()
