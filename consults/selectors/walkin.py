"""Reading walk-in doors: what a pool's door says to whoever stands before it, and who has a place in its line.

Nothing of anybody is told here: a line is a number, and a place is found by the browser that came in, never by a name.
"""

import datetime as dt
import uuid as uuids
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.dates import WEEKDAYS

from accounts.actors import Actor
from accounts.models import Organization, Practitioner
from accounts.policy import require
from consults.lifecycle import OVER, VisitStatus
from consults.models import Encounter, Pool
from consults.models.lines import DAY_MINUTES
from consults.policies import relation_to_pool
from consults.presence import coming_in, open_now
from core.clock import now
from core.errors import NotFound
from scheduling.models import Appointment, PersonalLink
from scheduling.ports import OpenDoor
from scheduling.selectors.closed import Minutes, away_now, closed_times
from scheduling.selectors.offering import SHOWN_AGAIN

# So far ahead is looked for the next opening; whoever is closed for longer says nothing of it.
DAYS_AHEAD = 15
NEVER_CLOSES = dt.timedelta(days=7)

Span = tuple[dt.datetime, dt.datetime]
DoorState = Literal["open", "closed", "full", "nobody", "off"]


@dataclass(frozen=True)
class PoolDoor:
    """How a walk-in door stands: `opens_at` is when it opens next, None where it is open now or nobody can say;
    `closes_at` None where it is open day and night.

    `waiting` are those in line, `coming` those between the door and the waiting room.
    """

    state: DoorState
    waiting: int
    coming: int
    opens_at: dt.datetime | None
    closes_at: dt.datetime | None
    closes_another_day: bool = False


def pool_at_door(token: str) -> Pool:
    """The line behind a walk-in door, for whoever knows its address, however it stands; else NotFound."""
    found = Pool.objects.select_related("organization", "queue").filter(door_token=token).first()
    if found is None:
        raise NotFound
    return found


def pool_of_clinic(actor: Actor, uuid: uuids.UUID) -> Pool:
    """The line whose door the desk shows to others, or NotFound."""
    found = Pool.objects.select_related("organization").filter(uuid=uuid).first()
    if found is None:
        raise NotFound
    require(actor, "consults.pool.door", relation_to_pool(actor, found))
    return found


def door_of(pool: Pool, instant: dt.datetime) -> PoolDoor:
    """Whether somebody without a booking may come in now, and else when."""
    in_line = Encounter.objects.filter(queue__pool=pool)
    waiting = in_line.filter(open_now(instant), status=VisitStatus.ARRIVED).count()
    coming = in_line.filter(coming_in(instant)).count()
    if not (pool.takes_walk_ins and pool.is_active):
        return PoolDoor("off", waiting, coming, None, None)
    span = _span_now_or_next(pool, instant)
    if span is None or instant < span[0]:
        return PoolDoor("closed", waiting, coming, span[0] if span else None, None)
    state: DoorState = "full" if waiting + coming >= pool.most_waiting else "open"
    if who_answers(pool, instant) is None:
        state = "nobody"
    if span[1] - instant > NEVER_CLOSES:
        return PoolDoor(state, waiting, coming, None, None)
    zone = ZoneInfo(pool.organization.timezone)
    next_midnight = _at(instant.astimezone(zone).date(), DAY_MINUTES, zone)
    return PoolDoor(state, waiting, coming, None, span[1], span[1] > next_midnight)


def closes_at(pool: Pool, instant: dt.datetime) -> dt.datetime | None:
    """When the line closes for the day, `instant` for one that has; None where it has no hours, or never closes.

    A break in which the whole clinic is closed ends no day: who waits then is called back after it.
    """
    if not pool.hours.exists():
        return None
    zone = ZoneInfo(pool.organization.timezone)
    midnight = _at(instant.astimezone(zone).date(), DAY_MINUTES, zone)
    ends = [span[1] for span in _spans(pool, instant) if span[0] < midnight]
    closes = max(ends, default=instant)
    return None if closes - instant > NEVER_CLOSES else max(closes, instant)


def hours_of(pool: Pool) -> list[tuple[str, dt.datetime, dt.datetime, bool]]:
    """The usual opening hours, by weekday: its name, from when until when, and whether that is all day."""
    zone = ZoneInfo(pool.organization.timezone)
    monday = now().astimezone(zone).date()
    monday -= dt.timedelta(days=monday.weekday())
    days = [(monday + dt.timedelta(days=row.weekday), row) for row in pool.hours.all()]
    return [
        (
            str(WEEKDAYS[row.weekday]),
            _at(day, row.opens, zone),
            _at(day, row.closes, zone),
            row.closes - row.opens == DAY_MINUTES,
        )
        for day, row in days
    ]


