"""The trial socket: a media connection to a relay and back before the visit, in a room that nobody else knows."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar
from uuid import UUID

from accounts.actors import Actor
from core.clock import now
from core.ids import new_uuid
from signaling import connections, control, fleet, trials, turn, visits
from signaling.consumers.base import TOO_MUCH, SocketConsumer
from signaling.consumers.relayed import message_for_page
from signaling.control import FromRelay, RelayError, RelayOffer, RelaySeat
from signaling.database import in_database
from signaling.messages import Answer, Connect, Message, ProtocolError, Relay, Row
from signaling.registry import seats

TRIAL_OVER = 4011


class TrialConsumer(SocketConsumer):
    """One person trying the line. The room and its seat are made up here and end with the socket, or by themselves."""

    socket = "trial"
    under_way: ClassVar[set[UUID]] = set()

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.room = trials.issue()
        self.seat, self.tab = new_uuid(), new_uuid()
        self.connection: UUID | None = None
        self.relay = ""
        self.has_media = False
        self._end_of_time: asyncio.TimerHandle | None = None

    async def enter(self) -> tuple[Actor, object, list[str]]:
        self.door = visits.Door(self.scope, None)
        actor, visit, self._may_try = await in_database(visits.admit_trial, self.door)
        return actor, visit, []

    async def entered(self) -> None:
        if not self._may_try:
            self.send_error("rate_limited")
            self.outbox.close(TOO_MUCH)
            return
        self._end_of_time = asyncio.get_running_loop().call_later(trials.LASTS, self.outbox.close, TRIAL_OVER)

    async def left(self) -> None:
        if self._end_of_time is not None:
            self._end_of_time.cancel()
        seats.unbind(self.seat, self)
        self.under_way.discard(self.room)
        relays = fleet.current()
        if relays is not None and self.relay:
            relays.put(self.relay, control.line("rooms", documents=[trials.document(self.room)]))

    async def look(self) -> None:
        await in_database(visits.check_trial, self.door)

    async def handle(self, row: Row, message: Message) -> None:
        match message:
            case Connect():
                self._connect()
            case Answer():
                if message.connection != self.connection:
                    raise ProtocolError("unknown_connection")
                self._said(self._put("answer", offer=message.offer, sdp=message.sdp))

    def _connect(self) -> None:
        relays = fleet.current()
        if not self.relay:
            if len(self.under_way) >= trials.MOST:
                raise ProtocolError("relay_busy")
            self.relay = relays.place_of_trial() if relays is not None else ""
        if relays is None or not self.relay:
            self.relay_lost()
            return
        self.under_way.add(self.room)
        seats.bind(self.seat, self, now())
        self.connection = connections.issue(self.seat, self.tab)
        room = control.line("rooms", documents=[trials.document(self.room, [self.seat])])
        wish = control.line("connect", room=self.room, seat=self.seat, connection=self.connection)
        self._said(relays.put(self.relay, room + wish))

    def _put(self, kind: str, **fields: Any) -> bool:
        about = {"room": self.room, "seat": self.seat, "connection": self.connection}
        return fleet.send(self.relay, kind, **about, **fields)

    def _said(self, accepted: bool) -> None:
        if not accepted:
            self.relay_lost()

    # --- what the relay says (registry.Seated) ---

    def relay_said(self, message: FromRelay, relay: str) -> None:
        if relay != self.relay or message.connection is None or message.connection != self.connection:
            return
        if isinstance(message, RelayOffer | RelaySeat | RelayError):
            # Nobody needs the way through the TURN server for longer than the trial.
            servers = turn.ice_servers(self.seat, seconds=trials.LASTS)
            self.send_message(*message_for_page(message, self.seat, servers))

    def relay_lost(self) -> None:
        self.connection = None
        self.send_message(Relay(state="lost"))

    def relay_ready(self) -> None:
        """The page asks anew by itself, if it still wants to know."""

    def room_is_on(self, relay: str, version: int) -> None:
        """No record knows the room, so it never moves."""

    def lose_seat(self) -> None:
        """Nobody else can know the seat."""
