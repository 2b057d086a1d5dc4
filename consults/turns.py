"""Whose turn it is of those who wait in one queue, and who of them has to be sent for. Reading only.

The first who is there is next. Whoever stands before them and is away is sent for; nobody else is.
"""

import datetime as dt
from dataclasses import dataclass

from consults.lifecycle import VisitStatus
from consults.models import Encounter, Queue, Seat
from consults.order import in_line
from consults.people import FOR_PATIENT, is_group
from consults.presence import Presence, open_now, presence_of

# For so long one who was called back has the turn alone; then the one behind them is called, too.
TURN = dt.timedelta(minutes=3)
MOST_LOOKED_AT = 30


@dataclass(frozen=True)
class Turn:
    """Somebody whose turn it is and whose page is silent."""

    encounter: Encounter
    presence: Presence

    @property
    def is_to_be_called(self) -> bool:
        """They have asked to be called back, and nobody has done so."""
        encounter = self.encounter
        return self.presence is Presence.AWAY and encounter.callback_at is not None and encounter.called_at is None


def silent_turns(queue: Queue, instant: dt.datetime) -> list[Turn]:
    """Those to be sent for, in the order of the line; two queries."""
    line = (
        Encounter.objects.filter(open_now(instant), queue=queue, status=VisitStatus.ARRIVED)
        .select_related("appointment", "patient", "queue")
        .prefetch_related("seats")
        .order_by(*in_line(instant))
    )
    found = []
    for encounter in line[:MOST_LOOKED_AT]:
        if is_group(encounter):
            # Some of a group are there, others are not: messages ask for each of them.
            found.append(Turn(encounter, Presence.RECONNECTING))
            break
        turn = Turn(encounter, presence_of(patient_seats(encounter), encounter.arrived_at, instant))
        if turn.presence is Presence.HERE:
            break
        found.append(turn)
        if _has_the_turn_alone(turn, instant):
            break
    return found


def patient_seats(encounter: Encounter) -> list[Seat]:
    """The seats of the patients, and of who agrees for them, of a visit in hand."""
    return [seat for seat in encounter.seats.all() if seat.role in FOR_PATIENT]


def _has_the_turn_alone(turn: Turn, instant: dt.datetime) -> bool:
    """A page that is loaded again comes back in a moment; who was just called back needs minutes."""
    called_at = turn.encounter.called_at
    if turn.presence is Presence.RECONNECTING or turn.is_to_be_called:
        return True
    return called_at is not None and called_at > instant - TURN
