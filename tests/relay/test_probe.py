"""Trains over a simulated line, with the voice beside them: what they find, what they cost, and when they lead up."""

import heapq
import itertools
from collections.abc import Callable
from statistics import quantiles
from typing import Any

import pytest

from relay.ladder import Ladder, Rung, Signs
from relay.probe import ANSWER_SECONDS, Finding, Prober, padding
from tests.faults.core import Faults, Line

SEAL = 16
VOICE_BYTES = 116  # Opus at 32 kbit/s with RTP and SRTP around it, 50 times a second
NACK_BYTES = 80
NACK_SECONDS = 0.1
PROMISING = 0.7


class World:
    """A receiver on the rung audio behind a line, what is sent to it, and a clock that jumps from event to event."""

    def __init__(self, down: Faults, up: Faults | None = None, seed: int = 1) -> None:
        self.down, self.up = Line(down, f"{seed} down"), Line(up or Faults(delay=down.delay), f"{seed} up")
        self.now = 0.0
        self.prober = Prober()
        self.ladder = Ladder()
        self.ladder.rung, self.ladder.why = Rung.AUDIO, "bandwidth"
        self.signs = Signs(voice_loss=0.0)
        self.findings: list[Finding] = []
        self.voice: list[float] = []  # how long each packet took
        self.climbed_at: float | None = None
        self.best: float | None = 2 * down.delay + 0.001
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._numbers = itertools.count(5)
        self._newest = 4
        self._missing: dict[int, float] = {}

    def run(self, seconds: float) -> "World":
        end = self.now + seconds
        self._speak()
        self._look()
        while self._events and self._events[0][0] <= end and self.climbed_at is None:
            self.now, _, action = heapq.heappop(self._events)
            action()
        self.now = max(self.now, end) if self.climbed_at is None else self.now
        self._events.clear()
        return self

    def _at(self, when: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._events, (when, next(self._order), action))

    def _speak(self) -> None:
        for at in self.down.schedule(VOICE_BYTES, self.now):
            self.voice.append(at - self.now)
        self._at(self.now + 0.02, self._speak)

    def _look(self) -> None:
        """What the relay does ten times a second."""
        if self.prober.due(self.now):
            self._train(heavy=False)
        self._nack([number for number, asked_at in self._missing.items() if self.now - asked_at >= NACK_SECONDS])
        self._at(self.now + 0.1, self._look)

    def _train(self, heavy: bool) -> None:
        reserve = lambda: next(self._numbers)  # noqa: E731
        for packet in self.prober.train(reserve, self._pack, self.now, heavy):
            self._send(packet)

    def _pack(self, number: int, size: int) -> bytes:
        return padding(77, number, 0, 96, size)

    def _send(self, packet: bytes) -> None:
        for at in self.down.schedule(len(packet) + SEAL, self.now):
            self._at(at, lambda: self._arrives(int.from_bytes(packet[2:4], "big")))

    def _arrives(self, number: int) -> None:
        self._missing.pop(number, None)
        self._nack(list(range(self._newest + 1, number)))
        self._newest = max(self._newest, number)

    def _nack(self, numbers: list[int]) -> None:
        self._missing.update(dict.fromkeys(numbers, self.now))
        for at in self.up.schedule(NACK_BYTES, self.now) if numbers else ():
            self._at(at, lambda: self._asked(numbers))

    def _asked(self, numbers: list[int]) -> None:
        packets, finding = self.prober.asked(numbers, self.best, self.now)
        for packet in packets.values():
            self._send(packet)
        if finding is None:
            return
        self.findings.append(finding)
        wish = self.ladder.wish(self.signs)
        if finding.heavy:
            if self.ladder.climb(finding.rate, self.signs, self.now):
                self.climbed_at = self.now
        elif finding.rate >= wish * PROMISING:
            self._train(heavy=True)


def rates(world: World, heavy: bool) -> list[float]:
    return [finding.rate for finding in world.findings if finding.heavy is heavy]


