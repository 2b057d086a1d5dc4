"""Running late: everybody after is moved, or told; one transaction, so that nobody is left in between."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.models import Organization, Practitioner
from audit.services import record
from core.clock import now
from core.errors import Conflict, Invalid, NotFound
from scheduling import ports
from scheduling.lifecycle import AppointmentStatus
from scheduling.models import Appointment
from scheduling.policies import may_for
from scheduling.services.moving import Place, move_locked
from scheduling.services.rows import lock_appointments
from scheduling.services.spans import guarded, lock_everybody_of

LATEST = 240
# Beyond midnight so far is still today: the boards show these visits (consults.selectors.board).
PAST_MIDNIGHT = dt.timedelta(hours=3)
# In these states nobody is with the practitioner yet.
AHEAD = (AppointmentStatus.PENDING, AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED)
BEGUN = "in-call"


@dataclass(frozen=True)
class Late:
    """What came of it: who was moved, and who was told of so many minutes."""

    moved: tuple[Appointment, ...]
    told: tuple[tuple[Appointment, int], ...]


def tell_late(*, actor: Actor, practitioner: Practitioner, minutes: int, move: bool) -> Late:
    """The practitioner is `minutes` late: whoever comes after today is moved, or told on the page of their link.

    Gaps are used up: a visit after a long enough pause keeps its time. Told again, the last number counts, and 0 takes
    it back. Moving is all or nothing: Conflict `slot.taken` names the appointment whose patient has another visit.
    """
    if not may_for(actor, "scheduling.appointment.late", practitioner):
        raise NotFound
    if not (1 if move else 0) <= minutes <= LATEST:
        words = _("Choose between 1 and %(most)s minutes.") % {"most": LATEST}
        raise Invalid(words, code="late.minutes")
    with transaction.atomic():
        ahead = _ahead(actor, practitioner)
        delays = _delays(ahead, dt.timedelta(minutes=minutes))
        late = _move(actor, ahead, delays) if move else _tell(actor, ahead, delays)
        record(
            actor=actor,
            action="scheduling.appointment.late",
            entity=practitioner,
            detail={"minutes": minutes, "moved": len(late.moved), "told": len(late.told)},
        )
    return late


def _ahead(actor: Actor, practitioner: Practitioner) -> list[Appointment]:
    """Today's visits, and shortly before midnight the next ones, that have not begun and whose time is not quite over,
    by time; locked.
    """
    zone = ZoneInfo(Organization.objects.get(pk=practitioner.organization_id).timezone)
    tomorrow = now().astimezone(zone).date() + dt.timedelta(days=1)
    midnight = dt.datetime.combine(tomorrow, dt.time.min, tzinfo=zone)
    todays = Appointment.objects.filter(
        practitioner=practitioner,
        status__in=AHEAD,
        appointment_type=Appointment.Type.ROUTINE,
        ends_at__gt=now(),
        starts_at__lt=max(midnight, now() + PAST_MIDNIGHT),
    )
    locked = [one for one in lock_appointments(todays.values_list("pk", flat=True)) if one.status in AHEAD]
    begun = ports.states_of(actor, locked)
    waiting = [one for one in locked if begun.get(one.pk) != BEGUN]
    return sorted(waiting, key=lambda one: (one.starts_at, one.pk))


def _delays(ahead: Sequence[Appointment], late: dt.timedelta) -> list[dt.timedelta]:
    """By how much each begins later: the first by all of it, the others by what the pauses between leave."""
    delays, free_at = [], None
    for one in ahead:
        before, after = dt.timedelta(minutes=one.buffer_before), dt.timedelta(minutes=one.buffer_after)
        delay = late if free_at is None else max(dt.timedelta(0), free_at - (one.starts_at - before))
        delays.append(delay)
        free_at = one.ends_at + after + delay
    return delays


def _move(actor: Actor, ahead: Sequence[Appointment], delays: Sequence[dt.timedelta]) -> Late:
    moved = []
    lock_everybody_of(ahead)
    # From the last on: each goes into time that the one behind it has just left.
    for one, delay in reversed(list(zip(ahead, delays, strict=True))):
        if not delay:
            continue
        to = Place(one.starts_at + delay, one.ends_at + delay, one.practitioner)
        try:
            with guarded():
                moved.append(move_locked(actor, one, to, reason="running late"))
        except Conflict as conflict:
            conflict.extra["appointment"] = str(one.uuid)
            raise
    return Late(tuple(reversed(moved)), ())


def _tell(actor: Actor, ahead: Sequence[Appointment], delays: Sequence[dt.timedelta]) -> Late:
    told = []
    for one, delay in zip(ahead, delays, strict=True):
        minutes = int(delay.total_seconds() // 60)
        if minutes:
            told.append((one, minutes))
        if one.late_minutes != minutes:
            one.late_minutes = minutes
            one.save(update_fields=["late_minutes"])
            ports.tell_status_changed(actor, one)
            ports.tell_changed(one)
    return Late((), tuple(told))
