"""Reading where a visit can be passed on to, and the way that it has gone: its stations as one timeline."""

import datetime as dt
import uuid as uuids
from dataclasses import dataclass

from accounts.actors import Actor
from accounts.models import Practitioner
from consults.models import Encounter, Pool, Station
from core.errors import NotFound

POOL, PERSON = "line", "person"


@dataclass(frozen=True)
class Elsewhere:
    """A line that the visit could go on to; `value` is what a form sends."""

    value: str
    name: str


@dataclass(frozen=True)
class Stop:
    """One line of the timeline: where they stood since when, who saw them there, and who passed them on to it."""

    line: str
    since: dt.datetime
    by: str
    begun_at: dt.datetime | None
    until: dt.datetime | None
    passed_on_by: str
    why: str


def elsewhere(encounter: Encounter) -> tuple[list[Elsewhere], list[Elsewhere]]:
    """The shared lines and the colleagues that may have it next; whoever asks is settled before."""
    clinic, here = encounter.organization_id, encounter.queue
    pools = Pool.objects.filter(organization_id=clinic, is_active=True).exclude(pk=here.pool_id or 0).order_by("name")
    people = Practitioner.objects.filter(organization_id=clinic, user__is_active=True)
    people = people.exclude(pk=here.practitioner_id or 0).order_by("family_name", "given_name", "pk")
    return (
        [Elsewhere(f"{POOL}:{one.uuid}", one.name) for one in pools],
        [Elsewhere(f"{PERSON}:{one.uuid}", one.display_name) for one in people],
    )


def target_of(actor: Actor, value: str) -> Practitioner | Pool:
    """What a form has chosen, of the actor's clinic; NotFound for anything else."""
    kind, _, text = value.partition(":")
    try:
        uuid = uuids.UUID(text)
    except ValueError:
        raise NotFound from None
    found: Practitioner | Pool | None = None
    if kind == POOL:
        found = Pool.objects.filter(organization_id=actor.organization_id or 0, uuid=uuid).first()
    elif kind == PERSON:
        rows = Practitioner.objects.select_related("user", "organization")
        found = rows.filter(organization_id=actor.organization_id or 0, uuid=uuid).first()
    if found is None:
        raise NotFound
    return found


def stops_of(encounter: Encounter) -> list[Stop]:
    """The visit's way through the house, for whoever may see the visit; one query."""
    rows = Station.objects.filter(encounter=encounter).select_related(
        "queue__pool", "queue__practitioner", "practitioner"
    )
    return [
        Stop(
            line=_line_name(row),
            since=row.since,
            by=row.practitioner.short_name if row.practitioner is not None else "",
            begun_at=row.begun_at,
            until=row.until,
            passed_on_by=row.passed_on_by,
            why=row.why,
        )
        for row in rows
    ]


def passed_on(encounter: Encounter) -> Stop | None:
    """Of a visit that waits because somebody has passed it on: that stop."""
    last = stops_of(encounter)[-1:]
    return next((one for one in last if one.passed_on_by and one.until is None and one.begun_at is None), None)


def _line_name(row: Station) -> str:
    if row.queue.pool is not None:
        return row.queue.pool.name
    return row.queue.practitioner.short_name if row.queue.practitioner is not None else ""
