"""When a visit's room counts as open and a person who has a seat as there. The rules only.

No query is made here, but for patients of a group: whether one of them has passed the door, their arrival says.
"""

import datetime as dt
from collections.abc import Iterable

from django.db.models import Q

from accounts.actors import Actor
from consults.lifecycle import BEGUN, DOOR_CLOSES_AFTER, VisitStatus
from consults.models import Encounter, Seat
from consults.people import has_arrived, is_group

SILENT_AFTER = dt.timedelta(seconds=15)
SHARE_KEPT = dt.timedelta(seconds=30)


def open_now(instant: dt.datetime) -> Q:
    """Visits with a room: begun, or waited for while their door is open; a forgotten waiter blocks no line."""
    still_waiting = Q(status=VisitStatus.ARRIVED, appointment__ends_at__gte=instant - DOOR_CLOSES_AFTER)
    return Q(status__in=BEGUN) | still_waiting


def is_open(encounter: Encounter, instant: dt.datetime) -> bool:
    """The same as `open_now`, of a visit in hand."""
    if encounter.status == VisitStatus.ARRIVED:
        return encounter.appointment.ends_at >= instant - DOOR_CLOSES_AFTER
    return encounter.status in BEGUN


def may_sit(actor: Actor, encounter: Encounter, instant: dt.datetime) -> bool:
    """A patient sits from the waiting room on, everybody else in the call."""
    if actor.type == "patient":
        return is_open(encounter, instant) and (not is_group(encounter) or has_arrived(actor, encounter))
    return encounter.status == VisitStatus.IN_PROGRESS


def is_present(seat: Seat, instant: dt.datetime) -> bool:
    """Connected, and heard a moment ago."""
    if seat.left_at is not None or not seat.connected or seat.last_seen_at is None:
        return False
    return seat.last_seen_at >= instant - SILENT_AFTER


def patient_is_there(seats: Iterable[Seat], arrived_at: dt.datetime | None, instant: dt.datetime) -> bool:
    """Whether who waits has the page open, by their seats. Between the door's form and the socket nobody sits yet."""
    seats = list(seats)
    if any(is_present(seat, instant) for seat in seats):
        return True
    just_arrived = arrived_at is not None and arrived_at >= instant - SILENT_AFTER
    return just_arrived and not any(seat.left_at is None and not seat.connected for seat in seats)


def is_sharing(seat: Seat, instant: dt.datetime) -> bool:
    """Whether it shows its screen. A tab that was not heard for 30 s does so no longer, whatever its row still says."""
    if seat.sharing is None or seat.left_at is not None or seat.last_seen_at is None:
        return False
    return seat.last_seen_at >= instant - SHARE_KEPT
