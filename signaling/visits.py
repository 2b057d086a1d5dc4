"""What a visit socket asks of the house: permission, then the domain, in one trip to a database thread. Synchronous."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

from django.utils.translation import get_language

from accounts.actors import Actor, actor_for_scope, cookies_of
from accounts.policy import require
from consults import rooms, selectors, services
from consults.lifecycle import OVER
from consults.models import Encounter, Seat
from consults.policies import relation_to_visit
from consults.presence import may_sit
from consults.rooms import PlacedRoom
from consults.selectors.guests import may_take_seat
from core.clock import now
from core.errors import NotFound
from scheduling import tries
from signaling import lines
from signaling.choice import Choice
from signaling.messages import CHAT, LEAVE, MEDIA, SHARE, TRY, WATCH, ProtocolError

Wire = dict[str, Any]


@dataclass(frozen=True)
class Door:
    """Where a visit socket stands: its handshake, and the visit for staff (a link has only one)."""

    scope: Mapping[str, Any]
    visit: UUID | None

    def enter(self, action: str) -> tuple[Actor, Encounter]:
        """The actor and the visit as they are now; NotFound for everyone else."""
        actor = actor_for_scope(self.scope)
        encounter = selectors.get_visit_for(actor, self.visit) if self.visit else selectors.get_visit(actor)
        require(actor, action, relation_to_visit(actor, encounter))
        return actor, encounter

    @cached_property
    def cookies(self) -> dict[str, str]:
        return cookies_of(self.scope)


@dataclass(frozen=True)
class View:
    """What one socket is shown: the snapshot, the chat after what it had, and whether its seat is still its own."""

    actor: Actor
    room: UUID
    visit: Wire
    chat: list[Wire]
    seat: Seat | None
    relay: str
    version: int
    taken: bool
    over: bool


@dataclass(frozen=True)
class Ask:
    """What a socket wants to know: without a `tab` only whether it may be there, since it has not said hello yet."""

    door: Door
    holder: UUID
    seat: Seat | None = None
    tab: UUID | None = None
    chat_seq: int = 0
    is_hello: bool = False
    # Who asks is told in the language that their socket speaks, whoever is answered with them.
    language: str | None = field(default_factory=get_language)

    @property
    def is_by_link(self) -> bool:
        return self.door.visit is None


def admit_socket(door: Door) -> tuple[Actor, UUID]:
    actor, encounter = door.enter(WATCH)
    return actor, encounter.uuid


def admit_trial(door: Door) -> tuple[Actor, UUID, bool]:
    """Who may try the line to this visit's room, and whether this link has not had its share of trials."""
    actor, encounter = check_trial(door)
    return actor, encounter.uuid, tries.may_try_line(str(actor.link_id))


def check_trial(door: Door) -> tuple[Actor, Encounter]:
    """A visit without a room (by phone, at the clinic) has no line to try."""
    actor, encounter = door.enter(TRY)
    if not encounter.appointment.is_video:
        raise NotFound
    return actor, encounter


def open_view(door: Door, holder: UUID, tab: UUID, chat_seq: int) -> View:
    """For hello: takes the seat where the visit allows one."""
    actor, encounter = door.enter(WATCH)
    services.keep_own_place(encounter=encounter)
    seat = None
    if may_take_seat(actor, encounter):
        seat = services.take_seat(actor=actor, encounter=encounter, holder=holder, tab=tab)
        encounter.refresh_from_db(fields=["room_version", "relay"])
    return _view(actor, encounter, seat, chat_seq, taken=False)


def look_again(door: Door, seat: Seat | None, holder: UUID, chat_seq: int) -> View:
    """For hints and heartbeats: marks the seat as alive and finds out whether another tab has taken it."""
    actor, encounter = door.enter(WATCH)
    services.end_lost_share(encounter=encounter)
    lines.keep(encounter.queue)
    if seat is None or not may_sit(actor, encounter, now()):
        return _view(actor, encounter, None, chat_seq, taken=False)
    if services.touch_seat(seat=seat, holder=holder):
        return _view(actor, encounter, seat, chat_seq, taken=False)
    return _view(actor, encounter, None, chat_seq, taken=True)


def join_room(door: Door, seat: Seat | None, holder: UUID, tab: UUID, choice: Choice) -> tuple[Seat, PlacedRoom]:
    """For connect: the seat (taken now where it was not held) and the room, on a relay where one takes it."""
    actor, encounter = door.enter(MEDIA)
    # Who sits already has agreed: new words are for the next time they come in.
    if not (may_sit(actor, encounter, now()) if seat else may_take_seat(actor, encounter)):
        raise ProtocolError("no_seat", about="connect")
    if seat is None:
        seat = services.take_seat(actor=actor, encounter=encounter, holder=holder, tab=tab)
    elif not services.touch_seat(seat=seat, holder=holder):
        raise ProtocolError("no_seat", about="connect")
    encounter.refresh_from_db(fields=["status", "room_version", "relay"])
    if (relay := choice.of(encounter.relay)) != encounter.relay:
        services.place_visit(actor=actor, room=encounter.uuid, former=encounter.relay, relay=relay)
        encounter.refresh_from_db(fields=["status", "room_version", "relay"])
    return seat, rooms.placed_room(encounter)


def check(door: Door, action: str) -> None:
    door.enter(action)


def set_media(door: Door, mic: bool, camera: bool) -> None:
    actor, encounter = door.enter(MEDIA)
    services.set_media(actor=actor, encounter=encounter, mic=mic, camera=camera)


def set_share(door: Door, tab: UUID, on: bool) -> None:
    actor, encounter = door.enter(SHARE)
    if on:
        services.start_share(actor=actor, encounter=encounter, tab=tab)
    else:
        services.stop_share(actor=actor, encounter=encounter)


def post_chat(door: Door, body: str, client_id: UUID) -> Wire:
    actor, encounter = door.enter(CHAT)
    return dict(services.post_chat(actor=actor, encounter=encounter, body=body, client_id=client_id))


def chat_after(door: Door, seq: int) -> list[Wire]:
    actor, encounter = door.enter(WATCH)
    return [dict(line) for line in selectors.chat_since(actor, encounter, seq)]


def leave(door: Door) -> None:
    actor, encounter = door.enter(LEAVE)
    services.leave_call(actor=actor, encounter=encounter)


def release(seat: Seat, holder: UUID) -> None:
    services.release_seat(seat=seat, holder=holder)


def _view(actor: Actor, encounter: Encounter, seat: Seat | None, chat_seq: int, *, taken: bool) -> View:
    visit = dict(selectors.visit_snapshot(actor, encounter))
    # Another tab holds it only while there is a seat at all: hanging up elsewhere frees it.
    mine = any(row["you"] for row in visit["seats"])
    chat = [dict(line) for line in selectors.chat_since(actor, encounter, chat_seq)]
    over = encounter.status in OVER or visit["state"] == "late"
    return View(
        actor=actor,
        room=encounter.uuid,
        visit=visit,
        chat=chat,
        seat=seat,
        relay=encounter.relay,
        version=encounter.room_version,
        taken=taken and mine,
        over=over,
    )
