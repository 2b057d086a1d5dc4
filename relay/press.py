"""What makes parts of recordings: numbered, sealed, written. When, and by which thread or process, is vault.py's."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from relay.parts import Gap, Name, Part, Wall, merged, plain_text, seal
from relay.shelf import Order, Shelf

logger = logging.getLogger(__name__)

_OVERHEAD = 16 << 10  # header, MAC and what age adds to a part: more than they ever are
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_TELLING_SECONDS = 60.0
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


@dataclass(slots=True)
class _Job:
    """One part on its way: what it has to tell, what becomes of it, and the order at the shelf if there is one."""

    part: Part
    state: _Open
    gaps: tuple[Gap, ...]
    result: Result = "nothing"
    order: Order | None = None


class Press:
    """Parts become bytes on disk, or gaps. Threads share it; of one stream there are never two at a time."""

    def __init__(self, shelf: Shelf, wall: Wall, clock: Callable[[], float]) -> None:
        self.shelf = shelf
        self._wall = wall
        self.clock = clock
        self._open: dict[Name, _Open] = {}
        self._told_at = -_TELLING_SECONDS

    def write(self, parts: Sequence[Part]) -> list[Outcome]:
        """Of each stream one part; what became of them, in their order."""
        jobs: list[_Job] = []
        promised = 0
        for part in parts:
            job = self._job(part, promised)
            promised += part.size + _OVERHEAD if job.order is not None else 0
            jobs.append(job)
        self.shelf.write([job.order for job in jobs if job.order is not None])
        return [self._outcome(job) for job in jobs]

    def lost(self, part: Part) -> None:
        """Nobody knows what became of it: what follows in its stream says that something is missing."""
        state = self._open.setdefault(part.stream.name, _Open())
        here = (Gap(part.began, part.ended, "disk"),) if not part.is_empty else ()
        state.gaps = merged((*state.gaps, *part.gaps, *here))
        if part.last:
            self._open.pop(part.stream.name, None)

    def _job(self, part: Part, promised: int) -> _Job:
        """`promised`: bytes that others of the same batch will take."""
        state = self._open.setdefault(part.stream.name, _Open())
        job = _Job(part, state, merged((*state.gaps, *part.gaps)))
        try:
            if state.number is None:
                state.number = self.shelf.next_number(part.stream)
            if part.is_empty and not job.gaps:
                return job
            if not self.shelf.has_room(promised + part.size + _OVERHEAD):
                job.result = "full"
                return job
        except Exception as error:  # noqa: BLE001 - the edge of the thread: one part must not cost the others
            self._failed(job, error)
            return job

        def make(number: int) -> bytes:
            return seal(plain_text(part, number, job.gaps, self._wall), part.stream.recipient)

        job.order = Order(part.stream, state.number, make)
        return job

    def _outcome(self, job: _Job) -> Outcome:
        part, state, order = job.part, job.state, job.order
        if order is not None and order.error is not None:
            self._failed(job, order.error)
        elif order is not None:
            job.result = "synced"
            state.number, state.gaps = order.number + 1, ()
        if job.result in ("full", "failing"):
            lost = (Gap(part.began, part.ended, "disk"),) if not part.is_empty else ()
            state.gaps = merged((*job.gaps, *lost))
        number = (state.number or 1) - 1
        if job.result == "failing":
            state.number = None
            self.shelf.forget(part.stream)
        if part.last:
            self._open.pop(part.stream.name, None)
            self.shelf.forget(part.stream)
        return Outcome(job.result, number, order.size if order is not None else 0, self.clock(), part.last)

    def _failed(self, job: _Job, error: Exception) -> None:
        is_full = isinstance(error, OSError) and error.errno in _FULL
        job.result = "full" if is_full else "failing"
        self._tell(getattr(error, "strerror", None) or type(error).__name__)

    def _tell(self, why: str) -> None:
        """At most once a minute: a disk that fails does so every second."""
        now = self.clock()
        if now - self._told_at > _TELLING_SECONDS:
            self._told_at = now
            logger.warning("a part of a recording was not written: %s", why)
