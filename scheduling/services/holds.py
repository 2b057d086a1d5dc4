"""Holding a time while a form is filled in or an offer stands, booking it then, and giving it back when time is up."""

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import Actor, system_actor
from accounts.models import Patient, Practitioner
from accounts.policy import Relation, require
from audit.services import record
from core.clock import now
from core.errors import Conflict, Invalid, NotFound
from scheduling import ports
from scheduling.lifecycle import AppointmentStatus, moved
from scheduling.models import Appointment, BookingTerms, GroupPlace, VisitType
from scheduling.policies import may_for
from scheduling.selectors.offered import free_at
from scheduling.selectors.pool import pool_for
from scheduling.services.booking import insert_appointment, insert_row, record_refusal, tell_made
from scheduling.services.checks import Wish, require_fitting, require_possible, require_same_clinic
from scheduling.services.openness import with_nearest
from scheduling.services.places import group_of, hold_place, open_places, take_held
from scheduling.services.rows import lock_appointment, spoken_time
from scheduling.services.spans import end_hold, guarded, reoccupy, taken

HOLD_MINUTES = 10
# So many run-out holds are given back in one sweep; the next one is seconds away.
SWEEP = 500


def hold_time(
    *,
    actor: Actor,
    visit_type: VisitType,
    practitioner: Practitioner | None,
    starts_at: dt.datetime,
    timezone: str,
    minutes: int | None = None,
    language: str = "",
    region: str = "",
) -> Appointment:
    """Take a time for a few minutes, for nobody yet. Without a practitioner: of whoever of the pool is free then.

    The pool is who offers the type, speaks `language` and may practise in `region`, least loaded that day first; when
    one is taken meanwhile, the next is tried. `minutes` is how long it is held, the clinic's terms unless said.
    Raises Conflict `slot.taken`, Invalid for what is not offered.
    """
    ends_at = starts_at + dt.timedelta(minutes=visit_type.minutes)
    require_possible(actor, starts_at, ends_at, timezone)
    asked = [practitioner] if practitioner else pool_for(visit_type, starts_at, language=language, region=region)
    if practitioner is None and not any(may_for(actor, "scheduling.appointment.book", one) for one in asked):
        # The page showed the time because somebody has it; it must not go to a colleague who is off then.
        free = free_at(visit_type, starts_at)
        asked = [one for one in asked if one.pk in free]
    wishes = [Wish(one, None, starts_at, ends_at, timezone, visit_type=visit_type) for one in asked]
    # A group that stands is joined before another one is opened.
    wishes.sort(key=lambda wish: group_of(wish) is None)
    try:
        return _hold_first(actor, wishes, starts_at, timezone, minutes)
    except Conflict as conflict:
        if wishes:
            with_nearest(conflict, actor, wishes[0], anybody=practitioner is None)
        raise


@transaction.atomic
def release_hold(*, actor: Actor, appointment: Appointment) -> None:
    """Give a held time back before it runs out; one that is over or booked stays as it is."""
    require(actor, "scheduling.hold.release")
    hold = lock_appointment(appointment.pk)
    _require_clinic(actor, hold)
    if hold.status == AppointmentStatus.PROPOSED:
        end_hold(actor, hold, "released")
        ports.tell_time_freed(hold.organization_id, hold.practitioner, hold.starts_at, hold.ends_at)


def book_held(*, actor: Actor, appointment: Appointment, patient: Patient, reason: str = "") -> Appointment:
    """The held time is for `patient`: booked, or pending where the clinic confirms what patients book themselves.

    Of a held place in a group visit the answer is that visit, and the hold ends.
    Pressed twice it stays what it became. Raises Conflict `hold.over` when the time was given back, `slot.taken` when
    the patient has another visit then.
    """
    require(actor, "scheduling.hold.book")
    wish = Wish(appointment.practitioner, patient, appointment.starts_at, appointment.ends_at, appointment.timezone)
    require_same_clinic(actor, wish)
    try:
        with guarded():
            return _book_held(actor, appointment, patient, reason)
    except Conflict as conflict:
        record_refusal(actor, "scheduling.hold.book", wish, conflict)
        raise


def end_holds() -> int:
    """Give back every held time that has run out (a job, every few seconds); how many there were."""
    due = Appointment.objects.filter(status=AppointmentStatus.PROPOSED, held_until__lte=now())
    ended = 0
    for pk in due.order_by("held_until").values_list("pk", flat=True)[:SWEEP]:
        ended += _end_if_over(pk)
    return ended


@transaction.atomic
def _end_if_over(pk: int) -> bool:
    """One transaction each, so that nobody who books waits for the whole sweep."""
    hold = lock_appointment(pk)
    if not is_over(hold):
        return False
    end_hold(system_actor("holds", hold.organization_id), hold, "time over")
    ports.tell_time_freed(hold.organization_id, hold.practitioner, hold.starts_at, hold.ends_at)
    return True


