"""The picture of the film: everybody's latest frame, scaled into its place. What has not changed is not touched."""

from dataclasses import dataclass
from typing import Any

from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

from recordings.mixing import layout
from recordings.mixing.layout import Box

# The dark of the call's stage, in the limited range of video: what nobody fills.
_DARK = (28, 131, 122)


@dataclass
class _Plane:
    """One third of the picture: brightness, or one of the two colours at half the size."""

    content: bytearray
    width: int
    height: int

    def fill(self, value: int, box: Box) -> None:
        row = bytes([value]) * box.width
        for y in range(box.y, box.y + box.height):
            start = y * self.width + box.x
            self.content[start : start + box.width] = row

    def put(self, plane: Any, box: Box) -> None:
        source, stride = memoryview(plane), plane.line_size
        for y in range(box.height):
            start = (box.y + y) * self.width + box.x
            self.content[start : start + box.width] = source[y * stride : y * stride + box.width]


class Canvas:
    """A picture that stays, and is copied out frame by frame."""

    def __init__(self, width: int, height: int) -> None:
        self.size = (width, height)
        self._planes = [_Plane(bytearray(w * h), w, h) for w, h in _sizes(width, height)]
        self._scalers: dict[int, VideoReformatter] = {}
        self.clear(Box(0, 0, width, height))

    def clear(self, box: Box) -> None:
        """Nobody is here."""
        for plane, value, part in zip(self._planes, _DARK, _parts(box), strict=True):
            plane.fill(value, part)

    def draw(self, who: int, picture: VideoFrame, box: Box) -> None:
        """Scale a picture into its place; the same person keeps the same scaler."""
        inside = layout.fitted(box, picture.width, picture.height)
        if inside != box:
            self.clear(box)
        scaler = self._scalers.setdefault(who, VideoReformatter())
        scaled = scaler.reformat(
            picture, inside.width, inside.height, "yuv420p", interpolation=Interpolation.FAST_BILINEAR, threads=1
        )
        for plane, found, part in zip(self._planes, scaled.planes, _parts(inside), strict=True):
            plane.put(found, part)

    def frame(self) -> VideoFrame:
        """A copy for the encoder, which may keep it for a while."""
        frame = VideoFrame(*self.size, "yuv420p")
        for mine, plane in zip(self._planes, frame.planes, strict=True):
            if plane.line_size == mine.width:
                plane.update(bytes(mine.content))
            else:
                _copy_rows(mine, plane)
        return frame


def _copy_rows(mine: _Plane, plane: Any) -> None:
    target, stride = memoryview(plane), plane.line_size
    for y in range(mine.height):
        target[y * stride : y * stride + mine.width] = mine.content[y * mine.width : (y + 1) * mine.width]


def _sizes(width: int, height: int) -> tuple[tuple[int, int], ...]:
    return (width, height), (width // 2, height // 2), (width // 2, height // 2)


def _parts(box: Box) -> tuple[Box, Box, Box]:
    half = Box(box.x // 2, box.y // 2, box.width // 2, box.height // 2)
    return box, half, half
