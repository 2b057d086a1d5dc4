"""Making, renewing and closing a person's calendar feed. What its secret is, scheduling.feeds says."""

from django.db import transaction

from accounts.actors import Actor
from accounts.policy import require
from audit.services import record
from core.clock import now
from core.errors import NotFound
from scheduling.models import CalendarFeed

ACTION = "scheduling.feed.keep"


@transaction.atomic
def renew_feed(*, actor: Actor) -> CalendarFeed:
    """Give the actor an address of their own, the first or another; the old one answers nothing any more."""
    require(actor, ACTION)
    if actor.user_id is None or actor.organization_id is None:
        raise NotFound
    feed, is_new = CalendarFeed.objects.get_or_create(
        user_id=actor.user_id, defaults={"organization_id": actor.organization_id}
    )
    if not is_new:
        feed = CalendarFeed.objects.select_for_update().get(pk=feed.pk)
        feed.generation += 1
        feed.revoked_at = None
        # Whoever has moved to another clinic takes the address along, not the other clinic's visits.
        feed.organization_id = actor.organization_id
        feed.save(update_fields=["generation", "revoked_at", "organization"])
    record(actor=actor, action="scheduling.feed.renew", entity=feed, detail={"generation": feed.generation})
    return feed


@transaction.atomic
def revoke_feed(*, actor: Actor) -> None:
    """The address answers nothing any more; what calendar programs have kept, they keep."""
    require(actor, ACTION)
    feed = CalendarFeed.objects.select_for_update().filter(user_id=actor.user_id or 0, revoked_at=None).first()
    if feed is not None:
        feed.revoked_at = now()
        feed.save(update_fields=["revoked_at"])
        record(actor=actor, action="scheduling.feed.revoke", entity=feed)
