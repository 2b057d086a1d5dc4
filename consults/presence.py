"""When a visit's room counts as open and a person who has a seat as there. The rules only.

No query is made here, but for patients of a group: whether one of them has passed the door, their arrival says.
"""

import datetime as dt
from collections.abc import Iterable
from enum import StrEnum

from django.db.models import Q

from accounts.actors import Actor
from consults.lifecycle import BEGUN, DOOR_CLOSES_AFTER, VisitStatus
from consults.models import Encounter, Seat
from consults.people import has_arrived, is_group
from scheduling.models import Appointment

SILENT_AFTER = dt.timedelta(seconds=15)
AWAY_AFTER = dt.timedelta(seconds=30)
# From the walk-in door to the waiting room there are the device check and a question or two.
WAY_IN = dt.timedelta(minutes=20)
_AT_THE_DOOR = Q(status=VisitStatus.PLANNED, appointment__appointment_type=Appointment.Type.WALK_IN)
SHARE_KEPT = dt.timedelta(seconds=30)


def open_now(instant: dt.datetime) -> Q:
    """Visits with a room: begun, or waited for while their door is open; a forgotten waiter blocks no line."""
    still_waiting = Q(status=VisitStatus.ARRIVED, appointment__ends_at__gte=instant - DOOR_CLOSES_AFTER)
    return Q(status__in=BEGUN) | still_waiting


def coming_in(instant: dt.datetime) -> Q:
    """People without a booking between the door and the waiting room: for so long their place in line is theirs."""
    return _AT_THE_DOOR & Q(appointment__starts_at__gte=instant - WAY_IN)


def never_came_in(instant: dt.datetime) -> Q:
    """Those who did not go on from there, or have left again; their link still leads in."""
    return _AT_THE_DOOR & Q(appointment__starts_at__lt=instant - WAY_IN)


def is_open(encounter: Encounter, instant: dt.datetime) -> bool:
    """The same as `open_now`, of a visit in hand."""
    if encounter.status == VisitStatus.ARRIVED:
        return encounter.appointment.ends_at >= instant - DOOR_CLOSES_AFTER
    return encounter.status in BEGUN


def may_sit(actor: Actor, encounter: Encounter, instant: dt.datetime) -> bool:
    """A patient, and who agrees for them, sits from the waiting room on, everybody else in the call."""
    if actor.is_patients_side:
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


class Presence(StrEnum):
    """Of somebody who waits: whether their page is heard. All three stand in line."""

    HERE = "here"
    RECONNECTING = "reconnecting"
    AWAY = "away"


def presence_of(seats: Iterable[Seat], arrived_at: dt.datetime | None, instant: dt.datetime) -> Presence:
    """By the seats of the patient: of one person, whatever the number of tabs and sockets."""
    seats = list(seats)
    if patient_is_there(seats, arrived_at, instant):
        return Presence.HERE
    heard = heard_at(seats, arrived_at)
    return Presence.AWAY if heard is None or heard <= instant - AWAY_AFTER else Presence.RECONNECTING


def heard_at(seats: Iterable[Seat], arrived_at: dt.datetime | None) -> dt.datetime | None:
    """When somebody who waits was heard last: by a page, or at the door."""
    return max((one for one in (arrived_at, *(seat.last_seen_at for seat in seats)) if one is not None), default=None)


def kept_until(encounter: Encounter, seats: Iterable[Seat], kept: dt.timedelta) -> dt.datetime | None:
    """Until when the place of one who is silent is kept; None for who is still to be called back and has booked.

    Whoever came by the walk-in door, which knows nobody, is called back within the hours of the line, and four; whose
    page is heard beyond that keeps the place as everybody does.
    """
    is_elsewhere = encounter.callback_at is not None and encounter.called_at is None
    if is_elsewhere and encounter.callback_until is None:
        return None
    # Called, and nobody answered: they are told, and have as long again to come.
    known = (heard_at(seats, encounter.arrived_at), encounter.called_at, encounter.requeued_at)
    silent_since = max((one for one in known if one is not None), default=None)
    silent_until = silent_since + kept if silent_since is not None else None
    ends = (silent_until, encounter.callback_until if is_elsewhere else None)
    return max((one for one in ends if one is not None), default=None)


def is_sharing(seat: Seat, instant: dt.datetime) -> bool:
    """Whether it shows its screen. A tab that was not heard for 30 s does so no longer, whatever its row still says."""
    if seat.sharing is None or seat.left_at is not None or seat.last_seen_at is None:
        return False
    return seat.last_seen_at >= instant - SHARE_KEPT
