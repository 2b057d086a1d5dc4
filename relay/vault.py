"""Parts on their way to disk: a bounded queue and the threads that see to it. The loop never waits for them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from relay.memory import keep_for_parts
from relay.parts import Name, Part, Wall
from relay.press import Outcome, Press
from relay.scribe import Desk, Scribe
from relay.shelf import Shelf

if TYPE_CHECKING:
    from relay.tape import Tape

logger = logging.getLogger(__name__)

MAX_QUEUE_BYTES = 64 << 20
MAX_QUEUE_PARTS = 4096
WRITERS = 4
AT_ONCE = 12  # parts that one thread may have, and takes at a time, before the next is woken
_PART_COST = 512  # bytes that a part costs besides its media


class Vault:
    """The loop's side: what waits, and for how long it may."""

    def __init__(
        self,
        shelf: Shelf,
        wall: Wall,
        clock: Callable[[], float],
        max_bytes: int = MAX_QUEUE_BYTES,
        scribe: Scribe | None = None,
    ) -> None:
        self.shelf = shelf
        self.wall = wall
        self.waiting_bytes = 0
        self.waiting = 0
        self._max_bytes = max_bytes
        self._scribe = scribe
        press = Press(shelf, wall, clock)
        desks = scribe.desks(press, WRITERS) if scribe is not None else [press] * WRITERS
        self._writers = [Writer(desk) for desk in desks]
        # Who has what is pending of a stream: its parts stay in order, also when its room was closed and is open again.
        self._busy: dict[Name, tuple[Writer, int]] = {}

    @property
    def free(self) -> int:
        """Bytes that are left on the disk, as they were when it was last written to."""
        return self.shelf.free

    def start(self) -> None:
        """Before the process gives up its right to make threads and processes."""
        keep_for_parts()
        try:
            self.shelf.prepare()
        except OSError as error:  # calls go on without; each part tries again, and the state says so
            logger.warning("recordings cannot be written: %s", error.strerror or error)
        if self._scribe is not None:
            self._scribe.start()
        for writer in self._writers:
            writer.thread.start()

    def put(self, part: Part, tape: Tape) -> bool:
        """False, and it is lost, when too much waits already."""
        cost = part.size + _PART_COST
        is_full = self.waiting >= MAX_QUEUE_PARTS or self.waiting_bytes + cost > self._max_bytes
        if is_full and not part.last:  # a last one is small, and there is one for each stream
            return False
        self.waiting += 1
        self.waiting_bytes += cost
        name = part.stream.name
        writer, owed = self._busy.get(name) or (self._least_busy(), 0)
        self._busy[name] = writer, owed + 1
        writer.put(part, cost, tape)
        return True

    def _least_busy(self) -> Writer:
        first = next((writer for writer in self._writers if writer.load < AT_ONCE), None)
        return first or min(self._writers, key=lambda writer: writer.load)

    def outcomes(self) -> Iterator[tuple[Tape, Outcome]]:
        """What has been done since the last time; of each stream in the order of putting."""
        for writer in self._writers:
            while writer.done:
                outcome = writer.done.popleft()
                cost, tape = writer.owed.popleft()
                self._taken_off(tape.stream.name)
                self.waiting -= 1
                self.waiting_bytes -= cost
                yield tape, outcome

    def _taken_off(self, name: Name) -> None:
        writer, owed = self._busy.pop(name)
        if owed > 1:
            self._busy[name] = writer, owed - 1

    async def close(self, seconds: float) -> bool:
        """Write what waits and end the threads; False when the disk did not let it within `seconds`. Idempotent."""
        ends = [writer.end() for writer in self._writers if writer.thread.is_alive()]
        if ends:
            _, late = await asyncio.wait(ends, timeout=seconds)
            if late:
                logger.warning("the last parts of a recording could not be written in time")
                return False
        if self._scribe is not None:
            self._scribe.close()
        return True


class Writer:
    """One thread, what it has to do and what it has done."""

    def __init__(self, press: Press | Desk) -> None:
        self.owed: deque[tuple[int, Tape]] = deque()  # what the parts it has cost, and whose they are
        self.done: deque[Outcome] = deque()
        self.thread = threading.Thread(target=self._run, name="vault", daemon=True)
        self._press = press
        self._queue: queue.SimpleQueue[Part | None] = queue.SimpleQueue()
        self._kept: Part | None = None  # taken out already, and too early
        self._tell_end: Callable[[], None] = lambda: None

    @property
    def load(self) -> int:
        """Parts that are not done."""
        return len(self.owed) - len(self.done)

    def put(self, part: Part, cost: int, tape: Tape) -> None:
        self.owed.append((cost, tape))
        self._queue.put(part)

    def end(self) -> asyncio.Future[None]:
        """Done when everything is."""
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()

        def set_ended() -> None:
            if not ended.done():
                ended.set_result(None)

        def tell() -> None:
            with contextlib.suppress(RuntimeError):  # nobody waits any more
                loop.call_soon_threadsafe(set_ended)

        self._tell_end = tell
        self._queue.put(None)
        return ended

    def _run(self) -> None:
        while batch := self._batch():
            self.done.extend(self._press.write(batch))
        self._tell_end()

    def _batch(self) -> list[Part]:
        """What waits by now, but of each stream one part; nothing when it is over."""
        found: dict[Name, Part] = {}
        part = self._kept or self._queue.get()
        self._kept = None
        while part is not None and len(found) < AT_ONCE and part.stream.name not in found:
            found[part.stream.name] = part
            try:
                part = self._queue.get_nowait()
            except queue.Empty:
                return list(found.values())
        self._kept = part
        if part is None and found:
            self._queue.put(None)  # for the next time
        return list(found.values())