def is_over(hold: Appointment) -> bool:
    """Whether a held time has run out and nobody has given it back yet."""
    return hold.status == AppointmentStatus.PROPOSED and (hold.held_until is None or hold.held_until <= now())


def _hold_first(
    actor: Actor,
    wishes: Sequence[Wish],
    starts_at: dt.datetime,
    timezone: str,
    minutes: int | None,
) -> Appointment:
    refusal: Conflict = taken(
        _("%(time)s, is taken. Choose another time.") % {"time": spoken_time(starts_at, timezone)}, starts_at
    )
    for wish in wishes:
        _require_holding(actor, wish)
        try:
            with guarded():
                return _hold(actor, wish, minutes)
        except Conflict as conflict:
            refusal = conflict
            record_refusal(actor, "scheduling.hold.make", wish, conflict)
    raise refusal


def _hold(actor: Actor, wish: Wish, minutes: int | None) -> Appointment:
    kept = minutes or _hold_minutes(wish.practitioner.organization_id)
    until = now() + dt.timedelta(minutes=kept)
    if group := group_of(wish):
        hold = insert_row(wish, status=AppointmentStatus.PROPOSED, held_until=until)
        hold_place(actor, group, hold)
    else:
        hold = insert_appointment(actor, wish, status=AppointmentStatus.PROPOSED, held_until=until)
    ports.tell_changed(hold)
    record(actor=actor, action="scheduling.hold.make", entity=hold)
    return hold


def _book_held(actor: Actor, appointment: Appointment, patient: Patient, reason: str) -> Appointment:
    hold = lock_appointment(appointment.pk)
    if hold.status in (AppointmentStatus.PENDING, AppointmentStatus.BOOKED) and hold.patient_id == patient.pk:
        return hold
    if joined := GroupPlace.objects.select_related("appointment").filter(hold=hold, patient=patient).first():
        return joined.appointment
    if hold.status != AppointmentStatus.PROPOSED or is_over(hold):
        raise _over()
    before = hold.status
    target = AppointmentStatus.PENDING if _waits_for_desk(actor, hold) else AppointmentStatus.BOOKED
    if GroupPlace.objects.filter(hold=hold).exists():
        return _book_held_place(actor, hold, patient, target)
    hold.status = moved(before, target)
    hold.patient, hold.reason, hold.held_until = patient, reason.strip()[:200], None
    hold.sequence += 1
    hold.save(update_fields=["status", "patient", "reason", "held_until", "sequence"])
    if hold.is_group:
        open_places(hold, [patient])
    reoccupy(actor, hold)
    tell_made(actor, hold)
    record(
        actor=actor,
        action="scheduling.hold.book",
        entity=hold,
        patient_id=patient.pk,
        detail={"from": str(before), "to": str(hold.status)},
    )
    return hold


def _book_held_place(actor: Actor, hold: Appointment, patient: Patient, target: AppointmentStatus) -> Appointment:
    """Of a group visit a place was held: it is the patient's, and the hold has done its work."""
    group = take_held(actor, hold, patient, target, "scheduling.hold.book")
    if group is None:
        raise _over()
    end_hold(actor, hold, "booked")
    return group


def _over() -> Conflict:
    return Conflict(_("We could not keep this time for you any longer. Choose a time again."), code="hold.over")


def _waits_for_desk(actor: Actor, hold: Appointment) -> bool:
    if actor.type == "system" or may_for(actor, "scheduling.appointment.book", hold.practitioner):
        return False
    terms = BookingTerms.objects.filter(organization_id=hold.organization_id).first()
    return terms is not None and terms.confirm_self_bookings


def _require_holding(actor: Actor, wish: Wish) -> None:
    require(actor, "scheduling.hold.make", Relation.NONE)
    require_same_clinic(actor, wish)
    require_fitting(wish)
    visit_type = wish.visit_type
    if may_for(actor, "scheduling.appointment.book", wish.practitioner) or visit_type is None:
        return
    terms = BookingTerms.objects.filter(organization_id=wish.practitioner.organization_id).first()
    if not visit_type.self_booking or (terms is not None and not terms.self_booking):
        raise Invalid(_("This cannot be booked here. Please call the front desk."), code="booking.closed")


def _require_clinic(actor: Actor, hold: Appointment) -> None:
    if actor.organization_id is not None and actor.organization_id != hold.organization_id:
        raise NotFound


def _hold_minutes(organization_id: int) -> int:
    minutes = BookingTerms.objects.filter(organization_id=organization_id).values_list("hold_minutes", flat=True)
    return minutes.first() or HOLD_MINUTES
