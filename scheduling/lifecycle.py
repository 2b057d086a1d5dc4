"""The life of an appointment (FHIR R4's codes) and of a wish on the wait list: the moves between. No database here."""

from enum import StrEnum

from django.utils.translation import gettext as _

from core.errors import IllegalTransition


class AppointmentStatus(StrEnum):
    PROPOSED = "proposed"
    PENDING = "pending"
    BOOKED = "booked"
    ARRIVED = "arrived"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"
    NOSHOW = "noshow"


MOVES: dict[AppointmentStatus, frozenset[AppointmentStatus]] = {
    # Held while a form is filled in or an offer stands; given back when its time is up.
    AppointmentStatus.PROPOSED: frozenset(
        {AppointmentStatus.PENDING, AppointmentStatus.BOOKED, AppointmentStatus.CANCELLED}
    ),
    AppointmentStatus.PENDING: frozenset({AppointmentStatus.BOOKED, AppointmentStatus.CANCELLED}),
    AppointmentStatus.BOOKED: frozenset(
        {AppointmentStatus.ARRIVED, AppointmentStatus.CANCELLED, AppointmentStatus.NOSHOW}
    ),
    # Back to booked: the patient left the waiting room and may come again.
    AppointmentStatus.ARRIVED: frozenset(
        {AppointmentStatus.BOOKED, AppointmentStatus.FULFILLED, AppointmentStatus.CANCELLED}
    ),
    AppointmentStatus.FULFILLED: frozenset(),
    AppointmentStatus.CANCELLED: frozenset(),
    # A correction: they did come, or may still.
    AppointmentStatus.NOSHOW: frozenset({AppointmentStatus.BOOKED, AppointmentStatus.FULFILLED}),
}

# Nothing is left to do with these; a no-show can only be corrected.
OVER = frozenset({AppointmentStatus.FULFILLED, AppointmentStatus.CANCELLED, AppointmentStatus.NOSHOW})


class WaitStatus(StrEnum):
    WAITING = "waiting"
    OFFERED = "offered"
    BOOKED = "booked"
    LEFT = "left"
    EXPIRED = "expired"


WAIT_MOVES: dict[WaitStatus, frozenset[WaitStatus]] = {
    WaitStatus.WAITING: frozenset({WaitStatus.OFFERED, WaitStatus.LEFT, WaitStatus.EXPIRED}),
    # Back to waiting: the offer was declined or ran out, and others are asked first.
    WaitStatus.OFFERED: frozenset({WaitStatus.BOOKED, WaitStatus.WAITING, WaitStatus.LEFT, WaitStatus.EXPIRED}),
    WaitStatus.BOOKED: frozenset(),
    WaitStatus.LEFT: frozenset(),
    WaitStatus.EXPIRED: frozenset(),
}


class FileStatus(StrEnum):
    """A file that is brought in."""

    CHECKING = "checking"
    CHECKED = "checked"
    CONFIRMED = "confirmed"
    DONE = "done"
    FAILED = "failed"


FILE_MOVES: dict[FileStatus, frozenset[FileStatus]] = {
    FileStatus.CHECKING: frozenset({FileStatus.CHECKED, FileStatus.FAILED}),
    FileStatus.CHECKED: frozenset({FileStatus.CONFIRMED, FileStatus.FAILED}),
    FileStatus.CONFIRMED: frozenset({FileStatus.DONE, FileStatus.FAILED}),
    FileStatus.DONE: frozenset(),
    FileStatus.FAILED: frozenset(),
}


def moved(current: str, target: AppointmentStatus) -> AppointmentStatus:
    """Return `target` if the table allows the move, else raise IllegalTransition."""
    if target not in MOVES[AppointmentStatus(current)]:
        words = _("An appointment that is %(status)s cannot become %(other)s.")
        raise IllegalTransition(words % {"status": current, "other": target.value})
    return target


def wait_moved(current: str, target: WaitStatus) -> WaitStatus:
    """The same for a wish on the wait list."""
    if target not in WAIT_MOVES[WaitStatus(current)]:
        words = _("A wish that is %(status)s cannot become %(other)s.")
        raise IllegalTransition(words % {"status": current, "other": target.value})
    return target
