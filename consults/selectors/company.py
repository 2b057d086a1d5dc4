"""With whom a patient is, as the doctor and the desk are told: "With Mia’s mother, Ana Lopez", or a child alone."""

import uuid as uuids
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Organization, Patient
from accounts.roles import Role
from consent.models import Consent, Purpose
from consent.rights import is_child
from consent.selectors import unconfirmed_yeses
from consults.lifecycle import BEGUN, VisitStatus
from consults.models import Encounter, Seat
from consults.people import is_group
from core.clock import today
from scheduling.models import Guest

# Whole sentences: who is what to whom stands elsewhere in every language.
_WITH = {
    "mother": gettext_lazy("With %(patient)s’s mother, %(name)s"),
    "father": gettext_lazy("With %(patient)s’s father, %(name)s"),
    "parent": gettext_lazy("With a parent of %(patient)s, %(name)s"),
    "guardian": gettext_lazy("With %(patient)s’s guardian, %(name)s"),
    "partner": gettext_lazy("With %(patient)s’s partner, %(name)s"),
    "child": gettext_lazy("With a son or daughter of %(patient)s, %(name)s"),
    "family": gettext_lazy("With somebody of %(patient)s’s family, %(name)s"),
    "carer": gettext_lazy("With %(patient)s’s carer, %(name)s"),
    "friend": gettext_lazy("With a friend of %(patient)s, %(name)s"),
    "neighbour": gettext_lazy("With a neighbour of %(patient)s, %(name)s"),
}
_WITH_ANYBODY = gettext_lazy("With %(name)s, who may agree for %(patient)s")
# Of whoever said at the walk-in door that they may agree: they sit with the child and have no link, so no seat.
_CAME_WITH = {
    "mother": gettext_lazy("Came with %(name)s, who says she is the mother. No papers were seen."),
    "father": gettext_lazy("Came with %(name)s, who says he is the father. No papers were seen."),
    "parent": gettext_lazy("Came with %(name)s, who says they are a parent. No papers were seen."),
    "guardian": gettext_lazy("Came with %(name)s, who says they are the guardian. No papers were seen."),
}
_CAME_WITH_ANYBODY = gettext_lazy("Came with %(name)s, who says they may agree for %(patient)s. No papers were seen.")


@dataclass(frozen=True)
class Company:
    """What is said, empty where there is nothing to say; and whether it is a child without anybody."""

    words: str
    alone: bool


NOBODY = Company("", False)


def company_of(encounter: Encounter) -> Company:
    """Of one visit, read afresh."""
    seats = list(Seat.objects.filter(encounter=encounter, role=Role.RELATED_PERSON, left_at=None).order_by("pk"))
    return _company(encounter, seats, _guests(seats), _came_with([encounter]))


def companies_of(visits: Sequence[Encounter]) -> dict[int, Company]:
    """Of these visits, whose patients' seats were read with them; one query more where somebody came along, and one
    where a child came by the walk-in door."""
    there = {one.pk: [seat for seat in one.seats.all() if _is_company(seat)] for one in visits}
    guests = _guests([seat for seats in there.values() for seat in seats])
    came_with = _came_with(visits)
    return {one.pk: _company(one, there[one.pk], guests, came_with) for one in visits}


def is_child_alone(encounter: Encounter) -> bool:
    """Whether nobody who may agree for them is in the waiting room or the call with a child, or came in with them."""
    if not _is_child(encounter.patient, encounter.organization) or _came_with([encounter]):
        return False
    return not Seat.objects.filter(encounter=encounter, role=Role.RELATED_PERSON, left_at=None).exists()


def _company(
    encounter: Encounter, seats: Sequence[Seat], guests: dict[int, Guest], came_with: dict[uuids.UUID, Consent]
) -> Company:
    if is_group(encounter) or encounter.status not in BEGUN | {VisitStatus.ARRIVED}:
        return NOBODY
    patient, clinic = encounter.patient, encounter.organization
    said = [_with(guests[seat.actor_id], patient) for seat in seats if seat.actor_id in guests]
    if said:
        return Company(". ".join(said), False)
    if not _is_child(patient, clinic):
        return NOBODY
    if encounter.uuid in came_with:
        return Company(_said_at_the_door(came_with[encounter.uuid], patient), False)
    words = _("Under %(age)s, and nobody who may agree for %(patient)s is here")
    return Company(words % {"age": clinic.age_of_majority, "patient": patient.given_name}, True)


def _with(guest: Guest, patient: Patient) -> str:
    relationship = guest.related.relationship if guest.related is not None else ""
    return str(_WITH.get(relationship, _WITH_ANYBODY)) % {"patient": patient.given_name, "name": guest.name}


def _came_with(visits: Sequence[Encounter]) -> dict[uuids.UUID, Consent]:
    """By visit, the yes of whoever came to the walk-in door with a child."""
    children = [one.uuid for one in visits if one.appointment.is_walk_in and _is_child(one.patient, one.organization)]
    return unconfirmed_yeses(children, Purpose.TELEHEALTH) if children else {}


def _said_at_the_door(consent: Consent, patient: Patient) -> str:
    assert consent.right is not None
    adult = consent.right.related
    words = _CAME_WITH.get(adult.relationship, _CAME_WITH_ANYBODY)
    return str(words) % {"name": adult.name, "patient": patient.given_name}


def _is_child(patient: Patient, clinic: Organization) -> bool:
    return is_child(patient.birth_date, clinic.age_of_majority, today(clinic.timezone))


def _is_company(seat: Seat) -> bool:
    return seat.role == Role.RELATED_PERSON and seat.left_at is None


def _guests(seats: Sequence[Seat]) -> dict[int, Guest]:
    if not seats:
        return {}
    rows = Guest.objects.select_related("related").filter(pk__in=[seat.actor_id for seat in seats])
    return {guest.pk: guest for guest in rows}
