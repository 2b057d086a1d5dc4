"""One seat as a receiver: its reports come in, its rung comes out, and trains of padding where no video shows the line.

The rules are `ladder.py` and `probe.py`, the counting is `reception.py`; this puts them to one connection.
"""

from __future__ import annotations

from functools import partial
from statistics import fmean
from typing import TYPE_CHECKING

from relay import bandwidth
from relay.ladder import Ladder, Rung, Signs
from relay.probe import Finding, Prober, padding
from relay.reception import RoundTrip
from relay.sources import CLOCK_RATE

if TYPE_CHECKING:
    from relay.peer import Peer
    from relay.rtcp import Received
    from relay.tracks import DownTrack, UpTrack

_VIDEO_CLOCK = CLOCK_RATE["video"]
_STEP_SECONDS = 1.0
_SILENCE_SECONDS = 2.5  # after so long without a report the line was gone; what was lost then says nothing of now
_VOICE_FRESH_SECONDS = 8.0  # browsers report on voice about every five seconds
_VIDEO_FRESH_SECONDS = 2.5
_FALLEN = 0.97  # of its peak: browsers lower their estimate only when they saw their line fill up
_PRESSED_SECONDS = 8.0
_PROMISING = 0.7  # of the wished rate: a light train that shows this is worth a heavy one
_UNANSWERED = 8  # trains in a row: this receiver cannot be probed


