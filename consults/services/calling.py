"""Writing who is called in: one patient by name, or whoever is next; two practitioners never get the same one."""

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.policy import require
from consults import messages
from consults.lifecycle import VisitStatus, moved
from consults.models import Encounter, Queue
from consults.policies import is_member, relation_to_queue, require_call
from consults.presence import is_open
from consults.selectors.pools import lines_shown, next_in
from consults.services.holding import hold_locked, locked_others, locked_with_others
from consults.services.rows import WITH, line_changed, lock_lines, locked_visit, record_visit, store_change
from consults.services.stations import begin_station
from consults.services.waits import note_called_in
from core.clock import now
from core.errors import Conflict


@transaction.atomic
def admit_patient(*, actor: Actor, encounter: Encounter, hold_others: bool = False) -> Encounter:
    """Begin the visit with a patient who waits, or go on with one on hold; admitting once more changes nothing.

    Of a practitioner's own line only they may; from a pool the first member who does has claimed the visit, and every
    other gets Conflict `visit.claimed`. Conflict `visit.not_waiting` when the patient is not (or no longer) in the
    waiting room. With `hold_others` whoever is with the practitioner now is put on hold in the same step, or, where
    this one cannot be called in, is not.
    """
    encounter, others = locked_with_others(actor, encounter) if hold_others else (locked_visit(encounter), [])
    _require_unclaimed(actor, encounter)
    require_call(actor, encounter)
    return _admit(actor, encounter, others)


@transaction.atomic
def call_next(*, actor: Actor, queue: Queue, hold_others: bool = False) -> Encounter:
    """Call in the first who is there, of a practitioner's own line with those of their pools, or of one pool alone.

    Rows that somebody else has locked are passed over: two who press at the same moment get two patients. Only where
    nobody else is left does one wait for the other. Conflict `queue.nobody` when nobody is there to be called in.
    """
    require(actor, "consults.queue.call", relation_to_queue(actor, queue))
    others = locked_others(actor) if hold_others else []
    encounter = _first_of(next_in(lines_shown(queue), now()), may_wait=not others)
    if encounter is None:
        raise Conflict(_("Nobody is there to be called in now. Look at the line again."), code="queue.nobody")
    require_call(actor, encounter)
    return _admit(actor, encounter, others)


def _admit(actor: Actor, encounter: Encounter, others: Sequence[Encounter]) -> Encounter:
    """Both locked, and allowed."""
    if encounter.status == VisitStatus.IN_PROGRESS:
        return encounter
    if not is_open(encounter, now()):
        raise Conflict(
            _("This patient is not in the waiting room now. Wait for them or call them."), code="visit.not_waiting"
        )
    if others:
        lock_lines(encounter.queue, *(other.queue for other in others))
    for other in others:
        hold_locked(actor, other)
    is_back = encounter.status == VisitStatus.ON_LEAVE
    if not is_back and encounter.queue.pool_id is not None and actor.practitioner_id is not None:
        encounter.practitioner_id = actor.practitioner_id
    encounter.status = moved(encounter.status, VisitStatus.IN_PROGRESS)
    encounter.started_at, encounter.held_at = encounter.started_at or now(), None
    encounter.called_from = (encounter.callback_at, encounter.called_at)
    encounter.callback_at = encounter.called_at = None
    store_change(encounter, "status", "started_at", "held_at", "practitioner", "callback_at", "called_at")
    begin_station(encounter)
    note_called_in(encounter)
    line_changed(encounter.queue)
    messages.tell_ready(encounter)
    record_visit(actor, "consults.visit.resume" if is_back else "consults.visit.admit", encounter)
    return encounter


def _require_unclaimed(actor: Actor, encounter: Encounter) -> None:
    """Whoever sees the line is told why they cannot have this one; anybody else learns nothing."""
    pool_id = encounter.queue.pool_id
    if pool_id is None or encounter.status in {VisitStatus.PLANNED, VisitStatus.ARRIVED, VisitStatus.CANCELLED}:
        return
    if actor.practitioner_id != encounter.practitioner_id and is_member(actor.practitioner_id, pool_id):
        words = _("%(name)s has called this patient in before you.") % {"name": encounter.practitioner.short_name}
        raise Conflict(words, code="visit.claimed")


def _first_of(candidates: Sequence[int], *, may_wait: bool) -> Encounter | None:
    """The first of these who still waits, locked. On SQLite this transaction is the only one that writes."""
    waiting = Encounter.objects.filter(status=VisitStatus.ARRIVED)
    for skips in (True, False) if may_wait else (True,):
        for pk in candidates:
            row = waiting.filter(pk=pk).select_for_update(skip_locked=skips, of=("self",))
            if row.values_list("pk", flat=True).first():
                return Encounter.objects.select_related(*WITH).get(pk=pk)
    return None
