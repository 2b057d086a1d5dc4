"""The queue socket: permission, and the newest board. Reading and rendering are shared in boards.py."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from accounts.actors import Actor, actor_for_scope
from consults.selectors.pools import lines_shown
from core.errors import NotFound
from signaling import boards
from signaling.consumers.base import SocketConsumer
from signaling.database import in_database
from signaling.messages import Message, ProtocolError, QueueNow, Row


def group_of(queue: UUID) -> str:
    return f"queue.{queue.hex}"


class QueueConsumer(SocketConsumer):
    """One member of staff looking at one queue."""

    socket = "queue"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._feed: boards.Feed | None = None

    async def enter(self) -> tuple[Actor, object, list[str]]:
        self.queue: UUID = self.scope["url_route"]["kwargs"]["queue"]
        actor, self.lines, _ = await in_database(self._permitted)
        return actor, self.queue, [group_of(line) for line in self.lines]

    async def entered(self) -> None:
        self._feed = boards.feed_of(self.queue, self.timing)
        self._feed.join(self)

    async def left(self) -> None:
        if self._feed is not None:
            await self._feed.leave(self)

    async def handle(self, row: Row, message: Message) -> None:
        raise ProtocolError("unknown_type")  # the table has ping and pong only, and the base answers those

    def hinted(self, kind: str) -> None:
        if kind == "queue.changed" and self._feed is not None:
            self._feed.look()  # the board is for all; permission is looked at by heartbeat and message
        else:
            super().hinted(kind)

    async def look(self) -> None:
        actor, lines, version = await in_database(self._permitted)
        # Somebody may have become a member of a pool, or be none any more.
        before, after = ({group_of(line) for line in shown} for shown in (self.lines, lines))
        await self.regroup(joins=after - before, leaves=before - after)
        self.lines = lines
        if self.actor is None or (actor.type, actor.id) != (self.actor.type, self.actor.id):
            raise NotFound
        self.actor = actor
        if self._feed is not None:
            self._feed.look_from(version)

    def _permitted(self) -> tuple[Actor, list[UUID], int]:
        """Who looks, the lines whose changes this board shows, and the version of all of them."""
        actor = actor_for_scope(self.scope)
        lines = lines_shown(boards.queue_for(actor, self.queue))
        return actor, [line.uuid for line in lines], sum(line.version for line in lines)

    # --- for the feed (boards.Watcher) ---

    def show(self, board: QueueNow) -> None:
        self.send_message(board, key="queue")

    def look_soon(self) -> None:
        self.woken.set()
