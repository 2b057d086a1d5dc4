"""The work on a recording's streams side by side: in children, one per core, or here where that would not pay.

A child (__main__.py) is told what to do over its standard input, which closes with us, however we end: then it ends.
On leaving, every child is gone, and so is what it had half made. Knows no row; who claims and files is job.py.
"""

import contextlib
import json
import os
import pickle
import selectors
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from django.conf import settings

from recordings.assembly import wire
from recordings.assembly.making import Kind, Made, new_names
from recordings.assembly.share import Look, Order, Share
from recordings.sealed import remove_file

ROOT = Path(__file__).resolve().parent.parent.parent
# Below so many parts, about two minutes of two people, starting children costs more than it saves.
WORTH_CHILDREN = 240
# However many cores there are: each child holds some 70 MB.
MOST_CHILDREN = 8
SILENT_SECONDS = 1.0
_NO_MOVES: tuple[int, ...] = (0,)


class ChildFailed(Exception):  # noqa: N818
    """A child broke off, or was killed. The message is the error's name, or how it ended."""


class Crew:
    """Do the orders. `began`: the recording's, by the house's clock, Unix µs. `tell` hears of work done, at least once
    a second, and may raise to end it all."""

    def __init__(self, orders: Sequence[Order], began: int | None, tell: Callable[[int], None]) -> None:
        self._orders, self._began, self._tell = orders, began, tell
        self._here = Share(dict(enumerate(orders)), began, tell)
        self._children: list[_Child] = []
        self._unfinished: dict[int, dict[Kind, UUID]] = {}

    def __enter__(self) -> Self:
        shares = _shares(self._orders)
        try:
            for share in shares if len(shares) > 1 else ():
                self._children.append(_Child({number: self._orders[number] for number in share}, self._began))
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def look(self) -> list[Look]:
        """Look through every stream. A move that one person's clocks needed is tried with those who come after."""
        looks = dict(self._look(range(len(self._orders)), _NO_MOVES))
        moves = _NO_MOVES
        for number in range(len(self._orders)):
            if moves != _NO_MOVES:
                looks |= self._look([number], moves)
            moves = looks[number].moves
        return [looks[number] for number in range(len(self._orders))]

    def make(self, numbers: Sequence[int], zero: float) -> Iterator[tuple[int, Made]]:
        """Make the files of these streams, each given as soon as it is made; from then on they are the caller's."""
        names = {number: new_names() for number in numbers}
        if not self._children:
            for number in numbers:
                yield number, self._here.make(number, zero, names[number])
            return
        self._unfinished |= names
        for number, said in self._ask({n: {"do": "make", "zero": zero, "names": names[n]} for n in numbers}):
            del self._unfinished[number]
            yield number, wire.to_made(said)

    def _look(self, numbers: Sequence[int], moves: tuple[int, ...]) -> Iterator[tuple[int, Look]]:
        if not self._children:
            yield from ((number, self._here.look(number, moves)) for number in numbers)
            return
        for number, said in self._ask({number: {"do": "look", "moves": moves} for number in numbers}):
            yield number, wire.to_look(said)

    def _ask(self, wanted: Mapping[int, dict[str, Any]]) -> Iterator[tuple[int, dict[str, Any]]]:
        """Have the children do it, and give every answer as it comes."""
        left = set(wanted)
        with selectors.DefaultSelector() as answers:
            for child in self._children:
                child.ask({number: wanted[number] for number in child.orders if number in wanted})
                answers.register(child.output, selectors.EVENT_READ, child)
            while left:
                for key, _ in answers.select(SILENT_SECONDS):
                    for message in key.data.heard():
                        self._tell(message.get("work", 0))
                        if "number" in message:
                            left.remove(message["number"])
                            yield message["number"], message["said"]
                self._tell(0)

    def _end(self) -> None:
        for child in self._children:
            child.end()
        for number, names in self._unfinished.items():
            for name in names.values():
                remove_file(self._orders[number].binding.recording, name)
        self._unfinished = {}


class _Child:
    """One child, and what it has said of its next line."""

    def __init__(self, orders: Mapping[int, Order], began: int | None) -> None:
        self.orders = orders
        self._said = b""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "recordings.assembly"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._process.stdin
        assert self._process.stdout
        self.output = self._process.stdout
        self._send(pickle.dumps({"settings": _settings(), "orders": _plain(orders), "began": began}))

    def ask(self, wanted: Mapping[int, dict[str, Any]]) -> None:
        for number, message in wanted.items():
            self._send(json.dumps({"number": number, **message}, default=str).encode() + b"\n")

    def heard(self) -> list[dict[str, Any]]:
        """The messages that have come. ChildFailed."""
        piece = os.read(self.output.fileno(), 1 << 16)
        if not piece:
            raise ChildFailed(f"ended:{self._process.wait()}")
        *lines, self._said = (self._said + piece).split(b"\n")
        messages = [json.loads(line) for line in lines]
        for message in messages:
            if "failed" in message:
                raise ChildFailed(message["failed"])
        return messages

    def end(self) -> None:
        """Whatever it does, it is gone when this returns."""
        self._process.kill()
        self._process.wait()
        self.output.close()
        assert self._process.stdin
        # What it did not read any more is written now, and to nobody.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()

    def _send(self, data: bytes) -> None:
        assert self._process.stdin
        try:
            self._process.stdin.write(data)
            self._process.stdin.flush()
        except BrokenPipeError:
            raise ChildFailed(f"ended:{self._process.wait()}") from None


def _shares(orders: Sequence[Order]) -> list[list[int]]:
    """Which streams each process does: as many processes as there are cores and streams, the longest streams first."""
    busy = [number for number, order in enumerate(orders) if order.parts]
    if sum(order.parts for order in orders) < WORTH_CHILDREN or len(busy) < 2:
        return []
    shares: list[list[int]] = [[] for _ in range(min(_cores(), len(busy), MOST_CHILDREN))]
    for number in sorted(range(len(orders)), key=lambda number: -orders[number].parts):
        min(shares, key=lambda share: sum(orders[other].parts for other in share)).append(number)
    return shares


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _settings() -> dict[str, Any]:
    """Where parts lie and files go, and what a storage on S3 reads; of the house's other settings a child has none."""
    names = [name for name in dir(settings) if name.startswith("AWS_")]
    return {
        "RECORDINGS_DIR": settings.RECORDINGS_DIR,
        "STORAGES": {"recordings": settings.STORAGES["recordings"]},
        **{name: getattr(settings, name) for name in names},
    }


def _plain(orders: Mapping[int, Order]) -> dict[int, tuple[Any, ...]]:
    return {
        number: (
            order.binding.recording,
            order.binding.stream,
            order.binding.mac,
            str(order.binding.identity),
            order.parts,
            order.first,
            order.last,
        )
        for number, order in orders.items()
    }
