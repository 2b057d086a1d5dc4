"""Keeps the outbox in line with the appointments: listeners of the ports, inside the transaction of each change.

A row's version is the appointment's `sequence` when it was planned; for who has come back to a group, raised by how
often they had left it, so that it rises then too.
"""

import datetime as dt
import uuid as uuids
from collections import Counter
from collections.abc import Mapping, Sequence

from accounts.actors import Actor
from accounts.models import Patient
from core.clock import now
from notifications.lifecycle import MessageStatus
from notifications.models import Message
from notifications.selectors.plans import Planned, plan_of
from notifications.services.outbox import withdraw
from notifications.services.planning import Entry, plan, repoint
from scheduling.lifecycle import OVER, AppointmentStatus
from scheduling.messages.announcing import is_announced
from scheduling.models import Appointment, GroupPlace
from scheduling.ports import Before
from scheduling.selectors.groups import coming_to

BOOKED, CONFIRMED, MOVED, CANCELLED = "visit.booked", "visit.confirmed", "visit.moved", "visit.cancelled"
# To whoever came without a booking: the way back.
LINK = "visit.link"
REMINDERS = ("visit.reminder_day", "visit.reminder_hour")
# Whoever has just booked, or been told of another time, needs no reminder of it.
TOLD_LATELY = dt.timedelta(hours=2)

_SURE = frozenset({AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED})


def booked(actor: Actor, appointment: Appointment) -> None:
    """Listener: a confirmation, or word that the clinic still has to agree; reminders only of what is sure.

    Whoever came without a booking gets their link, and is reminded of nothing.
    """
    if appointment.ends_at <= now():
        return
    planned = planned_for(appointment)
    if appointment.is_walk_in:
        _give_link(appointment, planned)
        return
    for patient, status in coming_patients(appointment):
        _tell(appointment, patient, status, BOOKED, planned, is_new=True)


def joined(actor: Actor, appointment: Appointment, patient: Patient) -> None:
    """Listener: the same for somebody who joins a group."""
    if appointment.ends_at <= now():
        return
    places = GroupPlace.objects.filter(appointment=appointment, patient=patient).exclude(status="cancelled")
    status = places.values_list("status", flat=True).get()
    _tell(appointment, patient, status, BOOKED, planned_for(appointment))


def confirmed(actor: Actor, appointment: Appointment, patient: Patient) -> None:
    """Listener: the clinic says yes. A confirmation that has not gone out yet would say the same once more."""
    if appointment.ends_at <= now():
        return
    planned = planned_for(appointment)
    if planned[CONFIRMED].is_on:
        withdraw(about=appointment.uuid, patient=patient, kinds=(BOOKED,), why="newer")
    _tell(appointment, patient, AppointmentStatus.BOOKED, CONFIRMED, planned)


def moved(actor: Actor, appointment: Appointment, before: Before) -> None:
    """Listener: another time or practitioner. Another length alone is no news, and reminders stay as they are."""
    if (appointment.starts_at, appointment.practitioner_id) == (before.starts_at, before.practitioner.pk):
        return
    withdraw(about=appointment.uuid, why="moved")
    if appointment.ends_at <= now():
        return
    planned = planned_for(appointment)
    for patient, status in coming_patients(appointment):
        # Its version has just risen; that of somebody in a group may be one that they had before.
        _tell(appointment, patient, status, MOVED, planned, is_new=not appointment.is_group)


def cancelled(actor: Actor, appointment: Appointment) -> None:
    """Listener, before it is cancelled."""
    withdraw(about=appointment.uuid, why="cancelled")
    _take_leave(appointment, [patient for patient, _ in coming_patients(appointment)])


def left(actor: Actor, appointment: Appointment, patient: Patient) -> None:
    """Listener, before one of a group comes no more."""
    withdraw(about=appointment.uuid, patient=patient, why="left")
    _take_leave(appointment, [patient])


def restated(actor: Actor, appointment: Appointment) -> None:
    """Listener: missed, or held after all. Who of a group did not come, `look` sees."""
    if appointment.status in OVER:
        withdraw(about=appointment.uuid, why="over")


