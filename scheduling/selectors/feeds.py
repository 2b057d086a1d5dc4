"""Reading a calendar feed: whose it is and which appointments it tells. A constant number of queries."""

import datetime as dt
import uuid as uuids
from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.actors import Actor, actor_for_user
from accounts.policy import Relation, may, require
from core.clock import now
from core.errors import NotFound
from scheduling import feeds
from scheduling.lifecycle import AppointmentStatus
from scheduling.models import Appointment, CalendarFeed

# What is over stays for a while, and what was cancelled too: programs take it out when they read that it is.
BACK = dt.timedelta(days=30)
AHEAD = dt.timedelta(days=400)
# A clinic's calendar is long: of more than these the nearest are told.
MOST = 2000


@dataclass(frozen=True)
class FeedRows:
    """What one feed tells now."""

    feed: CalendarFeed
    clinic: str
    own: bool
    appointments: list[Appointment]


def my_feed(actor: Actor) -> CalendarFeed | None:
    """The actor's feed as it stands, or None while they have none."""
    require(actor, "scheduling.feed.keep")
    return CalendarFeed.objects.filter(user_id=actor.user_id or 0, revoked_at=None).first()


def open_feed(uuid: uuids.UUID, secret: str) -> CalendarFeed:
    """The feed that this secret opens, or NotFound."""
    found = CalendarFeed.objects.select_related("user__organization").filter(uuid=uuid).first()
    if not feeds.fits(found, secret) or found is None:
        raise NotFound
    return found


def feed_rows(feed: CalendarFeed) -> FeedRows:
    """The appointments of whoever keeps the feed, as far as their roles reach today: their own, or the clinic's."""
    actor = actor_for_user(feed.user, None)
    clinic = feed.user.organization
    if clinic is None or clinic.pk != feed.organization_id or not may(actor, "scheduling.feed.keep"):
        raise NotFound
    # Whoever sees patients reads their own times, whatever else they do in the clinic.
    own = actor.practitioner_id is not None
    if not own and not may(actor, "scheduling.appointment.view", Relation.SAME_CLINIC):
        raise NotFound
    found = Appointment.objects.select_related("practitioner").filter(organization_id=clinic.pk, patient__isnull=False)
    found = found.exclude(status=AppointmentStatus.PROPOSED).filter(appointment_type=Appointment.Type.ROUTINE)
    if own:
        found = found.filter(practitioner_id=actor.practitioner_id or 0)
    return FeedRows(feed, clinic.name, own, _nearest(found))


def _nearest(found: QuerySet[Appointment]) -> list[Appointment]:
    """Those within reach, in order; of more than MOST what lies farthest from now is left out, on either side."""
    instant = now()
    ahead = found.filter(starts_at__gte=instant, starts_at__lt=instant + AHEAD).order_by("starts_at", "pk")[:MOST]
    behind = found.filter(starts_at__lt=instant, starts_at__gte=instant - BACK).order_by("-starts_at", "-pk")[:MOST]
    nearest = sorted([*behind, *ahead], key=lambda one: abs(one.starts_at - instant))[:MOST]
    return sorted(nearest, key=lambda one: (one.starts_at, one.pk))
