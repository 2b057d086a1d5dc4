"""Reading the wait list: one's own place by the secret link, and the clinic's whole list for the desk."""

import uuid as uuids

from django.db.models import Prefetch, QuerySet

from accounts.actors import Actor
from accounts.policy import require
from core.errors import NotFound
from scheduling.lifecycle import WaitStatus
from scheduling.models import PersonalLink, WaitListEntry, WaitListOffer
from scheduling.policies import relation_to_entry
from scheduling.selectors.offering import link_from
from scheduling.viewing import record_views

STANDING = (WaitStatus.OFFERED, WaitStatus.WAITING)
# So many that are over are shown below those that stand.
LATELY = 20


def own_entry(actor: Actor) -> WaitListEntry:
    """The entry whose secret link the person has opened, or NotFound."""
    entry = _rows().filter(pk=actor.wait_id or 0).first()
    if entry is None:
        raise NotFound
    require(actor, "scheduling.wait.view", relation_to_entry(actor, entry))
    return entry


def own_visit(actor: Actor, entry: WaitListEntry) -> PersonalLink | None:
    """The link to what was booked from the list, for the person of the entry.

    Not one that the desk has made since: it closed the old one, and who has the link to the list may be the reason.
    """
    require(actor, "scheduling.wait.view", relation_to_entry(actor, entry))
    if entry.status != WaitStatus.BOOKED or entry.offer is None:
        return None
    return link_from(entry.offer)


def wait_list(actor: Actor) -> tuple[list[WaitListEntry], list[WaitListEntry]]:
    """The clinic's list: who is offered something or waits, in their order; and who was on it lately."""
    require(actor, "scheduling.wait.list")
    if actor.organization_id is None:
        raise NotFound
    rows = _rows().filter(organization_id=actor.organization_id)
    standing = list(rows.filter(status__in=STANDING).order_by("created_at", "pk"))
    over = list(rows.exclude(status__in=STANDING).order_by("-created_at", "-pk")[:LATELY])
    record_views(actor=actor, patient_ids=[row.patient_id for row in (*standing, *over)], page="wait-list")
    # Those who have to be told come first.
    return sorted(standing, key=lambda row: row.status != WaitStatus.OFFERED), over


def get_entry(actor: Actor, uuid: uuids.UUID) -> WaitListEntry:
    """One entry for the desk, or NotFound."""
    entry = _rows().filter(uuid=uuid).first()
    if entry is None:
        raise NotFound
    require(actor, "scheduling.wait.view", relation_to_entry(actor, entry))
    record_views(actor=actor, patient_ids=[entry.patient_id], page="wait-list-entry")
    return entry


def _rows() -> QuerySet[WaitListEntry]:
    offers = Prefetch("offers", WaitListOffer.objects.select_related("practitioner").order_by("-pk"))
    people = ("organization", "patient", "visit_type", "practitioner", "offer__practitioner__schedule")
    return WaitListEntry.objects.select_related(*people).prefetch_related(offers)
