"""The hot loop of the load: seats send at a fixed pace and count what comes. Sockets and keys are made elsewhere.

Lean on purpose, since it shares the machine with what it measures: one socket call and one encryption for a packet
going out, one socket call for a packet coming in. One packet in fifty carries its time of sending and, so that it is
known before it is opened, the marker bit.
"""

import select
import socket
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from relay import rtcp

AUDIO, VIDEO = 111, 96
_MARKER = 0x80
PLAIN = (AUDIO, VIDEO)
SAMPLED = (AUDIO | _MARKER, VIDEO | _MARKER)
SAMPLE_EVERY = 50
PER_SECOND = 200  # packets a seat sends: three of video, one of voice, and so on
AUDIO_BYTES, VIDEO_BYTES = 80, 1150
KEY_FRAME_EVERY = 300
ESTIMATE = 20_000_000  # bits a second each seat says it can take: enough for seven cameras
CHECK_EVERY = 2.5  # seconds between a browser's consent checks
_DRAIN_SECONDS = 0.5
_BATCH = 64  # sent at most before looking for what came
_HEAD = struct.Struct("!BBHI")
_TIME = struct.Struct("!Q")
_SR = struct.Struct("!BBHIQIII")


@dataclass(slots=True)
class Line:
    """One connection to the server: its socket, keys, and a connectivity check ready to be sent again."""

    sock: socket.socket
    protect: Callable[[bytes], bytes]
    unprotect: Callable[[bytes], bytes]
    protect_rtcp: Callable[[bytes], bytes]
    check: bytes


@dataclass(slots=True)
class Seat:
    """What one seat sends on, what it receives on (the same line, except with Janus), and where it stands."""

    up: Line
    down: Line
    audio: int
    video: int
    heard: tuple[int, ...] = ()  # SSRCs it receives, for its reports
    packets: int = 0
    videos: int = 0
    audios: int = 0
    reports: int = 0


@dataclass(slots=True)
class Count:
    """What one window of the loop saw."""

    sent: int = 0
    received: int = 0
    wanted: int = 0  # what the pace asked for: less was sent when the load itself could not follow
    delays_ns: list[int] = field(default_factory=list)


class Loop:
    """Sends for all seats in turn and takes what comes."""

    def __init__(self, seats: Sequence[Seat], chore: Callable[[], None]) -> None:
        self._seats = seats
        self._chore = chore  # every two seconds
        self._poll = select.epoll()
        self._lines: dict[int, tuple[Callable[[int], bytes], Callable[[bytes], bytes]]] = {}
        for line in {id(line): line for seat in seats for line in (seat.up, seat.down)}.values():
            self._lines[line.sock.fileno()] = (line.sock.recv, line.unprotect)
            self._poll.register(line.sock.fileno(), select.EPOLLIN)
        pad = bytes(VIDEO_BYTES)
        self._plain = {
            AUDIO: bytes(AUDIO_BYTES),
            VIDEO: b"\x10\x01" + pad[2:],
        }
        self._key_frame = b"\x10\x00" + pad[2:]
        self._turn = 0
        self._next_report = 0
        self._chore_at = 0.0
        self._reported_at = 0.0

    def run(self, seconds: float) -> Count:
        """One window at full pace, then a moment for what is still under way."""
        count = Count()
        pace = len(self._seats) * PER_SECOND
        started_at = time.perf_counter()
        self._reported_at = started_at
        while (now := time.perf_counter()) - started_at < seconds:
            count.wanted = int((now - started_at) * pace)
            for _ in range(min(count.wanted - count.sent, _BATCH)):
                self._send_next()
                count.sent += 1
            self._report(now)
            self._take(count, 0 if count.wanted - count.sent > _BATCH else 0.001)
        drained_by = time.perf_counter() + _DRAIN_SECONDS
        while time.perf_counter() < drained_by:
            self._take(count, 0.01)
        return count

    def _send_next(self) -> None:
        seat = self._seats[self._turn % len(self._seats)]
        self._turn += 1
        number = seat.packets
        seat.packets = number + 1
        kind = AUDIO if number & 3 == 3 else VIDEO
        if kind == AUDIO:
            seat.audios = place = seat.audios + 1
            ssrc, stamp, payload = seat.audio, place * 960, self._plain[AUDIO]
        else:
            seat.videos = place = seat.videos + 1
            key = place % KEY_FRAME_EVERY == 1
            ssrc, stamp, payload = seat.video, place // 5 * 3000, self._key_frame if key else self._plain[VIDEO]
        if number % SAMPLE_EVERY == 0:
            payload = payload[:2] + _TIME.pack(time.perf_counter_ns()) + payload[10:]
            kind |= _MARKER
        packet = _HEAD.pack(0x80, kind, place & 0xFFFF, stamp & 0xFFFFFFFF) + ssrc.to_bytes(4, "big") + payload
        try:
            seat.up.sock.send(seat.up.protect(packet))
        except OSError:  # a full buffer: counted as lost, which it is
            return

    def _take(self, count: Count, patience: float) -> None:
        lines = self._lines
        for number, _ in self._poll.poll(patience):
            receive, unprotect = lines[number]
            try:
                data = receive(2048)
            except OSError:
                continue
            kind = data[1]
            if kind in PLAIN:
                count.received += 1
            elif kind in SAMPLED and data[0] == 0x80:
                count.received += 1
                (sent_at,) = _TIME.unpack_from(unprotect(data), 14)
                count.delays_ns.append(time.perf_counter_ns() - sent_at)

    def _report(self, now: float) -> None:
        """What a browser sends besides media, spread over the second: reports, its estimate, consent checks."""
        due = int((now - self._reported_at) * len(self._seats))
        if due > 0:
            self._reported_at += due / len(self._seats)
        for _ in range(due):
            seat = self._seats[self._next_report % len(self._seats)]
            self._next_report += 1
            self._report_for(seat)
        if now >= self._chore_at:
            self._chore_at = now + 2.0
            self._chore()

    def _report_for(self, seat: Seat) -> None:
        seat.reports += 1
        blocks = [rtcp.ReportBlock(ssrc, 0, 0, 1, 0, 0, 0) for ssrc in seat.heard]
        received = rtcp.receiver_report(blocks) + rtcp.bitrate_limit(ESTIMATE, seat.heard)
        packets = [(seat.down, received)]
        for ssrc in (seat.audio, seat.video):
            sent = _SR.pack(0x80, 200, 6, ssrc, time.time_ns(), 0, seat.packets, 0)
            packets.append((seat.up, sent + rtcp.description(ssrc, b"seat")))
        for line, packet in packets:
            _send(line, line.protect_rtcp(packet))
        if seat.reports % int(CHECK_EVERY * 2) in (1, 3):  # two in five seconds
            for line in {id(seat.up): seat.up, id(seat.down): seat.down}.values():
                _send(line, line.check)


def _send(line: Line, data: bytes) -> None:
    try:
        line.sock.send(data)
    except OSError:
        return
