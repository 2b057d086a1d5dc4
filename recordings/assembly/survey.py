"""First reading of a stream's parts: which can be believed, what is missing, where each RTP stream stands in time."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from recordings.assembly import alignment, opus
from recordings.assembly.clocks import Clocks
from recordings.assembly.rtp import payload_bounds, sender_report, unwrapped
from recordings.assembly.vp8 import describe, key_size
from recordings.parts import RTP, SENDER_REPORT, Binding, Gap, Part, PartError, list_parts, read_part

# Of one stream; a connection has three, and more only where its sender was changed.
MOST_TRACKS = 256
Key = tuple[str, str, int]
"""An RTP stream: connection, source, SSRC."""


@dataclass
class TrackSurvey:
    """What the first reading learns of one RTP stream. `pieces` and `least`: one entry per part it stands in."""

    source: str
    micros_per_tick: float
    pieces: list[int] = field(default_factory=list)
    least: list[float] = field(default_factory=list)
    reports: list[tuple[int, float]] = field(default_factory=list)
    # What a file of it needs a track for: sound in it, or a key frame and the largest size of one.
    has_media: bool = False
    width: int = 0
    height: int = 0
    stamp: int | None = None
    low: int = -1
    first_stamp: int = 0
    first_arrival: int = 0
    open_least: float = float("inf")
    bases: dict[int, float] = field(default_factory=dict)
    shift: float = 0.0

    @property
    def began(self) -> float:
        """The time of the first packet."""
        time = self.first_stamp * self.micros_per_tick + self.bases[self.pieces[0]] + self.shift
        return alignment.believed(time, self.first_arrival)

    def close_piece(self, number: int) -> None:
        if self.open_least != float("inf"):
            self.pieces.append(number)
            self.least.append(self.open_least)
            self.open_least = float("inf")


@dataclass
class Findings:
    """What lies in a stream's folder and what does not. `refused`: number and code of each part not believed."""

    good: list[int] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)
    missing: list[tuple[int, int]] = field(default_factory=list)
    unfinished: int = 0
    strangers: int = 0


@dataclass
class Survey(Findings):
    """All that the first reading learns of a stream."""

    tracks: dict[Key, TrackSurvey] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    began: int | None = None
    ended: int | None = None
    clocks: Clocks = field(default_factory=Clocks)

    def first_time(self) -> float | None:
        """The earliest time of any track."""
        return min((track.began for track in self.tracks.values()), default=None)


def survey(
    binding: Binding, last_number: int, first_number: int, on_part: Callable[[], None], clocks: Clocks | None = None
) -> Survey:
    """Read all parts once. `first_number` to `last_number` should be there; `on_part` is told after each one."""
    found = Survey(clocks=clocks or Clocks())
    folder = list_parts(binding.recording, binding.stream)
    found.strangers, found.unfinished = len(folder.strangers), len(folder.unfinished)
    edges: dict[int, tuple[int, int]] = {}
    for number in folder.numbers:
        try:
            part = found.clocks.put_right(read_part(binding, number), found.ended)
            _look_through(found, part)
        except PartError as error:
            found.refused[number] = error.code
        except FileNotFoundError:
            continue
        else:
            found.good.append(number)
            found.gaps += part.gaps
            edges[number] = (part.began, part.ended)
            found.began = part.began if found.began is None else min(found.began, part.began)
            found.ended = part.ended if found.ended is None else max(found.ended, part.ended)
        finally:
            for track in found.tracks.values():
                track.close_piece(number)
        on_part()
    _name_what_is_missing(found, edges, first_number, last_number)
    _align(found)
    return found


def _look_through(found: Survey, part: Part) -> None:
    """Every packet's distance to its arrival. PartError where a record does not fit."""
    tracks, known = found.tracks, {}
    for line in part.tracks.values():
        key = (part.run, line.source, line.ssrc)
        if key in tracks or len(tracks) < MOST_TRACKS:
            known[id(line)] = tracks.setdefault(key, TrackSurvey(line.source, 1e6 / line.clock))
    for line, kind, arrival, start, end, _, _, _, stamp in part.packets():
        track = known.get(id(line))
        if track is None:
            continue
        if kind == RTP:
            if stamp != track.low:  # Another packet of the same frame came later than its first.
                _note_packet(track, part.body, arrival, start, end, stamp)
        elif kind == SENDER_REPORT:
            _note_report(track, part.number, part.body, start, end)


def _note_packet(track: TrackSurvey, body: bytes, arrival: int, start: int, end: int, stamp: int) -> None:
    track.low = stamp
    if track.stamp is None:
        track.stamp, track.first_stamp, track.first_arrival = stamp, stamp, arrival
    else:
        track.stamp = unwrapped(stamp, track.stamp, 32)
    distance = arrival - track.stamp * track.micros_per_tick
    if distance < track.open_least:
        track.open_least = distance
    if track.source != "audio":
        _note_size(track, body, start, end)
    elif not track.has_media:
        begin, end = payload_bounds(body, start, end)
        track.has_media = opus.duration(body[begin:end]) is not None


def _note_report(track: TrackSurvey, number: int, body: bytes, start: int, end: int) -> None:
    report = sender_report(body, start, end)
    if report is not None and track.stamp is not None:
        sent, stamp = report
        track.reports.append((number, sent - unwrapped(stamp, track.stamp, 32) * track.micros_per_tick))


def _note_size(track: TrackSurvey, body: bytes, start: int, end: int) -> None:
    begin, end = payload_bounds(body, start, end)
    if begin == end:
        return
    head = body[begin : min(begin + 24, end)]
    descriptor = describe(head)
    if descriptor is None or not descriptor.starts:
        return
    size = key_size(head, descriptor.size)
    if size and size[0] * size[1] > track.width * track.height:
        track.has_media = True
        track.width, track.height = size


def _name_what_is_missing(
    found: Survey, edges: dict[int, tuple[int, int]], first_number: int, last_number: int
) -> None:
    """Numbers that are not there or not believed, and the times they leave empty."""
    here = set(found.good) | set(found.refused)
    # A file that nobody believes says nothing of how many there were: its name may be any number.
    numbers = range(first_number, max([last_number, *found.good]) + 1)
    found.missing = list(runs(number for number in numbers if number not in here))
    believed = sorted(edges)
    for before, after in pairwise(believed):
        between = set(range(before + 1, after))
        if between:
            why = "changed" if between & found.refused.keys() else "missing"
            found.gaps.append(Gap(edges[before][1], max(edges[after][0], edges[before][1]), why))


def runs(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Rising numbers as first and last of each unbroken run."""
    begin = end = None
    for number in numbers:
        if end is None or number != end + 1:
            if begin is not None and end is not None:
                yield begin, end
            begin = number
        end = number
    if begin is not None and end is not None:
        yield begin, end


def _align(found: Survey) -> None:
    for key in [key for key, track in found.tracks.items() if not track.pieces]:
        del found.tracks[key]
    for track in found.tracks.values():
        track.bases = dict(zip(track.pieces, alignment.bases(track.least), strict=True))
    for (run, source, _), track in found.tracks.items():
        if source == "audio":
            continue
        voices = [other for (at, of, _), other in found.tracks.items() if at == run and of == "audio"]
        if voices:
            voice = max(voices, key=lambda other: len(other.pieces))
            track.shift = alignment.shift(_reports(voice), _reports(track))


def _reports(track: TrackSurvey) -> list[tuple[float, float]]:
    """Base and sender's clock of each report that came in a part with packets."""
    return [(track.bases[number], sent) for number, sent in track.reports if number in track.bases]
