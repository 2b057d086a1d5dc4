"""Where higher rooms hear that an appointment changed, and say how it stands.

Listeners run inside the caller's transaction, and raising refuses the change; those that say "on commit" run after it.
"""

import datetime as dt
import uuid as uuids
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from django.db import transaction

if TYPE_CHECKING:
    from accounts.actors import Actor
    from accounts.models import Organization, Patient, Practitioner
    from scheduling.models import Appointment, PersonalLink


@dataclass(frozen=True)
class Before:
    """How an appointment stood before it was moved."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    practitioner: "Practitioner"


class Booked(Protocol):
    """What is asked of a visit to say how it stands; an appointment has it, and so has a row that was read of one."""

    @property
    def pk(self) -> int: ...
    @property
    def status(self) -> str: ...


class Standing(NamedTuple):
    """How a visit stands now: the state's name, and for how many minutes where that is told."""

    state: str
    minutes: int | None = None


class Checked(Protocol):
    """What the newest device check of one person of a visit has found, in words."""

    @property
    def who(self) -> str: ...
    @property
    def checked_at(self) -> dt.datetime: ...
    @property
    def findings(self) -> tuple[str, ...]: ...
    @property
    def trouble(self) -> str: ...
    @property
    def browser(self) -> str: ...


class OpenDoor(NamedTuple):
    """A line into which people may come without a booking now: its name, the address of its door, and how many wait."""

    name: str
    address: str
    waiting: int


AppointmentListener = Callable[["Actor", "Appointment"], None]
MovedListener = Callable[["Actor", "Appointment", Before], None]
LinkListener = Callable[["Actor", "PersonalLink"], None]
StateReader = Callable[["Actor", Sequence[Booked]], Mapping[int, Standing]]
CheckReader = Callable[["Actor", "Appointment"], Sequence[Checked]]
VersionReader = Callable[[int], int]
JoinedReader = Callable[["Sequence[int]"], "set[int]"]
FreedListener = Callable[[int, "Practitioner", dt.datetime, dt.datetime], None]
PatientListener = Callable[["Actor", "Sequence[int]", "Patient"], None]
LockedListener = Callable[[Sequence[int]], object]
LeftListener = Callable[["Actor", "Appointment", "Patient"], None]
PresentReader = Callable[["Appointment", "Patient"], bool]
ChangedListener = Callable[[int, uuids.UUID], None]
PerformerReader = Callable[[int, "Appointment"], bool]
DoorReader = Callable[["Organization"], Sequence[OpenDoor]]
PersonListener = Callable[["Actor", "Appointment", "Patient"], None]
HandedOverListener = Callable[["Sequence[uuids.UUID]", "Patient", "Patient", "Sequence[int]"], None]

_booked: list[AppointmentListener] = []
_cancelled: list[AppointmentListener] = []
_moved: list[MovedListener] = []
_status_changed: list[AppointmentListener] = []
_link_closed: list[LinkListener] = []
_state_readers: list[StateReader] = []
_version_readers: list[VersionReader] = []
_check_readers: list[CheckReader] = []
_joined_readers: list[JoinedReader] = []
_freed: list[FreedListener] = []
_changed: list[ChangedListener] = []
_patient_changed: list[PatientListener] = []
_patient_left: list[LeftListener] = []
_locked: list[LockedListener] = []
_presence_readers: list[PresentReader] = []
_performer_readers: list[PerformerReader] = []
_door_readers: list[DoorReader] = []
_confirmed: list[PersonListener] = []
_person_joined: list[PersonListener] = []
_handed_over: list[HandedOverListener] = []


def on_booked(listener: AppointmentListener) -> None:
    """Call `listener(actor, appointment)` when an appointment is made for somebody; raising undoes the booking."""
    if listener not in _booked:
        _booked.append(listener)


