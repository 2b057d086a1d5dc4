"""Writing that somebody waits and was not called: a practitioner has seen it; the desk was told, once for each wait."""

from django.db import transaction

from accounts.actors import Actor
from consults import messages
from consults.answering import their_time
from consults.lifecycle import VisitStatus
from consults.models import Encounter, Unanswered
from consults.policies import require_row
from consults.selectors.answering import answering_of, for_the_desk
from consults.services.rows import locked_visit, raise_queue_version, record_visit
from core.clock import now


@transaction.atomic
def see_unanswered(*, actor: Actor, encounter: Encounter) -> None:
    """The board need not ring any more for who waits now. Seen twice, or called in meanwhile: harmless."""
    encounter = locked_visit(encounter)
    require_row(actor, "consults.unanswered.see", encounter)
    if encounter.status != VisitStatus.ARRIVED:
        return
    row, _ = Unanswered.objects.get_or_create(encounter=encounter, since=their_time(encounter))
    if row.seen_at is not None:
        return
    row.seen_at, row.seen_by_id = now(), actor.user_id
    row.save(update_fields=["seen_at", "seen_by"])
    raise_queue_version(encounter.queue)
    record_visit(actor, "consults.unanswered.see", encounter)


def tell_desks() -> int:
    """Write to front desks of whom nobody calls, where a clinic has an address. Returns of how many."""
    return sum(_tell_desk(encounter) for encounter in for_the_desk(now()))


@transaction.atomic
def _tell_desk(encounter: Encounter) -> bool:
    """Looked at once more, locked: of two that look at the same moment one writes."""
    encounter = locked_visit(encounter)
    found = answering_of([encounter], now()).get(encounter.pk)
    if found is None or not found.at_desk:
        return False
    row, _ = Unanswered.objects.get_or_create(encounter=encounter, since=their_time(encounter))
    if row.desk_told_at is not None or not messages.tell_desk(encounter, row.pk):
        return False
    row.desk_told_at = now()
    row.save(update_fields=["desk_told_at"])
    raise_queue_version(encounter.queue)
    return True
