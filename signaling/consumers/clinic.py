"""The clinic's socket: all its lines on one board. Reading and rendering are shared in boards.py, as for one queue."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from accounts.actors import Actor, actor_for_scope
from accounts.policy import require
from accounts.selectors import organization_of
from consults.hints import calendar_group
from core.errors import NotFound
from signaling import boards
from signaling.consumers.base import SocketConsumer
from signaling.database import in_database
from signaling.messages import CLINIC, Message, ProtocolError, QueueNow, Row


class ClinicConsumer(SocketConsumer):
    """One member of the desk looking at all lines of the clinic."""

    socket = "clinic"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._feed: boards.Feed | None = None

    async def enter(self) -> tuple[Actor, object, list[str]]:
        actor, self.clinic = await in_database(self._permitted)
        assert actor.organization_id is not None
        # Every change of any line is hinted there, to the calendars of the clinic.
        return actor, self.clinic, [calendar_group(actor.organization_id)]

    async def entered(self) -> None:
        self._feed = boards.feed_of_clinic(self.clinic, self.timing)
        self._feed.join(self)

    async def left(self) -> None:
        if self._feed is not None:
            await self._feed.leave(self)

    async def handle(self, row: Row, message: Message) -> None:
        raise ProtocolError("unknown_type")  # the table has ping and pong only, and the base answers those

    def hinted(self, kind: str) -> None:
        if kind == "calendar.changed" and self._feed is not None:
            self._feed.look()
        else:
            super().hinted(kind)

    async def look(self) -> None:
        actor, clinic = await in_database(self._permitted)
        if self.actor is None or (actor.type, actor.id, clinic) != (self.actor.type, self.actor.id, self.clinic):
            raise NotFound
        self.actor = actor
        if self._feed is not None:
            self._feed.look()

    def _permitted(self) -> tuple[Actor, UUID]:
        actor = actor_for_scope(self.scope)
        require(actor, CLINIC)
        require(actor, "consults.clinic.view")
        clinic = organization_of(actor)
        if clinic is None:
            raise NotFound
        return actor, clinic.uuid

    # --- for the feed (boards.Watcher) ---

    def show(self, board: QueueNow) -> None:
        self.send_message(board, key="queue")

    def look_soon(self) -> None:
        self.woken.set()
