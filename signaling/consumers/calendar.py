"""The calendar socket: who may watch, and where to look again. The pages fetch what changed; nothing is drawn here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from accounts.actors import Actor, actor_for_scope
from accounts.policy import require
from consults.hints import calendar_group
from consults.selectors import practitioners_of
from core.errors import NotFound
from signaling.consumers.base import SocketConsumer
from signaling.database import in_database
from signaling.messages import CALENDAR, CalendarNow, Message, ProtocolError, Row

# More changes at once than these are "look at everything": an import, a whole series moved.
MANY = 50


class CalendarConsumer(SocketConsumer):
    """One member of staff looking at the clinic's calendar."""

    socket = "calendar"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._visits: set[UUID] = set()
        self._queues: set[UUID] = set()

    async def enter(self) -> tuple[Actor, object, list[str]]:
        actor = await in_database(self._permitted)
        assert actor.organization_id is not None
        return actor, actor.organization_id, [calendar_group(actor.organization_id)]

    async def entered(self) -> None:
        # The page looks at everything once the socket is open: what happened while it was not is found there.
        self.send_message(CalendarNow(visits=[], people=[]))

    async def dispatch(self, message: Mapping[str, Any]) -> None:
        if message["type"] == "calendar.changed":
            self._note(message)
        await super().dispatch(message)

    async def handle(self, row: Row, message: Message) -> None:
        raise ProtocolError("unknown_type")  # the table has ping and pong only, and the base answers those

    async def look(self) -> None:
        actor = await in_database(self._permitted)
        if self.actor is None or (actor.type, actor.id) != (self.actor.type, self.actor.id):
            raise NotFound
        self.actor = actor
        visits, self._visits = self._visits, set()
        queues, self._queues = self._queues, set()
        if len(visits) > MANY:
            self.send_message(CalendarNow(visits=[], people=[]))
        elif visits or queues:
            people = await in_database(practitioners_of, actor, queues) if queues else []
            self.send_message(CalendarNow(visits=sorted(visits), people=people))

    def _note(self, hint: Mapping[str, Any]) -> None:
        if "visit" in hint:
            self._visits.add(UUID(hint["visit"]))
        if "queue" in hint:
            self._queues.add(UUID(hint["queue"]))

    def _permitted(self) -> Actor:
        actor = actor_for_scope(self.scope)
        require(actor, CALENDAR)
        require(actor, "scheduling.appointment.list")
        if actor.organization_id is None:
            raise NotFound
        return actor
