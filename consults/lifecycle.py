"""The life of a visit: FHIR R4's Encounter codes, the moves between them, and when its door is open. No database."""

import datetime as dt
from enum import StrEnum

from django.utils.translation import gettext as _

from core.errors import IllegalTransition

DOOR_OPENS_BEFORE = dt.timedelta(minutes=15)
DOOR_CLOSES_AFTER = dt.timedelta(hours=12)


class VisitStatus(StrEnum):
    PLANNED = "planned"
    ARRIVED = "arrived"
    IN_PROGRESS = "in-progress"
    ON_LEAVE = "onleave"
    FINISHED = "finished"
    CANCELLED = "cancelled"


MOVES: dict[VisitStatus, frozenset[VisitStatus]] = {
    # At once to finished: a visit by phone or at the clinic took place, or one that counted as missed after all did.
    VisitStatus.PLANNED: frozenset({VisitStatus.ARRIVED, VisitStatus.CANCELLED, VisitStatus.FINISHED}),
    # Back to planned: the patient left the waiting room and may come again.
    VisitStatus.ARRIVED: frozenset({VisitStatus.PLANNED, VisitStatus.IN_PROGRESS, VisitStatus.CANCELLED}),
    # Back to arrived: called by mistake, nobody answered, or passed on to another line; so it is from hold.
    VisitStatus.IN_PROGRESS: frozenset({VisitStatus.ON_LEAVE, VisitStatus.FINISHED, VisitStatus.ARRIVED}),
    # On hold: its practitioner is with somebody else for a moment, and comes back.
    VisitStatus.ON_LEAVE: frozenset({VisitStatus.IN_PROGRESS, VisitStatus.FINISHED, VisitStatus.ARRIVED}),
    VisitStatus.FINISHED: frozenset(),
    VisitStatus.CANCELLED: frozenset(),
}

BEGUN = frozenset({VisitStatus.IN_PROGRESS, VisitStatus.ON_LEAVE})
OVER = frozenset({VisitStatus.FINISHED, VisitStatus.CANCELLED})


def moved(current: str, target: VisitStatus) -> VisitStatus:
    """Return `target` if the table allows the move, else raise IllegalTransition."""
    if target not in MOVES[VisitStatus(current)]:
        words = _("A visit that is %(status)s cannot become %(other)s.")
        raise IllegalTransition(words % {"status": current, "other": target.value})
    return target


def door_opens_at(starts_at: dt.datetime) -> dt.datetime:
    return starts_at - DOOR_OPENS_BEFORE


def door_closes_at(ends_at: dt.datetime) -> dt.datetime:
    return ends_at + DOOR_CLOSES_AFTER


def door_state(*, starts_at: dt.datetime, ends_at: dt.datetime, now: dt.datetime) -> str:
    """Tell whether a planned visit can be entered: "early", "open" or "late"."""
    if now < door_opens_at(starts_at):
        return "early"
    return "open" if now <= door_closes_at(ends_at) else "late"
