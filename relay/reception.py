"""How one seat's line fares: loss of what goes to it, its round trip, the rate of what comes. Pure counting."""

from __future__ import annotations

from relay.rtcp import ReportBlock

_WINDOW_SECONDS = 0.8
_MOST_EXPECTED = 20_000  # more than this between two reports is a restart, not a count
_REMEMBERED = 3  # sender reports: a report may still answer the one before the last
_BEST_SECONDS = 30.0
_LONGEST_ROUND_TRIP = 10.0
_TOO_LOSSY = 0.1


class Loss:
    """One track towards one receiver, in windows of about a second, less what was lost before it came here.

    Browsers put a report into every compound packet, so also behind each NACK; its own fraction then covers a few
    packets only. The counts do not have that fault.
    """

    __slots__ = ("_at", "_highest", "_lost", "_lost_up", "at", "fraction", "shown")

    def __init__(self) -> None:
        self.fraction = 0.0  # of this line alone, halved into what was before
        self.shown = 0  # of 256, with what was lost coming up: what the sender's encoder should know
        self.at: float | None = None  # when `fraction` was last counted
        self._at: float | None = None
        self._highest = self._lost = self._lost_up = 0

    def restart(self) -> None:
        """What is counted from here on has nothing to do with what was."""
        self._at = self.at = None
        self.fraction = 0.0

    def report(self, block: ReportBlock, lost_up: int, now: float) -> None:
        """`lost_up` is how many packets of this track have not reached the relay, ever."""
        if self._at is None:
            if self.shown == 0:
                self.shown = block.fraction_lost
            self._begin(block, lost_up, now)
            return
        expected = (block.highest - self._highest) & 0xFFFFFFFF
        if expected > _MOST_EXPECTED:
            self._begin(block, lost_up, now)
            return
        if now - self._at < _WINDOW_SECONDS or expected == 0:
            return
        lost = min(max(block.packets_lost - self._lost, 0), expected)
        here = max(0, lost - max(0, lost_up - self._lost_up)) / expected
        self.shown = min(255, lost * 256 // expected)
        self.fraction = here if self.at is None else (self.fraction + here) / 2
        self.at = now
        self._begin(block, lost_up, now)

    def fresh(self, now: float, seconds: float) -> float | None:
        return self.fraction if self.at is not None and now - self.at <= seconds else None

    def _begin(self, block: ReportBlock, lost_up: int, now: float) -> None:
        self._at = now
        self._highest, self._lost, self._lost_up = block.highest, block.packets_lost, lost_up


class ToldTimes:
    """When which sender report left for one receiver; its reports name the last one they got (RFC 3550 section 6.4)."""

    __slots__ = ("_times",)

    def __init__(self) -> None:
        self._times: tuple[tuple[int, float], ...] = ()

    def told(self, ntp_middle: int, now: float) -> None:
        self._times = ((ntp_middle, now), *self._times[: _REMEMBERED - 1])

    def round_trip(self, block: ReportBlock, now: float) -> float | None:
        times = [at for middle, at in self._times if middle == block.last_report]
        if not block.last_report or len(times) != 1:  # sent twice: nobody knows which one is meant
            return None
        seconds = now - times[0] - block.delay / 65536
        return seconds if 0.0 <= seconds < _LONGEST_ROUND_TRIP else None


class RoundTrip:
    """The receiver's round trip, and how much longer it is now than it was at its best lately."""

    __slots__ = ("_best", "_best_at", "_now", "at")

    def __init__(self) -> None:
        self._now = 0.0
        self._best = 0.0
        self._best_at = 0.0
        self.at: float | None = None

    def measured(self, seconds: float, now: float) -> None:
        self._now = seconds if self.at is None else (self._now + seconds) / 2
        if self.at is None or seconds <= self._best or now - self._best_at > _BEST_SECONDS:
            self._best, self._best_at = seconds, now
        self.at = now

    @property
    def seconds(self) -> float | None:
        return None if self.at is None else self._now

    @property
    def best(self) -> float | None:
        return None if self.at is None else self._best

    def delay(self, now: float, seconds: float) -> float | None:
        """Seconds above the best, if measured lately."""
        return self._now - self._best if self.at is not None and now - self.at <= seconds else None


class Upload:
    """What comes from a seat, between two looks at its counters."""

    __slots__ = ("_at", "_bytes", "_expected", "_lost", "bad", "loss", "rate")

    def __init__(self) -> None:
        self.rate: float | None = None  # bits a second
        self.loss: float | None = None  # parts of one; None when nothing was sent
        self.bad = False  # whether more was lost than is mended
        self._at: float | None = None
        self._bytes = self._expected = self._lost = 0

    def look(self, size: int, expected: int, lost: int, now: float) -> None:
        """`size` bytes came, `expected` packets were sent and `lost` of them have not come: each counted for ever."""
        sent = expected - self._expected
        if self._at is not None and now > self._at:
            self.rate = (size - self._bytes) * 8 / (now - self._at)
            # A track that began afresh counts from nothing.
            self.loss = min(max(lost - self._lost, 0) / sent, 1.0) if sent > 0 else None
        self.bad = self.loss is not None and self.loss >= _TOO_LOSSY
        self._at = now
        self._bytes, self._expected, self._lost = size, expected, lost
