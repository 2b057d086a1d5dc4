"""Writing who shows their screen: one person at a time in a visit. What is shown goes by the relay alone."""

import uuid as uuids

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.actors import Actor, system_actor
from consults.lifecycle import VisitStatus
from consults.models import Encounter, Seat
from consults.policies import require_visit
from consults.presence import SHARE_KEPT, is_sharing
from consults.services.rows import locked_visit, record_visit, store_change
from consults.services.seats import person_id, seat_in_use
from core.clock import now
from core.errors import Conflict


@transaction.atomic
def start_share(*, actor: Actor, encounter: Encounter, tab: uuids.UUID) -> None:
    """Show the screen from the browser tab `tab`; once more from the same tab changes nothing.

    Conflict `share.taken` while somebody else shows theirs, `visit.not_open` before the call has begun.
    """
    encounter = locked_visit(encounter)
    require_visit(actor, "consults.share.start", encounter)
    seat = seat_in_use(actor, encounter)
    if encounter.status != VisitStatus.IN_PROGRESS:
        raise Conflict(_("You can share your screen once the call has begun."), code="visit.not_open")
    standing = _shares(encounter).first()
    if standing is not None and is_sharing(standing, now()):
        if standing.pk == seat.pk and standing.sharing == tab:
            return
        if standing.pk != seat.pk:
            raise _taken(standing, encounter)
    _shares(encounter).exclude(pk=seat.pk).update(sharing=None)
    seat.sharing, seat.last_seen_at = tab, now()
    seat.save(update_fields=["sharing", "last_seen_at"])
    store_change(encounter)
    record_visit(actor, "consults.share.start", encounter, seat=str(seat.uuid))


@transaction.atomic
def stop_share(*, actor: Actor, encounter: Encounter) -> None:
    """Show the own screen no longer. Harmless when it is not shown."""
    encounter = locked_visit(encounter)
    require_visit(actor, "consults.share.stop", encounter)
    seat = _shares(encounter).filter(actor_type=actor.type, actor_id=person_id(actor))
    if seat.update(sharing=None):
        store_change(encounter)
        record_visit(actor, "consults.share.stop", encounter)


def end_lost_share(*, encounter: Encounter) -> None:
    """Note that the tab that showed its screen is gone for good, so that the relay and all pages learn it.

    Everybody's own look at the visit asks this: whoever could still be shown that screen is there to ask.
    """
    if encounter.status != VisitStatus.IN_PROGRESS or not _lost(encounter).exists():
        return
    with transaction.atomic():
        encounter = locked_visit(encounter)
        if _lost(encounter).update(sharing=None):
            store_change(encounter)
            record_visit(
                system_actor("share lost", encounter.organization_id), "consults.share.stop", encounter, lost=True
            )


def _shares(encounter: Encounter) -> QuerySet[Seat]:
    return Seat.objects.filter(encounter=encounter, sharing__isnull=False)


def _lost(encounter: Encounter) -> QuerySet[Seat]:
    """What `presence.is_sharing` says no to, as a query."""
    return _shares(encounter).filter(Q(last_seen_at=None) | Q(last_seen_at__lt=now() - SHARE_KEPT))


def _taken(standing: Seat, encounter: Encounter) -> Conflict:
    names = {"practitioner": encounter.practitioner.short_name, "patient": encounter.patient.given_name}
    name = names.get(standing.role, standing.label)
    words = _("%(name)s is sharing their screen. Ask them to stop first.") % {"name": name}
    return Conflict(words, code="share.taken")
