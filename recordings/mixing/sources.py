"""One sealed file as it is read for the film: its sound as samples on the timeline, its picture as the latest frame."""

from collections import deque
from collections.abc import Sequence
from typing import Any, Literal

import av
from av.audio.resampler import AudioResampler
from av.packet import Packet
from av.video.frame import VideoFrame

from recordings.mixing.sound import RATE, Track
from recordings.mixing.vp8 import Gate

# How far beyond the present moment a file is read: sound and picture of one moment stand near each other in it.
AHEAD_MS = 500
CODECS = {"video": "vp8", "audio": "opus"}


class Source:
    """A person's film, or a screen. `move_to` goes on in time; nothing is read twice."""

    def __init__(
        self, file: Any, *, kind: Literal["person", "screen"], offset_ms: int, absences: Sequence[Sequence[int]] = ()
    ) -> None:
        """`absences` are the spans of the timeline, in ms, in which there is no picture to show."""
        self.kind = kind
        self._offset_ms = offset_ms
        self._absences = absences
        self.sound = Track()
        self.picture: VideoFrame | None = None
        self.is_fresh = False
        self.gate = Gate()
        # Named, so that no other demuxer is tried on bytes of somebody else's making.
        self._container = av.open(file, "r", format="matroska")
        self._decoders = {stream.index: _decoder(stream) for stream in self._container.streams if _is_ours(stream)}
        self._packets = self._container.demux(*[s for s in self._container.streams if s.index in self._decoders])
        self._pictures: deque[tuple[int, Packet]] = deque()
        self._resampler = AudioResampler(format="fltp", layout="mono", rate=RATE)
        self._read_to: float = -1.0

    def move_to(self, now_ms: int) -> None:
        """Read what belongs to this moment: afterwards `picture` is the frame to show, and its sound is there."""
        while self._read_to < now_ms + AHEAD_MS:
            packet = next(self._packets, None)
            if packet is None:
                self._read_to = float("inf")
            elif packet.pts is not None and packet.time_base is not None:
                self._take(packet, int(packet.pts * packet.time_base * 1000) + self._offset_ms)
        while self._pictures and self._pictures[0][0] <= now_ms:
            self._show(self._pictures.popleft()[1])
        if any(start <= now_ms < end for start, end in self._absences):
            self.picture = None

    def _take(self, packet: Packet, at_ms: int) -> None:
        self._read_to = max(self._read_to, at_ms)
        if packet.stream.type == "video":
            self._pictures.append((at_ms, packet))
            return
        for frame in self._decoded(packet):
            for samples in self._resampler.resample(frame):
                self.sound.put(samples, at_ms)

    def _show(self, packet: Packet) -> None:
        if not self.gate.admits(bytes(packet)[:10]):
            return
        for frame in self._decoded(packet):
            self.picture, self.is_fresh = frame, True

    def _decoded(self, packet: Packet) -> list[Any]:
        """What the decoder makes of a packet; nothing of a broken one."""
        decoder = self._decoders[packet.stream.index]
        try:
            return list(decoder.decode(packet))
        except av.error.FFmpegError:
            if packet.stream.type == "video":
                self.gate.shut()
            return []

    def close(self) -> None:
        self._container.close()


def _is_ours(stream: Any) -> bool:
    return CODECS.get(stream.type) == stream.codec_context.name


def _decoder(stream: Any) -> Any:
    decoder = av.CodecContext.create(CODECS[stream.type], "r")
    decoder.thread_count = 1
    if stream.type == "audio":
        decoder.extradata = stream.codec_context.extradata
    return decoder
