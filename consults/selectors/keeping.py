"""Reading whose place in line is kept, and for how long."""

import datetime as dt
from typing import Any

from accounts.actors import Actor
from accounts.models import Organization
from consults.lifecycle import VisitStatus
from consults.models import Encounter
from consults.people import arrival_of, is_group
from consults.selectors.walkin import closes_at
from scheduling.models import BookingTerms

# A door that never closes, and a line that somebody else's patients wait in, keep the place of a walk-in for so long.
LONGEST_CALLBACK = dt.timedelta(hours=4)


def place_kept(organization: Organization) -> dt.timedelta:
    """So long a silent page keeps its place. No query where the clinic was read together with its terms."""
    terms = getattr(organization, "booking_terms", None) or BookingTerms()
    return dt.timedelta(minutes=terms.place_kept_minutes)


def callback_until(encounter: Encounter, instant: dt.datetime) -> dt.datetime | None:
    """Until when a walk-in who is now to be called back keeps the place: four hours, or what the clinic keeps places
    for after the line has closed for the day. None for who has booked: only the door is open to everybody."""
    if not encounter.appointment.is_walk_in:
        return None
    longest, pool = instant + LONGEST_CALLBACK, encounter.queue.pool
    closes = closes_at(pool, instant) if pool is not None else None
    return longest if closes is None else min(longest, closes + place_kept(encounter.organization))


def callback_named(encounter: Encounter, instant: dt.datetime) -> dt.datetime | None:
    """What the patient's page says of it, asked or not yet; nothing where they have stayed on the page beyond it."""
    if encounter.callback_at is None:
        return callback_until(encounter, instant)
    until = encounter.callback_until
    return until if until is not None and until > instant else None


def keeping_of(actor: Actor, encounter: Encounter) -> dict[str, Any] | None:
    """For who waits: how long the place is kept, whether they are called back, and whether it was lost."""
    if not actor.is_patients_side:
        return None
    lost_at = encounter.place_lost_at
    if is_group(encounter):
        arrival = arrival_of(actor, encounter)
        lost_at = arrival.place_lost_at if arrival is not None else None
    waits = encounter.status == VisitStatus.ARRIVED and encounter.callback_at is not None
    return {
        "minutes": round(place_kept(encounter.organization).total_seconds() / 60),
        "callback": (("called" if encounter.called_at else "asked") if waits else None),
        "lost": lost_at is not None,
    }
