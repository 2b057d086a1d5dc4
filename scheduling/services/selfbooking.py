"""Booking for oneself on the clinic's public pages: a time held by a browser, then booked for who typed themselves in.

Nobody is looked up: every booking makes a patient of its own, and the desk says later who that is (merging.py). So the
answer is the same, and takes as long, for people whom the clinic knows and for those it does not.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from accounts.actors import Actor
from accounts.models import Practitioner
from accounts.policy import require
from accounts.services import register_oneself
from audit.services import record
from core.clock import now
from core.errors import Conflict, NotFound
from scheduling.lifecycle import AppointmentStatus
from scheduling.models import Appointment, VisitType
from scheduling.selectors.days import Wanted
from scheduling.selectors.offering import booked_instead, is_booked
from scheduling.services.holds import book_held, hold_time, is_over, release_hold
from scheduling.services.offered import require_offered
from scheduling.services.rows import lock_appointment

# So many times one browser may hold at once; with the next one the oldest is given back.
HELD_AT_ONCE = 2


def take_time(
    *, actor: Actor, visit_type: VisitType, practitioner: Practitioner | None, starts_at: dt.datetime, timezone: str
) -> Appointment:
    """Hold a time for this browser. Pressed twice, or again after going back, it is the one that it holds already."""
    require(actor, "scheduling.self_booking.use")
    if not actor.session:
        raise NotFound
    held = _held(actor, visit_type, practitioner, starts_at)
    if held is not None:
        return held
    try:
        hold = _hold(actor, visit_type, practitioner, starts_at, timezone)
    except Conflict:
        # The same button pressed twice: the first press, a moment ago, is who took it.
        held = _held(actor, visit_type, practitioner, starts_at)
        if held is None:
            raise
        return held
    _give_back_older(actor, hold)
    return hold


def book_for_oneself(
    *,
    actor: Actor,
    hold: Appointment,
    person: Mapping[str, Any],
    starts_at: dt.datetime | None = None,
    is_anyone: bool = False,
) -> Appointment:
    """Book what this browser holds for a new patient; at `starts_at` where another time was chosen meanwhile.

    A hold that has run out is taken again if the time is still free, of `is_anyone` who offers it. Pressed twice it
    stays booked once. Raises Conflict `slot.taken`; nothing is kept then, neither a patient nor another hold.
    """
    require(actor, "scheduling.self_booking.use")
    if not actor.session or hold.held_by != actor.session:
        raise NotFound
    try:
        with transaction.atomic():
            return _book(actor, hold, person, starts_at, is_anyone)
    except Conflict as conflict:
        record(
            actor=actor,
            action="scheduling.self_booking.use",
            entity=hold,
            outcome="refused",
            detail={"code": conflict.code},
        )
        raise


def _book(
    actor: Actor, hold: Appointment, person: Mapping[str, Any], starts_at: dt.datetime | None, is_anyone: bool
) -> Appointment:
    hold = lock_appointment(hold.pk)
    if is_booked(hold):
        return hold
    wanted = starts_at or hold.starts_at
    if not stands(hold) and (booked := booked_instead(actor, hold, wanted, person)) is not None:
        return booked
    if wanted != hold.starts_at or not stands(hold):
        hold = _take_instead(actor, hold, wanted, is_anyone)
    patient = register_oneself(actor=actor, organization=hold.organization, timezone=hold.timezone, **person)
    booked = book_held(actor=actor, appointment=hold, patient=patient)
    # Of a place in a group the browser knows the hold alone: by that it finds its own link, and nobody else's.
    return booked if booked.pk == hold.pk else hold


def _hold(
    actor: Actor, visit_type: VisitType, practitioner: Practitioner | None, starts_at: dt.datetime, timezone: str
) -> Appointment:
    with transaction.atomic():
        pool = tuple(visit_type.practitioners.all())
        require_offered(Wanted(visit_type, practitioner, pool), starts_at, timezone)
        hold = hold_time(
            actor=actor, visit_type=visit_type, practitioner=practitioner, starts_at=starts_at, timezone=timezone
        )
        hold.held_by = actor.session
        hold.save(update_fields=["held_by"])
        return hold


def _take_instead(actor: Actor, former: Appointment, starts_at: dt.datetime, is_anyone: bool) -> Appointment:
    """Another hold in place of one that ran out or whose time is not wanted any more."""
    assert former.visit_type is not None  # what a browser holds always has one
    release_hold(actor=actor, appointment=former)
    practitioner = None if is_anyone else former.practitioner
    return _hold(actor, former.visit_type, practitioner, starts_at, former.timezone)


def _held(
    actor: Actor, visit_type: VisitType, practitioner: Practitioner | None, starts_at: dt.datetime
) -> Appointment | None:
    standing = Appointment.objects.filter(
        held_by=actor.session,
        visit_type=visit_type,
        starts_at=starts_at,
        status=AppointmentStatus.PROPOSED,
        held_until__gt=now(),
    )
    if practitioner is not None:
        standing = standing.filter(practitioner=practitioner)
    return standing.order_by("-pk").first()


def _give_back_older(actor: Actor, newest: Appointment) -> None:
    standing = Appointment.objects.filter(held_by=actor.session, status=AppointmentStatus.PROPOSED)
    for place, older in enumerate(standing.exclude(pk=newest.pk).order_by("-pk")):
        # Of anybody's times, two presses at once may have got two practitioners'.
        if older.starts_at == newest.starts_at or place >= HELD_AT_ONCE - 1:
            release_hold(actor=actor, appointment=older)


def stands(hold: Appointment) -> bool:
    """Whether a time is held still."""
    return hold.status == AppointmentStatus.PROPOSED and not is_over(hold)
