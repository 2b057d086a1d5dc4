"""What recording costs: the relay's share, aiortc's MediaRecorder beside it, putting together, seeking, exporting.

Forwarding alone and with every room recorded are measured in turn, each run in fresh processes and a network namespace
of its own; CPU time is the relay's own, all threads, the encryption and the disk included.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.relay import Run, median, run

ROOMS = 30
RUNS = 5
SECONDS = 8.0
ONE_ROOM_SECONDS = 10.0
MEDIARECORDER_RUNS = 2
LEAST_RECORDED = 0.95  # of what was sent has to be on the disk, or the run measured something else
_PACKET_BYTES = (3 * 1150 + 80) / 4  # as the load sends them
_LONGEST = 120
LIMITS = {
    "extra_cpu_pct": ("recording every room, beside forwarding alone", "%", 25),
    "mediarecorder_ratio": ("one room, beside aiortc's MediaRecorder", "", 0.02),
    "p99_ms": ("forwarding while everything is recorded, 99 %", "ms", 15),
    "assemble_s_per_hour": ("putting an hour of two people together", "s", 20),
    "seek_ms_p95": ("seek in playback, until both pictures stand, 95 %", "ms", 500),
    "export_realtime": ("export side by side, times real time", "x", 1),  # at least
}
console = Console(stderr=True, highlight=False)


@dataclass(frozen=True)
class Pair:
    """Runs of the same load, not recorded and recorded, taken in turn."""

    plain: Sequence[Run]
    recorded: Sequence[Run]

    @property
    def extra_pct(self) -> float:
        """How much more CPU a forwarded packet costs when it is recorded too."""
        return 100 * (median(self.recorded, "us_per_packet") / median(self.plain, "us_per_packet") - 1)

    @property
    def extra_cpu_per_room(self) -> float:
        """Seconds of CPU that recording takes for one second of one room."""
        return (median(self.recorded, "cpu_pct") - median(self.plain, "cpu_pct")) / 100 / self.recorded[0]["rooms"]


def in_turn(rooms: int, seconds: float, runs: int) -> Pair:
    """So that what else the machine does falls on both."""
    plain, recorded = [], []
    # Nothing is deleted between two runs: for minutes ext4 without a journal steps over what was, at each new file.
    with tempfile.TemporaryDirectory(prefix="hc-recordings-") as folder:
        for _ in range(runs):
            plain.append(run("relay", rooms, seconds))
            recorded.append(run("relay", rooms, seconds, 2, "--recorded", f"--recordings={folder}"))
            _is_whole(recorded[-1])
    return Pair(plain, recorded)


def _is_whole(result: Run) -> None:
    """What was sent is on the disk: the load's packets, each forwarded once."""
    wanted = result["packets"] * _PACKET_BYTES / 1024
    if result["recorded_kib"] < LEAST_RECORDED * wanted:
        raise SystemExit(f"recorded {result['recorded_kib']} KiB of {wanted:.0f}: {result}")


def mediarecorder(runs: int) -> float:
    """Seconds of CPU that aiortc's recorder takes for one second of one room."""
    found = []
    for _ in range(runs):
        command = [sys.executable, "-m", "bench.mediarecorder"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST, check=False)
        if done.returncode:
            raise SystemExit(f"MediaRecorder could not be measured: {done.stderr.strip()[-600:]}")
        result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        console.print(f"MediaRecorder: {result} (machine load {os.getloadavg()[0]:.1f})", style="dim")
        found.append(result["cpu_s_per_s"])
    return statistics.median(found)


def relay_part(options: argparse.Namespace) -> dict[str, float]:
    """The three numbers of the relay."""
    many = in_turn(options.rooms, options.seconds, options.runs)
    one = in_turn(1, options.one_room_seconds, options.runs)
    theirs = mediarecorder(options.mediarecorder_runs)
    # The dearer of the two: alone in the relay, or one of many.
    ours = max(one.extra_cpu_per_room, many.extra_cpu_per_room)
    console.print(f"a room costs {100 * ours:.2f} % of a core to record; aiortc's MediaRecorder {100 * theirs:.0f} %")
    return {
        "extra_cpu_pct": round(many.extra_pct, 1),
        "mediarecorder_ratio": round(ours / theirs, 4),
        "p99_ms": round(median(many.recorded, "p99_ms"), 2),
    }


def show(result: dict[str, Any]) -> None:
    """A table for people, which docs/measurements.md takes as it is."""
    table = Table(title="Recording", title_justify="left")
    for heading in ("", "measured", "limit"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, (words, unit, limit) in LIMITS.items():
        if name in result:
            bound = "at least" if name == "export_realtime" else "at most"
            table.add_row(words, f"{result[name]} {unit}", f"{bound} {limit} {unit}")
    console.print(table)


def main() -> None:
    """Measure and print; with --json the numbers as the last line."""
    parser = argparse.ArgumentParser(prog="./run bench recording", description=__doc__)
    parser.add_argument("--json", action="store_true", help="end with one line of JSON (under 8 minutes)")
    parser.add_argument("--only", choices=("relay", "playback", "assembly"), help="one part of it")
    parser.add_argument("--quick", action="store_true", help="one short run of each")
    parser.add_argument("--rooms", type=int, default=ROOMS)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--one-room-seconds", type=float, default=ONE_ROOM_SECONDS)
    parser.add_argument("--mediarecorder-runs", type=int, default=MEDIARECORDER_RUNS)
    options = parser.parse_args()
    if options.quick:
        options.runs, options.seconds, options.one_room_seconds, options.mediarecorder_runs = 1, 4.0, 4.0, 1
    result: dict[str, Any] = {}
    if options.only in (None, "relay"):
        result |= relay_part(options)
    if options.only != "relay":
        from bench.playback import measure

        result |= measure(quick=options.quick, only_assembly=options.only == "assembly")
    show(result)
    if options.json:
        print(json.dumps(result))


if __name__ == "__main__":
    main()
