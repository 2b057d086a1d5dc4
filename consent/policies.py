"""Who may give and withdraw consent: the person alone, by their personal link or signed in."""

from accounts.actors import Actor
from accounts.models import Patient
from accounts.policy import Policy, Relation, declare
from accounts.roles import Role

declare(
    Policy("consent.give", {Role.PATIENT}, {Relation.OWN}),
    Policy("consent.withdraw", {Role.PATIENT}, {Relation.OWN}),
    # Everybody in a visit answers for themself; that they are in it, the room that asks has checked.
    Policy("consent.answer", {Role.PATIENT}, {Relation.OWN}),
    Policy("consent.answer", {Role.PRACTITIONER}, {Relation.SAME_CLINIC, Relation.OWN}),
    Policy("consent.answer", {Role.GUEST}, {Relation.SAME_CLINIC}),
)


def relation_to(actor: Actor, patient: Patient) -> Relation:
    if actor.organization_id is None or actor.organization_id != patient.organization_id:
        return Relation.OTHER_CLINIC
    if actor.patient_id is not None and actor.patient_id == patient.pk:
        return Relation.OWN
    return Relation.NONE if actor.type == "patient" else Relation.SAME_CLINIC
