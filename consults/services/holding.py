"""Writing a visit on hold: its practitioner is with somebody else for a moment, and takes it back."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.models import Practitioner
from consults import hints, ports
from consults.lifecycle import VisitStatus, moved
from consults.models import Encounter, Seat
from consults.policies import require_visit
from consults.services.rows import empty_seats, locked_visit, record_visit, store_change
from core.clock import now
from core.errors import Conflict


@transaction.atomic
def hold_visit(*, actor: Actor, encounter: Encounter) -> Encounter:
    """Nobody in the room sees or hears anybody, and everybody's page says that the visit goes on; twice is harmless."""
    encounter = locked_visit(encounter)
    require_visit(actor, "consults.visit.hold", encounter)
    if encounter.status == VisitStatus.ON_LEAVE:
        return encounter
    if encounter.status != VisitStatus.IN_PROGRESS:
        raise Conflict(_("This visit has not begun. Call the patient in first."), code="visit.not_begun")
    hold_locked(actor, encounter)
    return encounter


def hold_locked(actor: Actor, encounter: Encounter) -> None:
    """For the services of this app, of a locked visit in progress. Who waits keeps their seat, and shows no screen."""
    encounter.status = moved(encounter.status, VisitStatus.ON_LEAVE)
    encounter.held_at = now()
    seats = Seat.objects.filter(encounter=encounter)
    empty_seats(encounter, seats.filter(actor_type="user"))
    seats.filter(sharing__isnull=False).update(sharing=None)
    store_change(encounter, "status", "held_at")
    ports.tell_seats_changed(actor, encounter)
    hints.line_changed(encounter.queue)
    record_visit(actor, "consults.visit.hold", encounter)


def locked_with_others(actor: Actor, encounter: Encounter) -> tuple[Encounter, list[Encounter]]:
    """The visit, and those that this practitioner has in progress, all locked in one order: two who call each
    other's patients in at once would wait for each other."""
    ids = sorted({encounter.pk, *_in_progress(actor.practitioner_id or encounter.practitioner_id)})
    locked = {pk: locked_visit(Encounter(pk=pk)) for pk in ids}
    mine = locked.pop(encounter.pk)
    return mine, [one for one in locked.values() if one.status == VisitStatus.IN_PROGRESS]


def locked_others(actor: Actor) -> list[Encounter]:
    """Who is with this practitioner now, locked in the order in which everybody locks several visits."""
    found = [locked_visit(Encounter(pk=pk)) for pk in sorted(_in_progress(actor.practitioner_id or 0))]
    return [one for one in found if one.status == VisitStatus.IN_PROGRESS]


def _in_progress(practitioner_id: int) -> list[int]:
    """The practitioner is locked first: of two of their tabs that call in two patients at once, neither would find
    the other's visit in progress, and both would begin."""
    Practitioner.objects.select_for_update(no_key=True).filter(pk=practitioner_id).values_list("pk").first()
    mine = Encounter.objects.filter(practitioner=practitioner_id, status=VisitStatus.IN_PROGRESS)
    return list(mine.values_list("pk", flat=True))
