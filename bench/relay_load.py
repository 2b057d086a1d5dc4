"""One measurement of one server, in a process and a network namespace of its own; the result is one JSON line.

`bench.relay` starts it as often as it needs. The namespace holds one address that reaches nothing else, so that the
load cannot leave the machine and Janus, which ignores loopback, can be measured like the relay.
"""

import argparse
import asyncio
import contextlib
import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import psutil

from bench import janus
from bench.load_loop import Loop, Seat
from bench.relay_seats import JanusHouse, RelayHouse
from tests.servers import stop

ADDRESS = "10.99.0.1"
WARM_UP_SECONDS = 1.5
_INSIDE = "HOUSECALL_BENCH_INSIDE"
_SETTING_UP = f"""
ip link set lo up && ip link add bench0 type veth peer name bench1 && ip addr add {ADDRESS}/32 dev bench0 &&
ip link set bench0 up && ip link set bench1 up && exec "$@"
"""


@dataclass(frozen=True, slots=True)
class Result:
    """What one run measured. `paced` says how much of the wished load the load process managed to send."""

    kind: str
    rooms: int
    seats: int
    us_per_packet: float
    cpu_pct: float
    loss_pct: float
    p50_ms: float
    p99_ms: float
    rss_kib: float
    packets: int
    paced: float
    load_cpu_pct: float
    setup_s: float
    recorded_kib: int  # on the disk at the end


@contextlib.contextmanager
def server_running(kind: str, folder: Path, recordings: Path) -> Iterator[int]:
    """A fresh relay, or stock aiortc in its place; yields its process id and stops it at the end."""
    relay = ["relay", "--bind", ADDRESS, "--announce", ADDRESS, "--port", "0", "--drain", "0"]
    command = [sys.executable, "-m", *(["bench.stock"] if kind == "stock" else relay)]
    command += ["--control", str(folder / "relay.sock")]
    environment = {**os.environ, "RELAY_RECORDINGS": str(recordings)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    try:
        assert process.stdout is not None
        if b"ready" not in process.stdout.readline():
            raise RuntimeError(f"{kind} did not start")
        yield process.pid
    finally:
        stop(process, 20)


def measure(options: argparse.Namespace) -> Result:
    """Start the server, fill it, load it, stop it."""
    with tempfile.TemporaryDirectory(prefix="hc-load-") as name:
        folder = Path(name)
        recordings = Path(tempfile.mkdtemp(dir=options.recordings) if options.recordings else folder / "recordings")
        if options.kind == "janus":
            server = janus.running(folder, ADDRESS, options.event_loops)
        else:
            server = server_running(options.kind, folder, recordings)
        with server as pid:
            process = psutil.Process(pid)
            started_at = time.monotonic()
            house = (
                JanusHouse(folder, ADDRESS, options.rooms)
                if options.kind == "janus"
                else RelayHouse(folder / "relay.sock", ADDRESS, options.rooms, options.seats, options.recorded)
            )
            seats = asyncio.run(house.fill())
            setup = time.monotonic() - started_at
            loop = Loop(seats, house.chore)
            result = _window(loop, seats, process, options, setup)
        parts = [path.stat().st_size for path in recordings.rglob("*.age")]
        return replace(result, recorded_kib=sum(parts) // 1024)


def _window(
    loop: Loop, seats: list[Seat], process: psutil.Process, options: argparse.Namespace, setup: float
) -> Result:
    gc.collect()
    gc.freeze()
    loop.run(options.warm_up)
    cpu, own, started_at = _cpu(process), time.process_time(), time.monotonic()
    if options.profile:
        subprocess.Popen([*options.profile.split(), str(process.pid)])
    count = loop.run(options.seconds)
    seconds = time.monotonic() - started_at
    used, own_used = _cpu(process) - cpu, time.process_time() - own
    rss = sum(one.memory_info().rss for one in (process, *process.children(recursive=True)))
    copies = options.seats - 1
    delays = sorted(count.delays_ns)
    return Result(
        kind=options.kind,
        rooms=options.rooms,
        seats=options.seats,
        us_per_packet=round(used * 1e6 / max(1, count.received), 2),
        cpu_pct=round(100 * used / seconds, 1),
        loss_pct=round(100 * max(0.0, 1 - count.received / max(1, count.sent * copies)), 4),
        p50_ms=round(delays[len(delays) // 2] / 1e6, 2) if delays else -1.0,
        p99_ms=round(delays[len(delays) * 99 // 100] / 1e6, 2) if delays else -1.0,
        rss_kib=round(rss / 1024),
        packets=count.received,
        paced=round(count.sent / max(1, count.wanted), 4),
        load_cpu_pct=round(100 * own_used / seconds, 1),
        setup_s=round(setup, 1),
        recorded_kib=0,
    )


def _cpu(process: psutil.Process) -> float:
    """Of the server and whatever it has started: recordings are sealed by a process of their own."""
    times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    return float(sum(one.user + one.system for one in times))


def enter_namespace(arguments: list[str], module: str = "bench.relay_load") -> None:
    """Run this again inside a network namespace; as another user than root, inside a user namespace too."""
    if _INSIDE in os.environ:
        return
    flags = "-n" if os.geteuid() == 0 else "-Urn"
    command = ["unshare", flags, "sh", "-c", _SETTING_UP, "sh", sys.executable, "-m", module, *arguments]
    os.execvpe("unshare", command, {**os.environ, _INSIDE: "1"})


def main() -> None:
    """One run."""
    parser = argparse.ArgumentParser(prog="python -m bench.relay_load", description=__doc__)
    parser.add_argument("kind", choices=("relay", "janus", "stock"))
    parser.add_argument("--rooms", type=int, default=60)
    parser.add_argument("--seats", type=int, default=2, help="in each room; Janus: two only")
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--warm-up", type=float, default=WARM_UP_SECONDS)
    parser.add_argument("--recorded", action="store_true", help="everybody, by the relay")
    parser.add_argument("--recordings", default="", help="a folder where they stay; else they go at the end")
    parser.add_argument("--event-loops", type=int, default=0, help="Janus' own threads; 0: one for each connection")
    parser.add_argument("--profile", default="", help="a command that gets the server's process id, while loaded")
    options = parser.parse_args()
    if options.kind == "janus" and options.seats != 2:
        parser.error("Janus is measured with two seats only")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the server started here is stopped
    enter_namespace(sys.argv[1:])
    print(json.dumps(asdict(measure(options))), flush=True)


if __name__ == "__main__":
    main()
