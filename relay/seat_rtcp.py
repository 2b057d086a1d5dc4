"""What the relay does with each kind of RTCP, for one seat as sender and as receiver. Bytes are `rtcp.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relay import bandwidth, rtcp
from relay.parts import SENDER_REPORT

if TYPE_CHECKING:
    from relay.peer import Peer
    from relay.tracks import UpTrack

_MIN_TELLING_SECONDS = 0.2


class RtcpPolicy:
    __slots__ = ("_peer", "_shared_at", "_told", "_told_at")

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._shared_at = -1.0  # when the senders were last told of it
        self._told: int | None = None  # what this seat was last told it may send
        self._told_at = -1.0

    def received(self, packet: rtcp.Received, now: float) -> None:
        peer = self._peer
        for report in packet.reports:
            self._pass_report(report, packet.cnames.get(report.ssrc), now)
        peer.receiver.reported(packet, now)
        for ssrc, numbers in packet.nacks:
            down = peer.downs.get(ssrc)
            if down is None:
                continue
            rest = peer.receiver.asked(down, numbers, now)
            if rest and peer.receiver.takes(down.up.is_video):
                down.up.send_again(down, rest, now)
        for ssrc in packet.key_frames:
            down = peer.downs.get(ssrc)
            if down is not None and peer.receiver.takes(down.up.is_video):
                down.up.want_key_frame(now)
        if packet.bitrate is not None:
            peer.receiver.estimated(packet.bitrate, now)
            if now - self._shared_at < _MIN_TELLING_SECONDS:
                return  # who sends this more often waits for the regular report
            self._shared_at = now
            for sender in {down.up.sender for down in peer.downs.values()}:
                sender.policy.tell(now)

    def _pass_report(self, report: rtcp.SenderReport, cname: bytes | None, now: float) -> None:
        track = next((t for t in self._peer.tracks.values() if t.ref.ssrc == report.ssrc), None)
        if track is None or now - track.reported_at < _MIN_TELLING_SECONDS:
            return
        track.reported_at = now
        if track.arrivals is not None:
            track.arrivals += (track.tape_tag | SENDER_REPORT, now, report.packet)
        track.link.sender_report(report.ntp_middle, now)
        track.report = report.packet + (rtcp.description(report.ssrc, cname) if cname else b"")
        track.report_middle = report.ntp_middle
        for down in track.receivers():
            down.send_report(track.report, report.ntp_middle, now)

    def share_for(self, track: UpTrack, now: float) -> int | None:
        """What this seat, as a receiver, can take of `track`; None when it has not said lately."""
        estimate = self._peer.receiver.estimate(now)
        if estimate is None:
            return None
        live = [down.up for down in self._peer.downs.values()]
        videos = [up for up in live if up.is_video]
        if track not in videos:
            return None
        parts = bandwidth.shares(estimate, [up.ref.source for up in videos], len(live) - len(videos))
        return parts[videos.index(track)]

    def limit(self, now: float) -> int:
        """What this seat, as a sender, may send in all."""
        return sum(
            self._limit_of(track, now) if track.is_video else bandwidth.VOICE for track in self._peer.tracks.values()
        )

    def _limit_of(self, track: UpTrack, now: float) -> int:
        """The smallest share of those who get its pictures; while nobody can, little, but alive."""
        said = [down.receiver.policy.share_for(track, now) for down in track.downs]
        thinned = [down.receiver.policy.share_for(track, now) for down in track.thinned]
        offers = [share for share in said if share is not None]
        offers += [bandwidth.thinned(share) for share in thinned if share is not None]
        if not said and not thinned and track.withheld and track.tape is None:
            return bandwidth.FLOOR
        return bandwidth.cap(offers)

    def tell(self, now: float) -> None:
        """Tell this seat its limit at once if it changed much; the regular report follows anyway."""
        if now - self._told_at >= _MIN_TELLING_SECONDS and bandwidth.worth_telling(self.limit(now), self._told):
            packet = self._limit_packet(now)
            if packet:
                self._peer.send_rtcp(rtcp.receiver_report(()) + packet)

    def tick(self, now: float) -> None:
        """Once a second: the relay's own reports to a sender, and its limit."""
        blocks = []
        for track in self._peer.tracks.values():
            floor = 0 if track.is_video else track.worst_loss()
            block = track.link.block(track.ref.ssrc, now, floor)
            if block is not None:
                blocks.append(block)
        if not blocks:
            return
        self._peer.send_rtcp(rtcp.receiver_report(blocks) + self._limit_packet(now))

    def _limit_packet(self, now: float) -> bytes:
        ssrcs = [track.ref.ssrc for track in self._peer.tracks.values() if track.is_video]
        if not ssrcs:
            return b""
        self._told, self._told_at = self.limit(now), now
        return rtcp.bitrate_limit(self._told, ssrcs)
