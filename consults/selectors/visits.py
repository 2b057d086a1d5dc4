"""Reading one visit: by link, by its practitioner, and in the form in which it goes over the wire."""

import datetime as dt
import uuid as uuids
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from django.db.models import QuerySet

from accounts.actors import Actor
from accounts.models import Patient
from accounts.policy import may
from accounts.roles import Role
from consults import ports
from consults.lifecycle import OVER, VisitStatus, door_opens_at, door_state
from consults.models import Arrival, Encounter, Seat
from consults.order import in_line
from consults.people import arrived, faces_of, has_arrived, is_group, patient_of, patients_of, performer, the_group
from consults.policies import relation_to_visit, require_visit
from consults.presence import is_open, is_present, is_sharing, open_now
from consults.said import FIELDS, Said
from consults.selectors.company import company_of
from consults.selectors.desk import desk_state
from consults.selectors.guests import for_guest
from consults.selectors.keeping import keeping_of
from consults.selectors.shown import is_withheld, withheld
from consults.selectors.waiting import waits_of
from core.clock import now
from core.errors import NotFound
from scheduling.lifecycle import AppointmentStatus
from scheduling.selectors import get_link
from scheduling.selectors.groups import coming_to, own_place
from scheduling.viewing import record_views

_STATES = {
    VisitStatus.ARRIVED: "waiting",
    VisitStatus.IN_PROGRESS: "call",
    VisitStatus.ON_LEAVE: "hold",
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
    record_views(actor=actor, patient_ids=[one.pk for one in patients_of(encounter)], page="visit")
    return encounter


def visit_state(encounter: Encounter, now: dt.datetime, actor: Actor | None = None) -> str:
    """What the visit's page shows: "early", "open", "late", "waiting", "call", "hold", "ended" or
    "cancelled".

    And, where there is no room to come to, "pending" (the clinic has not confirmed it) or "elsewhere" (by phone, or at
    the clinic). To a patient of a group, as `actor`, it says where they stand themselves.
    """
    status = VisitStatus(encounter.status)
    if actor is not None and (own := _own_state(actor, encounter, status, now)) is not None:
        return own
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


def _own_state(actor: Actor, encounter: Encounter, status: VisitStatus, now: dt.datetime) -> str | None:
    """Where one of a group stands otherwise than the visit as a whole: gone, not confirmed, or not yet at the door."""
    if actor.type != "patient" or not is_group(encounter):
        return None
    place = own_place(actor, encounter.appointment)
    if place is None:
        return "cancelled"
    if status in OVER:
        return None
    if place.status == AppointmentStatus.NOSHOW:
        return "late"
    if place.status == AppointmentStatus.PENDING:
        return "pending"
    return "open" if is_open(encounter, now) and not has_arrived(actor, encounter) else None


def last_place(patient: Patient) -> tuple[str, str]:
    """Where the patient was and the number they gave last time; else nothing and the number we have."""
    last = last_said(patient)
    return last.place, last.callback_phone


def last_said(patient: Patient) -> Said:
    """What the patient said at the last door; else where we know they usually are, and the number we have."""
    alone = Encounter.objects.filter(patient=patient, appointment__capacity=1).exclude(place="")
    in_groups = Arrival.objects.filter(member__patient=patient).exclude(place="")
    said = [
        alone.order_by("-appointment__starts_at", "-pk").values_list("appointment__starts_at", *FIELDS).first(),
        in_groups.order_by("-encounter__appointment__starts_at", "-pk")
        .values_list("encounter__appointment__starts_at", *FIELDS)
        .first(),
    ]
    latest = max((one for one in said if one is not None), default=None)
    return Said(*latest[1:]) if latest else Said("", patient.phone, patient.region)


def visit_snapshot(actor: Actor, encounter: Encounter) -> dict[str, Any]:
    """The visit as its pages know it (docs/signaling.md, `visit`); of other visits it holds counts only."""
    require_visit(actor, "consults.visit.view", encounter)
    return snapshot_of(actor, encounter, Lines(now()))


def snapshot_of(actor: Actor, encounter: Encounter, lines: "Lines") -> dict[str, Any]:
    """The same once the caller has asked whether they may; `lines` is for all who are shown theirs at once."""
    instant = lines.instant
    seats = _seats(actor, encounter)
    faces = faces_of(encounter, seats)
    line, doctor = lines.place_of(encounter), performer(encounter)
    snapshot = {
        "id": str(encounter.uuid),
        "version": encounter.room_version,
        "status": str(encounter.status),
        "state": visit_state(encounter, instant, actor),
        "server_time": instant.isoformat(),
        "opens_at": door_opens_at(encounter.appointment.starts_at).isoformat(),
        "starts_at": encounter.appointment.starts_at.isoformat(),
        "told": told_of(encounter),
        "started_at": encounter.started_at.isoformat() if encounter.started_at else None,
        "practitioner": {
            "name": doctor.display_name,
            "short_name": doctor.short_name,
            "face": doctor.face,
        },
        "patient": _patient(actor, encounter),
        "group": _group(encounter),
        "line": line,
        "desk": desk_state(actor, encounter),
        "kept": keeping_of(actor, encounter),
        "wait": _wait(encounter, instant) if actor.is_patients_side and line["position"] else None,
        "seats": [_seat(seat, actor, encounter, instant, faces) for seat in seats],
        **ports.snapshot_parts(encounter, actor),
    }
    if Role.PRACTITIONER in actor.roles:
        snapshot["company"] = asdict(company_of(encounter))
    if actor.type == "guest" and not actor.is_patients_side:
        snapshot = for_guest(actor, snapshot, encounter)
    return withheld(snapshot) if is_withheld(actor, encounter) else snapshot


def _seats(actor: Actor, encounter: Encounter) -> list[Seat]:
    """Those of the room. Who is in a group, only they learn who sit in it themselves."""
    read: list[Seat] | None = getattr(encounter, "seats_read", None)
    seats = read if read is not None else list(Seat.objects.filter(encounter=encounter, left_at=None).order_by("pk"))
    if not is_group(encounter) or actor.type != "patient":
        return seats
    return seats if any(seat.actor_type == "patient" and seat.actor_id == actor.id for seat in seats) else []


def _patient(actor: Actor, encounter: Encounter) -> dict[str, str]:
    if is_group(encounter) and actor.type != "patient":
        return {"name": encounter.appointment.heading, "given_name": the_group(), "face": ""}
    patient = patient_of(actor, encounter)
    return {"name": patient.full_name, "given_name": patient.given_name, "face": patient.face}


def _group(encounter: Encounter) -> dict[str, int] | None:
    """How many of how many have passed the door; None at a visit for one."""
    if not is_group(encounter):
        return None
    return {"here": len(arrived(encounter)), "of": len(coming_to(encounter.appointment))}


def told_of(encounter: Encounter) -> str:
    """Changes when an open page would tell an old time, person, lateness or call; it then loads anew."""
    appointment = encounter.appointment
    who = encounter.practitioner.uuid if encounter.queue.pool_id is None else encounter.queue.uuid
    told = f"{appointment.starts_at.isoformat()} {who} {appointment.late_minutes}"
    return f"{told} {encounter.requeued_at.isoformat()}" if encounter.requeued_at else told


def told_to(actor: Actor, encounter: Encounter) -> str:
    """What this person may know of it: empty where it would tell of times and persons."""
    return "" if is_withheld(actor, encounter) else told_of(encounter)


class Lines:
    """The lines at one instant, each read once: in whatever order people ask, they are told of the same line."""

    def __init__(self, instant: dt.datetime) -> None:
        self.instant = instant
        self._rows: dict[int, list[tuple[int, str]]] = {}

    def read(self, queues: Iterable[int]) -> None:
        """These at once, in one query."""
        wanted = set(queues) - self._rows.keys()
        if not wanted:
            return
        self._rows |= {queue: [] for queue in wanted}
        open_visits = Encounter.objects.filter(open_now(self.instant), queue_id__in=wanted)
        ordered = open_visits.order_by(*in_line(self.instant))
        for queue, pk, status in ordered.values_list("queue_id", "pk", "status"):
            self._rows[queue].append((pk, status))

    def place_of(self, encounter: Encounter) -> dict[str, Any]:
        """By booked start, then by arrival. `now` says whether somebody is with the practitioner."""
        self.read([encounter.queue_id])
        rows = self._rows[encounter.queue_id]
        waiting = [pk for pk, status in rows if status == VisitStatus.ARRIVED]
        return {
            "position": waiting.index(encounter.pk) + 1 if encounter.pk in waiting else None,
            "waiting": len(waiting),
            "now": any(status == VisitStatus.IN_PROGRESS for _, status in rows),
        }


def _wait(encounter: Encounter, instant: dt.datetime) -> dict[str, Any]:
    """The wait as a range in seconds, as it is told: None where nobody can say; and why, and how late we are."""
    found = waits_of(encounter.queue, instant)
    if is_gone(encounter):
        return {"low_s": None, "high_s": None, "standing": "gone", "late_minutes": 0}
    low_s, high_s = found.told.get(encounter.pk, (None, None))
    return {"low_s": low_s, "high_s": high_s, "standing": found.standing, "late_minutes": found.late_minutes}


def is_gone(encounter: Encounter) -> bool:
    """Whether nobody is left who could call in whoever waits in this line: its practitioner signs in no more."""
    return encounter.queue.pool_id is None and not encounter.practitioner.user.is_active


def _seat(
    seat: Seat, actor: Actor, encounter: Encounter, instant: dt.datetime, faces: Mapping[int, str]
) -> dict[str, Any]:
    return {
        "id": str(seat.uuid),
        "label": seat.label,
        "role": seat.role,
        "you": seat.actor_type == actor.type and seat.actor_id == actor.id,
        "connected": is_present(seat, instant),
        "mic": seat.mic,
        "camera": seat.camera,
        "screen": is_sharing(seat, instant),
        "face": _face(seat, encounter, faces),
    }


def _face(seat: Seat, encounter: Encounter, faces: Mapping[int, str]) -> str:
    if seat.actor_type == "guest":
        return ""
    return faces.get(seat.actor_id, "") if seat.actor_type == "patient" else encounter.practitioner.face


def _with_people() -> QuerySet[Encounter]:
    return Encounter.objects.select_related(
        "organization__booking_terms", "appointment", "patient", "practitioner__user", "queue__pool"
    )
