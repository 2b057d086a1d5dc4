"""Asked right before a message goes: is it still so? Then how things are, else why it is not sent."""

from collections.abc import Callable

from notifications.kinds import Letter, Look, Skip
from notifications.models import Message
from scheduling.lifecycle import AppointmentStatus
from scheduling.messages.letters import visit_letter
from scheduling.messages.visits import Visit, visit_of

Still = Callable[[Visit], str]


def booked(visit: Visit) -> str:
    """Who is in the waiting room has found the way."""
    return visit.obstacle or ("arrived" if visit.has_arrived else "")


def walked_in(visit: Visit) -> str:
    """Also to who is in the waiting room: they may have to come back."""
    return visit.obstacle


def confirmed(visit: Visit) -> str:
    return booked(visit) or _unless_sure(visit)


def moved(visit: Visit) -> str:
    """Also to who waits: their page may be closed."""
    return visit.obstacle


def reminder(visit: Visit) -> str:
    return booked(visit) or _unless_sure(visit)


def cancelled(visit: Visit) -> str:
    """Who has come back to a group meanwhile is told of that."""
    return "" if visit.appointment.status == AppointmentStatus.CANCELLED or not visit.comes else "not_so"


def look_by(still: Still, *, with_file: bool) -> Look:
    """The port of a kind about a visit: `still` gives the code why not, `with_file` adds the entry for a calendar."""

    def look(message: Message) -> Letter | Skip:
        visit = visit_of(message)
        why = still(visit) if visit is not None else "not_so"
        if visit is None or why:
            return Skip(why)
        return visit_letter(message, visit, with_file=with_file)

    return look


def _unless_sure(visit: Visit) -> str:
    return "not_so" if visit.status == AppointmentStatus.PENDING else ""
