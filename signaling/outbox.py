"""What waits to be written to one socket: bounded, in order, written by one task. It knows no message."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from signaling import tasks

Send = Callable[[Mapping[str, Any]], Awaitable[None]]


class Outbox:
    """`put` never waits. When `size` frames are waiting the reader is too slow: `overflowed` is set and all is dropped.

    A frame put with a `key` replaces the waiting one of that key: of snapshots only the newest is worth sending.
    """

    def __init__(self, send: Send, size: int) -> None:
        self._send = send
        self._size = size
        self._waiting: OrderedDict[object, str] = OrderedDict()
        self._wake = asyncio.Event()
        self._close_code: int | None = None
        self._task: asyncio.Task[None] | None = None
        self.done = asyncio.Event()
        self.overflowed = False

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="socket-outbox")

    def put(self, frame: str, key: str | None = None) -> None:
        if self.closing:
            return
        slot: object = key if key is not None else object()
        self._waiting.pop(slot, None)
        if len(self._waiting) >= self._size:
            self.overflowed = True
            self._waiting.clear()
            self.done.set()
            return
        self._waiting[slot] = frame
        self._wake.set()

    @property
    def closing(self) -> bool:
        return self._close_code is not None or self.done.is_set()

    def close(self, code: int) -> None:
        """Writes what waits, then the close; `done` is set afterwards. The first code counts."""
        if not self.closing:
            self._close_code = code
            self._wake.set()

    async def stop(self) -> None:
        """Ends the writer without a close frame. Idempotent."""
        self.done.set()
        await tasks.end(self._task)

    async def _run(self) -> None:
        try:
            while True:
                while self._waiting:
                    _, frame = self._waiting.popitem(last=False)
                    await self._send({"type": "websocket.send", "text": frame})
                if self._close_code is not None:
                    await self._send({"type": "websocket.close", "code": self._close_code})
                    return
                self._wake.clear()
                await self._wake.wait()
        except (OSError, RuntimeError):
            # The peer is gone (servers raise one or the other); its disconnect message ends the socket.
            return
        finally:
            self.done.set()
