"""Reading one visit: by link, by its practitioner, and in the form in which it goes over the wire."""

import datetime as dt
import uuid as uuids
from typing import Any

from django.db.models import QuerySet

from accounts.actors import Actor
from accounts.models import Patient
from accounts.policy import may
from consults import ports
from consults.lifecycle import VisitStatus, door_opens_at, door_state
from consults.models import Encounter, Seat
from consults.policies import relation_to_visit, require_visit
from consults.presence import is_open, is_present, is_sharing, open_now
from consults.selectors.guests import for_guest
from core.clock import now
from core.errors import NotFound
from scheduling.lifecycle import AppointmentStatus
from scheduling.selectors import get_link
from scheduling.viewing import record_views

_STATES = {
    VisitStatus.ARRIVED: "waiting",
    VisitStatus.IN_PROGRESS: "call",
    VisitStatus.FINISHED: "ended",
    VisitStatus.CANCELLED: "cancelled",
}


def get_visit(actor: Actor) -> Encounter:
    """The one visit that a personal link leads to, in whatever state; NotFound without a standing link."""
    link = get_link(actor)
    encounter = _with_people().get(appointment_id=link.appointment_id)
    require_visit(actor, "consults.visit.view", encounter)
    return encounter


def get_visit_for(actor: Actor, uuid: uuids.UUID | str) -> Encounter:
    """A visit by its id for those who may see it; recorded as seen. NotFound for everybody else."""
    try:
        parsed = uuid if isinstance(uuid, uuids.UUID) else uuids.UUID(uuid)
    except ValueError:
        raise NotFound from None
    encounter = _with_people().filter(uuid=parsed).first()
    if encounter is None or not may(actor, "consults.visit.view", relation_to_visit(actor, encounter)):
        raise NotFound
    record_views(actor=actor, patient_ids=[encounter.patient_id], page="visit")
    return encounter


def visit_state(encounter: Encounter, now: dt.datetime) -> str:
    """What the visit's page shows: "early", "open", "late", "waiting", "call", "ended" or "cancelled".

    And, where there is no room to come to, "pending" (the clinic has not confirmed it) or "elsewhere" (by phone, or at
    the clinic).
    """
    status = VisitStatus(encounter.status)
    if status is VisitStatus.ARRIVED and not is_open(encounter, now):
        return "late"
    if status is not VisitStatus.PLANNED:
        return _STATES[status]
    appointment = encounter.appointment
    state = door_state(starts_at=appointment.starts_at, ends_at=appointment.ends_at, now=now)
    if state == "late" or appointment.status == AppointmentStatus.NOSHOW:
        return "late"
    if appointment.status == AppointmentStatus.PENDING:
        return "pending"
    return state if appointment.is_video else "elsewhere"


def last_place(patient: Patient) -> tuple[str, str]:
    """Where the patient was and the number they gave last time; else nothing and the number we have."""
    latest = (
        Encounter.objects.filter(patient=patient)
        .exclude(place="")
        .order_by("-appointment__starts_at", "-pk")
        .values_list("place", "callback_phone")
        .first()
    )
    return latest or ("", patient.phone)


def visit_snapshot(actor: Actor, encounter: Encounter) -> dict[str, Any]:
    """The visit as its pages know it (docs/signaling.md, `visit`); of other visits it holds counts only."""
    require_visit(actor, "consults.visit.view", encounter)
    instant = now()
    seats = Seat.objects.filter(encounter=encounter, left_at=None).order_by("pk")
    snapshot = {
        "id": str(encounter.uuid),
        "version": encounter.room_version,
        "status": str(encounter.status),
        "state": visit_state(encounter, instant),
        "server_time": instant.isoformat(),
        "opens_at": door_opens_at(encounter.appointment.starts_at).isoformat(),
        "starts_at": encounter.appointment.starts_at.isoformat(),
        "told": told_of(encounter),
        "started_at": encounter.started_at.isoformat() if encounter.started_at else None,
        "practitioner": {
            "name": encounter.practitioner.display_name,
            "short_name": encounter.practitioner.short_name,
            "face": encounter.practitioner.face,
        },
        "patient": {
            "name": encounter.patient.full_name,
            "given_name": encounter.patient.given_name,
            "face": encounter.patient.face,
        },
        "line": _line(encounter, instant),
        "seats": [_seat(seat, actor, encounter, instant) for seat in seats],
        **ports.snapshot_parts(encounter, actor),
    }
    return for_guest(actor, snapshot, encounter) if actor.type == "guest" else snapshot


def told_of(encounter: Encounter) -> str:
    """Changes when a page that is open would tell somebody an old time, person or lateness; it then loads anew."""
    appointment = encounter.appointment
    return f"{appointment.starts_at.isoformat()} {encounter.practitioner.uuid} {appointment.late_minutes}"


def _line(encounter: Encounter, instant: dt.datetime) -> dict[str, Any]:
    """Place in line: by booked start, then by arrival. `now` says whether somebody is with the practitioner."""
    open_visits = (
        Encounter.objects.filter(open_now(instant), queue_id=encounter.queue_id)
        .order_by("appointment__starts_at", "arrived_at", "pk")
        .values_list("pk", "status")
    )
    rows = list(open_visits)
    waiting = [pk for pk, status in rows if status == VisitStatus.ARRIVED]
    return {
        "position": waiting.index(encounter.pk) + 1 if encounter.pk in waiting else None,
        "waiting": len(waiting),
        "now": len(waiting) < len(rows),
    }


def _seat(seat: Seat, actor: Actor, encounter: Encounter, instant: dt.datetime) -> dict[str, Any]:
    return {
        "id": str(seat.uuid),
        "label": seat.label,
        "role": seat.role,
        "you": seat.actor_type == actor.type and seat.actor_id == actor.id,
        "connected": is_present(seat, instant),
        "mic": seat.mic,
        "camera": seat.camera,
        "screen": is_sharing(seat, instant),
        "face": _face(seat, encounter),
    }


def _face(seat: Seat, encounter: Encounter) -> str:
    if seat.actor_type == "guest":
        return ""
    return encounter.patient.face if seat.actor_type == "patient" else encounter.practitioner.face


def _with_people() -> QuerySet[Encounter]:
    return Encounter.objects.select_related("organization", "appointment", "patient", "practitioner", "queue")
