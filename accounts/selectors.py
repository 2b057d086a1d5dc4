"""Reading organisations, patients and practitioners. What is not of the actor's clinic does not exist here."""

import uuid as uuids
from typing import TypeVar

from django.db.models import QuerySet

from accounts.actors import Actor
from accounts.models import Organization, Patient, Practitioner
from accounts.policy import Relation, require
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
