"""Series: visits that repeat by a rule. Booked, moved and cancelled one by one under the guard, in one transaction."""

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.actors import Actor
from accounts.models import Location, Patient, Practitioner
from accounts.policy import require
from audit.services import record
from core.errors import Conflict, Invalid, NotFound
from scheduling import recurrence
from scheduling.lifecycle import OVER
from scheduling.messages.announcing import unannounced
from scheduling.models import Appointment, BookableActor, Interpreter, Series, VisitType
from scheduling.policies import relation_to
from scheduling.services.booking import cancel_locked, make_appointment
from scheduling.services.checks import (
    Companion,
    Wish,
    require_booking,
    require_fitting,
    require_notice,
    require_possible,
    require_unchanged,
    require_zone,
)
from scheduling.services.moving import Place, move_locked
from scheduling.services.rows import lock_appointments
from scheduling.services.spans import guarded, lock_everybody_of


@dataclass(frozen=True)
class LeftOut:
    """A date of a series that could not be, and why."""

    local: dt.datetime
    code: str
    message: str

    def as_dict(self) -> dict[str, str]:
        return {"local": self.local.isoformat(timespec="minutes"), "code": self.code, "message": self.message}


@dataclass(frozen=True)
class Booked:
    """What became of a series."""

    series: Series
    made: tuple[Appointment, ...]
    left_out: tuple[LeftOut, ...]


def book_series(
    *,
    actor: Actor,
    patient: Patient,
    practitioner: Practitioner,
    starts_local: dt.datetime,
    minutes: int,
    timezone: str,
    rrule: str,
    leave_out_taken: bool = False,
    reason: str = "",
    visit_type: VisitType | None = None,
    modality: str = "",
    room: Location | None = None,
    interpreter: Interpreter | None = None,
    guests: Sequence[Companion] = (),
    further: Sequence[Patient] = (),
) -> Booked:
    """Book every time of `rrule` from the naive `starts_local` on, in the zone: all or none.

    With `leave_out_taken` the dates that are taken are left out. Raises Conflict `series.taken` with `conflicts`, one
    for each date that cannot be, and Invalid for a rule or time that nobody could keep.
    """
    require_zone(timezone)
    if starts_local.tzinfo is not None:
        raise Invalid(_("Say the local time of the series."), code="appointment.zone_missing")
    times = recurrence.occurrences(rrule, starts_local, timezone)
    length = dt.timedelta(minutes=minutes)
    first = next((one.starts_at for one in times if one.starts_at is not None), None)
    if first is None:
        raise Invalid(_("The clocks skip this time. Choose another."), code="series.rule")
    wish = Wish(
        practitioner,
        patient,
        first,
        first + length,
        timezone,
        visit_type,
        modality,
        room,
        interpreter,
        reason,
        guests=tuple(guests),
        further=tuple(further),
    )
    require_booking(actor, wish)
    require_possible(actor, wish.starts_at, wish.ends_at, timezone)
    require_fitting(wish)
    with _refusals_recorded(actor, "scheduling.series.book", patient.pk):
        return _book_all(actor, wish, times, rrule, starts_local, leave_out_taken)


def move_series(
    *,
    actor: Actor,
    appointment: Appointment,
    starts_at: dt.datetime,
    ends_at: dt.datetime | None = None,
    practitioner: Practitioner | None = None,
    sequence: int | None = None,
    reason: str = "",
) -> list[Appointment]:
    """Move a visit of a series and all that follow it by as much, counted by the local clock: all or none.

    Raises Conflict `series.taken` with `conflicts`, else what `move_appointment` raises.
    """
    with _refusals_recorded(actor, "scheduling.series.move", appointment.patient_id):
        following = _following(actor, appointment, "scheduling.appointment.move")
        this = _this_of(following, appointment)
        require_unchanged(this, sequence)
        length = (ends_at - starts_at) if ends_at else (this.ends_at - this.starts_at)
        shift = _local(starts_at, this) - _local(this.starts_at, this)
        lock_everybody_of(following, _actors_of(practitioner))
        # Away from those that stand still: the last first when they go later, the first first when earlier.
        order = sorted(following, key=lambda one: one.starts_at, reverse=shift > dt.timedelta(0))
        moved, refused = [], []
        for one in order:
            local = _local(one.starts_at, one)
            try:
                with _told_once(one.pk != this.pk):
                    moved.append(_moved(actor, one, shift, length, practitioner, reason))
            except Conflict as conflict:
                refused.append(LeftOut(local, conflict.code, conflict.message))
        _refuse_if(refused)
        return sorted(moved, key=lambda one: one.starts_at)


