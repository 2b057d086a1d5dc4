"""Reading the own visits of many patients at once: each visit for one, by a standing link, as its page is told of it.

Who is not found here (guests, groups, staff, whoever may not) is asked for one by one, and told why there.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from django.db.models import Prefetch, prefetch_related_objects

from accounts.actors import Actor
from accounts.policy import may
from consults import ports
from consults.lifecycle import OVER
from consults.models import DeskThread, Encounter, Seat
from scheduling.links import patients_for_cookies
from scheduling.models import PersonalLink
from scheduling.policies import relation_by

# What visits of one line have in common is read once for all of them.
_SHARED = ("organization__booking_terms", "practitioner__user", "queue__pool")
_OF_ONE = (
    Prefetch("seats", queryset=Seat.objects.filter(left_at=None).order_by("pk"), to_attr="seats_read"),
    Prefetch("desk_threads", queryset=DeskThread.objects.filter(member=None), to_attr="desk_threads_read"),
)


class OwnVisit(NamedTuple):
    """A patient and the visit that their link leads to, both read now."""

    actor: Actor
    link: PersonalLink
    encounter: Encounter


def own_visits(asked: Sequence[tuple[str, Mapping[str, str]]], actions: Sequence[str]) -> list[OwnVisit | None]:
    """By path and cookies, for those who may do all of these with it."""
    people = patients_for_cookies(asked)
    booked = {link.appointment_id: link for _, link in filter(None, people)}
    rows = Encounter.objects.filter(appointment_id__in=booked).select_related("patient").prefetch_related(*_SHARED)
    visits = {one.appointment_id: one for one in rows}
    found: list[OwnVisit | None] = []
    for person in people:
        encounter = visits.get(person[1].appointment_id) if person is not None else None
        found.append(_own(*person, encounter, actions) if person is not None and encounter is not None else None)
    return found


def _own(actor: Actor, link: PersonalLink, encounter: Encounter, actions: Iterable[str]) -> OwnVisit | None:
    encounter.appointment = link.appointment
    relation = relation_by(link, actor, encounter.appointment, over=encounter.status in OVER)
    return OwnVisit(actor, link, encounter) if all(may(actor, one, relation) for one in actions) else None


def read_rooms(visits: Sequence[OwnVisit]) -> None:
    """Seats, threads and what other rooms tell of these visits: read for all at once, and found there afterwards."""
    encounters = [one.encounter for one in visits]
    prefetch_related_objects(encounters, *_OF_ONE)
    ports.read_for_snapshots(encounters)
