"""Writing who somebody's people are: a mother, a carer, whom to call in an emergency. May they agree, consent says."""

import datetime as dt
from dataclasses import asdict, dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import ports
from accounts.actors import Actor
from accounts.models import Organization, Patient, RelatedPerson
from accounts.policy import Relation, require
from accounts.regions import is_region
from audit.services import record
from core.clock import today
from core.errors import Invalid, NotFound

LONGEST_NAME = 80
LONGEST_PHONE = 32
AGES = range(14, 26)


@dataclass(frozen=True)
class PersonSaid:
    """A related person as somebody types them."""

    name: str
    relationship: str
    phone: str = ""
    email: str = ""
    language: str = ""
    is_emergency_contact: bool = False
    starts_on: dt.date | None = None
    ends_on: dt.date | None = None


@transaction.atomic
def add_related(*, actor: Actor, patient: Patient, said: PersonSaid) -> RelatedPerson:
    """Keep somebody of this patient. The same name and relationship twice is the same person."""
    patient = patient.merged_into or patient
    require(actor, "accounts.related.add", _relation(actor, patient.organization))
    said = _checked(said, patient.organization)
    standing = RelatedPerson.objects.filter(
        patient=patient, name=said.name, relationship=said.relationship, is_active=True
    ).first()
    if standing is not None:
        return standing
    person = RelatedPerson.objects.create(organization=patient.organization, patient=patient, **asdict(said))
    _record(actor, "related.add", person)
    return person


@transaction.atomic
def change_related(*, actor: Actor, person: RelatedPerson, said: PersonSaid) -> RelatedPerson:
    """Put right who somebody is. Whose time is over by that has no link any more."""
    person = _locked(actor, person)
    for name, value in asdict(_checked(said, person.organization, standing=person)).items():
        setattr(person, name, value)
    person.save()
    _record(actor, "related.change", person)
    if not person.is_one_on(today(person.organization.timezone)):
        ports.tell_related_gone(actor, person)
    return person


@transaction.atomic
def end_related(*, actor: Actor, person: RelatedPerson) -> RelatedPerson:
    """They are nobody of this patient any more: their links close at once. What they answered stays on record."""
    person = _locked(actor, person)
    if not person.is_active:
        return person
    day = today(person.organization.timezone)
    person.is_active, person.is_emergency_contact = False, False
    person.ends_on = max(min(person.ends_on or day, day), person.starts_on)
    person.save(update_fields=["is_active", "is_emergency_contact", "ends_on"])
    _record(actor, "related.end", person)
    ports.tell_related_gone(actor, person)
    return person


@transaction.atomic
def say_region(*, actor: Actor, patient: Patient, region: str) -> Patient:
    """Keep where a patient usually is; empty for "nobody knows"."""
    require(actor, "accounts.patient.region", _relation(actor, patient.organization))
    if region and not is_region(region):
        raise Invalid(_("Choose a country from the list."), code="region.unknown", field="region")
    if Patient.objects.filter(pk=patient.pk).exclude(region=region).update(region=region):
        record(actor=actor, action="patient.region", entity=patient, patient_id=patient.pk)
    patient.region = region
    return patient


@transaction.atomic
def set_age_of_majority(*, actor: Actor, organization: Organization, age: int) -> Organization:
    """From which birthday on people agree for themselves at this clinic."""
    require(actor, "accounts.organization.majority")
    if actor.type != "system" and actor.organization_id != organization.pk:
        raise NotFound
    if age not in AGES:
        words = _("Enter an age from %(least)s to %(most)s.") % {"least": AGES[0], "most": AGES[-1]}
        raise Invalid(words, code="majority.age", field="age")
    if Organization.objects.filter(pk=organization.pk).exclude(age_of_majority=age).update(age_of_majority=age):
        record(actor=actor, action="organization.majority", entity=organization, detail={"age": age})
    organization.age_of_majority = age
    return organization


def _checked(said: PersonSaid, clinic: Organization, *, standing: RelatedPerson | None = None) -> PersonSaid:
    name, phone, email = (" ".join(typed.split()) for typed in (said.name, said.phone, said.email))
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise Invalid(_("Enter their name, in up to 80 letters."), code="related.name", field="name")
    if said.relationship not in RelatedPerson.Relationship.values:
        raise Invalid(_("Choose who they are from the list."), code="related.relationship", field="relationship")
    if len(phone) > LONGEST_PHONE or not phone.isprintable() or (phone and not any(map(str.isdigit, phone))):
        raise Invalid(_("Enter a phone number that we can call."), code="related.phone", field="phone")
    if email:
        try:
            validate_email(email)
        except ValidationError:
            words = _("Enter an email address, like name@example.org.")
            raise Invalid(words, code="related.email", field="email") from None
    if said.is_emergency_contact and not phone:
        words = _("Whom we call in an emergency needs a phone number.")
        raise Invalid(words, code="related.no_phone", field="phone")
    starts_on = said.starts_on or (standing.starts_on if standing else today(clinic.timezone))
    if said.ends_on is not None and said.ends_on < starts_on:
        raise Invalid(_("The last day is before the first."), code="related.period", field="ends_on")
    return PersonSaid(
        name,
        said.relationship,
        phone,
        email,
        said.language,
        said.is_emergency_contact,
        starts_on,
        said.ends_on,
    )


def _locked(actor: Actor, person: RelatedPerson) -> RelatedPerson:
    found = RelatedPerson.objects.select_for_update(of=("self",)).select_related("organization", "patient")
    person = found.get(pk=person.pk)
    require(actor, "accounts.related.change", _relation(actor, person.organization))
    return person


def _relation(actor: Actor, clinic: Organization) -> Relation:
    return Relation.SAME_CLINIC if actor.organization_id == clinic.pk else Relation.OTHER_CLINIC


def _record(actor: Actor, action: str, person: RelatedPerson) -> None:
    # Who they are to the patient, and no name: events are read by people who may not see the chart.
    detail = {"relationship": person.relationship, "emergency": person.is_emergency_contact}
    record(actor=actor, action=action, entity=person, patient_id=person.patient_id, detail=detail)
