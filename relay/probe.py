"""Finding out how fast a line is that carries no video: short trains of padding, timed by the receiver's NACKs. Pure.

A train is some packets without content, with two numbers left out: one behind the first packet, one before the last.
The receiver asks for each at once. Both requests come back the same way, so the time between them is the time in which
its line carried the packets between the two holes: their bits over that time is the rate. What it asks for it then
gets (padding again), so the numbers close and its decoder never waits for them. libwebrtc drops packets that are all
padding before the depacketizer, but counts their numbers and misses the ones left out.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

LIGHT = 2  # packets of padding in the first train: 0.5 KB, 70 ms of a line of 64 kbit/s
HEAVY = 7  # and in the one that follows when the first went through well: 1.8 KB
PAUSE_SECONDS = 2.0
ANSWER_SECONDS = 1.5
RETRY_SECONDS = 0.5
KEPT_SECONDS = 4.0
MOST_LATE = 0.08  # a first answer so much later than lately came behind a queue, or was lost and repeated
_FULL_PADDING = 255
_SEAL = 16  # what SRTP adds to each
_SHORTEST = 0.001
_LATELY = 5
_ENOUGH = 0.4  # of a train, to be worth a finding


@dataclass(frozen=True, slots=True)
class Finding:
    """What one train showed: bits a second, and whether it was a heavy one."""

    rate: float
    heavy: bool


def padding(ssrc: int, number: int, timestamp: int, payload_type: int, size: int = _FULL_PADDING) -> bytes:
    """An RTP packet that is nothing but padding (RFC 3550 section 5.1: P bit, last byte says how much)."""
    head = struct.pack("!BBHII", 0xA0, payload_type, number, timestamp, ssrc)
    return head + bytes(size - 1) + bytes([size])


class Prober:
    """Trains on one withheld track. Numbers come from `reserve`, each for one packet and never for another."""

    __slots__ = (
        "_first", "_first_at", "_heavy", "_lately", "_lost", "_made_at", "_next_at", "_order", "_packets", "_second",
        "_sent_at", "unanswered",
    )  # fmt: skip

    def __init__(self) -> None:
        self._packets: dict[int, bytes] = {}  # of the last train, to send (again) when asked for
        self._first = self._second = -1  # the numbers left out
        self._sent_at: float | None = None  # of the train that is under way
        self._first_at: float | None = None
        self._made_at = 0.0  # when the last train was made
        self._heavy = False
        self._order: list[int] = []  # the numbers of the last train
        self._lost: set[int] = set()  # those of them that did not come, so the line did not carry them
        self._next_at = 0.0
        self._lately: deque[float] = deque(maxlen=_LATELY)  # how long first answers took
        self.unanswered = 0  # trains in a row

    def due(self, now: float) -> bool:
        """Whether to send a train now; gives up on one that nobody answered."""
        if self._sent_at is not None and now - self._sent_at >= ANSWER_SECONDS:
            self._sent_at = None
            self._heavy = False
            self.unanswered += 1
            self._next_at = max(self._next_at, now + RETRY_SECONDS)
        return self._sent_at is None and now >= self._next_at

    def train(
        self, reserve: Callable[[], int], pack: Callable[[int, int], bytes], now: float, heavy: bool = False
    ) -> list[bytes]:
        """The packets to send at once. `pack(number, size)` makes one of them."""
        sizes = [1, 1, *[_FULL_PADDING] * (HEAVY if heavy else LIGHT), 1, 1, 1]
        made = [(number, pack(number, size)) for size in sizes for number in (reserve(),)]
        self._packets = dict(made)
        self._first, self._second = made[0][0], made[-3][0]
        self._order = [number for number, _ in made]
        self._lost = set()
        self._heavy = heavy
        self._sent_at = self._made_at = now
        self._first_at = None
        self._next_at = now + PAUSE_SECONDS
        return [packet for number, packet in made if number not in (self._first, self._second)]

    def asked(self, numbers: list[int], best: float | None, now: float) -> tuple[dict[int, bytes], Finding | None]:
        """A NACK: the packets of ours among those it names, and what it shows. `best` is the shortest round trip."""
        if now - self._made_at > KEPT_SECONDS:
            self._packets = {}  # long before the numbers come round to other packets
        packets = {number: self._packets[number] for number in numbers if number in self._packets}
        if self._sent_at is None:
            return packets, None
        self._lost.update(packets)
        if self._first in numbers and self._first_at is None:
            self._first_at = now
            # Asked for by the first that came; what was before it did not come between the two requests.
            came = next((number for number in self._order if number not in packets), self._second)
            self._lost.update(self._order[: self._order.index(came) + 1])
        if self._second not in numbers:
            return packets, None
        self.unanswered = 0
        took = self._first_at - self._sent_at if self._first_at is not None else None
        self._sent_at = None
        if took is None or self._first_at is None or not self._prompt(took, best):
            self._next_at = min(self._next_at, now + RETRY_SECONDS)
            return packets, None
        bits = self._carried()
        if bits is None:
            self._next_at = min(self._next_at, now + RETRY_SECONDS)
            return packets, None
        return packets, Finding(bits / max(now - self._first_at, _SHORTEST), self._heavy)

    def _carried(self) -> int | None:
        """Bits of the train that came between the two requests; None when too little did to say anything."""
        between = self._order[2:-1]
        bits = [0 if number in self._lost else 8 * (len(self._packets[number]) + _SEAL) for number in between]
        whole = sum(8 * (len(self._packets[number]) + _SEAL) for number in between)
        return sum(bits) if self._packets and sum(bits) >= whole * _ENOUGH else None

    def _prompt(self, took: float, best: float | None) -> bool:
        """Whether the first answer came as soon as it does at its best; with nothing to compare it, no."""
        known = [*self._lately, *((best,) if best is not None else ())]
        self._lately.append(took)
        return bool(known) and took <= min(known) + MOST_LATE
