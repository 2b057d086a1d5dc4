"""Who may give and withdraw consent: the person alone, in this issue by their personal link."""

from accounts.actors import Actor
from accounts.models import Patient
from accounts.policy import Policy, Relation, declare
from accounts.roles import Role

declare(
    Policy("consent.give", {Role.PATIENT}, {Relation.OWN}),
    Policy("consent.withdraw", {Role.PATIENT}, {Relation.OWN}),
)


def relation_to(actor: Actor, patient: Patient) -> Relation:
    if actor.organization_id is None or actor.organization_id != patient.organization_id:
        return Relation.OTHER_CLINIC
    if actor.patient_id is not None and actor.patient_id == patient.pk:
        return Relation.OWN
    return Relation.NONE if actor.type == "patient" else Relation.SAME_CLINIC
