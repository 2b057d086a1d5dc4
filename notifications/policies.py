"""Who may see messages and plan them. What people choose for themselves they reach by a link of their own."""

from accounts.actors import Actor
from accounts.models import Patient
from accounts.policy import PUBLIC, Policy, Relation, declare
from accounts.roles import STAFF, Role

DESK = frozenset({Role.FRONT_DESK, Role.SCHEDULER, Role.ADMINISTRATOR})
CLINIC = frozenset({Relation.SAME_CLINIC})

declare(
    # What failed, and sending it again; whose visit's messages may be seen, scheduling says (appointment.view).
    Policy("notifications.message.list", DESK),
    Policy("notifications.message.resend", DESK, CLINIC),
    Policy("notifications.address.correct", DESK, CLINIC),
    Policy("notifications.plan.view", {Role.ADMINISTRATOR}),
    Policy("notifications.plan.change", {Role.ADMINISTRATOR}),
    # In one's own browser, by the link of a visit.
    Policy("notifications.push.subscribe", {Role.PATIENT}, {Relation.OWN}),
    # Posted by providers, who have no session here: what counts is their signature.
    Policy("notifications.notice.take", PUBLIC),
    # A plan of one type of visit.
    Policy("notifications.plan.visit_type", {Role.ADMINISTRATOR}, CLINIC),
    # By the signed address of one's own preferences, and by it alone.
    Policy("notifications.preference.view", {Role.PATIENT}, {Relation.OWN}),
    Policy("notifications.preference.change", {Role.PATIENT}, {Relation.OWN}),
    # What would have been sent; there is such a page in the demo only.
    Policy("notifications.sink.view", STAFF),
)


def relation_to(actor: Actor, patient: Patient) -> Relation:
    """How `actor` stands to somebody whom messages go to."""
    if actor.organization_id is None or actor.organization_id != patient.organization_id:
        return Relation.OTHER_CLINIC
    return Relation.NONE if actor.came_by_link or actor.is_anonymous else Relation.SAME_CLINIC


def relation_to_own(actor: Actor, patient: Patient) -> Relation:
    """How `actor` stands to somebody's own choices: theirs, or nobody's business."""
    if actor.organization_id is None or actor.organization_id != patient.organization_id:
        return Relation.OTHER_CLINIC
    is_own = actor.type == "patient" and actor.patient_id == patient.pk
    return Relation.OWN if is_own else Relation.NONE
