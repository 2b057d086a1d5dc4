"""Who may do what in a visit and on a queue. Whose visit it is, scheduling's appointment says."""

from accounts.actors import Actor
from accounts.policy import PUBLIC, Policy, Relation, declare, may
from accounts.roles import STAFF, Role
from consults.lifecycle import OVER
from consults.models import Encounter, Queue
from core.errors import Conflict, NotFound
from scheduling.policies import relation_to

PATIENT = frozenset({Role.PATIENT})
PRACTITIONER = frozenset({Role.PRACTITIONER})
GUEST = frozenset({Role.GUEST})
IN_THE_VISIT = PATIENT | PRACTITIONER | GUEST
DESK = frozenset({Role.FRONT_DESK, Role.SCHEDULER, Role.ADMINISTRATOR})

OWN = frozenset({Relation.OWN})
OWN_OR_ENDED = frozenset({Relation.OWN, Relation.ENDED})

declare(
    Policy("consults.front.open", STAFF),
    Policy("consults.queue.list", DESK | PRACTITIONER),
    Policy("consults.queue.open", PRACTITIONER, OWN),
    Policy("consults.queue.view", PRACTITIONER, OWN),
    Policy("consults.queue.view", DESK, {Relation.SAME_CLINIC}),
    # How often people were called in when they had been told; no patient is in it.
    Policy("consults.waits.view", {Role.ADMINISTRATOR}),
    Policy("consults.visit.view", IN_THE_VISIT, OWN_OR_ENDED),
    # That they come no more, the page of their link says.
    Policy("consults.visit.view", PATIENT, {Relation.LEFT}),
    Policy("consults.visit.enter", PATIENT, OWN),
    Policy("consults.visit.unenter", PATIENT, OWN),
    # The script that shows notifications of the visit's page; it holds nothing of anybody.
    Policy("consults.notify.worker", PUBLIC),
    # A guest agrees at the door for themself; they never wait in line, and sit only while the visit goes on.
    Policy("consults.guest.agree", GUEST, OWN),
    Policy("consults.visit.admit", PRACTITIONER, OWN),
    Policy("consults.visit.hold", PRACTITIONER, OWN),
    Policy("consults.visit.identify", PRACTITIONER, OWN),
    # Finishing, and hanging up, once more after the end is no error: both are pressed twice in real life.
    Policy("consults.visit.finish", PRACTITIONER, OWN_OR_ENDED),
    Policy("consults.seat.take", IN_THE_VISIT, OWN),
    Policy("consults.seat.leave", IN_THE_VISIT, OWN_OR_ENDED),
    Policy("consults.media.set", IN_THE_VISIT, OWN),
    Policy("consults.share.start", IN_THE_VISIT, OWN),
    # Stopping what the visit's end has stopped is no error.
    Policy("consults.share.stop", IN_THE_VISIT, OWN_OR_ENDED),
    Policy("consults.chat.post", IN_THE_VISIT, OWN),
    Policy("consults.chat.read", IN_THE_VISIT, OWN_OR_ENDED),
)


def relation_to_visit(actor: Actor, encounter: Encounter) -> Relation:
    return relation_to(actor, encounter.appointment, over=encounter.status in OVER)


def relation_to_queue(actor: Actor, queue: Queue) -> Relation:
    if actor.organization_id is None or actor.organization_id != queue.organization_id:
        return Relation.OTHER_CLINIC
    if actor.practitioner_id is not None and actor.practitioner_id == queue.practitioner_id:
        return Relation.OWN
    return Relation.NONE if actor.came_by_link else Relation.SAME_CLINIC


def require_visit(actor: Actor, action: str, encounter: Encounter) -> None:
    """Raise NotFound for what is not yours, and Conflict `visit.over` for what was yours until it ended."""
    relation = relation_to_visit(actor, encounter)
    if may(actor, action, relation):
        return
    if relation is Relation.LEFT and may(actor, action, Relation.OWN):
        raise Conflict("You have said that you do not come to this visit.", code="visit.left")
    if relation is Relation.ENDED and may(actor, action, Relation.OWN):
        raise visit_over()
    raise NotFound


def visit_late() -> Conflict:
    return Conflict("The time of this visit is over. Call the desk for a new one.", code="visit.late")


def visit_over() -> Conflict:
    return Conflict("This visit is over. Call the desk if something is still open.", code="visit.over")
