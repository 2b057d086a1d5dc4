"""The port's pace: watched while it is quiet, looked at every millisecond while packets come fast."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any, cast

import pytest

from relay.datagrams import BATCH, Datagrams, Inbox, Outbox
from relay.ice import Directory
from relay.peer import Counters
from relay.port import BUSY_PER_SECOND, PAUSE_SECONDS, Demux, Drain, UdpPort


class Loop:
    """A loop whose time the test moves on; says whether the socket is watched."""

    def __init__(self) -> None:
        self.now = 0.0
        self.watched = False
        self.later: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now

    def add_reader(self, sock: Any, callback: Any) -> None:
        assert not self.watched
        self.watched = True

    def remove_reader(self, sock: Any) -> None:
        assert self.watched
        self.watched = False

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Any:
        self.later.append((self.now + seconds, callback))
        return self.later[-1]


class Boxes:
    """An inbox with as many packets as the test puts in, and an outbox that notes holding and flushing."""

    def __init__(self) -> None:
        self.waiting = 0
        self.notes: list[str] = []

    def take(self) -> Datagrams:
        count = min(self.waiting, BATCH)
        self.waiting -= count
        return [(b"x", ("127.0.0.1", 9))] * count

    def hold(self) -> None:
        self.notes.append("hold")

    def flush(self) -> None:
        self.notes.append("flush")


class Line:
    def __init__(self) -> None:
        self.loop, self.boxes = Loop(), Boxes()
        self.sizes: list[int] = []
        self.counters = Counters()
        pair = cast(tuple[Inbox, Outbox], (self.boxes, self.boxes))
        take_all: Callable[[Datagrams], None] = lambda taken: self.sizes.append(len(taken))  # noqa: E731
        self.drain = Drain(
            cast(asyncio.AbstractEventLoop, self.loop), cast(socket.socket, None), pair, take_all, self.counters
        )

    def run(self, per_second: float, seconds: float) -> int:
        """Packets at a steady pace; returns how often the port woke."""
        woken, end, step = 0, self.loop.now + seconds, 1 / per_second
        arrives = self.loop.now + step
        while self.loop.now < end:
            if self.loop.watched:
                self.loop.now = arrives
            else:
                self.loop.now, _ = self.loop.later.pop()
            while arrives <= self.loop.now:
                self.boxes.waiting += 1
                arrives += step
            self.drain.wake()
            woken += 1
        return woken


def test_quiet_port_wakes_for_each_packet_at_once() -> None:
    line = Line()
    assert line.run(BUSY_PER_SECOND / 4, 1.0) == pytest.approx(BUSY_PER_SECOND / 4, abs=2)
    assert line.loop.watched


def test_busy_port_wakes_once_a_pause_and_watches_again_when_it_is_quiet() -> None:
    line = Line()
    line.run(BUSY_PER_SECOND * 10, 0.1)
    assert not line.loop.watched
    assert line.run(BUSY_PER_SECOND * 10, 1.0) == pytest.approx(1 / PAUSE_SECONDS, rel=0.01)
    line.run(BUSY_PER_SECOND / 4, 0.1)
    assert line.loop.watched


def test_what_a_drain_causes_leaves_when_it_ends() -> None:
    line = Line()
    line.boxes.waiting = BATCH + 1
    line.drain.wake()
    assert line.boxes.notes == ["hold", "flush"]
    assert line.sizes == [BATCH, 1]


def test_one_socket_does_not_keep_the_others_waiting() -> None:
    line = Line()
    line.boxes.waiting = 100 * BATCH
    line.drain.wake()
    assert 0 < sum(line.sizes) <= 10 * BATCH
    assert line.counters.behind
    line.boxes.waiting = 1
    line.drain.wake()
    assert not line.counters.behind
    assert line.loop.watched  # and is readable still: its turn comes again


def test_turn_without_memory_costs_that_turn_only(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line()
    line.run(BUSY_PER_SECOND * 10, 0.1)
    line.loop.later.clear()
    line.boxes.notes.clear()
    with monkeypatch.context() as patch:
        patch.setattr(line.boxes, "take", lambda: bytearray(1 << 62))
        with pytest.raises(MemoryError):
            line.drain.wake()
    assert line.boxes.notes == ["hold", "flush"]
    assert line.loop.watched or line.loop.later  # it is looked at again


def test_busy_port_with_packets_left_looks_again_at_once() -> None:
    line = Line()
    line.run(BUSY_PER_SECOND * 10, 0.1)
    line.boxes.waiting = 100 * BATCH
    line.loop.later.clear()
    line.drain.wake()
    assert [at for at, _ in line.loop.later] == [line.loop.now]


async def test_port_closed_twice_leaves_nothing_behind() -> None:
    counters = Counters()
    port = UdpPort(["127.0.0.1", "::1"], 0, counters)
    directory = Directory(port.senders)
    port.start(Demux(directory, counters, asyncio.get_running_loop().time))
    directory.senders[0](b"kept", ("127.0.0.1", port.port))
    port.close()
    port.close()
    assert counters.dropped == 0


def test_datagram_that_fails_costs_itself_only(caplog: pytest.LogCaptureFixture) -> None:
    counters = Counters()
    demux = Demux(Directory([]), counters, lambda: 5.0)
    came: list[bytes] = []

    def receive(data: bytes, *_: Any) -> None:
        if data == b"bad":
            raise RuntimeError
        came.append(data)

    demux.receive = receive  # type: ignore[method-assign,assignment]
    demux.receive_all(0, [(data, ("127.0.0.1", 9)) for data in (b"one", b"bad", b"bad", b"two")])
    assert came == [b"one", b"two"]
    assert counters.dropped == 2
    assert len(caplog.records) == 1
