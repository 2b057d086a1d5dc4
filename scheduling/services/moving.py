"""Moving: another time, length or practitioner, with the same link. Spans are changed under the database's guard."""

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.models import Location, Practitioner
from accounts.policy import require
from audit.services import record
from core.clock import now
from core.errors import Conflict, Invalid, NotFound
from scheduling import ports
from scheduling.lifecycle import OVER, AppointmentStatus
from scheduling.models import Appointment, Interpreter
from scheduling.policies import may_for, relation_to
from scheduling.services.booking import buffers_of
from scheduling.services.checks import (
    Wish,
    require_notice,
    require_possible,
    require_same_clinic,
    require_unchanged,
    require_using,
)
from scheduling.services.coming import unsay_coming
from scheduling.services.openness import with_nearest
from scheduling.services.rows import lock_read
from scheduling.services.spans import guarded, reoccupy

ACTION = "scheduling.appointment.move"


@dataclass(frozen=True)
class Place:
    """When and with whom an appointment is."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    practitioner: Practitioner


@dataclass(frozen=True)
class Using:
    """What a visit takes besides people's time."""

    room: Location | None
    interpreter: Interpreter | None


def move_appointment(
    *,
    actor: Actor,
    appointment: Appointment,
    starts_at: dt.datetime,
    ends_at: dt.datetime | None = None,
    practitioner: Practitioner | None = None,
    using: Using | None = None,
    sequence: int | None = None,
    reason: str = "",
) -> Appointment:
    """Give an appointment another time, length (`ends_at`), practitioner, room or interpreter (`using`; both stay
    unless said). Link and uuid stay, `sequence` rises.

    `sequence` is what the actor's page showed: older than the row's is Conflict `appointment.changed`. Moving it where
    it is already changes nothing. Raises Conflict `slot.taken`, `change.too_late`, `appointment.over`, Invalid.
    """
    try:
        with guarded():
            locked = lock_read(appointment)
            require(actor, ACTION, relation_to(actor, locked))
            to = Place(
                starts_at,
                ends_at or starts_at + (locked.ends_at - locked.starts_at),
                practitioner or locked.practitioner,
            )
            return move_locked(actor, locked, to, using=using, sequence=sequence, reason=reason)
    except Conflict as conflict:
        record(
            actor=actor,
            action=ACTION,
            entity=appointment,
            patient_id=appointment.patient_id,
            outcome="refused",
            detail={"code": conflict.code},
        )
        _add_nearest(conflict, actor, appointment, starts_at, ends_at, practitioner, using)
        raise


def move_locked(
    actor: Actor,
    appointment: Appointment,
    to: Place,
    *,
    using: Using | None = None,
    sequence: int | None = None,
    reason: str = "",
) -> Appointment:
    """For the services of this app: move a locked appointment, inside `guarded`."""
    before = ports.Before(appointment.starts_at, appointment.ends_at, appointment.practitioner)
    had = Using(appointment.room, appointment.interpreter)
    using = using or had
    stays = Place(before.starts_at, before.ends_at, before.practitioner) == to
    if stays and using == had:
        return appointment
    require_unchanged(appointment, sequence)
    _require_movable(actor, appointment, to)
    if using != had:
        _require_using(actor, appointment, to, using)
    appointment.starts_at, appointment.ends_at = to.starts_at, to.ends_at
    if to.practitioner.pk != before.practitioner.pk:
        appointment.practitioner = to.practitioner
        appointment.buffer_before, appointment.buffer_after = buffers_of(to.practitioner)
    appointment.room, appointment.interpreter = using.room, using.interpreter
    appointment.sequence += 1
    if not stays:
        appointment.late_minutes = 0
    if to.starts_at != before.starts_at:
        # So that the patient's page can say both times.
        appointment.moved_from = before.starts_at
    if (to.starts_at, to.practitioner.pk) != (before.starts_at, before.practitioner.pk):
        unsay_coming(appointment)
        appointment.time_sequence = appointment.sequence
    appointment.save(
        update_fields=[
            "starts_at", "ends_at", "practitioner", "room", "interpreter", "buffer_before", "buffer_after", "sequence",
            "late_minutes", "moved_from", "coming_at", "time_sequence",
        ]
    )  # fmt: skip
    reoccupy(actor, appointment)
    ports.tell_changed(appointment)
    if not stays:
        ports.tell_moved(actor, appointment, before)
        ports.tell_time_freed(appointment.organization_id, before.practitioner, before.starts_at, before.ends_at)
    _record(actor, appointment, before, had, reason)
    return appointment


