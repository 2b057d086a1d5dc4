"""The film's own file: codecs, sizes and how fast they are told to work. The figures are from docs/recording.md."""

from fractions import Fraction
from typing import Any, cast

import av
from av.audio.fifo import AudioFifo
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from recordings.mixing.sound import RATE

FPS = 20
# Chosen by measuring on one core: the fastest that each encoder has, for it must go faster than time passes.
_PICTURE: dict[str, tuple[str, dict[str, str]]] = {
    "webm": ("libvpx", {"deadline": "realtime", "cpu-used": "10", "threads": "1", "lag-in-frames": "0"}),
    "mp4": ("libx264", {"preset": "superfast", "tune": "zerolatency", "threads": "1", "profile": "main"}),
}
_SOUND = {"webm": "libopus", "mp4": "aac"}
_PICTURE_BITS, _SOUND_BITS = 1_200_000, 64_000


class Film:
    """Takes frames and samples in the order of time; `close` ends the file."""

    def __init__(self, file: Any, kind: str, size: tuple[int, int]) -> None:
        # A film needs no second writing: only its first bytes say at the end how long it is.
        self._container = av.open(file, "w", format=kind)
        name, options = _PICTURE[kind]
        self._picture = cast(VideoStream, self._container.add_stream(name, rate=FPS, options=options))
        self._picture.width, self._picture.height = size
        self._picture.pix_fmt = "yuv420p"
        self._picture.bit_rate = _PICTURE_BITS
        self._picture.time_base = Fraction(1, FPS)
        self._picture.gop_size = FPS * 5
        self._sound = cast(AudioStream, self._container.add_stream(_SOUND[kind], rate=RATE, layout="mono"))
        self._sound.bit_rate = _SOUND_BITS
        self._samples = AudioFifo()
        self._heard = 0
        self._shown = 0

    def show(self, frame: VideoFrame) -> None:
        frame.pts, frame.time_base = self._shown, Fraction(1, FPS)
        self._shown += 1
        self._container.mux(self._picture.encode(frame))

    def sound(self, frame: AudioFrame) -> None:
        """Encoders want their own number of samples at a time."""
        frame.pts = None
        self._samples.write(frame)
        wanted = self._sound.codec_context.frame_size or frame.samples
        while (part := self._samples.read(wanted)) is not None:
            self._encode(part)

    def _encode(self, part: AudioFrame) -> None:
        part.pts, part.time_base, part.sample_rate = self._heard, Fraction(1, RATE), RATE
        self._heard += part.samples
        self._container.mux(self._sound.encode(part))

    def close(self) -> None:
        rest = self._samples.read(0, partial=True)
        if rest is not None and rest.samples:
            self._encode(rest)
        self._container.mux(self._picture.encode(None))
        self._container.mux(self._sound.encode(None))
        self._container.close()
