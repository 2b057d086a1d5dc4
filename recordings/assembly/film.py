"""Second reading of a stream's parts: packets in order and whole frames go into the files. The first is survey.py."""

from collections.abc import Callable, Mapping

from recordings.assembly import opus
from recordings.assembly.alignment import believed
from recordings.assembly.rtp import (
    PLAIN_WITH_EXTENSION,
    RTP_MARKER,
    SMALLEST,
    Packet,
    Sorter,
    payload_bounds,
    unwrapped,
)
from recordings.assembly.survey import Key, Survey, TrackSurvey
from recordings.assembly.vp8 import FrameBuilder
from recordings.assembly.webm import Webm
from recordings.parts import RTP, Binding, Part, PartError, read_part


class _Track:
    """One RTP stream on its way into a file."""

    def __init__(self, key: Key, survey: TrackSurvey, file: Webm) -> None:
        self.sorter = Sorter()
        self.lost_frames = 0
        self.base = 0.0
        self._source, self._survey, self._file = key[1], survey, file
        self._stamp: int | None = None
        self._low = -1
        self._time = 0.0
        self._builder = FrameBuilder()
        self._next_number: int | None = None
        self._losses = 0
        # What explains a hole before the next thing shown: a new RTP stream means that its owner was away.
        self._why = "left"
        self._scale = survey.micros_per_tick
        self._give = self._hear if self._source == "audio" else self._see

    def begin_part(self, number: int) -> None:
        self.base = self._survey.bases.get(number, self.base)
        self._offset = self.base + self._survey.shift

    def push(
        self, body: bytes, start: int, end: int, arrival: int, first: int, second: int, number: int, stamp: int
    ) -> None:
        """Take one packet as it came. A recorded hour is a million of these."""
        if stamp != self._low:
            self._low = stamp
            self._stamp = unwrapped(stamp, self._stamp, 32) if self._stamp is not None else stamp
            self._time = believed(self._stamp * self._scale + self._offset, arrival)
        if first == PLAIN_WITH_EXTENSION and not body[start + 14]:  # Nearly all are like this.
            begin = start + SMALLEST + 4 + 4 * body[start + 15]
            payload = body[begin:end] if begin < end else b""
        else:
            begin, end = payload_bounds(body, start, end)
            payload = body[begin:end]
        place = self.sorter.place_of(number)
        if place is not None:
            self._give(Packet(place, stamp, second >= RTP_MARKER, payload, self._time))
            return
        for ready in self.sorter.push(number, (stamp, second >= RTP_MARKER, payload, self._time), arrival):
            self._give(ready)

    def finish(self) -> None:
        for ready in self.sorter.flush():
            self._give(ready)
        self.lost_frames = self._builder.dropped

    def _hear(self, packet: Packet) -> None:
        if self._next_number is not None and packet.number != self._next_number:
            self._why = "loss"
        self._next_number = packet.number + 1
        lasts = opus.duration(packet.payload)
        if lasts is not None:
            self._file.sound(packet.time, packet.payload, lasts, self._why)
            self._why = "off"

    def _see(self, packet: Packet) -> None:
        frame = self._builder.push(packet)
        if frame is not None:
            if self._why == "off" and self._builder.losses != self._losses:
                self._why = "loss"
            self._losses = self._builder.losses
            self._file.picture(frame.time, frame.data, self._source, self._why, is_key=frame.is_key)
            self._why = "off"


def play(
    binding: Binding, survey: Survey, files: Mapping[str, Webm], on_part: Callable[[], None]
) -> tuple[int, int, list[int]]:
    """Write everything that can be shown into `files` (by source). What was lost: packets, frames, parts.

    A part that was believed a moment ago and is not any more is left out and named.
    """
    tracks: dict[Key, _Track] = {}
    spoilt = []
    for number in survey.good:
        try:
            part = survey.clocks.put_right(read_part(binding, number), survey.ended)
        except (PartError, FileNotFoundError):
            spoilt.append(number)
        else:
            _play_part(part, survey, files, tracks)
        on_part()
    for track in tracks.values():
        track.finish()
    lost = sum(track.sorter.lost for track in tracks.values())
    return lost, sum(track.lost_frames for track in tracks.values()), spoilt


def _play_part(part: Part, survey: Survey, files: Mapping[str, Webm], tracks: dict[Key, _Track]) -> None:
    pushes = {}
    for line in part.tracks.values():
        key = (part.run, line.source, line.ssrc)
        if key in survey.tracks and line.source in files:
            track = tracks.get(key)
            if track is None:
                _finish_others(key, tracks)
                track = tracks[key] = _Track(key, survey.tracks[key], files[line.source])
            track.begin_part(part.number)
            pushes[id(line)] = track.push
    body = part.body
    for line, kind, arrival, start, end, first, second, number, stamp in part.packets():
        push = pushes.get(id(line))
        if push is not None and kind == RTP:
            push(body, start, end, arrival, first, second, number, stamp)


def _finish_others(key: Key, tracks: dict[Key, _Track]) -> None:
    """A source that goes on under another SSRC or connection has sent all it will under the old one."""
    for other, track in tracks.items():
        if other[1] == key[1]:
            track.finish()
