"""What the pages of a visit say of who is there and whom to call: on the patient's page and on the doctor's."""

from dataclasses import dataclass
from typing import Any

from accounts.actors import Actor
from accounts.models import Patient, RelatedPerson
from accounts.regions import country_of, name_of
from accounts.selectors import emergency_contacts_of, people_of
from consent.models import Purpose
from consent.selectors import is_minor, right_of
from consults import selectors
from consults.emergency import number_of
from consults.models import Arrival, Encounter
from consults.people import arrival_of, is_group, patient_of
from consults.selectors.company import company_of, is_child_alone
from consults.selectors.licence import licence_warning
from scheduling.selectors.regions import home_of


@dataclass(frozen=True)
class Contact:
    """Whom to call in an emergency."""

    name: str
    phone: str


def whom_to_fetch(actor: Actor, encounter: Encounter) -> dict[str, Any] | None:
    """For a child at the door by themselves: who may agree for them, by name; None for everybody else."""
    patient = patient_of(actor, encounter)
    if actor.type != "patient" or is_group(encounter) or not is_minor(patient):
        return None
    if not is_child_alone(encounter):
        return None
    people = [one.label for one in people_of(patient) if right_of(one.pk, patient, Purpose.TELEHEALTH) is not None]
    return {"age": patient.organization.age_of_majority, "people": people}


def emergency_words(actor: Actor, encounter: Encounter) -> dict[str, Any]:
    """The emergency number where they are, as far as known: said at this door or the last, or the clinic's."""
    row = arrival_of(actor, encounter) or encounter
    region = row.region or selectors.last_said(patient_of(actor, encounter)).region or home_of(encounter.organization)
    return {"emergency_number": number_of(region), "emergency_place": name_of(country_of(region)) if region else ""}


def seen_by_doctor(encounter: Encounter) -> dict[str, Any]:
    """Company, emergency and licence of a visit for one, as the call page has them."""
    return {
        "company": company_of(encounter),
        "licence": licence_warning(encounter),
        "place_said": emergency_of(encounter, encounter.patient),
    }


def emergency_of(row: Encounter | Arrival, patient: Patient) -> dict[str, Any]:
    """Where help would have to go, which number that is there, and whom to call."""
    said = [Contact(row.emergency_name, row.emergency_phone)] if row.emergency_phone else []
    return {
        "stated_region": name_of(row.region) if row.region else "",
        "emergency_number": number_of(row.region),
        "contacts": [*said, *(_contact(one) for one in emergency_contacts_of(patient))],
    }


def _contact(person: RelatedPerson) -> Contact:
    return Contact(person.label, person.phone)