def handed_over(ids: Sequence[uuids.UUID], former: Patient, patient: Patient, places: Sequence[int]) -> None:
    """Listener: two records are one person, or turn out to be two. How often they left a group, both count."""
    left_by = GroupPlace.objects.filter(appointment__uuid__in=ids, status=AppointmentStatus.CANCELLED)
    shifts: Counter[uuids.UUID] = Counter()
    for about, whose, pk in left_by.filter(patient__in=(former, patient)).values_list(
        "appointment__uuid", "patient", "pk"
    ):
        # As the new one has left it now, less as the former one had before these places went along.
        shifts[about] += (whose == patient.pk) - (whose == former.pk or pk in places)
    repoint(abouts=ids, former=former, patient=patient, shifts=shifts)


def spare_next_reminder(appointment: Appointment, patient: Patient) -> None:
    """They have said that they come: the next reminder has nothing to ask, the one after it may."""
    waiting = Message.objects.filter(
        about=appointment.uuid, patient=patient, kind__in=REMINDERS, status=MessageStatus.WAITING
    )
    following = waiting.order_by("due_at", "pk").values_list("kind", flat=True).first()
    if following is not None:
        withdraw(about=appointment.uuid, patient=patient, kinds=(following,), why="confirmed")


def version_of(appointment: Appointment, patient: Patient) -> int:
    """What is planned for them now has this number, and a higher one than all that is of no use any more."""
    return appointment.sequence + (times_left(appointment, patient) if appointment.is_group else 0)


def times_left(group: Appointment, patient: Patient) -> int:
    places = GroupPlace.objects.filter(appointment=group, patient=patient, status=AppointmentStatus.CANCELLED)
    return places.count()


def reminders(starts_at: dt.datetime, planned: Mapping[str, Planned]) -> list[Entry]:
    """The reminders that are on, the earliest first; each is of use until the next one is due."""
    before = {name: planned[name].minutes_before for name in REMINDERS if planned[name].is_on}
    dues = sorted((starts_at - dt.timedelta(minutes=minutes), name) for name, minutes in before.items() if minutes)
    ends = [*(due for due, _ in dues[1:]), starts_at]
    soon = now() + TOLD_LATELY
    return [
        Entry(name, due, end if end > due else starts_at, skip="booked_late" if due < soon else "")
        for (due, name), end in zip(dues, ends, strict=False)
    ]


def _tell(
    appointment: Appointment,
    patient: Patient,
    status: str,
    kind: str,
    planned: Mapping[str, Planned],
    *,
    is_new: bool = False,
) -> None:
    entries = []
    if is_announced() and planned[kind].is_on:
        entries.append(Entry(kind, now(), appointment.ends_at))
    if status in _SURE:
        entries += reminders(appointment.starts_at, planned)
    version = version_of(appointment, patient)
    plan(patient=patient, about=appointment.uuid, version=version, entries=entries, is_new=is_new)


def _give_link(appointment: Appointment, planned: Mapping[str, Planned]) -> None:
    entries = [Entry(LINK, now(), appointment.ends_at)] if planned[LINK].is_on else []
    for patient, _status in coming_patients(appointment):
        plan(patient=patient, about=appointment.uuid, version=appointment.sequence, entries=entries, is_new=True)


def _take_leave(appointment: Appointment, patients: Sequence[Patient]) -> None:
    if not is_announced() or appointment.ends_at <= now() or not planned_for(appointment)[CANCELLED].is_on:
        return
    entry = Entry(CANCELLED, now(), appointment.ends_at)
    for patient in patients:
        plan(patient=patient, about=appointment.uuid, version=version_of(appointment, patient), entries=[entry])


def coming_patients(appointment: Appointment) -> list[tuple[Patient, str]]:
    """Everybody who comes, and as what."""
    if not appointment.is_group:
        return [(appointment.patient, appointment.status)] if appointment.patient is not None else []
    places = coming_to(appointment)
    return [(place.patient, place.status) for place in places if place.patient is not None]


def planned_for(appointment: Appointment) -> dict[str, Planned]:
    """What the clinic sends of visits of this type, and when."""
    visit_type = appointment.visit_type
    return plan_of(appointment.organization_id, visit_type.uuid if visit_type is not None else None)
