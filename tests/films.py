"""Small films as an assembled recording holds them (VP8 and Opus in WebM), made by PyAV for tests and benches."""

import io
import math
import struct
from fractions import Fraction

import av
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

FPS = 20
RATE = 48_000
SAMPLES = 960


def film(
    *,
    seconds: float = 3,
    size: tuple[int, int] = (320, 180),
    luma: int = 90,
    tone: int = 440,
    sound: bool = True,
    gap: tuple[float, float] | None = None,
    claps: tuple[float, ...] = (),
    moving: bool = False,
) -> bytes:
    """One WebM. A clap is 100 ms of white picture; all else is even grey (or a moving one) and a quiet tone."""
    target = io.BytesIO()
    with av.open(target, "w", format="webm") as out:
        picture = out.add_stream("libvpx", rate=FPS, options={"deadline": "realtime", "cpu-used": "10"})
        picture.width, picture.height = size
        picture.pix_fmt, picture.bit_rate, picture.gop_size = "yuv420p", 400_000, FPS * 2
        voice = out.add_stream("libopus", rate=RATE, layout="mono") if sound else None
        for number in range(int(seconds * 50)):
            at = number / 50
            if gap and gap[0] <= at < gap[1]:
                continue
            if voice is not None:
                out.mux(voice.encode(_tone(number, tone)))
            if number * FPS % 50 < FPS:
                index = int(at * FPS)
                bright = 235 if any(clap <= at < clap + 0.1 for clap in claps) else luma
                out.mux(picture.encode(_grey(index, size, bright, moving=moving)))
        for stream in (picture, voice):
            if stream is not None:
                out.mux(stream.encode(None))
    return target.getvalue()


def _grey(index: int, size: tuple[int, int], luma: int, *, moving: bool) -> VideoFrame:
    frame = VideoFrame(*size, "yuv420p")
    for number, plane in enumerate(frame.planes):
        row = bytes([128 if number else luma]) * plane.line_size
        if moving and not number:
            row = bytes((luma + (x + index * 7) % 64) & 0xFF for x in range(plane.line_size))
        plane.update(row * plane.height)
    frame.pts, frame.time_base = index, Fraction(1, FPS)
    return frame


def _tone(number: int, tone: int) -> AudioFrame:
    frame = AudioFrame(format="fltp", layout="mono", samples=SAMPLES)
    start = number * SAMPLES
    values = (0.2 * math.sin(2 * math.pi * tone * (start + i) / RATE) for i in range(SAMPLES))
    frame.planes[0].update(struct.pack(f"{SAMPLES}f", *values))
    frame.pts, frame.time_base, frame.sample_rate = start, Fraction(1, RATE), RATE
    return frame