def _add_nearest(
    conflict: Conflict,
    actor: Actor,
    appointment: Appointment,
    starts_at: dt.datetime,
    ends_at: dt.datetime | None,
    practitioner: Practitioner | None,
    using: Using | None,
) -> None:
    if conflict.code != "slot.taken":
        return
    standing = Appointment.objects.select_related("practitioner", "visit_type").get(pk=appointment.pk)
    wish = Wish(
        practitioner or standing.practitioner,
        standing.patient,
        starts_at,
        ends_at or starts_at + (standing.ends_at - standing.starts_at),
        standing.timezone,
        visit_type=standing.visit_type,
        room=using.room if using else standing.room,
        interpreter=using.interpreter if using else standing.interpreter,
    )
    with_nearest(conflict, actor, wish, besides=standing)


def _require_movable(actor: Actor, appointment: Appointment, to: Place) -> None:
    if appointment.status in OVER:
        raise Conflict(_("This appointment is over. Book a new one instead."), code="appointment.over")
    if appointment.status == AppointmentStatus.PROPOSED:
        raise Conflict(_("This time is only held. Give it back and hold another."), code="appointment.held")
    if appointment.is_walk_in:
        words = _("They came without a booking, so there is no time to move. Book another visit instead.")
        raise Conflict(words, code="walk_in.no_time")
    if actor.type == "patient" and appointment.is_group:
        raise Conflict(
            _("Others come to this visit too, so its time stays. Cancel your place and book another time."),
            code="group.fixed",
        )
    require_notice(actor, appointment)
    if to.practitioner.organization_id != appointment.organization_id:
        raise NotFound
    if to.practitioner.pk != appointment.practitioner_id:
        _require_taking_over(actor, appointment, to.practitioner)
    instant = now()
    if to.starts_at == appointment.starts_at and to.ends_at > instant:
        # Only made longer or shorter, or given to a colleague: that it has begun is no reason against it.
        require_possible(actor, instant, instant + (to.ends_at - to.starts_at), appointment.timezone)
        return
    require_possible(actor, to.starts_at, to.ends_at, appointment.timezone)


def _require_taking_over(actor: Actor, appointment: Appointment, practitioner: Practitioner) -> None:
    if not actor.is_patients_side and not may_for(actor, "scheduling.appointment.book", practitioner):
        raise NotFound
    visit_type = appointment.visit_type
    if visit_type is not None and not visit_type.practitioners.filter(pk=practitioner.pk).exists():
        raise Invalid(_("They do not offer this kind of visit. Choose somebody else."), code="visit_type.not_offered")


def _require_using(actor: Actor, appointment: Appointment, to: Place, using: Using) -> None:
    wish = Wish(
        to.practitioner,
        appointment.patient,
        to.starts_at,
        to.ends_at,
        appointment.timezone,
        visit_type=appointment.visit_type,
        modality=appointment.modality,
        room=using.room,
        interpreter=using.interpreter,
    )
    require_same_clinic(actor, wish)
    require_using(wish, standing=appointment)


def _record(actor: Actor, appointment: Appointment, before: ports.Before, had: Using, reason: str) -> None:
    has = Using(appointment.room, appointment.interpreter)
    changed = {} if has == had else {"took": _keys(had), "takes": _keys(has)}
    record(
        actor=actor,
        action=ACTION,
        entity=appointment,
        patient_id=appointment.patient_id,
        detail={
            "from": [before.starts_at.isoformat(), before.ends_at.isoformat(), before.practitioner.pk],
            "to": [appointment.starts_at.isoformat(), appointment.ends_at.isoformat(), appointment.practitioner_id],
            "sequence": appointment.sequence,
            "reason": reason.strip()[:200],
            **changed,
        },
    )


def _keys(using: Using) -> dict[str, int | None]:
    room, interpreter = using.room, using.interpreter
    return {"room": room.pk if room else None, "interpreter": interpreter.pk if interpreter else None}
