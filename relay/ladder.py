"""The rescue ladder of one receiver: on which rung it is, and why. Pure: the caller brings clock and signs.

What the signs are made of is `reception.py`; how a rung without video shows that the line has healed, `probe.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from relay.bandwidth import FEW_LOSSES, FLOOR, LAYER_PART, VOICE

STILL = 25_000  # a JPEG of 8 KiB every three seconds, in base64 on a socket, comes to about this
TOLERANCE = 0.95  # an estimate may fall this far below the need before it counts
URGENT = 0.45  # below this part of the need it counts by itself, and at once
MARGIN = 1.3  # what a higher rung needs, and then some: the hysteresis

HEAVY_LOSS = 0.15  # on its own: above what NACK and Opus FEC mend
RUINOUS_LOSS = 0.3
CROWDED_LOSS = 0.05  # together with a longer round trip: a full queue, so it is our own traffic that does it
CROWDED_DELAY = 0.25
SOME_LOSS = 0.02  # these say that an estimate is low because the line is full, not because little was sent
SOME_DELAY = 0.1

DOUBT_STEPS = 2  # steps that trouble has to last
CLIMB_STEPS = 3
GRACE_SECONDS = 3.0  # estimates of a line that has just begun mean little
FIRST_HOLD = 2.0
LONGEST_HOLD = 60.0
STEADY_SECONDS = 60.0  # who stayed up so long did not climb in vain
GRANT_SECONDS = 20.0  # so long a probe's finding stands in for an estimate that grows 8 % a second
GRANT_PART = 0.8
LARGEST_GRANT = 2_000_000


class Rung(IntEnum):
    AUDIO = 0
    STILLS = 1
    LOW_RATE = 2
    FULL = 3

    @property
    def label(self) -> str:
        return self.name.lower().replace("_", "-")

    @property
    def moving(self) -> bool:
        """Whether moving pictures go to a receiver here."""
        return self >= Rung.LOW_RATE


@dataclass(frozen=True, slots=True)
class Signs:
    """What is known of one receiver's line. Losses are parts of one, and only those of its own line."""

    voices: int = 1
    cameras: int = 1
    screens: int = 0
    layered: bool = False  # whether any camera it gets has layers to withhold
    voice_loss: float | None = None
    video_loss: float | None = None
    estimate: int | None = None  # bits a second it says it can take in all
    pressed: bool = True  # whether that has fallen lately; else it may just not have grown yet
    delay: float | None = None  # seconds by which its round trip is longer than at its best

    @property
    def videos(self) -> int:
        return self.cameras + self.screens

    def need(self, rung: Rung) -> int:
        """The least that makes sense of a rung, in bits a second."""
        if rung is Rung.AUDIO:
            return 0
        each = {Rung.STILLS: STILL, Rung.LOW_RATE: int(FLOOR * LAYER_PART), Rung.FULL: FLOOR}[rung]
        return VOICE * self.voices + each * (self.cameras if rung is Rung.STILLS else self.videos)

    def exists(self, rung: Rung) -> bool:
        if rung is Rung.LOW_RATE:
            return self.layered
        return rung is not Rung.STILLS or self.cameras > 0

    def lossy(self, loss: float | None) -> bool:
        """Whether so much is lost that something has to be done about it."""
        crowded = self.delay is not None and self.delay >= CROWDED_DELAY
        return loss is not None and loss >= (CROWDED_LOSS if crowded else HEAVY_LOSS)

    def full_line(self) -> bool:
        """Whether anything but the estimate says that the line carries all it can."""
        loss = max(self.voice_loss or 0.0, self.video_loss or 0.0)
        return loss >= SOME_LOSS or (self.delay or 0.0) >= SOME_DELAY

    def highest(self, rate: float, below: int) -> Rung:
        """The highest rung under `below` that `rate` is enough for."""
        fitting = (rung for rung in Rung if rung < below and self.exists(rung) and self.need(rung) <= rate)
        return max(fitting, default=Rung.AUDIO)


