"""What aiortc's own MediaRecorder costs for one room: two people at 720p, each into an MP4, in a process of its own.

Real VP8 and Opus over real DTLS-SRTP. It may encode more slowly than people talk, so the cost is all that the process
needed until it had written what was sent, by seconds sent. The result is one JSON line; `bench.recording` starts this.
"""

import argparse
import asyncio
import contextlib
import json
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import psutil
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRecorder

from bench.load_loop import AUDIO, VIDEO, Seat
from bench.relay_load import ADDRESS, enter_namespace
from bench.relay_seats import RelayHouse
from tests.recording.film import FRAMES_A_SECOND, RATE, SOUND_MS, Film, film
from tests.servers import stop

SECONDS = 4
IDLE_SHARE = 0.05  # of a core: below it the process has written everything
LONGEST_WRITING = 120.0
LEAST_WRITTEN = 0.9  # its jitter buffer keeps the last
_HEAD = struct.Struct("!BBHII")


class Recorders:
    """Speaks as much of the relay's control link as the load needs; everybody who connects is recorded."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._connections: dict[str, RTCPeerConnection] = {}
        self._recorders: list[MediaRecorder] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.CancelledError):  # at the end of the process
            while line := await reader.readline():
                message = json.loads(line)
                handler = {"connect": self._connect, "answer": self._answer}.get(message["type"])
                if handler is not None:
                    task = asyncio.create_task(handler(message, writer))
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)

    async def _connect(self, message: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self._connections[message["connection"]] = connection
        for kind in ("audio", "video"):
            connection.addTransceiver(kind, direction="recvonly")
        await connection.setLocalDescription(await connection.createOffer())
        offer = {"type": "offer", "offer": 1, "sdp": connection.localDescription.sdp, "down": [{}] * 16}
        writer.write(json.dumps({**message, **offer}).encode() + b"\n")

    async def _answer(self, message: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        connection = self._connections[message["connection"]]
        recorder = MediaRecorder(str(self._folder / f"{message['seat']}.mp4"))
        self._recorders.append(recorder)
        connection.on("track", recorder.addTrack)
        await connection.setRemoteDescription(RTCSessionDescription(message["sdp"], "answer"))
        await recorder.start()

    async def close(self) -> None:
        """Only this makes its files whole."""
        for recorder in self._recorders:
            await recorder.stop()


async def serve(control: str, folder: Path) -> None:
    """Run until told to stop."""
    recorders, told = Recorders(folder), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    async with await asyncio.start_unix_server(recorders.serve, control, limit=1 << 20):
        print("ready", flush=True)
        await told.wait()
        await recorders.close()


@contextlib.contextmanager
def recorders_running(folder: Path) -> Iterator[psutil.Process]:
    """The process that is measured."""
    command = [sys.executable, "-m", "bench.mediarecorder", "--serve", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        if b"ready" not in process.stdout.readline():
            raise RuntimeError("aiortc did not start")
        yield psutil.Process(process.pid)
    finally:
        stop(process, 5)


def send(seats: list[Seat], shown: Film, seconds: int) -> None:
    """The film from everybody, as fast as people see and speak."""
    numbers = dict.fromkeys(range(len(seats)), 0)
    began = time.perf_counter()
    sounds_a_picture = 1000 / SOUND_MS / FRAMES_A_SECOND
    spoken = 0
    for place in range(seconds * FRAMES_A_SECOND):
        if (early := began + place / FRAMES_A_SECOND - time.perf_counter()) > 0:
            time.sleep(early)
        payloads = shown.pictures[place % len(shown.pictures)]
        for who, seat in enumerate(seats):
            for at, payload in enumerate(payloads):
                kind = VIDEO | (0x80 if at == len(payloads) - 1 else 0)
                head = _HEAD.pack(0x80, kind, numbers[who] & 0xFFFF, place * 90000 // FRAMES_A_SECOND, seat.video)
                numbers[who] += 1
                seat.up.sock.send(seat.up.protect(head + payload))
            for sound in range(spoken, int((place + 1) * sounds_a_picture)):
                head = _HEAD.pack(0x80, AUDIO, sound, sound * RATE * SOUND_MS // 1000, seat.audio)
                seat.up.sock.send(seat.up.protect(head + shown.sounds[sound % len(shown.sounds)]))
        spoken = int((place + 1) * sounds_a_picture)


def until_idle(process: psutil.Process) -> float:
    """Wait until everything was written; the process' CPU seconds then."""
    deadline, used = time.monotonic() + LONGEST_WRITING, -1.0
    while time.monotonic() < deadline:
        before, used = used, cpu_seconds(process)
        if before >= 0 and used - before < IDLE_SHARE:
            return used
        time.sleep(1.0)
    raise RuntimeError("MediaRecorder did not come to an end")


def pictures_in(path: Path) -> int:
    """How many a file has."""
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def cpu_seconds(process: psutil.Process) -> float:
    """User and system time of all its threads."""
    times = process.cpu_times()
    return float(times.user + times.system)


def measure(seconds: int) -> dict[str, float]:
    """Fill one room, send, wait, divide."""
    shown = film(seconds)
    with tempfile.TemporaryDirectory(prefix="hc-mediarecorder-") as name:
        with recorders_running(Path(name)) as process:
            house = RelayHouse(Path(name) / "relay.sock", ADDRESS, 1, 2)
            seats = asyncio.run(house.fill())
            before = cpu_seconds(process)
            send(seats, shown, seconds)
            used = until_idle(process) - before
        written = [pictures_in(path) for path in Path(name).glob("*.mp4")]
    if min(written) < LEAST_WRITTEN * len(shown.pictures):
        raise RuntimeError(f"MediaRecorder wrote {written} of {len(shown.pictures)} pictures")
    return {"cpu_s_per_s": round(used / seconds, 4), "kbps": round(shown.kbps), "seconds": seconds}


def main() -> None:
    """One run; or, inside it, the process that is measured."""
    parser = argparse.ArgumentParser(prog="python -m bench.mediarecorder", description=__doc__)
    parser.add_argument("--serve", type=Path, help="be the process that records, into this folder")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="of media")
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve(str(options.serve / "relay.sock"), options.serve))
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the process started here is stopped
    enter_namespace(sys.argv[1:], "bench.mediarecorder")
    print(json.dumps(measure(options.seconds)), flush=True)


if __name__ == "__main__":
    main()
