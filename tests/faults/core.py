"""What a bad line does to packets: pure and seeded, a packet in, scheduled packets out. No socket and no clock."""

import random
from dataclasses import dataclass, fields, replace
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Faults:
    """One direction of a line. Rates are parts of one, times are seconds; the default is a perfect line."""

    loss: float = 0.0
    delay: float = 0.0
    jitter: float = 0.0  # up to so much more delay; packets stay in order
    reorder: float = 0.0  # this part of the packets is held back by `hold`, so that later ones overtake it
    hold: float = 0.02
    duplicate: float = 0.0
    rate: float = 0.0  # bits a second; 0: as fast as they come
    queue: float = 0.5  # seconds of packets that may wait for `rate`; what does not fit is dropped
    blackout: bool = False

    def __post_init__(self) -> None:
        for name in ("loss", "reorder", "duplicate"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name} must be from 0 to 1")
        for name in ("delay", "jitter", "hold", "rate", "queue"):
            if getattr(self, name) < 0.0:
                raise ValueError(f"{name} must not be negative")

    def but(self, **changes: Any) -> Self:
        """The same line with some things changed."""
        return replace(self, **changes)

    def read(self, words: str) -> Self:
        """Changes as a person types them: `loss=0.05 delay=0.08 blackout=on`. ValueError says what is wrong."""
        changes: dict[str, Any] = {}
        known = {field.name for field in fields(self)}
        for word in words.replace(",", " ").split():
            name, _, value = word.partition("=")
            if name not in known:
                raise ValueError(f"there is no fault {name!r}; there are {', '.join(sorted(known))}")
            changes[name] = value in ("on", "true", "1") if name == "blackout" else float(value)
        return self.but(**changes)


@dataclass(slots=True)
class Counts:
    """What a line did so far."""

    passed: int = 0
    lost: int = 0
    overflowed: int = 0
    blacked_out: int = 0
    reordered: int = 0
    duplicated: int = 0


@dataclass(slots=True)
class Stream:
    """One media stream at the end of a line, since it was last read: the longest time without a packet. Seconds."""

    newest: float
    longest: float = 0.0
    packets: int = 0

    def saw(self, now: float) -> None:
        """A packet came out."""
        self.longest = max(self.longest, now - self.newest)
        self.newest = now
        self.packets += 1


class Streams:
    """Which media came out of the lines, by direction, SSRC and payload type: so a stream keeps its name over new
    addresses and new ICE credentials."""

    MOST = 1024

    def __init__(self) -> None:
        self._streams: dict[tuple[str, int, int], Stream] = {}

    def saw(self, way: str, data: bytes, now: float) -> None:
        """A packet came out; all but media is passed over."""
        if not is_media(data):
            return
        name = way, int.from_bytes(data[8:12], "big"), data[1] & 127
        if name not in self._streams and len(self._streams) < self.MOST:
            self._streams[name] = Stream(now)
        if name in self._streams:
            self._streams[name].saw(now)

    def read(self, now: float) -> list[dict[str, Any]]:
        """Each stream since this was last read, a silence that lasts included. One without a packet is forgotten."""
        told = []
        for (way, ssrc, payload), stream in self._streams.items():
            longest = max(stream.longest, now - stream.newest)
            told.append(
                {
                    "way": way,
                    "ssrc": ssrc,
                    "payload": payload,
                    "packets": stream.packets,
                    "longest_ms": round(longest * 1000, 1),
                }
            )
        self._streams = {name: stream for name, stream in self._streams.items() if stream.packets}
        for stream in self._streams.values():
            stream.longest, stream.packets = 0.0, 0
        return told


def is_media(data: bytes) -> bool:
    """RTP and not RTCP, by the first two bytes (RFC 7983, RFC 5761 section 4)."""
    return len(data) > 11 and 128 <= data[0] <= 191 and not 192 <= data[1] <= 223


class Line:
    """One direction of one client's line.

    Each packet draws the same random numbers whatever the faults are, so the nth packet meets the same fate for the
    same seed, and switching one fault on does not move the others.
    """

    def __init__(self, faults: Faults, seed: object) -> None:
        self.faults = faults
        self.counts = Counts()
        self._random = random.Random(str(seed))
        self._newest = 0.0  # no packet in order leaves before the one ahead of it
        self._free_at = 0.0  # when the bottleneck has sent what waits for it

    def schedule(self, size: int, now: float) -> tuple[float, ...]:
        """When a packet of `size` bytes that came at `now` leaves: never, once, or (duplicated) twice."""
        faults, counts = self.faults, self.counts
        lost, late, held, twice = (self._random.random() for _ in range(4))
        if faults.blackout:
            counts.blacked_out += 1
            return ()
        if lost < faults.loss:
            counts.lost += 1
            return ()
        at = self._through_bottleneck(size, now)
        if at is None:
            counts.overflowed += 1
            return ()
        at += faults.delay + late * faults.jitter
        counts.passed += 1
        if held < faults.reorder:
            counts.reordered += 1
            return (at + faults.hold,)
        at = self._newest = max(at, self._newest)
        if twice < faults.duplicate:
            counts.duplicated += 1
            return (at, at)
        return (at,)

    def _through_bottleneck(self, size: int, now: float) -> float | None:
        if not self.faults.rate:
            return now
        start = max(now, self._free_at)
        if start - now > self.faults.queue:
            return None
        self._free_at = start + size * 8 / self.faults.rate
        return self._free_at
