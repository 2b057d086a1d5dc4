"""What a VP8 frame says of itself, read before a decoder sees it (RFC 6386, 9.1). Decodes nothing."""

from dataclasses import dataclass

# A header of ten bytes may claim 16383 x 16383 and cost a decoder 880 MiB. Pages send 1280 x 720, screens 1920 x 1200.
LARGEST_SIDE = 2560
LARGEST_AREA = 2560 * 1600

_START_CODE = b"\x9d\x01\x2a"


@dataclass
class Gate:
    """Lets through what a decoder may be given: a frame of bearable size and what follows it, nothing after a hole."""

    refused: int = 0
    _open: bool = False

    def admits(self, frame: bytes) -> bool:
        """Whether to decode this frame."""
        if is_key_frame(frame):
            self._open = _bearable(frame)
        if not self._open:
            self.refused += 1
        return self._open

    def shut(self) -> None:
        """A frame could not be decoded: what builds on it cannot either."""
        self.refused += 1
        self._open = False


def is_key_frame(frame: bytes) -> bool:
    return len(frame) >= 3 and not frame[0] & 1


def size_of(frame: bytes) -> tuple[int, int] | None:
    """Width and height in a key frame's header; None where there is none."""
    if not is_key_frame(frame) or len(frame) < 10 or frame[3:6] != _START_CODE:
        return None
    width = int.from_bytes(frame[6:8], "little") & 0x3FFF
    height = int.from_bytes(frame[8:10], "little") & 0x3FFF
    return width, height


def _bearable(frame: bytes) -> bool:
    size = size_of(frame)
    if size is None:
        return False
    width, height = size
    return 0 < width <= LARGEST_SIDE and 0 < height <= LARGEST_SIDE and width * height <= LARGEST_AREA
