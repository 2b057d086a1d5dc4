"""Who may give and withdraw consent: the person alone, or who has the right to agree for them (ConsentRight)."""

from accounts.actors import Actor
from accounts.models import Patient
from accounts.policies import DESK
from accounts.policy import Policy, Relation, declare
from accounts.roles import Role

declare(
    Policy("consent.give", {Role.PATIENT}, {Relation.OWN}),
    Policy("consent.withdraw", {Role.PATIENT}, {Relation.OWN}),
    # Everybody in a visit answers for themself; that they are in it, the room that asks has checked.
    Policy("consent.answer", {Role.PATIENT}, {Relation.OWN}),
    Policy("consent.answer", {Role.PRACTITIONER}, {Relation.SAME_CLINIC, Relation.OWN}),
    Policy("consent.answer", {Role.GUEST}, {Relation.SAME_CLINIC}),
    # For the patient; the service asks for a right that counts on that day besides.
    Policy("consent.give", {Role.RELATED_PERSON}, {Relation.OWN}),
    Policy("consent.withdraw", {Role.RELATED_PERSON}, {Relation.OWN}),
    Policy("consent.answer", {Role.RELATED_PERSON}, {Relation.OWN}),
    Policy("consent.right.view", DESK | {Role.PRACTITIONER}, {Relation.SAME_CLINIC}),
    Policy("consent.right.give", DESK | {Role.PRACTITIONER}, {Relation.SAME_CLINIC}),
    Policy("consent.right.withdraw", DESK | {Role.PRACTITIONER}, {Relation.SAME_CLINIC}),
)


def relation_to(actor: Actor, patient: Patient) -> Relation:
    if actor.organization_id is None or actor.organization_id != patient.organization_id:
        return Relation.OTHER_CLINIC
    if actor.patient_id is not None and actor.patient_id == patient.pk:
        return Relation.OWN
    if actor.for_patient_id is not None and actor.for_patient_id == patient.pk:
        return Relation.OWN
    return Relation.NONE if actor.type == "patient" else Relation.SAME_CLINIC
