"""A process of its own that seals and writes parts, because sealing holds Python's lock while media waits for it.

`Scribe` and `Desk` are the relay's side: for each writing thread memory that both have, in which the media of parts
lie, and a socket over which is said where, and what became of them. `python -m relay.scribe` is the other side. It has
nothing but the folder, and ends with its relay: what it was told of before a relay was killed is still written.
"""

from __future__ import annotations

import contextlib
import json
import logging
import marshal
import mmap
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from relay.confine import confine
from relay.memory import keep_for_parts
from relay.parts import Gap, Part, Stream, TrackLine, Wall, records
from relay.press import Outcome, Press
from relay.shelf import Shelf

logger = logging.getLogger(__name__)

_LENGTH = struct.Struct("!I")
_TABLE_BYTES = 4 << 20  # of each desk: a dozen parts as they usually are; what finds no place goes over the socket
_END_SECONDS = 5.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Scribe:
    """The process and the ends of its sockets. Started once; when it dies the relay goes on in its place."""

    def __init__(self, root: Path, reserve: int | None, group: int | None, memory_mib: int, wall: Wall) -> None:
        self._order = {
            "root": str(root),
            "reserve": reserve,
            "group": group,
            "memory": memory_mib,
            "zero": wall.zero,
        }
        self._desks: list[Desk] = []
        self.process: subprocess.Popen[bytes] | None = None

    def desks(self, press: Press, count: int) -> list[Desk]:
        """One for each thread; `press` is what they do it with themselves when the process is gone."""
        self._desks = [Desk(press) for _ in range(count)]
        return self._desks

    def start(self) -> None:
        """Before the relay gives up its right to make processes."""
        theirs = [desk.open() for desk in self._desks]
        order = json.dumps(self._order | {"desks": [end.numbers for end in theirs]})
        # It has them blocked from its first moment; at one that came before it can ignore them it would end.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            self.process = subprocess.Popen(  # noqa: S603 - this very program
                [sys.executable, "-m", "relay.scribe", order],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[number for end in theirs for number in end.numbers],
            )
        except OSError as error:
            logger.warning("no process of its own for recordings: %s", error.strerror or error)
            for desk in self._desks:
                desk.close()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            for end in theirs:
                end.close()

    def close(self) -> None:
        """After the threads have ended: nothing is on its way."""
        for desk in self._desks:
            desk.close()
        if self.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(_END_SECONDS)


class Desk:
    """Where one thread hands a part over and waits for what became of it."""

    def __init__(self, press: Press) -> None:
        self._press = press
        self._socket: socket.socket | None = None
        self._table = mmap.mmap(-1, 1)

    def open(self) -> _OtherEnd:
        self._socket, other = socket.socketpair()
        memory = os.memfd_create("parts")
        os.ftruncate(memory, _TABLE_BYTES)
        self._table = mmap.mmap(memory, _TABLE_BYTES)
        return _OtherEnd(other, memory)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._table.close()
            self._socket = None

    def write(self, parts: Sequence[Part]) -> list[Outcome]:
        """As `Press.write`."""
        if self._socket is None:
            return self._press.write(parts)
        outcomes: list[Outcome] = []
        with contextlib.suppress(OSError):
            laid = 0  # all of the last time is written by now
            for part in parts:
                body = records(part)
                if fits := laid + len(body) <= len(self._table):
                    self._table[laid : laid + len(body)] = body
                here = (laid, len(body)) if fits else None
                laid += len(body) if fits else 0
                _send(self._socket, marshal.dumps((_packed(part), here)), *([] if fits else [body]))
            for part in parts:
                answer = _receive(self._socket)
                if answer is None:
                    break
                result, number, size, self._press.shelf.free = marshal.loads(answer)  # noqa: S302 - our own program
                outcomes.append(Outcome(result, number, size, self._press.clock(), part.last))
        return outcomes + [self._lost(part) for part in parts[len(outcomes) :]]

    def _lost(self, part: Part) -> Outcome:
        if self._socket is not None:
            logger.warning("the process that writes recordings has ended; the relay writes them itself")
            self.close()
        self._press.lost(part)
        return Outcome("failing", 0, 0, self._press.clock(), part.last)


