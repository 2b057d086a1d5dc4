"""When somebody waits and nobody has called them: from when on their practitioner hears of it, and then the desk.

Pure: what is known of the visit comes along.
"""

import datetime as dt
from typing import NamedTuple

from consults.models import Encounter, Unanswered

# Nobody has said "I have seen it" for so long: then the desk is told.
DESK_AFTER = dt.timedelta(minutes=5)


class Answering(NamedTuple):
    """`minutes` since their time; `rings` until somebody has seen it; `at_desk` once it is the desk's as well."""

    minutes: int
    rings: bool
    at_desk: bool


def their_time(encounter: Encounter) -> dt.datetime:
    """From when on they wait for somebody else: booked (or told to be late), there, sent for, and put back in line."""
    appointment = encounter.appointment
    booked = encounter.stands_from or appointment.starts_at
    late = dt.timedelta(minutes=appointment.late_minutes)
    told = (booked + late, encounter.arrived_at, encounter.requeued_at, encounter.called_at)
    return max(one for one in told if one is not None)


def answering(
    encounter: Encounter, known: Unanswered | None, *, patience: dt.timedelta, instant: dt.datetime
) -> Answering | None:
    """How long somebody who waits and is there has not been called; None while that is no matter.

    Seen, it rings no more; and where they are still not called after as long again, it is the desk's.
    """
    since = their_time(encounter)
    due_at = since + patience
    if instant < due_at:
        return None
    seen_at = known.seen_at if known is not None and known.since == since else None
    desk_at = due_at + DESK_AFTER if seen_at is None else seen_at + patience
    return Answering(int((instant - since).total_seconds() // 60), seen_at is None, instant >= desk_at)