def on_cancelled(listener: AppointmentListener) -> None:
    """Call `listener(actor, appointment)` before an appointment is cancelled; raising refuses it."""
    if listener not in _cancelled:
        _cancelled.append(listener)


def on_moved(listener: MovedListener) -> None:
    """Call `listener(actor, appointment, before)` when an appointment has another time or practitioner."""
    if listener not in _moved:
        _moved.append(listener)


def on_status_changed(listener: AppointmentListener) -> None:
    """Call `listener(actor, appointment)` when it was confirmed, missed, held after all, or will be late."""
    if listener not in _status_changed:
        _status_changed.append(listener)


def on_link_closed(listener: LinkListener) -> None:
    """Call `listener(actor, link)` when sessions that a link opened stop counting (revoked or replaced)."""
    if listener not in _link_closed:
        _link_closed.append(listener)


def on_locked(listener: LockedListener) -> None:
    """Call `listener(ids)` once several appointments are locked: rows that are changed with them are locked now, all
    at once. One after the other would wait for what somebody holds who waits for what the one before has changed."""
    if listener not in _locked:
        _locked.append(listener)


def on_states(reader: StateReader) -> None:
    """Ask `reader(actor, appointments)` how they stand now, by primary key, for those it knows."""
    if reader not in _state_readers:
        _state_readers.append(reader)


def on_version(reader: VersionReader) -> None:
    """Ask `reader(organization_id)` for a number that rises with every change of how the clinic's visits stand."""
    if reader not in _version_readers:
        _version_readers.append(reader)


def on_device_checks(reader: CheckReader) -> None:
    """Ask `reader(actor, appointment)` what device checks have found at its door."""
    if reader not in _check_readers:
        _check_readers.append(reader)


def on_joined(reader: JoinedReader) -> None:
    """Ask `reader(primary keys)` which of these appointments' patients have really been there."""
    if reader not in _joined_readers:
        _joined_readers.append(reader)


def on_time_freed(listener: FreedListener) -> None:
    """Call `listener(organization_id, practitioner, starts_at, ends_at)` on commit when taken time was given back."""
    if listener not in _freed:
        _freed.append(listener)


def on_appointment_changed(listener: ChangedListener) -> None:
    """Call `listener(organization_id, uuid)` on commit when anything that a calendar shows of it is new."""
    if listener not in _changed:
        _changed.append(listener)


def on_patient_changed(listener: PatientListener) -> None:
    """Call `listener(actor, primary keys, patient)` when appointments turn out to be another patient's."""
    if listener not in _patient_changed:
        _patient_changed.append(listener)


def on_patient_left(listener: LeftListener) -> None:
    """Call `listener(actor, appointment, patient)` before one of a group comes no more; raising refuses it."""
    if listener not in _patient_left:
        _patient_left.append(listener)


def on_presence(reader: PresentReader) -> None:
    """Ask `reader(appointment, patient)` whether this one of a group has really been there."""
    if reader not in _presence_readers:
        _presence_readers.append(reader)


def on_performs(reader: PerformerReader) -> None:
    """Ask `reader(practitioner_id, appointment)` whether they hold the visit now that was booked with a colleague."""
    if reader not in _performer_readers:
        _performer_readers.append(reader)


def on_open_doors(reader: DoorReader) -> None:
    """Ask `reader(organization)` into which lines people may come without a booking now."""
    if reader not in _door_readers:
        _door_readers.append(reader)


def on_confirmed(listener: PersonListener) -> None:
    """Call `listener(actor, appointment, patient)` for each patient to whom the clinic has said yes."""
    if listener not in _confirmed:
        _confirmed.append(listener)


def on_patient_joined(listener: PersonListener) -> None:
    """Call `listener(actor, appointment, patient)` when somebody has a place in a group visit that stood before."""
    if listener not in _person_joined:
        _person_joined.append(listener)