class Receiver:
    __slots__ = (
        "_changed", "_estimate", "_estimated_at", "_fell_at", "_heard_at", "_narrow", "_peak", "_peer", "_probed",
        "_prober", "_step_at", "ladder", "trip",
    )  # fmt: skip

    def __init__(self, peer: Peer) -> None:
        self.ladder = Ladder()
        self.trip = RoundTrip()
        self._peer = peer
        self._estimate = 0
        self._estimated_at: float | None = None
        self._peak = 0  # the highest estimate since the last fall
        self._fell_at: float | None = None
        self._heard_at = 0.0
        self._step_at = 0.0
        self._prober = Prober()
        self._probed: DownTrack | None = None  # the track that lends its numbers
        self._narrow = 0  # trains in a row that showed a line too narrow for stills
        self._changed = False

    @property
    def rung(self) -> Rung:
        return self.ladder.rung

    def takes(self, is_video: bool) -> bool:
        return not is_video or self.ladder.rung.moving

    def thins(self, track: UpTrack) -> bool:
        """Whether it gets the lower temporal layer only. A screen stays whole: its text changes seldom."""
        return self.ladder.rung is Rung.LOW_RATE and track.ref.source == "camera"

    # -- what comes in

    def reported(self, packet: Received, now: float) -> None:
        """The report blocks of one compound packet."""
        if packet.blocks and now - self._heard_at > _SILENCE_SECONDS:
            self._restart()
        for ssrc, block in packet.blocks.items():
            self._heard_at = now
            down = self._peer.downs.get(ssrc)
            if down is None:
                continue
            down.loss.report(block, down.up.link.lost, now)
            seconds = down.told.round_trip(block, now)
            if seconds is not None:
                self.trip.measured(seconds, now)

    def estimated(self, bitrate: int, now: float) -> None:
        self._estimate, self._estimated_at = bitrate, now
        if bitrate < self._peak * _FALLEN:
            self._peak, self._fell_at = bitrate, now
        self._peak = max(self._peak, bitrate)

    def asked(self, down: DownTrack, numbers: list[int], now: float) -> list[int]:
        """A NACK. What of it is about a train is answered here; the rest comes back."""
        if down is not self._probed or not self._peer.affords_again(0, now):
            return numbers
        packets, finding = self._prober.asked(numbers, self.trip.best, now)
        for packet in packets.values():
            if self._peer.affords_again(len(packet), now):
                self._peer.send_rtp(packet)
        if finding is not None:
            self._found(finding, now)
        return [number for number in numbers if number not in packets]

    # -- what is known

    def estimate(self, now: float) -> int | None:
        """Bits a second this seat can take in all, by its own word or by a newer probe; None when nobody knows."""
        granted = self.ladder.granted(now)
        said = self.said(now)
        if granted is None or said is None:
            return granted if said is None else said
        return max(granted, said)

    def said(self, now: float) -> int | None:
        """What the receiver itself says, if it has said so lately."""
        if self._estimated_at is None or now - self._estimated_at > bandwidth.STALE_SECONDS:
            return None
        return self._estimate

    def loss(self, now: float) -> float | None:
        """Over all it gets, for people to read: parts of one."""
        return max((loss for loss in self._losses(now) if loss is not None), default=None)

    def _losses(self, now: float) -> tuple[float | None, float | None]:
        voices: list[float] = []
        videos: list[float] = []
        for down in self._peer.downs.values():
            video = down.up.is_video
            fraction = down.loss.fresh(now, _VIDEO_FRESH_SECONDS if video else _VOICE_FRESH_SECONDS)
            if fraction is not None and self.takes(video):
                (videos if video else voices).append(fraction)
        return fmean(voices) if voices else None, fmean(videos) if videos else None

    def signs(self, now: float) -> Signs:
        sources = [down.ref.source for down in self._peer.downs.values()]
        voice, video = self._losses(now)
        return Signs(
            voices=sources.count("audio"),
            cameras=sources.count("camera"),
            screens=sources.count("screen"),
            layered=any(down.up.layered for down in self._peer.downs.values()),
            voice_loss=voice,
            video_loss=video,
            estimate=self.estimate(now),
            pressed=self._fell_at is not None and now - self._fell_at <= _PRESSED_SECONDS,
            delay=self.trip.delay(now, _VIDEO_FRESH_SECONDS),
        )

    # -- the clock

    def tick(self, now: float) -> bool:
        """Ten times a second. Whether the rung has changed since the last time."""
        if now >= self._step_at:
            self._step_at = now + _STEP_SECONDS
            if self.ladder.step(self.signs(now), now):
                self._change()
        if not self.ladder.rung.moving and now >= self.ladder.not_before:
            self._probe(now)
        changed, self._changed = self._changed, False
        return changed

    def _change(self) -> None:
        self._changed = True
        self._restart()
        self._peak, self._fell_at = 0, None
        self._narrow = 0
        if not self.ladder.rung.moving:
            self._prober = Prober()
            self._probed = None

    def _restart(self) -> None:
        for down in self._peer.downs.values():
            down.loss.restart()

    # -- probing

    @property
    def can_be_led_up(self) -> bool:
        """Whether there is any video whose trains could show that its line has healed."""
        return bool(self._probable())

    def _probable(self) -> list[DownTrack]:
        return [down for down in self._peer.downs.values() if down.up.is_video and down.up.report is not None]

    def _probe(self, now: float) -> None:
        if not self._prober.due(now):
            return
        if self._prober.unanswered >= _UNANSWERED:
            self._try_blindly(now)
            return
        withheld = self._probable()
        if withheld:
            # One that was never received has no numbers to miss: after a silence the next one's turn comes.
            self._probed = withheld[self._prober.unanswered % len(withheld)]
            self._send_train(self._probed, now)

    def _send_train(self, down: DownTrack, now: float, heavy: bool = False) -> None:
        pack = partial(_pack, down, now)
        for packet in self._prober.train(down.numbers.reserve, pack, now, heavy):
            self._peer.send_rtp(packet)

    def _found(self, finding: Finding, now: float) -> None:
        signs = self.signs(now)
        wish = self.ladder.wish(signs)
        self._narrow = self._narrow + 1 if finding.rate < signs.need(Rung.STILLS) else 0
        if self._narrow >= 2 and self.ladder.sink(finding.rate, signs, now):
            self._change()
        elif finding.heavy:
            if self.ladder.climb(finding.rate, signs, now):
                self._change()
        elif finding.rate >= wish * _PROMISING and self._probed is not None:
            self._send_train(self._probed, now, heavy=True)

    def _try_blindly(self, now: float) -> None:
        """Nothing answers trains here: what is left is to try, if the voice comes through well."""
        signs = self.signs(now)
        self._prober.unanswered = 0
        if (signs.voice_loss or 0.0) < bandwidth.FEW_LOSSES and self.ladder.climb(self.ladder.wish(signs), signs, now):
            self._change()


def _pack(down: DownTrack, now: float, number: int, size: int) -> bytes:
    """Padding under the sender's time of now, counted on from its last report.

    With an older time the receiver would hold the picture to be late, and delay the voice to be in step with it.
    """
    up = down.up
    timestamp = int.from_bytes((up.report or bytes(20))[16:20], "big") + int((now - up.reported_at) * _VIDEO_CLOCK)
    return padding(down.ref.ssrc, number, timestamp & 0xFFFFFFFF, up.payload_type, size)