class Ladder:
    """Down soon, up only on proof, and after a climb in vain each time later."""

    __slots__ = (
        "_climbed_at", "_good", "_grant", "_grant_until", "_hold", "_moving_since", "_trouble", "not_before", "rung",
        "why",
    )  # fmt: skip

    def __init__(self) -> None:
        self.rung = Rung.FULL
        self.why = "recovered"
        self.not_before = 0.0  # no climb earlier
        self._trouble = 0
        self._good = 0
        self._hold = FIRST_HOLD
        self._climbed_at: float | None = None
        self._moving_since: float | None = None
        self._grant = 0
        self._grant_until = 0.0

    def granted(self, now: float) -> int | None:
        """What a probe found, while that is newer than what the receiver's own estimate has grown to."""
        return self._grant if now < self._grant_until else None

    def step(self, signs: Signs, now: float) -> bool:
        """Once a second. Whether the rung changed."""
        if not signs.videos:
            self._moving_since = None
            return False
        if self._moving_since is None:
            self._moving_since = now
        if self.rung is Rung.LOW_RATE and not signs.layered:
            enough = signs.estimate is None or signs.estimate >= signs.need(Rung.FULL) * TOLERANCE
            return self._climb(Rung.FULL, now) if enough else self._fall(self._lower(signs), "bandwidth", now)
        trouble = self._judge(signs, now)
        if trouble is not None:
            to, why, weight = trouble
            self._good = 0
            self._trouble += weight
            return self._trouble >= DOUBT_STEPS and self._fall(to, why, now)
        self._trouble = 0
        return self._rise(signs, now)

    def climb(self, rate: float, signs: Signs, now: float) -> bool:
        """Probes found `rate` on a rung without video. Whether the rung changed."""
        to = signs.highest(rate / MARGIN, len(Rung))
        if now < self.not_before or to <= self.rung or signs.lossy(signs.voice_loss):
            return False
        self._grant = int(min(rate * GRANT_PART, LARGEST_GRANT))
        self._grant_until = now + GRANT_SECONDS
        return self._climb(to, now)

    def wish(self, signs: Signs) -> float:
        """The rate from which on a climb is worth thinking about."""
        above = next((rung for rung in Rung if rung > self.rung and signs.exists(rung)), Rung.FULL)
        return signs.need(above) * MARGIN

    def sink(self, rate: float, signs: Signs, now: float) -> bool:
        """Probes found that not even stills fit."""
        if self.rung is Rung.STILLS and rate < signs.need(Rung.STILLS) * TOLERANCE:
            return self._fall(Rung.AUDIO, "bandwidth", now)
        return False

    def _judge(self, signs: Signs, now: float) -> tuple[Rung, str, int] | None:
        """Where the signs say this receiver should go, why, and how much they weigh; None when all is well."""
        lossy = signs.lossy(signs.voice_loss) or (self.rung.moving and signs.lossy(signs.video_loss))
        if not self.rung.moving:
            return (Rung.AUDIO, "loss", 1) if lossy and self.rung is Rung.STILLS else None
        need, estimate = signs.need(self.rung), signs.estimate
        settled = self._moving_since is not None and now - self._moving_since >= GRACE_SECONDS
        low = estimate is not None and estimate < need * TOLERANCE and signs.pressed and (settled or lossy)
        urgent = low and estimate is not None and estimate < need * URGENT
        if estimate is not None and low and (urgent or signs.full_line()):
            return signs.highest(estimate, self.rung), "bandwidth", DOUBT_STEPS if urgent or lossy else 1
        if lossy:
            return self._after_losses(signs)
        return None

    def _after_losses(self, signs: Signs) -> tuple[Rung, str, int]:
        """One rung down; where the voice breaks up, all the way: trains soon find what the line can carry."""
        loss = max(signs.voice_loss or 0.0, signs.video_loss or 0.0)
        overrun = loss >= HEAVY_LOSS and (signs.delay or 0.0) >= CROWDED_DELAY
        if overrun or loss >= RUINOUS_LOSS:
            return Rung.AUDIO, "loss", DOUBT_STEPS if overrun else 1
        return self._lower(signs), "loss", 1

    def _rise(self, signs: Signs, now: float) -> bool:
        """From low rate the receiver's own estimate leads up; below it only probes do."""
        losses = max(signs.voice_loss or 0.0, signs.video_loss or 0.0)
        enough = signs.estimate is not None and signs.estimate >= signs.need(Rung.FULL) * MARGIN
        if self.rung is not Rung.LOW_RATE or not enough or losses >= FEW_LOSSES or now < self.not_before:
            self._good = 0
            return False
        self._good += 1
        return self._good >= CLIMB_STEPS and self._climb(Rung.FULL, now)

    def _lower(self, signs: Signs) -> Rung:
        return max((rung for rung in Rung if rung < self.rung and signs.exists(rung)), default=Rung.AUDIO)

    def _climb(self, to: Rung, now: float) -> bool:
        self.rung, self.why = to, "recovered"
        self._climbed_at = now
        self._moving_since = now
        self._trouble = self._good = 0
        return True

    def _fall(self, to: Rung, why: str, now: float) -> bool:
        self.rung, self.why = to, why
        if self._climbed_at is not None:
            in_vain = now - self._climbed_at < STEADY_SECONDS
            self._hold = min(self._hold * 2, LONGEST_HOLD) if in_vain else FIRST_HOLD
            self._climbed_at = None
        self.not_before = now + self._hold
        self._grant_until = 0.0
        self._trouble = self._good = 0
        return True
