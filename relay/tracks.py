"""The hot path: a track coming up from one seat, and the same track going down to another. No I/O of its own."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from relay import rtcp, vp8
from relay.limits import KEY_FRAME_SECONDS, LAYERS_SECONDS, REPAIR_SECONDS, RING_PACKETS, RISE_SECONDS
from relay.negotiation import TrackRef
from relay.parts import Arrivals
from relay.reception import Loss, ToldTimes
from relay.renumber import FIRST_OUT_LIMIT, Renumbering
from relay.sources import CLOCK_RATE, CODECS, MEDIA_OF
from relay.uplink import Uplink

if TYPE_CHECKING:
    from relay.peer import Peer
    from relay.tape import Tape

_OLDEST = 4096  # packets back; SRTP's own window is smaller


class DownTrack:
    """A track on its way to one receiver."""

    __slots__ = ("loss", "numbers", "receiver", "ref", "rising_at", "send", "since", "told", "up")

    def __init__(self, receiver: Peer, up: UpTrack, numbers: Renumbering) -> None:
        self.receiver = receiver
        self.up = up
        self.ref = up.ref
        self.numbers = numbers
        self.send = receiver.send_rtp
        self.loss = Loss()  # as the receiver reports it
        self.told = ToldTimes()  # which sender reports it was sent
        self.since = 0.0  # when forwarding last began
        self.rising_at: float | None = None  # since when the upper layer is wanted again, from its next sync point on

    def send_report(self, report: bytes, ntp_middle: int, now: float) -> None:
        self.told.told(ntp_middle, now)
        self.receiver.send_rtcp(report)


class UpTrack:
    """A track a seat sends: checked, counted, kept for a moment, forwarded."""

    __slots__ = (
        "_deferred", "_key_wanted", "_layered_at", "_mask", "_numbers", "_recorded_at", "_repaired_at", "_ring",
        "_unrecorded", "_wired", "arrivals", "asked_at", "asks_again", "downs", "is_video", "key_at", "layered", "link",
        "payload_type", "ref", "report", "report_middle", "reported_at", "sender", "tape", "tape_tag", "thinned",
        "withheld",
    )  # fmt: skip

    def __init__(self, sender: Peer, ref: TrackRef) -> None:
        media = MEDIA_OF[ref.source]
        self.sender = sender
        self.ref = ref
        self.is_video = media == "video"
        self.payload_type = CODECS[media].payload_type
        self.link = Uplink(CLOCK_RATE[media])
        self.downs: tuple[DownTrack, ...] = ()
        self.thinned: tuple[DownTrack, ...] = ()  # those who get the lower temporal layer only
        self.withheld = 0  # how many get nothing of it, on a lower rung
        self.layered = False  # whether there is an upper layer to withhold
        self._layered_at = 0.0
        self._wired: tuple[tuple[DownTrack, ...], tuple[DownTrack, ...]] = ((), ())
        self._mask = RING_PACKETS[media] - 1
        self._empty_ring()
        self.asks_again = True  # whether the sender takes NACKs of this track
        self._key_wanted = False
        self._deferred = False  # asked for within the throttle, not passed on yet
        self.asked_at = -1.0
        self._repaired_at = -1.0
        self.key_at = -1.0
        self.report: bytes | None = None  # the sender's last, for receivers that come later
        self.report_middle = 0
        self.reported_at = -1.0
        self.tape: Tape | None = None  # what is recorded of it
        self.tape_tag = 0
        self.arrivals: Arrivals | None = None  # the tape's, while it is recorded
        self._recorded_at = 0.0  # since when
        self._unrecorded = -1  # up to which number nothing belongs into it, while such a packet may still come

    def receive(self, packet: bytes, now: float) -> int:
        """One decrypted packet of this track. Returns how many receivers it went to."""
        number = packet[2] << 8 | packet[3]
        link = self.link
        link.packet(number, int.from_bytes(packet[4:8], "big"), now)
        if link.jumped or (link.missing and now - self._repaired_at >= REPAIR_SECONDS):
            self.repair(now)
        arrivals = self.arrivals
        if arrivals is not None and (self._unrecorded < 0 or self._is_since(number)):
            arrivals += (self.tape_tag, now, packet)
            if self._key_wanted and vp8.starts_key_frame(packet):
                self._key_wanted = False
                self.key_at = now
        downs = self.downs
        thinned = self.thinned
        if not downs and not thinned:
            return 0
        highest = self.link.highest
        counted = highest - ((highest - number) & 0xFFFF)
        place = counted & self._mask
        if counted <= self._numbers[place]:
            return 0  # a second content for a number that may have gone out, however the sender came round to it
        self._ring[place] = packet
        self._numbers[place] = counted
        if self._key_wanted and vp8.starts_key_frame(packet):
            self._key_wanted = False
            self.key_at = now
        head = packet[:2]
        tail = packet[4:]
        for down in downs:
            out = down.numbers.forward(number)
            if out >= 0:
                down.send(head + out.to_bytes(2, "big") + tail)
        if thinned:
            self._send_lower(packet, number)
        return len(downs) + len(thinned)

    def _send_lower(self, packet: bytes, number: int) -> None:
        """To those who get the lower temporal layer only: the upper one is withheld and leaves no hole."""
        layer = vp8.layer(packet)
        for down in self.thinned:
            upper = layer.number > 0
            if upper and layer.sync and layer.starts and down.rising_at is not None:
                self._rise(down)
                upper = False
            out = down.numbers.withhold(number) if upper else down.numbers.forward(number)
            if out >= 0:
                down.send(packet[:2] + out.to_bytes(2, "big") + packet[4:])

    def _rise(self, down: DownTrack) -> None:
        down.rising_at = None
        self.thinned = tuple(other for other in self.thinned if other is not down)
        self.downs = (*self.downs, down)

    def attach(self, downs: tuple[DownTrack, ...], now: float, thinned: tuple[DownTrack, ...] = ()) -> None:
        """The receivers from now on. One that is new, or back, goes on without a gap and needs a key frame."""
        if (downs, thinned) == self._wired:
            return
        self._wired = (downs, thinned)
        former = set(self.receivers())
        lower = set(self.thinned)
        fresh = [down for down in (*downs, *thinned) if down not in former]
        for down in former.difference(downs, thinned):
            down.numbers.pause()
        for down in downs:
            if down not in lower or not self.layered:
                down.rising_at = None
            elif down.rising_at is None:
                down.rising_at = now
        for down in thinned:
            down.rising_at = None
        # Who had the lower layer only goes on so until a picture of the upper one can be decoded with it.
        self.downs = tuple(down for down in downs if down.rising_at is None)
        self.thinned = (*thinned, *(down for down in downs if down.rising_at is not None))
        if not self.downs and not self.thinned:
            self._empty_ring()
        for down in fresh:
            down.since = now
            if self.report is not None:
                down.send_report(self.report, self.report_middle, now)
        if fresh:
            self.want_key_frame(now)

    def _empty_ring(self) -> None:
        """Nothing is kept while nobody receives: the sender's numbers may come round before the next receiver.

        Numbers are counted on past 2^16: a sender that jumps comes round to 16 bits that the ring still holds.
        """
        self._ring: list[bytes | None] = [None] * (self._mask + 1)
        self._numbers = [-1] * (self._mask + 1)

    def record(self, tape: Tape, tag: int, now: float) -> None:
        """From now on what comes is put on this tape too, whoever else gets it."""
        self.tape, self.tape_tag, self.arrivals = tape, tag, tape.arrivals
        self._recorded_at = now
        self._unrecorded = self.link.highest
        self.want_key_frame(now)

    def _is_since(self, number: int) -> bool:
        """Whether a packet was sent after recording began. One that was lost before and is sent again now is what
        somebody said before their yes, or between a no and a yes."""
        highest = self.link.highest
        if highest - self._unrecorded > _OLDEST:
            self._unrecorded = -1  # what is older SRTP has refused as a replay
            return True
        return highest - ((highest - number) & 0xFFFF) > self._unrecorded

    def stop_recording(self) -> None:
        """Idempotent."""
        self.tape = self.arrivals = None

    def want_key_frame(self, now: float) -> None:
        """Ask the sender, now or as soon as the throttle allows."""
        if self.is_video:
            self._key_wanted = True
            self._deferred = now - self.asked_at < KEY_FRAME_SECONDS
            if not self._deferred:
                self.asked_at = now
                self.sender.send_rtcp(rtcp.receiver_report(()) + rtcp.picture_loss(self.ref.ssrc))

    def tick(self, now: float) -> None:
        """Ten times a second: ask again for what has not come."""
        receivers = self.receivers()
        if self._key_wanted and (receivers or self.tape is not None):
            # After three seconds without an answer the camera is likely off; do not hammer.
            newest = max((down.since for down in receivers), default=self._recorded_at)
            patience = 0.0 if self._deferred else 0.5 if now - newest < 3.0 else 2.0
            if now - self.asked_at >= patience:
                self.want_key_frame(now)
        if self.link.missing:
            self.repair(now)
        if self.is_video and receivers:
            self._look_for_layers(now)

    def _look_for_layers(self, now: float) -> None:
        """One packet in a tenth of a second is enough to know; the hot path does not look."""
        packet = self._ring[self.link.highest & self._mask]
        if packet is not None and vp8.layer(packet).number:
            self.layered, self._layered_at = True, now
        elif now - self._layered_at > LAYERS_SECONDS:
            self.layered = False
        for down in self.thinned:
            if down.rising_at is not None and now - down.rising_at > RISE_SECONDS:
                self._rise(down)
                self.want_key_frame(now)

    def repair(self, now: float) -> None:
        """Ask for what has not come: what is due of its packets, or after a long silence of the line a key frame.

        No packets while the relay itself is behind: the answers would be more to do.
        """
        self._repaired_at = now
        if self.link.jumped:
            self.link.jumped = False
            if self.tape is not None:
                self.tape.jumped(self.tape_tag, now)
            if self.receivers() or self.tape is not None:
                self.want_key_frame(now)
        due = self.link.due(now) if self.asks_again and not self.sender.behind else None
        if due:
            self.sender.send_rtcp(rtcp.receiver_report(()) + rtcp.nack(self.ref.ssrc, due))

    def send_again(self, down: DownTrack, numbers: list[int], now: float) -> None:
        """Answer a receiver's NACK from the ring: the same bytes under the same number, so the same ciphertext.

        What the ring never had is a gap coming up, which `repair` asks the sender for. What it has no longer is gone
        for good: a key frame now spares the receiver the seconds in which it would go on asking.
        """
        gone = False
        for out in numbers:
            if not down.receiver.affords_again(0, now):
                return
            number = down.numbers.back(out)
            if number < 0:
                gone = True
                continue
            counted = self.link.highest - ((self.link.highest - number) & 0xFFFF)
            place = counted & self._mask
            packet = self._ring[place]
            if packet is None or self._numbers[place] != counted:
                gone = gone or self.link.highest - counted > self._mask
                continue
            if down.receiver.affords_again(len(packet), now):
                down.send(packet[:2] + out.to_bytes(2, "big") + packet[4:])
        if gone:
            self.want_key_frame(now)

    def worst_loss(self) -> int:
        return max((down.loss.shown for down in self.receivers()), default=0)

    def receivers(self) -> tuple[DownTrack, ...]:
        """All who get something of it."""
        return self.downs + self.thinned


def fresh_numbering() -> Renumbering:
    return Renumbering(secrets.randbelow(FIRST_OUT_LIMIT))