@pytest.mark.parametrize("rate", [40_000, 64_000, 100_000, 250_000, 1_000_000])
def test_train_finds_the_rate_of_the_line(rate: int) -> None:
    world = World(Faults(rate=rate, delay=0.04))
    for heavy in (False, True):
        world.prober.due(world.now)
        world._train(heavy)
        while world._events:
            world.now, _, action = heapq.heappop(world._events)
            action()
    assert world.findings[0].rate == pytest.approx(rate, rel=0.05)
    assert rates(world, True)[0] == pytest.approx(rate, rel=0.05)


@pytest.mark.parametrize("seed", range(5))
def test_line_of_64_kbit_with_loss_is_never_left_and_the_voice_hardly_waits(seed: int) -> None:
    line = Faults(rate=64_000, loss=0.05, delay=0.05)
    world = World(line, line, seed).run(120)
    assert world.climbed_at is None
    assert len(world.findings) > 25
    assert sorted(rates(world, False))[len(world.findings) // 2] == pytest.approx(64_000, rel=0.05)
    assert world.down.counts.overflowed == 0
    # A light train is 70 ms of this line, so that is what a packet behind it waits.
    assert quantiles(world.voice, n=100)[94] < line.delay + 0.13
    # Seldom a lost packet makes the line look wider, and one heavy train follows.
    assert max(world.voice) < line.delay + 0.35


@pytest.mark.parametrize("seed", range(5))
def test_line_that_has_healed_leads_up_within_seconds(seed: int) -> None:
    bad = Faults(rate=64_000, loss=0.05, delay=0.05)
    world = World(bad, bad, seed).run(30.3)
    world.down.faults = world.up.faults = Faults(rate=2_000_000, delay=0.05)
    world.run(10)
    assert world.climbed_at is not None
    assert world.climbed_at - 30.3 < 4.0
    assert world.ladder.rung is Rung.FULL


@pytest.mark.parametrize("seed", range(8))
def test_jitter_delays_the_climb_on_a_wide_line_and_never_brings_one_on_a_narrow_line(seed: int) -> None:
    wide = Faults(rate=5_000_000, delay=0.04, jitter=0.03)
    assert World(wide, wide, seed).run(20).climbed_at is not None
    narrow = wide.but(rate=64_000)
    assert World(narrow, narrow, seed).run(120).climbed_at is None


@pytest.mark.parametrize("seed", range(5))
def test_lost_packets_and_lost_answers_do_not_make_a_narrow_line_look_wide(seed: int) -> None:
    line = Faults(rate=64_000, delay=0.03, loss=0.2)
    world = World(line, line, seed).run(120)
    assert world.climbed_at is None
    # A packet whose loss and whose answer were lost both is taken for carried.
    assert max(finding.rate for finding in world.findings) < 2 * 64_000


def test_first_answer_with_nothing_to_compare_it_to_finds_nothing() -> None:
    world = World(Faults(rate=1_000_000))
    world.best = None
    world.run(1.9)
    assert world.findings == [] or world.findings[0].rate < 2_000_000
    world.run(5)
    assert world.climbed_at is not None


def test_unanswered_trains_are_counted_and_given_up() -> None:
    prober = Prober()
    numbers = itertools.count()
    now = 0.0
    for _ in range(200):
        if prober.due(now):
            prober.train(lambda: next(numbers), lambda number, size: padding(1, number, 0, 96, size), now)
        now += 0.1
    assert prober.unanswered >= 8


def test_packets_of_a_train_are_sent_again_alike_and_forgotten_soon() -> None:
    prober = Prober()
    numbers = itertools.count(100)
    pack: Any = lambda number, size: padding(1, number, 9, 96, size)  # noqa: E731
    assert prober.due(1.0)
    sent = prober.train(lambda: next(numbers), pack, 1.0)
    first, _ = prober.asked([101], None, 1.1)
    again, _ = prober.asked([101], None, 1.2)
    assert first == again == {101: sent[0]}
    assert prober.asked([101], None, 1.0 + 3 * ANSWER_SECONDS)[0] == {}


def test_padding_is_what_the_standard_says() -> None:
    packet = padding(0x01020304, 7, 9, 96, 255)
    assert packet[0] == 0xA0  # version 2 and the P bit
    assert packet[1] == 96
    assert packet[-1] == len(packet) - 12 == 255