class _OtherEnd(NamedTuple):
    """What the other process gets of a desk."""

    socket: socket.socket
    memory: int

    @property
    def numbers(self) -> tuple[int, int]:
        return self.socket.fileno(), self.memory

    def close(self) -> None:
        self.socket.close()
        os.close(self.memory)


def _packed(part: Part) -> tuple[Any, ...]:
    stream = part.stream
    return (
        (stream.recording, stream.stream, stream.recipient, stream.mac),
        part.run,
        part.began,
        part.ended,
        [(line.track, line.source, line.ssrc) for line in part.tracks],
        [tuple(gap) for gap in part.gaps],
        part.size,
        part.last,
    )


def _unpacked(packed: tuple[Any, ...], body: bytearray | memoryview) -> Part:
    stream, run, began, ended, tracks, gaps, size, last = packed
    return Part(
        Stream(*stream),
        run,
        began,
        ended,
        tuple(TrackLine(*line) for line in tracks),
        tuple(Gap(*gap) for gap in gaps),
        [],
        size,
        last,
        body,
    )


def _send(end: socket.socket, *pieces: bytes) -> None:
    for piece in pieces:
        end.sendall(_LENGTH.pack(len(piece)))
        end.sendall(piece)


def _receive(end: socket.socket) -> bytearray | None:
    """A piece that was sent; None at the end, also when it comes in the middle."""
    head = _exactly(end, _LENGTH.size)
    return None if head is None else _exactly(end, *_LENGTH.unpack(head))


def _exactly(end: socket.socket, count: int) -> bytearray | None:
    data = bytearray(count)
    rest = memoryview(data)
    while rest:
        got = end.recv_into(rest)
        if got == 0:
            return None
        rest = rest[got:]
    return data


def _serve(end: socket.socket, table: memoryview, press: Press) -> None:
    with end, contextlib.suppress(OSError):
        while parts := _waiting(end, table):
            for outcome in press.write(parts):
                # Nobody may be there to hear it; what was handed over before is still to be read and written.
                with contextlib.suppress(OSError):
                    _send(end, marshal.dumps((outcome.result, outcome.number, outcome.size, press.shelf.free)))


def _waiting(end: socket.socket, table: memoryview) -> list[Part]:
    """What the other end hands over together; nothing when it has ended. Of each stream one part, as it sends them."""
    parts: list[Part] = []
    while not parts or select.select([end], [], [], 0)[0]:
        told = _receive(end)
        if told is None:
            break  # what came whole before is written, and the next time says so again
        packed, here = marshal.loads(told)  # noqa: S302 - our own program
        body = _receive(end) if here is None else table[here[0] : sum(here)]
        if body is None:
            break
        parts.append(_unpacked(packed, body))
    return parts


def _laid_open(memory: int) -> memoryview:
    """It is read only: a part stays as the relay has laid it down."""
    table = mmap.mmap(memory, _TABLE_BYTES, prot=mmap.PROT_READ)
    os.close(memory)
    return memoryview(table)


def main() -> int:
    # A terminal and a service manager tell everybody to end; what a relay hands over while it ends is written first.
    for sign in _SIGNALS:
        signal.signal(sign, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    order = json.loads(sys.argv[1])
    os.umask(0o077 if order["group"] is None else 0o007)
    keep_for_parts()
    shelf = Shelf(Path(order["root"]), order["reserve"], order["group"])
    press = Press(shelf, Wall(order["zero"], 0.0), time.monotonic)
    threads = [
        threading.Thread(target=_serve, args=(socket.socket(fileno=end), _laid_open(memory), press), name="scribe")
        for end, memory in order["desks"]
    ]
    for thread in threads:
        thread.start()
    confine(order["memory"])
    for thread in threads:
        thread.join()
    return 0


if __name__ == "__main__":
    sys.exit(main())
