"""The visit socket: hello, seat, chat and the offers and answers of media. Rules of a visit are in consults."""

from __future__ import annotations

import logging
import math
from typing import Any
from uuid import UUID

from accounts.actors import Actor
from accounts.policy import may_ever
from consults.models import Seat
from core.errors import NotFound
from core.ids import new_uuid
from signaling import connections, fleet, rounds, visits
from signaling.choice import Choice
from signaling.consumers.base import PROTOCOL_CLOSE, SEAT_TAKEN, VISIT_OVER, Event, SocketConsumer, instant
from signaling.consumers.chat import ChatFeed
from signaling.consumers.relayed import message_for_page
from signaling.control import FromRelay, RelayFigures, RelaySeat
from signaling.database import in_database
from signaling.messages import (
    FIGURES,
    MEDIA,
    PROTOCOL,
    Answer,
    Chat,
    ChatSince,
    Connect,
    Hello,
    Leave,
    Media,
    Message,
    ProtocolError,
    Relay,
    RestartIce,
    Row,
    SeatTaken,
    Share,
    Still,
    VisitNow,
    Welcome,
)
from signaling.registry import seats
from signaling.visits import Ask, View

log = logging.getLogger(__name__)

NO_RELAY = Choice(kept=frozenset(), target="")


class VisitConsumer(SocketConsumer):
    """One person's socket in one visit. It watches until it holds the person's seat."""

    socket = "visit"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # One holder per socket, not per tab: a tab that reconnects displaces its own half-open socket like any other.
        self.holder = new_uuid()
        self.tab: UUID | None = None
        self.seat: Seat | None = None
        self.connection: UUID | None = None
        self.relay = ""  # where the visit's room is, by its name; empty while it is on none
        self.has_media = False
        self.chat = ChatFeed(self.send_message, self.woken.set)
        self._shown: dict[str, Any] | None = None
        self._placed_at = 0  # the version of the room that `relay` is from
        self._told_relay_lost = False
        self._lost_seat = False
        self._said_hello = False

    @property
    def room(self) -> UUID:
        return self._room

    async def enter(self) -> tuple[Actor, object, list[str]]:
        self.door = visits.Door(self.scope, self.scope["url_route"]["kwargs"].get("visit"))
        actor, self._room = await self._admitted()
        return actor, self._room, [f"visit.{self._room.hex}"]

    async def _admitted(self) -> tuple[Actor, UUID]:
        answer = await rounds.current().ask(Ask(self.door, self.holder))
        assert isinstance(answer, tuple)
        return answer

    async def _asked(self, **more: Any) -> View:
        answer = await rounds.current().ask(Ask(self.door, self.holder, **more))
        assert isinstance(answer, View)
        return answer

    async def left(self) -> None:
        if self.seat is not None:
            seats.unbind(self.seat.uuid, self)
            await in_database(visits.release, self.seat, self.holder)

    def deadline(self) -> float:
        return math.inf if self._said_hello else self.opened_at + self.timing.hello_within

    # --- messages ---

    async def handle(self, row: Row, message: Message) -> None:
        if self.tab is None and not isinstance(message, Hello):
            raise ProtocolError("out_of_order")
        # It was said in time, also where the house is slow to answer.
        self._said_hello = True
        async with self.lock:
            match message:
                case Hello():
                    await self._hello(message)
                case Connect():
                    await self._connect()
                case Answer():
                    await self._answer(message)
                case RestartIce():
                    await self._restart_ice(message)
                case Media():
                    self._needs_seat()
                    await in_database(visits.set_media, self.door, message.mic, message.camera)
                case Share():
                    await self._share(message)
                case Still():
                    await self._still(message)
                case Chat():
                    await self._chat(message)
                case ChatSince():
                    self.chat.go_back(message.seq)
                    self.chat.show(await in_database(visits.chat_after, self.door, self.chat.seq))
                case Leave():
                    await self._leave()

    async def _hello(self, message: Hello) -> None:
        if self.tab is not None:
            raise ProtocolError("out_of_order")
        if message.protocol != PROTOCOL:
            self.send_error("unsupported_protocol", about=message)
            self.outbox.close(PROTOCOL_CLOSE)
            return
        view = await self._asked(tab=message.tab, chat_seq=message.chat_seq, is_hello=True)
        self.tab, self._shown = message.tab, view.visit
        first, rest = self.chat.begin(view.chat, message.chat_seq)
        self.send_message(
            Welcome(
                protocol=PROTOCOL,
                server_time=instant(),
                seat=view.seat.uuid if view.seat else None,
                tab=message.tab,
                ping_every=self.timing.ping_every,
                visit=view.visit,
                chat=first,
            )
        )
        self.chat.show(rest)
        self.relay, self._placed_at = view.relay, view.version
        if view.seat is not None:
            self._sit(view.seat)
        if view.over:
            self.outbox.close(VISIT_OVER)

    async def _connect(self) -> None:
        assert self.tab is not None
        relays = fleet.current()
        choice = relays.choose(self.room) if relays is not None else NO_RELAY
        try:
            seat, room = await in_database(visits.join_room, self.door, self.seat, self.holder, self.tab, choice)
        except ProtocolError:
            # Either the visit has no seat for us now, or another tab took it: the look finds out which and says so.
            self.woken.set()
            raise
        if self.seat is None:
            self._sit(seat)
            self.woken.set()
            if self._lost_seat:
                return
        self.relay, self._placed_at, self.has_media = room.relay, room.version, False
        if relays is None or not relays.serves(room.relay):
            self.relay_lost(again=True)
            return
        self.connection = connections.issue(seat.uuid, self.tab)
        self._taken_by(relays.connect(room, seat.uuid, self.connection))

    async def _answer(self, message: Answer) -> None:
        seat = self._owned(message.connection)
        await in_database(visits.check, self.door, MEDIA)
        self._taken_by(self._send("answer", seat, message.connection, offer=message.offer, sdp=message.sdp))

    async def _restart_ice(self, message: RestartIce) -> None:
        seat = self._owned(message.connection)
        await in_database(visits.check, self.door, MEDIA)
        self._taken_by(self._send("restart-ice", seat, message.connection))

    def _send(self, kind: str, seat: Seat, connection: UUID, **fields: Any) -> bool:
        """To the relay where the connection lives."""
        return fleet.send(self.relay, kind, room=self.room, seat=seat.uuid, connection=connection, **fields)

    async def _share(self, message: Share) -> None:
        self._needs_seat()
        assert self.tab is not None
        await in_database(visits.set_share, self.door, self.tab, message.on)

    async def _still(self, message: Still) -> None:
        """A picture of the patient: from this socket to the relay's link, through no layer and into no table."""
        seat = self._needs_seat()
        await in_database(visits.check, self.door, MEDIA)
        if self.connection is not None:
            # One that finds no room on the link is lost like a packet: the next one comes in 3 s.
            self._send("still", seat, self.connection, jpeg=message.jpeg)

    async def _chat(self, message: Chat) -> None:
        self._needs_seat()
        stored = await in_database(visits.post_chat, self.door, message.body, message.client_id)
        if not self.chat.show_stored(stored):
            self.chat.show(await in_database(visits.chat_after, self.door, self.chat.seq))

    async def _leave(self) -> None:
        if self.seat is not None:
            await in_database(visits.leave, self.door)
            self._stand_up()
        self.woken.set()

    def _needs_seat(self) -> Seat:
        if self.seat is None:
            raise ProtocolError("no_seat")
        return self.seat

    def _owned(self, connection: UUID) -> Seat:
        """The seat, if this is its newest connection. After a reconnect the first id that proves ours is adopted."""
        seat = self._needs_seat()
        if connection != self.connection:
            if self.connection is not None or not self._issued(seat, connection):
                raise ProtocolError("unknown_connection")
            self.connection = connection
        return seat

    def _issued(self, seat: Seat, connection: UUID) -> bool:
        return self.tab is not None and connections.issued_for(connection, seat.uuid, self.tab)

    def _taken_by(self, accepted: bool) -> None:
        if accepted:
            return
        if not fleet.serves(self.relay):
            self.relay_lost(again=True)
        else:
            raise ProtocolError("relay_busy")

    # --- the seat ---

    def _sit(self, seat: Seat) -> None:
        self.seat = seat
        assert seat.last_seen_at is not None  # just taken
        seats.bind(seat.uuid, self, seat.last_seen_at)
        if self._lost_seat:
            return  # another tab took it while our answer was on its way
        if not fleet.serves(self.relay):
            self.relay_lost()

    def _stand_up(self) -> None:
        if self.seat is not None:
            seats.unbind(self.seat.uuid, self)
        self.seat = self.connection = None
        self.has_media = False

    def lose_seat(self) -> None:
        """Another tab has it: say so, and go."""
        if not self._lost_seat:
            self._lost_seat = True
            self._stand_up()
            self.send_message(SeatTaken())
            self.outbox.close(SEAT_TAKEN)

    # --- hints and heartbeat ---

    async def look(self) -> None:
        async with self.lock:
            if self.outbox.closing:
                return
            if self.tab is None:
                await self._admitted()
                return
            view = await self._asked(seat=self.seat, tab=self.tab, chat_seq=self.chat.seq)
            if not self._same_person(view.actor):
                raise NotFound
            if view.taken:
                self.lose_seat()
                return
            if view.seat is None:
                self._stand_up()
            self._show(view.visit)
            self.chat.show(view.chat)
            if view.over:
                self.outbox.close(VISIT_OVER)

    def knows(self, hint: Event) -> bool:
        version = hint.get("version")
        return version is not None and self._shown is not None and version <= self._shown["version"]

    def _same_person(self, actor: Actor) -> bool:
        return self.actor is not None and (actor.type, actor.id) == (self.actor.type, self.actor.id)

    def _show(self, visit: dict[str, Any]) -> None:
        ever = {"server_time": None}
        if self._shown is None or visit | ever != self._shown | ever:
            self._shown = visit
            self.send_message(VisitNow(visit=visit), key="visit")

    # --- what the relay says (registry.Seated) ---

    def relay_said(self, message: FromRelay, relay: str) -> None:
        if relay != self.relay or self.seat is None or not self._is_current(message.connection):
            return
        if isinstance(message, RelayFigures) and (self.actor is None or not may_ever(self.actor, FIGURES)):
            log.error("relay.figures_misdirected")  # the room's document asked them for staff only
            return
        if isinstance(message, RelaySeat):
            self.has_media = message.state == "connected"
        try:
            self.send_message(*message_for_page(message, self.seat.uuid))
        except ValueError:
            log.exception("relay.message_unusable")

    def _is_current(self, connection: UUID | None) -> bool:
        if connection is None or self.seat is None:
            return False
        if self.connection is None and self._issued(self.seat, connection):
            self.connection = connection
        return connection == self.connection

    def relay_lost(self, again: bool = False) -> None:
        self.connection, self.has_media = None, False
        if again or not self._told_relay_lost:
            self._told_relay_lost = True
            self.send_message(Relay(state="lost"))

    def relay_ready(self) -> None:
        if self._told_relay_lost:
            self._told_relay_lost = False
            self.send_message(Relay(state="ready"))

    def room_is_on(self, relay: str, version: int) -> None:
        """What the records say of the visit's place. Older news than ours comes from a look that began before it."""
        if version <= self._placed_at:
            return
        former, self.relay, self._placed_at = self.relay, relay, version
        if former not in ("", relay):
            self.connection, self.has_media = None, False
            self._told_relay_lost = False
            self.send_message(Relay(state="moved"))