def on_handed_over(listener: HandedOverListener) -> None:
    """Call `listener(ids, former, patient, places)`: what was `former`'s of these visits and wishes is `patient`'s now.

    `places` are the primary keys of the places in groups that went along.
    """
    if listener not in _handed_over:
        _handed_over.append(listener)


def tell_locked(appointment_ids: Sequence[int]) -> None:
    for listener in _locked:
        listener(appointment_ids)


def tell_booked(actor: "Actor", appointment: "Appointment") -> None:
    for listener in _booked:
        listener(actor, appointment)


def tell_cancelled(actor: "Actor", appointment: "Appointment") -> None:
    for listener in _cancelled:
        listener(actor, appointment)


def tell_moved(actor: "Actor", appointment: "Appointment", before: Before) -> None:
    for listener in _moved:
        listener(actor, appointment, before)


def tell_status_changed(actor: "Actor", appointment: "Appointment") -> None:
    for listener in _status_changed:
        listener(actor, appointment)


def tell_patient_changed(actor: "Actor", appointment_ids: "Sequence[int]", patient: "Patient") -> None:
    for listener in _patient_changed:
        listener(actor, appointment_ids, patient)


def tell_patient_left(actor: "Actor", appointment: "Appointment", patient: "Patient") -> None:
    for listener in _patient_left:
        listener(actor, appointment, patient)


def tell_confirmed(actor: "Actor", appointment: "Appointment", patient: "Patient") -> None:
    for listener in _confirmed:
        listener(actor, appointment, patient)


def tell_patient_joined(actor: "Actor", appointment: "Appointment", patient: "Patient") -> None:
    for listener in _person_joined:
        listener(actor, appointment, patient)


def tell_handed_over(
    ids: "Sequence[uuids.UUID]", former: "Patient", patient: "Patient", places: "Sequence[int]"
) -> None:
    for listener in _handed_over:
        listener(ids, former, patient, places)


def was_there(appointment: "Appointment", patient: "Patient") -> bool:
    return any(reader(appointment, patient) for reader in _presence_readers)


def performs(practitioner_id: int, appointment: "Appointment") -> bool:
    return any(reader(practitioner_id, appointment) for reader in _performer_readers)


def open_doors(organization: "Organization") -> list[OpenDoor]:
    return [door for reader in _door_readers for door in reader(organization)]


def tell_link_closed(actor: "Actor", link: "PersonalLink") -> None:
    for listener in _link_closed:
        listener(actor, link)


def states_of(actor: "Actor", appointments: Sequence[Booked]) -> dict[int, str]:
    return {pk: standing.state for pk, standing in standings_of(actor, appointments).items()}


def standings_of(actor: "Actor", appointments: Sequence[Booked]) -> dict[int, Standing]:
    return {pk: standing for reader in _state_readers for pk, standing in reader(actor, appointments).items()}


def device_checks(actor: "Actor", appointment: "Appointment") -> list[Checked]:
    return [checked for reader in _check_readers for checked in reader(actor, appointment)]


def version_of(organization_id: int) -> int:
    return sum(reader(organization_id) for reader in _version_readers)


def joined(appointment_ids: "Sequence[int]") -> set[int]:
    return {pk for reader in _joined_readers for pk in reader(appointment_ids)}


def tell_time_freed(
    organization_id: int, practitioner: "Practitioner", starts_at: dt.datetime, ends_at: dt.datetime
) -> None:
    """After the commit; what fails there is logged and undoes nothing."""
    for listener in _freed:
        transaction.on_commit(
            lambda listener=listener: listener(organization_id, practitioner, starts_at, ends_at),  # type: ignore[misc]
            robust=True,
        )


def tell_changed(appointment: "Appointment") -> None:
    """After the commit, like `tell_time_freed`."""
    organization_id, uuid = appointment.organization_id, appointment.uuid
    for listener in _changed:
        transaction.on_commit(
            lambda listener=listener: listener(organization_id, uuid),  # type: ignore[misc]
            robust=True,
        )
