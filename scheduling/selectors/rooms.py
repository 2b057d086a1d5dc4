"""Reading the clinic's rooms and interpreters: to keep them, to choose among them, and which of them are free."""

import datetime as dt
import uuid as uuids
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from accounts.actors import Actor
from accounts.models import Location
from accounts.policy import require
from core.clock import now
from core.errors import NotFound
from scheduling.lifecycle import OVER
from scheduling.models import Appointment, Interpreter, OccupiedSpan
from scheduling.policies import may_change_clinic


@dataclass(frozen=True)
class Kept:
    """A room or an interpreter, and how many visits ahead take their time."""

    row: Location | Interpreter
    ahead: int


def rooms_kept(actor: Actor) -> list[Kept]:
    """All rooms of the clinic, those in use first."""
    require(actor, "scheduling.room.list")
    rooms = Location.objects.filter(organization_id=actor.organization_id or 0, is_room=True)
    return _kept(list(rooms.order_by("-is_active", "name")), "room_id")


def interpreters_kept(actor: Actor) -> list[Kept]:
    """All interpreters of the clinic, those in use first."""
    require(actor, "scheduling.room.list")
    people = Interpreter.objects.filter(organization_id=actor.organization_id or 0)
    return _kept(list(people.order_by("-is_active", "name", "pk")), "interpreter_id")


def get_room(actor: Actor, uuid: uuids.UUID) -> Location:
    """One room of the actor's clinic, for those who keep them, or NotFound."""
    found = Location.objects.filter(uuid=uuid, is_room=True).first()
    if found is None or not may_change_clinic(actor, found.organization_id, "scheduling.room.list"):
        raise NotFound
    return found


def get_interpreter(actor: Actor, uuid: uuids.UUID) -> Interpreter:
    """One interpreter of the actor's clinic, for those who keep them, or NotFound."""
    found = Interpreter.objects.filter(uuid=uuid).first()
    if found is None or not may_change_clinic(actor, found.organization_id, "scheduling.room.list"):
        raise NotFound
    return found


def rooms_to_book(actor: Actor, *, besides: Appointment | None = None) -> QuerySet[Location]:
    """The rooms that a visit may be given, by name; the one that it has is among them although out of use."""
    require(actor, "scheduling.appointment.list")
    may_be = Q(is_active=True) | Q(pk=besides.room_id if besides else None)
    rooms = Location.objects.filter(may_be, organization_id=actor.organization_id or 0, is_room=True)
    return rooms.order_by("name")


def interpreters_to_book(actor: Actor, *, besides: Appointment | None = None) -> QuerySet[Interpreter]:
    """The interpreters that a visit may be given, by name; the one that it has is among them."""
    require(actor, "scheduling.appointment.list")
    may_be = Q(is_active=True) | Q(pk=besides.interpreter_id if besides else None)
    return Interpreter.objects.filter(may_be, organization_id=actor.organization_id or 0).order_by("name", "pk")


def free_instead(
    kind: str,
    organization_id: int,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    *,
    speaks: Interpreter | None = None,
    besides: Appointment | None = None,
) -> list[str]:
    """The names of the rooms (`kind` "location") or interpreters who are free then; of these who speak as `speaks`."""
    rows: QuerySet[Location] | QuerySet[Interpreter]
    if kind == "location":
        rows = Location.objects.filter(organization_id=organization_id, is_room=True, is_active=True)
    else:
        rows = Interpreter.objects.filter(organization_id=organization_id, is_active=True)
    over = Q(appointment__status="proposed", appointment__held_until__lte=now())
    over |= Q(appointment=besides) if besides else Q()
    spans = OccupiedSpan.objects.filter(organization_id=organization_id, starts_at__lt=ends_at, ends_at__gt=starts_at)
    taken = spans.filter(actor__kind=kind).exclude(over).values(f"actor__{kind}_id")
    found = rows.exclude(pk__in=taken).order_by("name")
    return [one.name for one in found if speaks is None or _shares_language(one, speaks)]


def _shares_language(one: Location | Interpreter, other: Interpreter) -> bool:
    """Compared by the language itself: who speaks es-MX is understood in es."""
    mine, theirs = ({tag.partition("-")[0] for tag in getattr(who, "languages", ())} for who in (one, other))
    return bool(mine & theirs)


def _kept(rows: list[Location] | list[Interpreter], column: str) -> list[Kept]:
    ahead = Appointment.objects.filter(starts_at__gt=now(), **{f"{column}__in": [row.pk for row in rows]})
    counts = ahead.exclude(status__in=OVER).order_by().values_list(column).annotate(Count("pk"))
    count_of = dict(counts)
    return [Kept(row, count_of.get(row.pk, 0)) for row in rows]
