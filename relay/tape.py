"""One person's media on its way into parts: what came since the last one, over which tracks, and what is missing."""

from __future__ import annotations

import random
from bisect import bisect_right
from typing import TYPE_CHECKING

from relay.limits import PART_SECONDS, QUIET_SECONDS, SEEK_SECONDS
from relay.parts import (
    MAX_GAPS,
    MAX_TRACKS,
    RECORD_BYTES,
    RTP,
    Arrivals,
    Gap,
    Part,
    Stream,
    TrackLine,
    Why,
    merged,
    tag,
)

if TYPE_CHECKING:
    from relay.peer import Peer
    from relay.press import Outcome
    from relay.tracks import UpTrack

_LONGEST_PART = 1.0  # a late clock makes two parts of what came meanwhile


class Tape:
    """The tracks wired to it put what comes into `arrivals` themselves; the recorder takes it out once a second."""

    __slots__ = (
        "_away", "_due", "_gaps", "_heard_at", "_holes", "_lines", "_run", "arrivals", "ended", "failed_at",
        "lapsed_at", "number", "opened", "pending", "put_at", "size", "stream", "synced_at", "synced_us", "trouble",
        "wired",
    )  # fmt: skip

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.arrivals: Arrivals = []
        self.wired: dict[UpTrack, int] = {}  # the tracks that are written, under their number
        self.lapsed_at: float | None = None  # when its lease ended, while it is not renewed
        self.opened = False  # whether parts went to the vault since it last ended
        self.ended = False  # as the vault has said
        self._lines: dict[int, TrackLine] = {}
        self._run = ""
        self._gaps: list[Gap] = []
        self._holes = False  # whether parts were lost since the last one on disk
        self._heard_at: float | None = None  # when the last packet came that is in a part
        self._away = False  # whether the connection went since then
        self._due = PART_SECONDS * random.uniform(0.1, 1.0)  # noqa: S311 - so that not all parts are due at once
        # What the vault made of it.
        self.number = 0
        self.size = 0  # bytes on disk
        self.synced_at: float | None = None
        self.synced_us = 0
        self.pending = 0
        self.put_at = 0.0  # since when something has been waiting without a pause
        self.trouble = ""
        self.failed_at = 0.0

    # -- tracks

    def wire(self, peer: Peer, now: float) -> list[Part]:
        """Take what this connection sends from now on, and nothing else."""
        parts: list[Part] = []
        run = peer.connection.replace("-", "")
        for track in self.wired.keys() - set(peer.tracks.values()):
            self._release(track)
        if run != self._run:
            parts = self.cut()
            self._away = True
            self._run = run
        for track in peer.tracks.values():
            if track not in self.wired:
                self._take(track, now)
        return parts

    def unwire(self, until: float | None = None) -> list[Part]:
        """From now on nothing; what came before `until` is a part."""
        for track in list(self.wired):
            self._release(track)
        parts = self.cut(until)
        self._away = True
        return parts

    def _take(self, track: UpTrack, now: float) -> None:
        number = next((free for free in range(MAX_TRACKS) if free not in self._lines), None)
        if number is None:
            return  # more SSRCs within a second than anybody has a use for
        self._lines[number] = TrackLine(number, track.ref.source, track.ref.ssrc)
        self.wired[track] = number
        track.record(self, tag(number, RTP), now)

    def _release(self, track: UpTrack) -> None:
        del self.wired[track]
        if track.tape is self:
            track.stop_recording()

    # -- parts

    def due(self, now: float) -> bool:
        return bool(self.arrivals) and now - self.arrivals[1] >= self._due

    def cut(self, until: float | None = None) -> list[Part]:
        """What has come, as parts of at most a second; none when nothing came."""
        arrivals = self.arrivals[:]
        self.arrivals.clear()  # the same list: the tracks hold it
        self._due = PART_SECONDS
        while until is not None and arrivals and arrivals[-2] >= until:
            del arrivals[-3:]
        parts = []
        while arrivals:
            end = len(arrivals)
            if arrivals[-2] - arrivals[1] > _LONGEST_PART:
                end = 3 * bisect_right(arrivals[1::3], arrivals[1] + _LONGEST_PART)
            parts.append(self._part(arrivals[:end]))
            del arrivals[:end]
        kept = set(self.wired.values())
        self._lines = {number: line for number, line in self._lines.items() if number in kept}
        return parts

    def _part(self, arrivals: Arrivals) -> Part:
        first, last = arrivals[1], arrivals[-2]
        if self._heard_at is not None and first - self._heard_at > QUIET_SECONDS:
            self.miss(self._heard_at, first, "left" if self._away else "loss")
        self._heard_at, self._away = last, False
        gaps, self._gaps = tuple(self._gaps), []
        packets = arrivals[2::3]
        size = sum(map(len, packets)) + RECORD_BYTES * len(packets)
        return Part(self.stream, self._run, first, last, tuple(self._lines.values()), gaps, arrivals, size)

    def end(self, now: float) -> Part:
        """Says that nothing follows; is written only if there is still a gap to tell of."""
        gaps, self._gaps = tuple(self._gaps), []
        return Part(self.stream, self._run, now, now, (), gaps, [], 0, last=True)

    # -- what is missing

    def miss(self, since: float, until: float, why: Why) -> None:
        """Something of this time is missing, as the next part will say."""
        if len(self._gaps) > MAX_GAPS:
            self._gaps = list(merged(self._gaps))
        self._gaps.append(Gap(since, until, why))

    def renewed(self, now: float) -> None:
        """The lease is back: from its end until now nothing was to be written."""
        if self.lapsed_at is not None:
            if self._heard_at is not None:
                self.miss(self.lapsed_at, now, "lease")
                self._heard_at = now
            self.lapsed_at = None

    def jumped(self, track_tag: int, now: float) -> None:
        """More of a track was lost at once than is asked for again."""
        arrivals = self.arrivals
        at = len(arrivals) - 3
        while at >= 0 and arrivals[at] != track_tag:
            at -= 3
        since = arrivals[at + 1] if at >= 0 else self._heard_at
        if since is not None:
            self.miss(since, now, "loss")

    def want_key_frames(self, now: float, every: float = SEEK_SECONDS) -> None:
        """Of each picture, unless one came or was asked for lately."""
        for track in self.wired:
            if track.is_video and now - max(track.key_at, track.asked_at) >= every:
                track.want_key_frame(now)

    # -- the vault

    def accepted(self, now: float) -> None:
        if self.pending == 0:
            self.put_at = now
        self.pending += 1
        self.opened = True
        self.ended = False

    def refused(self, part: Part, now: float) -> None:
        """The queue did not take it: what it had to tell the next one tells."""
        self._gaps[:0] = part.gaps
        self.miss(part.began, part.ended, "queue")
        self._holes = True
        self.trouble, self.failed_at = "failing", now

    def came_back(self, outcome: Outcome, unix_us: int, now: float) -> None:
        """What became of one part."""
        self.pending -= 1
        self.put_at = now
        if outcome.result in ("full", "failing"):
            self.trouble, self.failed_at = outcome.result, now
            self._holes = True
        else:
            self.number = max(self.number, outcome.number)
        if outcome.result == "synced":
            self.size += outcome.size
            self.synced_at, self.synced_us = outcome.at, unix_us
            self.trouble = ""
            if self._holes:  # pictures cannot be decoded from here on without
                self._holes = False
                self.want_key_frames(now, 0.0)
        if outcome.last and self.pending == 0:
            self.ended = True
