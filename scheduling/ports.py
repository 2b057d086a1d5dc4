"""Where higher rooms hear that an appointment changed, inside the caller's transaction, and say how it stands."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accounts.actors import Actor
    from scheduling.models import Appointment, PersonalLink

AppointmentListener = Callable[["Actor", "Appointment"], None]
LinkListener = Callable[["Actor", "PersonalLink"], None]
StateReader = Callable[["Actor", "Sequence[Appointment]"], Mapping[int, str]]

_booked: list[AppointmentListener] = []
_cancelled: list[AppointmentListener] = []
_link_closed: list[LinkListener] = []
_state_readers: list[StateReader] = []


def on_booked(listener: AppointmentListener) -> None:
    """Call `listener(actor, appointment)` when an appointment is made; raising undoes the booking."""
    if listener not in _booked:
        _booked.append(listener)


def on_cancelled(listener: AppointmentListener) -> None:
    """Call `listener(actor, appointment)` before an appointment is cancelled; raising refuses it."""
    if listener not in _cancelled:
        _cancelled.append(listener)


def on_link_closed(listener: LinkListener) -> None:
    """Call `listener(actor, link)` when sessions that a link opened stop counting (revoked or replaced)."""
    if listener not in _link_closed:
        _link_closed.append(listener)


def on_states(reader: StateReader) -> None:
    """Ask `reader(actor, appointments)` how they stand now: a state's name by primary key, for those it knows."""
    if reader not in _state_readers:
        _state_readers.append(reader)


def tell_booked(actor: "Actor", appointment: "Appointment") -> None:
    for listener in _booked:
        listener(actor, appointment)


def tell_cancelled(actor: "Actor", appointment: "Appointment") -> None:
    for listener in _cancelled:
        listener(actor, appointment)


def tell_link_closed(actor: "Actor", link: "PersonalLink") -> None:
    for listener in _link_closed:
        listener(actor, link)


def states_of(actor: "Actor", appointments: "Sequence[Appointment]") -> dict[int, str]:
    return {pk: state for reader in _state_readers for pk, state in reader(actor, appointments).items()}
