"""Datagrams in batches: what comes is what was sent, and what the kernel refuses costs itself only."""

import asyncio
import errno
import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from relay import datagrams
from relay.datagrams import BATCH, BatchOutbox, SingleInbox, SingleOutbox, boxes
from relay.limits import MAX_PACKET


class Tally:
    bytes_in = dropped = unsent = 0


def bound(host: str) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.bind((host, 0))
    return sock


@pytest.fixture(params=["127.0.0.1", "::1"])
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = bound(request.param), bound(request.param)
    with one, other:
        yield one, other


@pytest.mark.parametrize("kind", ["batch", "single"])
def test_datagrams_come_in_order_with_the_address_recvfrom_would_tell(
    pair: tuple[socket.socket, socket.socket], kind: str
) -> None:
    one, other = pair
    tally = Tally()
    inbox, _ = boxes(one, tally) if kind == "batch" else (SingleInbox(one, tally), None)
    _, outbox = boxes(other, tally) if kind == "batch" else (None, SingleOutbox(other, tally))
    sent = [bytes([number]) * (number * 7) for number in range(BATCH + 3)]
    outbox.hold()
    for data in sent:
        outbox.send(data, one.getsockname())
    outbox.flush()
    first, second = inbox.take(), inbox.take()
    assert len(first) == BATCH
    assert [data for data, _ in first + second] == sent
    assert {address for _, address in first + second} == {other.getsockname()}
    assert inbox.take() == []
    assert tally.dropped == 0
    assert tally.bytes_in == sum(map(len, sent))


async def test_datagram_sent_between_drains_leaves_by_itself() -> None:
    with bound("127.0.0.1") as one, bound("127.0.0.1") as other:
        _, outbox = boxes(other, Tally())
        outbox.send(b"alone", one.getsockname())
        one.setblocking(True)
        one.settimeout(5)
        assert await asyncio.to_thread(one.recv, 100) == b"alone"


def test_addresses_beyond_the_cache_are_still_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datagrams, "_MAX_NAMES", 2)
    with bound("127.0.0.1") as one:
        others = [bound("127.0.0.1") for _ in range(5)]
        inbox, outbox = boxes(one, Tally())
        outbox.hold()
        for number, other in enumerate(others):
            outbox.send(bytes([number]), other.getsockname())
            other.sendto(bytes([number]), one.getsockname())
        outbox.flush()
        assert [other.recv(10) for other in others] == [bytes([number]) for number in range(5)]
        expected = [(bytes([number]), other.getsockname()) for number, other in enumerate(others)]
        assert inbox.take() == expected
        for other in others:
            other.close()


class Kernel:
    """sendmmsg as told: each answer is a count, or an error as a negative number."""

    def __init__(self, answers: list[int]) -> None:
        self.answers = answers
        self.asked: list[int] = []
        self.calls = SimpleNamespace(sendmmsg=self.sendmmsg)

    def sendmmsg(self, number: int, headers: Any, count: int, flags: int) -> int:
        self.asked.append(count)
        answer = self.answers.pop(0)
        if answer < 0:
            datagrams._ffi.errno = -answer
            return -1
        return answer


@pytest.mark.parametrize(
    ("answers", "asked", "dropped"),
    [
        ([10], [10], 0),
        ([4, 6], [10, 6], 0),
        ([4, -errno.EPERM, 5], [10, 6, 5], 1),
        ([-errno.EINTR, 10], [10, 10], 0),
        ([4, -errno.EAGAIN], [10, 6], 6),
        ([-errno.ENOBUFS], [10], 10),
    ],
    ids=["all", "in parts", "one refused", "interrupted", "full", "full at once"],
)
def test_send_in_parts_loses_only_what_the_kernel_refused(answers: list[int], asked: list[int], dropped: int) -> None:
    kernel, tally = Kernel(answers), Tally()
    with bound("127.0.0.1") as sock:
        outbox = BatchOutbox(sock, kernel.calls, tally)
        outbox.hold()
        for number in range(10):
            outbox.send(bytes([number]), ("127.0.0.1", 9))
        outbox.flush()
        outbox.flush()
    assert kernel.asked == asked
    assert (tally.dropped, tally.unsent) == (dropped, dropped)


def test_inbox_of_a_socket_that_only_fails_gives_up_its_turn() -> None:
    sock = bound("127.0.0.1")
    sock.close()
    assert SingleInbox(sock, Tally()).take() == []


def test_datagram_too_long_to_keep_is_dropped() -> None:
    tally = Tally()
    with bound("127.0.0.1") as sock:
        _, outbox = boxes(sock, tally)
        outbox.hold()
        outbox.send(bytes(MAX_PACKET + 1), ("127.0.0.1", 9))
        outbox.flush()
    assert tally.dropped == 1


def test_missing_calls_are_made_up_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datagrams._ffi, "dlopen", lambda name: SimpleNamespace(), raising=False)
    with bound("127.0.0.1") as sock:
        inbox, outbox = boxes(sock, Tally())
    assert isinstance(inbox, SingleInbox)
    assert isinstance(outbox, SingleOutbox)
