"""What the sockets share: frames, limits, heartbeat, hints, and the edge where a fault becomes an error frame."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, ClassVar

from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer
from channels.layers import get_channel_layer
from channels.utils import await_many_dispatch
from django.db import Error as DatabaseError

from accounts.actors import Actor
from core.clock import now
from core.errors import HousecallError, NotFound
from signaling import sessions, tasks
from signaling.limits import Limits, Meter, Timing
from signaling.messages import (
    MAX_FRAME_BYTES,
    Error,
    Message,
    Ping,
    Pong,
    ProtocolError,
    Rate,
    Row,
    ServerPong,
    SocketName,
    client_messages,
    parse,
    words_of,
)
from signaling.outbox import Outbox
from signaling.registry import people

log = logging.getLogger(__name__)

PROTOCOL_CLOSE, SEAT_TAKEN, NOT_YOURS, VISIT_OVER, TOO_MUCH, SILENT = 4000, 4001, 4003, 4004, 4008, 4010
TOO_BIG, TRY_LATER = 1009, 1013

Event = Mapping[str, Any]


def instant() -> str:
    return now().isoformat()


class SocketConsumer(AsyncConsumer, ABC):
    """One socket. Its work is serial: a frame or a look is finished before the next one touches the database."""

    socket: ClassVar[SocketName]

    def __init__(self, timing: Timing | None = None, limits: Limits | None = None) -> None:
        self.timing = timing or Timing()
        self.limits = limits or Limits()
        self.clock = self.timing.clock
        self.rows = client_messages(self.socket)
        self.meter = Meter(self.limits, self.clock)
        self.lock = asyncio.Lock()
        self.woken = asyncio.Event()
        self.actor: Actor | None = None
        self.heard_at = self.looked_at = self.opened_at = self.clock()
        self.channel_name = ""
        self._groups: list[str] = []
        self._groups_missing: list[str] = []
        self._reaching = asyncio.Lock()
        self._person: tuple[object, ...] | None = None
        self._attendant: asyncio.Task[None] | None = None
        self._pings = 0
        self._at_work = False
        self._relook: asyncio.TimerHandle | None = None
        self._with_others: asyncio.TimerHandle | None = None

    # --- for each socket to fill in ---

    @abstractmethod
    async def enter(self) -> tuple[Actor, object, list[str]]:
        """The actor, what the socket is about (for counting) and its groups; NotFound for who may not be here."""

    async def entered(self) -> None:
        """Runs once the socket is open and its groups are joined."""

    @abstractmethod
    async def handle(self, row: Row, message: Message) -> None:
        """A typed message other than ping and pong."""

    @abstractmethod
    async def look(self) -> None:
        """Read the state again and show what changed; NotFound closes the socket."""

    async def left(self) -> None:
        """Runs once when the socket is gone, however it went."""

    # --- the socket's life ---

    async def __call__(self, scope: dict[str, Any], receive: Callable[[], Awaitable[Event]], send: Any) -> None:
        self.scope = scope
        self.channel_layer = get_channel_layer()
        self.outbox = Outbox(send, self.limits.outbox)
        self.base_send = send
        await self._be_reachable()
        try:
            await await_many_dispatch([receive, self._hint, self._ended], self.dispatch)
        except StopConsumer:
            pass
        finally:
            await self._end()

    async def dispatch(self, message: Event) -> None:
        kind = message["type"]
        if kind in ("websocket.disconnect", "socket.ended"):
            raise StopConsumer
        if kind == "websocket.connect":
            await self._open()
        elif kind == "websocket.receive":
            await self._received(message)
        elif not self.knows(message):
            self.hinted(kind)

    def knows(self, hint: Event) -> bool:
        """Whether the page shows already what this hint is about."""
        return False

    def hinted(self, kind: str) -> None:
        """A hint says only: look again."""
        self.woken.set()
        if kind == "access.changed" and self._relook is None:
            # Sign-out announces itself just before the session's row is gone: look once more when it is.
            self._relook = asyncio.get_running_loop().call_later(1.0, self._look_once_more)

    def _look_once_more(self) -> None:
        self._relook = None
        self.woken.set()

    async def _open(self) -> None:
        await self.base_send({"type": "websocket.accept"})
        self.outbox.start()
        try:
            self.actor, about, groups = await self.enter()
        except NotFound as refusal:
            self._refuse(refusal)
            return
        except Exception:
            log.exception("socket.not_opened")
            self.outbox.close(TRY_LATER)
            return
        self._person = (self.socket, about, self.actor.type, self.actor.id)
        people.join(self._person, self, self.limits.sockets_per_person)
        self._groups_missing = [*groups, *sessions.groups_of(self.actor)]
        await self._be_reachable()
        # Whatever the page had to wait for until here was our own doing: its time to speak begins now.
        self.heard_at = self.opened_at = self.clock()
        self._attendant = asyncio.create_task(self._attend(), name="socket-attendant")
        await self.entered()

    async def _be_reachable(self) -> bool:
        """Without hints the heartbeat still finds every change: a layer that is away closes no door."""
        try:
            async with self._reaching:
                if not self.channel_name:
                    self.channel_name = await self.channel_layer.new_channel()
                while self._groups_missing:
                    await self.channel_layer.group_add(self._groups_missing[0], self.channel_name)
                    self._groups.append(self._groups_missing.pop(0))
        except Exception:  # noqa: BLE001  Whatever the layer raises, `_hint` tries again.
            log.warning("socket.no_hints")
            return False
        return True

    async def regroup(self, *, joins: Collection[str], leaves: Collection[str]) -> None:
        """Hear of other things than when the socket was opened."""
        for group in leaves:
            with contextlib.suppress(Exception):
                await self.channel_layer.group_discard(group, self.channel_name)
            self._groups = [one for one in self._groups if one != group]
            self._groups_missing = [one for one in self._groups_missing if one != group]
        if joins:
            self._groups_missing += joins
            await self._be_reachable()

    async def _end(self) -> None:
        await self._dismiss()
        for timer in (self._relook, self._with_others):
            if timer is not None:
                timer.cancel()
        if self._person is not None:
            people.leave(self._person, self)
        await self.outbox.stop()
        for group in self._groups:
            with contextlib.suppress(Exception):
                await self.channel_layer.group_discard(group, self.channel_name)
        try:
            await self.left()
        except (DatabaseError, HousecallError):
            log.warning("socket.left_unrecorded")

    async def _dismiss(self) -> None:
        if self._attendant is None:
            return
        async with self.lock:  # a look in hand is finished first: it must not touch a seat that was just released
            self._attendant.cancel()
        await tasks.end(self._attendant)

    async def _hint(self) -> Event:
        try:
            if (self.channel_name and not self._groups_missing) or await self._be_reachable():
                hint: Event = await self.channel_layer.receive(self.channel_name)
                return hint
        except Exception:  # noqa: BLE001  Redis away: the socket lives on by its heartbeat
            log.warning("socket.hints_interrupted")
        await asyncio.sleep(self.timing.hints_again)
        return {"type": "hints.interrupted"}

    async def _ended(self) -> Event:
        await self.outbox.done.wait()
        return {"type": "socket.ended"}

    # --- frames ---

    async def _received(self, message: Event) -> None:
        if self.outbox.closing or self._attendant is None:
            return
        self.heard_at = self.clock()
        self._at_work = True
        try:
            await self._read(message)
        finally:
            self._at_work, self.heard_at = False, self.clock()

    async def _read(self, message: Event) -> None:
        text = message.get("text")
        size = len(text.encode("utf-8", "surrogatepass")) if text is not None else len(message.get("bytes") or b"")
        if size > MAX_FRAME_BYTES:
            self.outbox.close(TOO_BIG)
            return
        if not self.meter.allow(Rate.FRAME):
            self._over_limit(None)
            return
        await self.safely(self._take, text)

    async def _take(self, text: str | None) -> None:
        if text is None:
            raise ProtocolError("malformed")
        row, message = parse(self.rows, text)
        if row.rate is not None and not self.meter.allow(row.rate):
            self._over_limit(message)
            return
        match message:
            case Ping():
                self.send_message(ServerPong(n=message.n, server_time=instant()))
                self._look_if_due()
            case Pong():
                self._look_if_due()
            case _:
                await self.safely(self.handle, row, message, about=message)

    def _look_if_due(self) -> None:
        present = self.clock()
        if self._with_others is None and present - self.looked_at >= self.timing.touch_every:
            wait = self.timing.with_others(present) - present
            self._with_others = asyncio.get_running_loop().call_later(wait, self.woken.set)

    def _over_limit(self, message: Message | None) -> None:
        self.send_error("rate_limited", about=message)
        if self.meter.abused:
            self.outbox.close(TOO_MUCH)

    def send_message(self, message: Message, key: str | None = None) -> None:
        self.outbox.put(message.frame(), key)

    def send_error(self, code: str, message: str = "", about: Message | str | None = None, **where: Any) -> None:
        if isinstance(about, Message):
            where = {name: getattr(about, name, None) for name in ("client_id", "connection")} | where
            about = about.type
        self.send_message(Error(code=code, message=message or words_of(code), about=about, **where))

    async def safely(self, work: Callable[..., Awaitable[None]], *args: Any, about: Message | None = None) -> None:
        """The edge: whatever `work` raises becomes an error frame."""
        try:
            await work(*args)
        except ProtocolError as refusal:
            self.send_error(refusal.code, refusal.message, about=about or refusal.about)
        except NotFound as refusal:
            # Not this message, or nothing here any more: the look that follows finds out, and closes if so.
            self.send_error(refusal.code, refusal.message, about=about)
            self.woken.set()
        except HousecallError as refusal:
            self.send_error(refusal.code, refusal.message, about=about)
        except DatabaseError:
            log.warning("socket.no_database")
            self.send_error("unavailable", about=about)
        except Exception:
            log.exception("socket.fault")
            self.send_error("internal", about=about)

    async def _look(self) -> None:
        self.woken.clear()
        self.looked_at = self.clock()
        if self._with_others is not None:
            self._with_others.cancel()
            self._with_others = None
        try:
            await self.look()
        except NotFound as refusal:
            self._refuse(refusal)
        except DatabaseError:
            # Nothing was asked, so nothing is answered. Whatever the page says next brings a look.
            self.looked_at = -math.inf
            log.warning("socket.no_database")
        except Exception:
            log.exception("socket.look_failed")

    def _refuse(self, refusal: NotFound) -> None:
        self.send_error(refusal.code, refusal.message)
        self.outbox.close(NOT_YOURS)

    def evict(self) -> None:
        self.send_error("too_many_sockets")
        self.outbox.close(TOO_MUCH)

    # --- heartbeat and hints ---

    async def _attend(self) -> None:
        beat = self.timing.with_others(self.clock() + self.timing.first_ping())
        while not self.outbox.closing:
            await self._wait_until(min(beat, self.heard_at + self.timing.silence, self.deadline()))
            present = self.clock()
            if self._at_work:
                self.heard_at = present  # what comes next is read when this is done: nobody is silent
            if present - self.heard_at >= self.timing.silence:
                self.outbox.close(SILENT)
                return
            if present >= beat:
                beat = self.timing.next_ping(beat, present)
                self._pings += 1
                self.send_message(Ping(n=self._pings))
                self.woken.set()
            if present >= self.deadline():
                self.send_error("out_of_order")
                self.outbox.close(PROTOCOL_CLOSE)
                return
            if self.woken.is_set():
                await asyncio.sleep(self.timing.coalesce)
                await self._look()

    def deadline(self) -> float:
        """By the clock, until when the client must have said what it owes; then the socket is closed."""
        return math.inf

    async def _wait_until(self, due: float) -> None:
        # Not wait_for: on Python 3.11 it can swallow the cancellation that ends this task.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, due - self.clock())):
                await self.woken.wait()
