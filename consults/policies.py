"""Who may do what in a visit, on a queue and with a pool. Which patient's visit it is, its appointment says."""

from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.policy import PUBLIC, Policy, Relation, declare, may, require
from accounts.roles import STAFF, Role
from consults.lifecycle import BEGUN, OVER, VisitStatus
from consults.models import Encounter, Pool, PoolMember, Queue
from core.errors import Conflict, NotFound
from scheduling.policies import relation_to

PATIENT = frozenset({Role.PATIENT})
FOR_PATIENT = frozenset({Role.PATIENT, Role.RELATED_PERSON})
PRACTITIONER = frozenset({Role.PRACTITIONER})
GUEST = frozenset({Role.GUEST})
IN_THE_VISIT = PATIENT | PRACTITIONER | GUEST
DESK = frozenset({Role.FRONT_DESK, Role.SCHEDULER, Role.ADMINISTRATOR})

OWN = frozenset({Relation.OWN})
OWN_OR_ENDED = frozenset({Relation.OWN, Relation.ENDED})
CLINIC = frozenset({Relation.SAME_CLINIC})

declare(
    Policy("consults.front.open", STAFF),
    Policy("consults.queue.list", DESK | PRACTITIONER),
    Policy("consults.queue.open", PRACTITIONER, OWN),
    Policy("consults.queue.view", PRACTITIONER, OWN),
    # Calling in whoever is next; who may have one by name, the visit and its line say.
    Policy("consults.queue.call", PRACTITIONER, OWN),
    Policy("consults.queue.view", DESK, {Relation.SAME_CLINIC}),
    # The lines that several practitioners share.
    Policy("consults.pool.list", {Role.ADMINISTRATOR}),
    Policy("consults.pool.new", {Role.ADMINISTRATOR}),
    Policy("consults.pool.change", {Role.ADMINISTRATOR}, {Relation.SAME_CLINIC}),
    # What people read while they wait.
    Policy("consults.reading.change", {Role.ADMINISTRATOR}),
    # Its walk-in door, for everybody; and its address, which the desk hands on.
    Policy("consults.walk_in.use", PUBLIC),
    Policy("consults.pool.door", DESK, {Relation.SAME_CLINIC}),
    # How often people were called in when they had been told; no patient is in it.
    Policy("consults.waits.view", {Role.ADMINISTRATOR}),
    Policy("consults.visit.view", IN_THE_VISIT, OWN_OR_ENDED),
    # That they come no more, the page of their link says.
    Policy("consults.visit.view", PATIENT, {Relation.LEFT}),
    # Who has the right to agree for a patient opens the door for them, and waits with them.
    Policy("consults.visit.enter", FOR_PATIENT, OWN),
    Policy("consults.visit.unenter", FOR_PATIENT, OWN),
    # Wait elsewhere and be called back, or stay after all.
    Policy("consults.callback.ask", FOR_PATIENT, OWN),
    # What who waits and the front desk write to each other; readable also when the visit is over.
    Policy("consults.desk.view", FOR_PATIENT | PRACTITIONER, OWN_OR_ENDED),
    Policy("consults.desk.view", DESK, CLINIC),
    Policy("consults.desk.post", FOR_PATIENT | PRACTITIONER, OWN),
    Policy("consults.desk.post", DESK, CLINIC),
    # A guest agrees at the door for themself; they never wait in line, and sit only while the visit goes on.
    Policy("consults.guest.agree", GUEST, OWN),
    # Behind a code sent to the contact on file, and when there is something behind it: for the patient alone.
    Policy("consults.leave.open", PATIENT, OWN_OR_ENDED),
    # What the own devices and the own line can do, told before the visit, and by staff looked at.
    Policy("consults.devices.tell", PATIENT | GUEST, OWN),
    Policy("consults.devices.view", DESK, {Relation.SAME_CLINIC, Relation.OWN, Relation.ENDED}),
    Policy("consults.devices.view", PRACTITIONER, OWN_OR_ENDED),
    Policy("consults.visit.admit", PRACTITIONER, OWN),
    Policy("consults.visit.hold", PRACTITIONER, OWN),
    Policy("consults.visit.identify", PRACTITIONER, OWN),
    # Finishing, and hanging up, once more after the end is no error: both are pressed twice in real life.
    Policy("consults.visit.finish", PRACTITIONER, OWN_OR_ENDED),
    # Called by mistake: whoever called takes it back.
    Policy("consults.visit.unadmit", PRACTITIONER, OWN),
    # Called, and nobody answered: behind those who are there.
    Policy("consults.visit.requeue", DESK, CLINIC),
    Policy("consults.visit.requeue", PRACTITIONER, OWN),
    # A row of a board by itself, and what staff note on it.
    # To a colleague, or to a line that several share; out of a call only who performs it, says the service.
    Policy("consults.visit.pass_on", DESK, CLINIC),
    Policy("consults.visit.pass_on", PRACTITIONER, OWN),
    Policy("consults.row.view", DESK, CLINIC),
    Policy("consults.row.view", PRACTITIONER, OWN_OR_ENDED),
    Policy("consults.note.change", DESK, CLINIC),
    Policy("consults.note.change", PRACTITIONER, OWN),
    # Somebody waits whom nobody has called: their board rings until this is said.
    Policy("consults.unanswered.see", PRACTITIONER, OWN),
    # How late a practitioner is: what is told, scheduling's own row allows.
    Policy("consults.queue.late", DESK, CLINIC),
    Policy("consults.queue.late", PRACTITIONER, OWN),
    # All lines of the clinic on one page.
    Policy("consults.clinic.view", DESK),
    # What is taken back, its own row in this table allows; this is the button.
    Policy("consults.board.undo", DESK | PRACTITIONER),
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
    """To staff it belongs by who performs it now, whoever it was booked with."""
    over = encounter.status in OVER
    return relation_to(actor, encounter.appointment, over=over, performed_by=encounter.practitioner_id)


def relation_to_queue(actor: Actor, queue: Queue) -> Relation:
    """A practitioner's own line is theirs, and so is that of a pool whose member they are."""
    if actor.organization_id is None or actor.organization_id != queue.organization_id:
        return Relation.OTHER_CLINIC
    if actor.practitioner_id is not None and actor.practitioner_id == queue.practitioner_id:
        return Relation.OWN
    if queue.pool_id is not None and is_member(actor.practitioner_id, queue.pool_id):
        return Relation.OWN
    return Relation.NONE if actor.came_by_link else Relation.SAME_CLINIC


def is_member(practitioner_id: int | None, pool_id: int) -> bool:
    return PoolMember.objects.filter(pool_id=pool_id, practitioner_id=practitioner_id or 0).exists()


def relation_to_pool(actor: Actor, pool: Pool) -> Relation:
    if actor.organization_id is None or actor.organization_id != pool.organization_id:
        return Relation.OTHER_CLINIC
    return Relation.NONE if actor.came_by_link else Relation.SAME_CLINIC


def may_change_pools(actor: Actor, organization_id: int) -> bool:
    """Whether `actor` may add lines to this clinic, and change those it has."""
    if actor.type == "system":
        return actor.organization_id in (None, organization_id)
    return actor.organization_id == organization_id and may(actor, "consults.pool.new")


def require_pool(actor: Actor, pool: Pool) -> None:
    """Raise NotFound for who may not change this line."""
    if not may_change_pools(actor, pool.organization_id):
        raise NotFound
    require(actor, "consults.pool.change", relation_to_pool(actor, pool))


def relation_to_row(actor: Actor, encounter: Encounter) -> Relation:
    """How `actor` stands to a visit as a row of a board: whose board it is, theirs is the row.

    Of a pool's, until a colleague has called them in: from then on, and after the visit, it is that one's alone.
    """
    relation = relation_to_visit(actor, encounter)
    if encounter.queue.pool_id is not None and encounter.status in BEGUN | {VisitStatus.FINISHED}:
        return relation
    if relation is Relation.SAME_CLINIC and relation_to_queue(actor, encounter.queue) is Relation.OWN:
        return Relation.ENDED if encounter.status in OVER else Relation.OWN
    return relation


def require_row(actor: Actor, action: str, encounter: Encounter) -> None:
    """Raise NotFound for a row that is not theirs, and Conflict `visit.over` for one of a visit that is over."""
    relation = relation_to_row(actor, encounter)
    was = Relation.OWN if relation is Relation.ENDED else relation
    if not may(actor, action, was):
        raise NotFound
    if encounter.status in OVER:
        raise visit_over()


def require_visit(actor: Actor, action: str, encounter: Encounter) -> None:
    """Raise NotFound for what is not yours, and Conflict `visit.over` for what was yours until it ended."""
    relation = relation_to_visit(actor, encounter)
    if may(actor, action, relation):
        return
    if relation is Relation.LEFT and may(actor, action, Relation.OWN):
        raise Conflict(_("You have said that you do not come to this visit."), code="visit.left")
    if relation is Relation.ENDED and may(actor, action, Relation.OWN):
        raise visit_over()
    raise NotFound


def require_call(actor: Actor, encounter: Encounter) -> None:
    """Raise NotFound for who may not call them in: whoever waits in a pool is every member's, until one does."""
    if encounter.queue.pool_id is None or encounter.status != VisitStatus.ARRIVED:
        require_visit(actor, "consults.visit.admit", encounter)
    else:
        require(actor, "consults.visit.admit", relation_to_queue(actor, encounter.queue))


def visit_late() -> Conflict:
    return Conflict(_("The time of this visit is over. Call the desk for a new one."), code="visit.late")


def visit_over() -> Conflict:
    return Conflict(_("This visit is over. Call the desk if something is still open."), code="visit.over")