def cancel_series(
    *, actor: Actor, appointment: Appointment, reason: str, sequence: int | None = None
) -> list[Appointment]:
    """Cancel a visit of a series and all that follow it; those that are over stay as they are."""
    with transaction.atomic():
        following = _following(actor, appointment, "scheduling.appointment.cancel")
        require_unchanged(_this_of(following, appointment), sequence)
        for one in following:
            require_notice(actor, one)
            with _told_once(one.pk != appointment.pk):
                cancel_locked(actor, one, reason)
        return following


def _book_all(
    actor: Actor,
    wish: Wish,
    times: Sequence[recurrence.Occurrence],
    rrule: str,
    starts_local: dt.datetime,
    leave_out_taken: bool,
) -> Booked:
    made: list[Appointment] = []
    refused: list[LeftOut] = []
    series = Series.objects.create(
        organization_id=wish.practitioner.organization_id,
        rrule=rrule.strip().removeprefix("RRULE:"),
        starts_local=starts_local.isoformat(timespec="minutes"),
        timezone=wish.timezone,
    )
    for local, starts_at in times:
        if starts_at is None:
            refused.append(LeftOut(local, "appointment.skipped", _("The clocks skip this time on that day.")))
            continue
        one = replace(wish, starts_at=starts_at, ends_at=starts_at + (wish.ends_at - wish.starts_at))
        try:
            with guarded(), _told_once(bool(made)):
                made.append(make_appointment(actor, one, series=series))
        except Conflict as conflict:
            refused.append(LeftOut(local, conflict.code, conflict.message))
    if refused and not (leave_out_taken and made):
        _refuse_if(refused)
    record(
        actor=actor,
        action="scheduling.series.book",
        entity=series,
        patient_id=wish.patient.pk if wish.patient else None,
        detail={"made": len(made), "left_out": len(refused)},
    )
    return Booked(series, tuple(made), tuple(refused))


def _following(actor: Actor, appointment: Appointment, action: str) -> list[Appointment]:
    """This visit and those after it that are not over, locked; NotFound for one that is in no series or not yours."""
    if appointment.series_id is None:
        raise NotFound
    after = Appointment.objects.filter(series_id=appointment.series_id, starts_at__gte=appointment.starts_at)
    ids = list(after.exclude(status__in=OVER).values_list("pk", flat=True))
    locked = [one for one in lock_appointments({*ids, appointment.pk}) if one.status not in OVER]
    for one in locked:
        require(actor, action, relation_to(actor, one))
    return sorted(locked, key=lambda one: one.starts_at)


def _this_of(following: Sequence[Appointment], appointment: Appointment) -> Appointment:
    this = next((one for one in following if one.pk == appointment.pk), None)
    if this is None:
        raise Conflict(_("This appointment is over. Choose one that is still to come."), code="appointment.over")
    return this


def _moved(
    actor: Actor,
    one: Appointment,
    shift: dt.timedelta,
    length: dt.timedelta,
    practitioner: Practitioner | None,
    reason: str,
) -> Appointment:
    starts_at = recurrence.instant_of(_local(one.starts_at, one) + shift, one.timezone)
    if starts_at is None:
        raise Conflict(_("The clocks skip this time on that day."), code="appointment.skipped")
    to = Place(starts_at, starts_at + length, practitioner or one.practitioner)
    with guarded():
        return move_locked(actor, one, to, reason=reason)


def _told_once(is_told: bool) -> AbstractContextManager[None]:
    """Of all that is done to a series people are told by one message, which lists its other visits."""
    return unannounced() if is_told else nullcontext()


def _refuse_if(refused: Sequence[LeftOut]) -> None:
    if refused:
        words = ngettext(
            "%(count)s of these dates is not free. Nothing was changed.",
            "%(count)s of these dates are not free. Nothing was changed.",
            len(refused),
        )
        raise Conflict(
            words % {"count": len(refused)},
            code="series.taken",
            conflicts=[one.as_dict() for one in sorted(refused, key=lambda one: one.local)],
        )


def _local(instant: dt.datetime, appointment: Appointment) -> dt.datetime:
    return instant.astimezone(require_zone(appointment.timezone)).replace(tzinfo=None)


def _actors_of(practitioner: Practitioner | None) -> list[BookableActor]:
    return list(BookableActor.objects.filter(practitioner=practitioner)) if practitioner else []


@contextmanager
def _refusals_recorded(actor: Actor, action: str, patient_id: int | None) -> Iterator[None]:
    """One transaction; a refusal is written after its rollback, which would have taken it along."""
    try:
        with transaction.atomic():
            yield
    except (Conflict, Invalid) as refusal:
        record(actor=actor, action=action, patient_id=patient_id, outcome="refused", detail={"code": refusal.code})
        raise
