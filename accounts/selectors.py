"""Reading organisations, patients, their people and practitioners. What is not of the actor's clinic does not exist."""

import uuid as uuids
from typing import TypeVar

from django.db.models import Q, QuerySet

from accounts.actors import Actor
from accounts.models import Licence, Organization, Patient, Practitioner, RelatedPerson
from accounts.policy import Relation, require
from core.clock import today
from core.errors import NotFound

M = TypeVar("M", Patient, Practitioner)


def default_organization() -> Organization | None:
    """The clinic of this installation: what pages show before anybody is known. None before it is set up."""
    return Organization.objects.order_by("pk").first()


def organization_of(actor: Actor) -> Organization | None:
    """The actor's clinic, or the installation's for somebody without one."""
    if actor.organization_id is None:
        return default_organization()
    return Organization.objects.filter(pk=actor.organization_id).first()


def practitioners(actor: Actor) -> QuerySet[Practitioner]:
    """The practitioners of the actor's clinic, by name."""
    require(actor, "accounts.practitioner.list")
    return _of_clinic(actor, Practitioner).order_by("family_name", "given_name")


def practitioners_to_meet() -> QuerySet[Practitioner]:
    """Whom the clinic's public page names: what hangs beside the door, for everybody to read."""
    return Practitioner.objects.filter(organization=default_organization(), user__is_active=True).order_by("pk")


def patients(actor: Actor) -> QuerySet[Patient]:
    """The patients of the actor's clinic, by name; a row that was merged into another is that other."""
    require(actor, "accounts.patient.list")
    return _of_clinic(actor, Patient).filter(merged_into=None).order_by("family_name", "given_name")


def get_practitioner(actor: Actor, uuid: uuids.UUID | str) -> Practitioner:
    found = _one(_of_clinic(actor, Practitioner), uuid)
    relation = Relation.OWN if found.pk == actor.practitioner_id else Relation.SAME_CLINIC
    require(actor, "accounts.practitioner.view", relation)
    return found


def get_practitioner_of(actor: Actor) -> Practitioner | None:
    """The practitioner that the actor is, or None for everybody else."""
    if actor.practitioner_id is None:
        return None
    return _of_clinic(actor, Practitioner).filter(pk=actor.practitioner_id).first()


def get_patient(actor: Actor, uuid: uuids.UUID | str) -> Patient:
    found = _one(_of_clinic(actor, Patient), uuid)
    relation = Relation.OWN if found.pk == actor.patient_id else Relation.SAME_CLINIC
    require(actor, "accounts.patient.view", relation)
    return found


def people_of(patient: Patient) -> list[RelatedPerson]:
    """Everybody who is this patient's mother, carer and so on today; whoever holds the patient may see it already."""
    theirs = Q(patient=patient) | Q(patient__merged_into=patient)
    found = RelatedPerson.objects.select_related("organization", "patient__merged_into").filter(theirs, is_active=True)
    day = today(patient.organization.timezone)
    return [one for one in found if one.is_one_on(day)]


def former_people_of(patient: Patient) -> list[RelatedPerson]:
    """Who was, or will be; for the page that keeps them."""
    theirs = Q(patient=patient) | Q(patient__merged_into=patient)
    day = today(patient.organization.timezone)
    return [one for one in RelatedPerson.objects.filter(theirs) if not one.is_one_on(day)]


def emergency_contacts_of(patient: Patient) -> list[RelatedPerson]:
    return [one for one in people_of(patient) if one.is_emergency_contact]


def get_related(actor: Actor, uuid: uuids.UUID | str) -> RelatedPerson:
    """Somebody of a patient of the actor's clinic, also when they are so no longer."""
    rows = RelatedPerson.objects.select_related("organization", "patient__merged_into", "patient__organization")
    found = rows.filter(uuid=uuid, organization_id=actor.organization_id or 0).first()
    if found is None:
        raise NotFound
    require(actor, "accounts.related.view", Relation.SAME_CLINIC)
    return found


def practitioners_with_licences(actor: Actor) -> list[Practitioner]:
    """Those of the clinic who can sign in, by name."""
    require(actor, "accounts.licence.list")
    rows = _of_clinic(actor, Practitioner).filter(user__is_active=True).prefetch_related("licences")
    return list(rows.order_by("family_name", "given_name"))


def get_licence(actor: Actor, practitioner: Practitioner, uuid: uuids.UUID | str) -> Licence:
    found = Licence.objects.select_related("practitioner").filter(uuid=uuid, practitioner=practitioner).first()
    if found is None:
        raise NotFound
    require(actor, "accounts.licence.change", Relation.SAME_CLINIC)
    return found


def _of_clinic(actor: Actor, model: type[M]) -> QuerySet[M]:
    """The rows of the actor's clinic; none for somebody without one."""
    if actor.organization_id is None:
        return model._default_manager.none()
    return model._default_manager.filter(organization_id=actor.organization_id)


def _one(rows: QuerySet[M], uuid: uuids.UUID | str) -> M:
    try:
        found = rows.filter(uuid=uuids.UUID(str(uuid))).first()
    except ValueError:
        found = None
    if found is None:
        raise NotFound
    return found
