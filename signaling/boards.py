"""One feed per queue and process: reads and renders the board once and hands it to every socket of that queue."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from django.db import Error as DatabaseError
from django.template.loader import render_to_string
from django.utils.translation import get_language

from accounts.actors import Actor
from accounts.policy import require
from consults import selectors
from consults.models import Queue
from consults.selectors.clinic import clinic_board
from core.errors import NotFound
from signaling import lines, tasks
from signaling.database import in_database
from signaling.limits import Timing
from signaling.messages import CLINIC, QUEUE, QueueNow

log = logging.getLogger(__name__)

TEMPLATE = "consults/_queue_board.html"
CLINIC_TEMPLATE = "consults/_clinic_board.html"
REST = 4
"""A board that took so long to render rests so many times as long before it is rendered again."""


class Watcher(Protocol):
    """A queue socket, as its feed sees it."""

    actor: Actor | None

    def show(self, board: QueueNow) -> None: ...
    def look_soon(self) -> None: ...


def queue_for(actor: Actor, queue: UUID) -> Queue:
    """The permission of the queue socket; NotFound for who may not see this queue."""
    require(actor, QUEUE)
    return selectors.get_queue(actor, queue)


@dataclass(frozen=True)
class Rendered:
    """A board as every member sees it (no CSRF token is inside, so it may be shared), and whose visits it shows."""

    message: QueueNow
    visits: frozenset[UUID]


def render(actor: Actor, queue: UUID) -> Rendered:
    found = queue_for(actor, queue)
    lines.keep(found)
    board = selectors.waiting_queue(actor, found)
    html = render_to_string(TEMPLATE, {"board": board, "clinic": board.queue.organization})
    rows = (*board.with_you, *board.waiting, *board.later, *board.done)
    message = QueueNow(version=board.version, waiting=len(board.waiting), html=html)
    return Rendered(message, frozenset(row.visit_uuid for row in rows))


def render_clinic(actor: Actor) -> Rendered:
    """All lines of the actor's clinic, for the desk."""
    require(actor, CLINIC)
    board = clinic_board(actor)
    html = render_to_string(CLINIC_TEMPLATE, {"board": board})
    rows = (*board.trouble, *board.unanswered, *board.waiting)
    message = QueueNow(version=board.version, waiting=board.count, html=html)
    return Rendered(message, frozenset(one.row.visit_uuid for one in rows))


def note_seen(actor: Actor, queue: UUID) -> None:
    """Reading the board is what is audited, so somebody who is shown another's rendering reads it once as well."""
    selectors.waiting_queue(actor, queue_for(actor, queue))


class Feed:
    """Runs while somebody watches. Gathers changes for `coalesce`; looks at the clock every `minutes_every`."""

    def __init__(self, queue: UUID, timing: Timing, forget: Callable[[Feed], None]) -> None:
        self.queue = queue
        self._timing = timing
        self._forget = forget
        self._watchers: dict[Watcher, Rendered | None] = {}
        self._woken = asyncio.Event()
        self._version = 0
        self._rested_at = 0.0
        # Boards that were opened together, as all are after a restart, do not tell the minutes together.
        self._ahead = random.random() * timing.minutes_every  # noqa: S311  nothing is hidden by it
        self._task = asyncio.create_task(self._run(), name="queue-feed")

    def join(self, watcher: Watcher) -> None:
        self._watchers[watcher] = None
        self._woken.set()

    async def leave(self, watcher: Watcher) -> None:
        self._watchers.pop(watcher, None)
        if not self._watchers:
            await self.close()

    def look(self) -> None:
        self._woken.set()

    def look_from(self, version: int) -> None:
        """A heartbeat has seen the lines at this version: where nobody has changed them, the clock alone is due."""
        if version != self._version:
            self._woken.set()

    def read(self, actor: Actor) -> Rendered:
        return render(actor, self.queue)

    def see(self, actor: Actor) -> None:
        note_seen(actor, self.queue)

    async def close(self) -> None:
        self._forget(self)
        await tasks.end(self._task)

    async def _run(self) -> None:
        while True:
            if await self._is_woken(self._until_minutes()) or await self._is_woken_before_a_turn_is_free():
                await asyncio.sleep(max(self._timing.coalesce, self._rested_at - self._timing.clock()))
            try:
                async with _turn():
                    self._woken.clear()
                    await self._show()
            except DatabaseError:
                log.warning("queue.no_database")
            except Exception:
                log.exception("queue.not_rendered")

    def _until_minutes(self) -> float:
        every = self._timing.minutes_every
        return every - (self._timing.clock() + self._ahead) % every

    async def _is_woken(self, within: float) -> bool:
        """Whether a line changed in so many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._woken.wait()
        return self._woken.is_set()

    async def _is_woken_before_a_turn_is_free(self) -> bool:
        """The minutes alone let boards go first that have news; not for ever."""
        latest = self._timing.clock() + self._timing.minutes_every
        while _turn().locked() and self._timing.clock() < latest:
            if await self._is_woken(self._timing.coalesce):
                return True
        return False

    async def _show(self) -> None:
        """Render by the right of the first member that has it, then hand it to all whose board differs."""
        board: Rendered | None = None
        for watcher, shown in list(self._watchers.items()):
            assert watcher.actor is not None
            try:
                if board is None:
                    board = await self._rendered(watcher.actor)
                elif shown is None or not board.visits <= shown.visits:
                    await in_database(self.see, watcher.actor)
            except NotFound:
                watcher.look_soon()
                continue
            if shown != board and watcher in self._watchers:
                self._watchers[watcher] = board
                watcher.show(board.message)

    async def _rendered(self, actor: Actor) -> Rendered:
        """However much changes, this board leaves most of the time to others."""
        begun = self._timing.clock()
        board = await in_database(self.read, actor)
        ended = self._timing.clock()
        self._version, self._rested_at = board.message.version, ended + REST * (ended - begun)
        return board


class ClinicFeed(Feed):
    """The same for all lines of a clinic; `queue` is the clinic's own id."""

    def read(self, actor: Actor) -> Rendered:
        return render_clinic(actor)

    def see(self, actor: Actor) -> None:
        clinic_board(actor)


_feeds: dict[tuple[UUID, str], Feed] = {}
_turns: dict[asyncio.AbstractEventLoop, asyncio.Lock] = {}


def _turn() -> asyncio.Lock:
    """One board of the process is rendered at a time: while it waits for its turn, more changes come together."""
    loop = asyncio.get_running_loop()
    if loop not in _turns:
        for gone in [one for one in _turns if one.is_closed()]:
            del _turns[gone]
        _turns[loop] = asyncio.Lock()
    return _turns[loop]


def feed_of(queue: UUID, timing: Timing) -> Feed:
    """The queue's feed in this process and the language of who asks, started when it is the first."""
    return _feed(Feed, queue, timing)


def feed_of_clinic(clinic: UUID, timing: Timing) -> Feed:
    return _feed(ClinicFeed, clinic, timing)


def _feed(kind: type[Feed], of: UUID, timing: Timing) -> Feed:
    # Its task goes on in the language that is spoken where it begins.
    key = (of, get_language())
    if key not in _feeds:
        _feeds[key] = kind(of, timing, _forget)
    return _feeds[key]


def _forget(feed: Feed) -> None:
    for key in [key for key, found in _feeds.items() if found is feed]:
        del _feeds[key]


async def close_all() -> None:
    for feed in list(_feeds.values()):
        await feed.close()
