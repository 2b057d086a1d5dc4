"""What arrived of one sender's track: counts for reports (RFC 3550 appendix A), gaps to ask for again. Pure."""

from __future__ import annotations

from relay.rtcp import ReportBlock

_MAX_GAP = 128  # a longer gap is left to a key frame
_MAX_MISSING = 256
_TRIES = 5
_RETRY_SECONDS = 0.1


class Uplink:
    __slots__ = (
        "_base", "_clock_rate", "_expected_before", "_jitter", "_received", "_received_before", "_reported_at",
        "_sender_report", "_transit", "highest", "jumped", "missing",
    )  # fmt: skip

    def __init__(self, clock_rate: int) -> None:
        self._clock_rate = clock_rate
        self._base = -1
        self.highest = -1  # counted on past 2^16
        self._received = 0
        self._jitter = 0.0
        self._transit = 0.0
        self._expected_before = 0
        self._received_before = 0
        self._sender_report = 0
        self._reported_at = 0.0
        self.jumped = False  # more is lost than is asked for again: only a key frame helps
        self.missing: dict[int, list[float]] = {}  # number -> [tries, asked at]

    def packet(self, number: int, timestamp: int, now: float) -> bool:
        """Count one packet. True when it leaves a gap behind it, worth asking for something at once."""
        self._received += 1
        transit = now * self._clock_rate - timestamp
        change = transit - self._transit
        self._transit = transit
        highest = self.highest
        if highest < 0:
            self.highest = self._base = number
            return False
        if -90000.0 < change < 90000.0:
            self._jitter += (abs(change) - self._jitter) / 16
        step = (number - highest) & 0xFFFF
        if step == 1:
            self.highest = highest + 1
            return False
        if step == 0:
            return False
        if step >= 0x8000:
            self.missing.pop(number, None)
            return False
        self.highest = highest + step
        if step > _MAX_GAP:
            self.missing.clear()
            self.jumped = True
            return True
        for lost in range(highest + 1, highest + step):
            if len(self.missing) < _MAX_MISSING:
                self.missing[lost & 0xFFFF] = [0, -1.0]
        return True

    def due(self, now: float) -> list[int]:
        """The numbers to ask for now; each is asked for a few times, then given up."""
        due = []
        for number, state in list(self.missing.items()):
            if state[0] >= _TRIES or (self.highest - number) & 0xFFFF > 1000:
                del self.missing[number]
            elif now - state[1] >= _RETRY_SECONDS:
                state[0] += 1
                state[1] = now
                due.append(number)
        return due

    @property
    def expected(self) -> int:
        """How many were sent since the first, going by their numbers."""
        return self.highest - self._base + 1 if self.highest >= 0 else 0

    @property
    def lost(self) -> int:
        """How many packets have not come, ever."""
        return self.expected - self._received

    def sender_report(self, ntp_middle: int, now: float) -> None:
        self._sender_report = ntp_middle
        self._reported_at = now

    def block(self, ssrc: int, now: float, floor: int = 0) -> ReportBlock | None:
        """The next report on this track; `floor` raises the loss shown (a receiver that fares worse)."""
        if self.highest < 0:
            return None
        expected = self.highest - self._base + 1
        expected_now = expected - self._expected_before
        received_now = self._received - self._received_before
        self._expected_before = expected
        self._received_before = self._received
        lost_now = expected_now - received_now
        fraction = min(255, lost_now * 256 // expected_now) if expected_now > 0 and lost_now > 0 else 0
        delay = int((now - self._reported_at) * 65536) if self._sender_report else 0
        return ReportBlock(
            ssrc=ssrc,
            fraction_lost=max(fraction, floor),
            packets_lost=expected - self._received,
            highest=self.highest,
            jitter=int(self._jitter),
            last_report=self._sender_report,
            delay=min(delay, 0xFFFFFFFF),
        )
