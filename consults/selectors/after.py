"""Reading what a visit leaves behind, for its patient, once they have shown who they are."""

import datetime as dt
from dataclasses import dataclass

from accounts.actors import Actor
from accounts.models import Patient
from audit.selectors import events_for
from consults import codes
from consults.models import Encounter, Seat
from consults.people import is_group, patient_of
from consults.selectors.chat import MOST_AT_ONCE, ChatLine, chat_since
from consults.selectors.shown import has_shown_who
from core.clock import now
from core.errors import NotFound
from scheduling.lifecycle import AppointmentStatus
from scheduling.models import Appointment

MOST_LOOKS = 20


@dataclass(frozen=True)
class Look:
    """Somebody of the clinic who has seen the record."""

    who: str
    at: dt.datetime


@dataclass(frozen=True)
class Leave:
    """What a visit leaves behind. `minutes` is None for one that was held elsewhere."""

    minutes: int | None
    guests: tuple[str, ...]
    chat: tuple[ChatLine, ...]
    next_visit: Appointment | None
    looks: tuple[Look, ...]


def is_code_awaited(actor: Actor, encounter: Encounter) -> bool:
    """Whether a code is on its way, or could still be entered."""
    row = codes.newest_code(encounter, patient_of(actor, encounter))
    return row is not None and codes.counts(row)


def what_is_left(actor: Actor, encounter: Encounter) -> Leave:
    """NotFound for a session that has not shown who it is."""
    if not has_shown_who(actor, encounter):
        raise NotFound
    patient = patient_of(actor, encounter)
    begun, ended = encounter.started_at, encounter.ended_at
    return Leave(
        minutes=max(1, round((ended - begun).total_seconds() / 60)) if begun and ended else None,
        guests=() if is_group(encounter) else _guests(encounter),
        chat=tuple(_whole_chat(actor, encounter)),
        next_visit=_next_visit(patient),
        looks=tuple(_looks(patient)),
    )


def _guests(encounter: Encounter) -> tuple[str, ...]:
    """Who sat in the room beside the two."""
    return tuple(
        Seat.objects.filter(encounter=encounter, actor_type="guest").order_by("pk").values_list("label", flat=True)
    )


def _whole_chat(actor: Actor, encounter: Encounter) -> list[ChatLine]:
    lines: list[ChatLine] = []
    while page := chat_since(actor, encounter, lines[-1]["seq"] if lines else 0):
        lines += page
        if len(page) < MOST_AT_ONCE:
            break
    return lines


def _next_visit(patient: Patient) -> Appointment | None:
    booked = Appointment.objects.select_related("practitioner").filter(
        patient=patient, status=AppointmentStatus.BOOKED, starts_at__gt=now(), capacity=1
    )
    return booked.order_by("starts_at").first()


def _looks(patient: Patient) -> list[Look]:
    """Each member of staff once, by when they looked last."""
    found: dict[str, Look] = {}
    events = events_for(organization_id=patient.organization_id, patient_id=patient.pk, action="view")
    for event in events.filter(actor_type="user")[:200]:
        found.setdefault(event.actor_label, Look(event.actor_label, event.recorded_at))
    return list(found.values())[:MOST_LOOKS]