def open_doors(organization: Organization) -> list[OpenDoor]:
    """Asked by scheduling: the lines of this clinic into which somebody without a booking may come now."""
    rows = Pool.objects.filter(organization=organization, takes_walk_ins=True, is_active=True)
    found = rows.select_related("organization").prefetch_related("hours").order_by("name", "pk")
    doors = [(pool, door_of(pool, now())) for pool in found]
    return [
        OpenDoor(pool.name, reverse("walk-in", kwargs={"token": pool.door_token}), door.waiting + door.coming)
        for pool, door in doors
        if door.state == "open"
    ]


def who_answers(pool: Pool, instant: dt.datetime) -> Practitioner | None:
    """Who answers for those who come in until somebody calls them in: of those at work, whoever is longest a member."""
    memberships = pool.memberships.select_related("practitioner__schedule", "practitioner__organization")
    members = [one.practitioner for one in memberships.filter(practitioner__user__is_active=True).order_by("pk")]
    away = away_now(members, instant)
    return next((one for one in members if one.pk not in away), None)


def own_places(actor: Actor) -> list[PersonalLink]:
    """The places in line that this browser has got within the hour and that are not over, the newest first."""
    return list(_of_browser(actor).exclude(appointment__encounter__status__in=OVER).order_by("-pk"))


def own_place(actor: Actor, person: Mapping[str, Any]) -> PersonalLink | None:
    """That of this person, among those of this browser; in another line, too, if they were passed on to one."""
    names = ("given_name", "family_name", "birth_date")
    typed = [person[name] for name in names]
    return next((one for one in own_places(actor) if [getattr(one.patient, name) for name in names] == typed), None)


def place_again(actor: Actor, appointment: uuids.UUID) -> PersonalLink:
    """The link to a place that this browser has got within the hour; NotFound for every other."""
    link = _of_browser(actor).filter(appointment__uuid=appointment).first()
    if link is None:
        raise NotFound
    return link


def _of_browser(actor: Actor) -> QuerySet[PersonalLink]:
    rows = PersonalLink.objects.select_related("patient", "appointment", "organization")
    if not actor.session:
        return rows.none()
    return rows.filter(
        appointment__held_by=actor.session,
        appointment__appointment_type=Appointment.Type.WALK_IN,
        appointment__created_at__gt=now() - SHOWN_AGAIN,
        guest=None,
        revoked_at=None,
        # Where the desk has made another, it went to whom the desk knows.
        generation=1,
    )


def _span_now_or_next(pool: Pool, instant: dt.datetime) -> Span | None:
    """The open hours that `instant` lies in, or the next ones."""
    return next((span for span in _spans(pool, instant) if instant < span[1]), None)


def _spans(pool: Pool, instant: dt.datetime) -> Iterator[Span]:
    """The open hours from the clinic's day of `instant` on, in order, without what the clinic is closed."""
    zone = ZoneInfo(pool.organization.timezone)
    today = instant.astimezone(zone).date()
    hours = {row.weekday: (row.opens, row.closes) for row in pool.hours.all()}
    closed = closed_times(pool.organization, today, today + dt.timedelta(days=DAYS_AHEAD)) if hours else {}
    found: Span | None = None
    for ahead in range(DAYS_AHEAD + 1 if hours else 0):
        day = today + dt.timedelta(days=ahead)
        usual = hours.get(day.weekday())
        for opens, closes in _without(usual, closed.get(day, ())) if usual else ():
            span = _at(day, opens, zone), _at(day, closes, zone)
            if found and span[0] != found[1]:
                yield found
                found = None
            # What is open until midnight, and from midnight on, does not close at midnight.
            found = (found or span)[0], span[1]
    if found:
        yield found


def _without(usual: Minutes, closed: Sequence[Minutes]) -> list[Minutes]:
    """What is left of the hours of a day, in order."""
    left = [usual]
    for starts, ends in closed:
        left = [
            (first, last)
            for opens, closes in left
            for first, last in ((opens, min(closes, starts)), (max(opens, ends), closes))
            if first < last
        ]
    return sorted(left)


def _at(day: dt.date, minute: int, zone: ZoneInfo) -> dt.datetime:
    """The instant at which the clinic's clocks show so many minutes; the end of the day is the next midnight."""
    days, minute = divmod(minute, 24 * 60)
    local = dt.datetime.combine(day + dt.timedelta(days=days), dt.time(minute // 60, minute % 60), tzinfo=zone)
    return local.astimezone(dt.UTC)
