"""Sound on the timeline: each voice without holes, all of them mixed to one. Knows no file."""

from fractions import Fraction
from typing import Any

import av.filter
from av.audio.fifo import AudioFifo
from av.audio.frame import AudioFrame

RATE = 48_000
CHUNK = 960
# A packet comes at the time its stamp says, give or take the rounding of the file; only more than this is a hole.
SLACK = RATE * 40 // 1000


class Track:
    """One voice: what is missing is silence, what overlaps is left out."""

    def __init__(self) -> None:
        self._fifo = AudioFifo()
        self._end = 0

    def put(self, frame: AudioFrame, at_ms: int) -> None:
        """Add samples that begin at `at_ms` of the timeline."""
        at = at_ms * RATE // 1000
        if at < self._end - SLACK:
            return
        if at > self._end + SLACK:
            self._silence(at - self._end)
        self._write(frame)

    def take(self, samples: int) -> AudioFrame:
        """The next samples, as many as asked for."""
        missing = samples - self._fifo.samples
        if missing > 0:
            self._silence(missing)
        frame = self._fifo.read(samples)
        assert isinstance(frame, AudioFrame)
        return frame

    def _silence(self, samples: int) -> None:
        while samples > 0:
            part = min(samples, RATE)
            self._write(silence(part))
            samples -= part

    def _write(self, frame: AudioFrame) -> None:
        # Without a stamp the fifo only counts, and does not judge.
        frame.pts = None
        self._fifo.write(frame)
        self._end += frame.samples


class Mixer:
    """Adds voices and keeps their sum below the loudest that can be."""

    def __init__(self, tracks: list[Track]) -> None:
        self._tracks = tracks
        self._taken = 0
        # The graph is kept beside its ends: PyAV's filters do not keep it alive.
        self._graph: Any = None
        self._output: Any = None
        self._inputs: list[Any] = []
        if tracks:
            self._graph, self._inputs, self._output = _mixing_graph(len(tracks))

    def take(self) -> AudioFrame:
        """The next 20 ms of everybody."""
        if self._output is None:
            frame = silence(CHUNK)
        else:
            for track, into in zip(self._tracks, self._inputs, strict=True):
                into.push(self._stamped(track.take(CHUNK)))
            frame = self._output.pull()
        frame = self._stamped(frame)
        self._taken += CHUNK
        return frame

    def _stamped(self, frame: AudioFrame) -> AudioFrame:
        frame.pts, frame.time_base, frame.sample_rate = self._taken, Fraction(1, RATE), RATE
        return frame


def silence(samples: int) -> AudioFrame:
    frame = AudioFrame(format="fltp", layout="mono", samples=samples)
    frame.planes[0].update(bytes(frame.planes[0].buffer_size))
    frame.sample_rate = RATE
    return frame


def _mixing_graph(voices: int) -> tuple[Any, list[Any], Any]:
    graph = av.filter.Graph()
    inputs = [
        graph.add_abuffer(sample_rate=RATE, format="fltp", layout="mono", time_base=Fraction(1, RATE))
        for _ in range(voices)
    ]
    mixed = graph.add("amix", f"inputs={voices}:normalize=0:dropout_transition=0")
    limiter = graph.add("alimiter", "limit=0.95:level=disabled")
    single = graph.add("aformat", f"sample_fmts=fltp:sample_rates={RATE}:channel_layouts=mono")
    output = graph.add("abuffersink")
    for number, each in enumerate(inputs):
        each.link_to(mixed, 0, number)
    mixed.link_to(limiter)
    limiter.link_to(single)
    single.link_to(output)
    graph.configure()
    return graph, inputs, output
