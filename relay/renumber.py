"""Sequence numbers of one track towards one receiver. Pure: no packets, no sockets.

This is a security rule before it is a comfort. SRTP encrypts each (SSRC, index) with a key stream of its own; if one
index ever carried two contents, both could be read. So: one (receiver, SSRC, number) never carries two contents.
"""

from __future__ import annotations

from array import array

HISTORY = 256  # numbers that can be mapped back: as many as the longest ring keeps; below the SRTP window of 1,024
_NOTHING_SENT = array("q", [-1]) * HISTORY
MAX_JUMP = 1024  # a larger step forward starts afresh instead of leaving a hole
MAX_STEPS = 32  # changes of offset remembered for packets that come late
FIRST_OUT_LIMIT = 1 << 15  # SRTP guesses the roll-over count; the first number must be unambiguous


class Renumbering:
    """out = in - offset; the offset grows by each packet withheld. `forward` and `withhold` see each packet once."""

    __slots__ = ("_floor", "_highest", "_offset", "_out", "_sent", "_started", "_steps")

    def __init__(self, first_out: int) -> None:
        if not 0 <= first_out < FIRST_OUT_LIMIT:
            raise ValueError("the first number must be below 2^15")
        self._out = first_out - 1  # highest number given out, counted on past 2^16
        self._started = False
        self._highest = 0  # highest number seen from the sender, counted on past 2^16
        self._offset = 0
        self._floor = 0  # nothing below this comes through any more
        self._steps: list[tuple[int, int]] = []  # (from this incoming number on, offset), oldest first
        self._sent = _NOTHING_SENT[:]  # what went out, counted on, by its remainder modulo HISTORY

    def pause(self) -> None:
        """What follows is withheld until the next `forward`, which goes on without a gap."""
        self._started = False

    def reserve(self) -> int:
        """A number for a packet of the relay's own, which no other packet gets. Only while paused."""
        if self._started:
            raise ValueError("numbers are reserved between packets, not among them")
        self._out += 1
        return self._out & 0xFFFF

    def forward(self, number: int) -> int:
        """The number to send this packet under, or -1 when it must not be sent."""
        if not self._started:
            return self._start(number)
        highest = self._highest
        step = (number - highest) & 0xFFFF
        if step != 1:  # nearly always 1
            if step == 0 or step >= 0x8000:
                return self._late(number, step)
            if step > MAX_JUMP:
                return self._start(number)
        self._highest = highest = highest + step
        self._out = out = highest - self._offset
        self._sent[out % HISTORY] = out
        return out & 0xFFFF

    def withhold(self, number: int) -> int:
        """This packet is not sent and leaves no hole. If later ones went out already its hole is there: its number."""
        if not self._started:
            return -1
        step = (number - self._highest) & 0xFFFF
        if step == 0 or step >= 0x8000:
            return self._late(number, step)
        if step > MAX_JUMP:
            self._started = False
            return -1
        self._highest += step
        self._offset += 1
        self._steps.append((self._highest + 1, self._offset))
        if len(self._steps) > MAX_STEPS:
            del self._steps[0]
            self._floor = max(self._floor, self._steps[0][0])
        return -1

    def back(self, out: int) -> int:
        """The sender's number of what went (or should have gone) out under `out`, or -1 when that is unknown."""
        counted = self._out - ((self._out - out) & 0xFFFF)
        if not self._started or counted < 0 or self._out - counted >= HISTORY:
            return -1
        number = self._incoming(counted)
        # Further back a sender's number may stand for a newer packet with the same 16 bits.
        return -1 if number < self._floor or self._highest - number > MAX_JUMP else number & 0xFFFF

    def _start(self, number: int) -> int:
        out = self._out + 1
        self._started = True
        self._highest = self._floor = number
        self._offset = number - out
        self._steps = [(number, self._offset)]
        self._out = out
        # What went out before can no longer be mapped back: the sender's numbers may have come round meanwhile.
        self._sent = _NOTHING_SENT[:]
        self._sent[out % HISTORY] = out
        return out & 0xFFFF

    def _late(self, number: int, step: int) -> int:
        """A packet overtaken by others: its number is still free only if nothing was sent under it."""
        counted = self._highest - (0 if step == 0 else 0x10000 - step)
        if counted < self._floor:
            return -1
        index = len(self._steps) - 1
        while self._steps[index][0] > counted:
            index -= 1
        out = counted - self._steps[index][1]
        # The number before a step is the one that was withheld: it has no number of its own.
        withheld = index + 1 < len(self._steps) and self._steps[index + 1][0] - 1 == counted
        if withheld or self._out - out >= HISTORY or out > self._out or self._sent[out % HISTORY] == out:
            return -1
        self._sent[out % HISTORY] = out
        return out & 0xFFFF

    def _incoming(self, counted: int) -> int:
        for start, offset in reversed(self._steps):
            if counted + offset >= start:
                return counted + offset
        return -1
