"""Who of a visit's patients somebody is, and whether they have arrived: a visit for one and a group alike.

Reading only, and for the rooms of this package; who may ask is settled before.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.models import Patient
from accounts.roles import Role
from consults.lifecycle import VisitStatus
from consults.models import Arrival, Encounter, Seat
from core.errors import NotFound
from scheduling.models import GroupPlace
from scheduling.selectors.groups import coming_to, own_place

# The roles of seats in which the patient is, or who agrees for them: one of these there, and the patient is there.
FOR_PATIENT = (Role.PATIENT.value, Role.RELATED_PERSON.value)


def the_group() -> str:
    """What pages call a group where they would say a given name."""
    return _("the group")


def is_group(encounter: Encounter) -> bool:
    return encounter.appointment.is_group


def patient_of(actor: Actor, encounter: Encounter) -> Patient:
    """The patient whose page it is: of a group, whoever came by the link, also when they come no more."""
    if not is_group(encounter) or actor.type != "patient":
        return encounter.patient
    found = Patient.objects.filter(pk=actor.patient_id or 0).first()
    if found is None:
        raise NotFound
    return found


def arrival_of(actor: Actor, encounter: Encounter) -> Arrival | None:
    """Where one of a group stands at the door; None before they have come to it, and at a visit for one."""
    place = own_place(actor, encounter.appointment)
    return Arrival.objects.filter(member=place).first() if place is not None else None


def has_arrived(actor: Actor, encounter: Encounter) -> bool:
    """Whether this one of a group has passed the door: the visit may have begun with the others."""
    arrival = arrival_of(actor, encounter)
    return arrival is not None and arrival.arrived_at is not None


def patients_of(encounter: Encounter) -> list[Patient]:
    """Everybody whom the visit is for."""
    if not is_group(encounter):
        return [encounter.patient]
    return [place.patient for place in coming_to(encounter.appointment) if place.patient is not None]


def arrived(encounter: Encounter) -> list[GroupPlace]:
    """The places of those of a group who have passed the door."""
    rows = GroupPlace.objects.select_related("patient", "arrival")
    return list(rows.filter(arrival__encounter=encounter, arrival__arrived_at__isnull=False).order_by("number"))


def name_in_room(patient: Patient, encounter: Encounter) -> str:
    """What the others in the room call somebody: in a group the given name and one letter, which tells two apart."""
    if not is_group(encounter):
        return patient.full_name
    letter = f" {patient.family_name[0]}." if patient.family_name else ""
    return f"{patient.given_name}{letter}"


def faces_of(encounter: Encounter, seats: Iterable[Seat]) -> dict[int, str]:
    """The pictures that stand for patients without a camera, by whose seat it is."""
    if not is_group(encounter):
        return {seat.actor_id: encounter.patient.face for seat in seats if seat.actor_type == "patient"}
    ids = [seat.actor_id for seat in seats if seat.actor_type == "patient"]
    return dict(Patient.objects.filter(pk__in=ids).values_list("pk", "face"))


@dataclass(frozen=True)
class Performer:
    """Who sees the patient, as pages name them."""

    display_name: str
    short_name: str
    face: str
    is_known: bool = True


def performer(encounter: Encounter) -> Performer:
    """Whoever has the visit now. Of those who wait in a line that several share nobody knows yet who it will be."""
    if encounter.queue.pool_id is not None and encounter.status in (VisitStatus.PLANNED, VisitStatus.ARRIVED):
        return Performer(_("Your doctor"), _("Your doctor"), "", is_known=False)
    person = encounter.practitioner
    return Performer(person.display_name, person.short_name, person.face)


def asked_for(encounter: Encounter) -> str:
    """Whom the words about a recording name to who is asked now; the page sends it back with the answer."""
    return str(encounter.practitioner.uuid if performer(encounter).is_known else encounter.queue.uuid)


def is_asked_for(encounter: Encounter, said: str) -> bool:
    """Whether a question that named `said` names whoever has the visit now: "your doctor" is each one of that line."""
    is_of_line = encounter.queue.pool_id is not None and said == str(encounter.queue.uuid)
    return is_of_line or said == asked_for(encounter)
