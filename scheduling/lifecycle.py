"""The life of an appointment: FHIR R4's codes and the moves between them. No database here."""

from enum import StrEnum

from core.errors import IllegalTransition


class AppointmentStatus(StrEnum):
    BOOKED = "booked"
    ARRIVED = "arrived"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"
    NOSHOW = "noshow"


MOVES: dict[AppointmentStatus, frozenset[AppointmentStatus]] = {
    AppointmentStatus.BOOKED: frozenset(
        {AppointmentStatus.ARRIVED, AppointmentStatus.CANCELLED, AppointmentStatus.NOSHOW}
    ),
    # Back to booked: the patient left the waiting room and may come again.
    AppointmentStatus.ARRIVED: frozenset(
        {AppointmentStatus.BOOKED, AppointmentStatus.FULFILLED, AppointmentStatus.CANCELLED}
    ),
    AppointmentStatus.FULFILLED: frozenset(),
    AppointmentStatus.CANCELLED: frozenset(),
    AppointmentStatus.NOSHOW: frozenset(),
}

OVER = frozenset(status for status, targets in MOVES.items() if not targets)


def moved(current: str, target: AppointmentStatus) -> AppointmentStatus:
    """Return `target` if the table allows the move, else raise IllegalTransition."""
    if target not in MOVES[AppointmentStatus(current)]:
        raise IllegalTransition(f"An appointment that is {current} cannot become {target.value}.")
    return target
