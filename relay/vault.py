"""Parts on their way to disk: a bounded queue and the threads that seal and write. The loop never waits for them."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from relay.memory import keep_for_parts
from relay.parts import Gap, Part, Stream, Wall, merged, plain_text, seal
from relay.shelf import Shelf

if TYPE_CHECKING:
    from relay.tape import Tape

logger = logging.getLogger(__name__)

MAX_QUEUE_BYTES = 64 << 20
MAX_QUEUE_PARTS = 4096
WRITERS = 4
AT_ONCE = 12  # parts that one thread may have before the next is woken: on a fast disk one does it all
_PART_COST = 512  # bytes that a part costs besides its media
_OVERHEAD = 16 << 10  # header, MAC and what age adds to a part: more than they ever are
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_TELLING_SECONDS = 60.0
Name = tuple[str, str]  # a recording and a stream of it: a folder
Result = Literal["synced", "nothing", "full", "failing"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one part. `number` is the stream's last on disk, `at` the relay's clock when it was synced."""

    result: Result
    number: int
    size: int
    at: float
    last: bool


class _Open:
    """What is known of a stream that is being written."""

    __slots__ = ("gaps", "number")

    def __init__(self) -> None:
        self.number: int | None = None  # the next; None: to be found on disk
        self.gaps: tuple[Gap, ...] = ()  # what could not be written since the last part


def _name(stream: Stream) -> Name:
    return stream.recording, stream.stream


class Vault:
    """The loop's side: what waits, and for how long it may."""

    def __init__(self, shelf: Shelf, wall: Wall, clock: Callable[[], float], max_bytes: int = MAX_QUEUE_BYTES) -> None:
        self.shelf = shelf
        self.wall = wall
        self.waiting_bytes = 0
        self.waiting = 0
        self._max_bytes = max_bytes
        press = Press(shelf, wall, clock)
        self._writers = [Writer(press) for _ in range(WRITERS)]
        # Who has what is pending of a stream: its parts stay in order, also when its room was closed and is open again.
        self._busy: dict[Name, tuple[Writer, int]] = {}

    @property
    def free(self) -> int:
        """Bytes that are left on the disk, as they were when it was last written to."""
        return self.shelf.free

    def start(self) -> None:
        """Before the process gives up its right to make threads."""
        keep_for_parts()
        try:
            self.shelf.prepare()
        except OSError as error:  # calls go on without; each part tries again, and the state says so
            logger.warning("recordings cannot be written: %s", error.strerror or error)
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
        name = _name(part.stream)
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
                self._taken_off(_name(tape.stream))
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
        return True


class Writer:
    """One thread, what it has to do and what it has done."""

    def __init__(self, press: Press) -> None:
        self.owed: deque[tuple[int, Tape]] = deque()  # what the parts it has cost, and whose they are
        self.done: deque[Outcome] = deque()
        self.thread = threading.Thread(target=self._run, name="vault", daemon=True)
        self._press = press
        self._queue: queue.SimpleQueue[Part | None] = queue.SimpleQueue()
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
        while (part := self._queue.get()) is not None:
            self.done.append(self._press.write(part))
        self._tell_end()


class Press:
    """The threads' side: one part becomes bytes on disk, or a gap. Of one stream never two at a time."""

    def __init__(self, shelf: Shelf, wall: Wall, clock: Callable[[], float]) -> None:
        self._shelf = shelf
        self._wall = wall
        self._clock = clock
        self._open: dict[Name, _Open] = {}
        self._told_at = -_TELLING_SECONDS

    def write(self, part: Part) -> Outcome:
        key = _name(part.stream)
        state = self._open.setdefault(key, _Open())
        gaps = merged((*state.gaps, *part.gaps))
        result: Result
        size = 0
        try:
            result, size = self._write(part, state, gaps)
        except OSError as error:
            result = "full" if error.errno in _FULL else "failing"
            self._tell(error.strerror or type(error).__name__)
        except Exception as error:  # noqa: BLE001 - the edge of the thread: one part must not cost the others
            result = "failing"
            self._tell(type(error).__name__)
        if result in ("full", "failing"):
            lost = (Gap(part.began, part.ended, "disk"),) if part.arrivals else ()
            state.gaps = merged((*gaps, *lost))
        number = (state.number or 1) - 1
        if result == "failing":
            state.number = None
            self._shelf.forget(part.stream)
        if part.last:
            self._open.pop(key, None)
            self._shelf.forget(part.stream)
        return Outcome(result, number, size, self._clock(), part.last)

    def _write(self, part: Part, state: _Open, gaps: tuple[Gap, ...]) -> tuple[Result, int]:
        if state.number is None:
            state.number = self._shelf.next_number(part.stream)
        if not part.arrivals and not gaps:
            return "nothing", 0
        if not self._shelf.has_room(part.size + _OVERHEAD):
            return "full", 0

        def make(number: int) -> bytes:
            return seal(plain_text(part, number, gaps, self._wall), part.stream.recipient)

        number, size = self._shelf.write(part.stream, state.number, make)
        state.number, state.gaps = number + 1, ()
        return "synced", size

    def _tell(self, why: str) -> None:
        """At most once a minute: a disk that fails does so every second."""
        now = self._clock()
        if now - self._told_at > _TELLING_SECONDS:
            self._told_at = now
            logger.warning("a part of a recording was not written: %s", why)
