"""The table of what a seat can send, and the one codec of each medium. Nothing that negotiates or forwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Media = Literal["audio", "video"]


@dataclass(frozen=True, slots=True)
class Codec:
    """One payload type, alike for every seat, so that packets pass unchanged from any seat to any other."""

    payload_type: int
    rtpmap: str
    fmtp: str
    feedback: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """One thing a seat may send. A new row here is a new section in every offer."""

    name: str
    media: Media


CODECS: dict[Media, Codec] = {
    "audio": Codec(111, "opus/48000/2", "minptime=10;useinbandfec=1", ("nack",)),
    # Chromium starts at 300 kbit/s without the hint and takes half a minute to reach 1280 px.
    "video": Codec(96, "VP8/90000", "x-google-start-bitrate=1500", ("nack", "nack pli", "ccm fir", "goog-remb")),
}

SOURCES: tuple[Source, ...] = (Source("audio", "audio"), Source("camera", "video"), Source("screen", "video"))

ALL = frozenset(source.name for source in SOURCES)

MEDIA_OF: dict[str, Media] = {source.name: source.media for source in SOURCES}

CLOCK_RATE: dict[Media, int] = {"audio": 48000, "video": 90000}

ABS_SEND_TIME_ID = 2
ABS_SEND_TIME_URI = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
