"""What a forwarded packet costs: the relay and Debian's Janus under the same load, in turn, fresh processes each time.

Rooms of two, each seat sending 150 video packets (1150 B) and 50 audio packets (80 B) a second over real DTLS-SRTP.
CPU time is the server process' own; medians over the runs. Memory is what an extra room costs: the difference between
many rooms and few. Everything runs in a network namespace of its own.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

ROOMS = 60
RUNS = 5
SECONDS = 8.0
LOSS_LIMIT_PCT = 0.1
P99_LIMIT_MS = 10.0
LEAST_PACED = 0.99  # less means that the load process, not the server, was at its end
STEP = 15
FEW_ROOMS = 10
SEARCH_UNTIL_SECONDS = 400.0  # so that the whole ends within eight minutes
MOST_ROOMS = 240
TABLE = ((10, 2), (30, 2), (60, 2), (90, 2), (10, 4), (3, 8))  # the last three carry about as many packets
JANUS_TABLE = (10, 30, 60, 90)
_RUN_SECONDS = 120
console = Console(stderr=True, highlight=False)
Run = dict[str, Any]


def run(kind: str, rooms: int, seconds: float, seats: int = 2, *extra: str) -> Run:
    """One measurement in a process of its own."""
    command = [sys.executable, "-m", "bench.relay_load", kind, f"--rooms={rooms}", f"--seconds={seconds}"]
    command += [f"--seats={seats}", *extra]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_RUN_SECONDS, check=False)
    if done.returncode:
        raise SystemExit(f"{kind} with {rooms} rooms could not be measured: {done.stderr.strip()[-600:]}")
    result: Run = json.loads(done.stdout.splitlines()[-1])
    told = "{kind} {rooms}x{seats}: {us_per_packet} µs, CPU {cpu_pct} %, loss {loss_pct} %, p99 {p99_ms} ms"
    console.print(told.format(**result) + f" (machine load {os.getloadavg()[0]:.1f})", style="dim")
    return result


def median(runs: Iterable[Run], name: str) -> float:
    """Of one column."""
    return float(statistics.median(run[name] for run in runs))


def interleaved(options: argparse.Namespace) -> dict[str, list[Run]]:
    """Both servers in turn, so that what else the machine does falls on both."""
    runs: dict[str, list[Run]] = {"relay": [], "janus": []}
    for _ in range(options.runs):
        runs["relay"].append(run("relay", options.rooms, options.seconds))
        if not options.alone:
            extra = (f"--event-loops={options.event_loops}",)
            runs["janus"].append(run("janus", options.rooms, options.seconds, 2, *extra))
    return runs


def holds(result: Run) -> bool:
    """Whether a run stayed within what a visit can bear."""
    good = result["loss_pct"] < LOSS_LIMIT_PCT and result["p99_ms"] < P99_LIMIT_MS
    return bool(good and result["paced"] >= LEAST_PACED)


def most_rooms(seconds: float, search_until: float) -> Run | None:
    """The largest number of rooms of two that holds; a number that fails gets a second try."""
    best = None
    for rooms in range(ROOMS, MOST_ROOMS + 1, STEP):
        for _ in range(2):
            if time.monotonic() > search_until:
                console.print(f"no time to try {rooms} rooms", style="dim")
                return best
            result = run("relay", rooms, seconds)
            if holds(result):
                best = result
                break
        else:
            return best
    return best


def kib_per_extra_room(many: Sequence[Run], few: Run) -> int:
    """What one room more costs in memory; what the process needs without any is in neither side of the difference."""
    rooms = many[0]["rooms"] - few["rooms"]
    return round((median(many, "rss_kib") - few["rss_kib"]) / rooms)


def summary(runs: dict[str, list[Run]], few: Run | None, best: Run | None) -> dict[str, float | int | None]:
    """The numbers of the --json line."""
    ours, theirs = runs["relay"], runs["janus"]
    return {
        "rooms": ours[0]["rooms"],
        "us_per_packet": round(median(ours, "us_per_packet"), 2),
        "peer_us_per_packet": round(median(theirs, "us_per_packet"), 2) if theirs else None,
        "loss_pct": round(median(ours, "loss_pct"), 4),
        "p99_ms": round(median(ours, "p99_ms"), 2),
        "rooms_max": best["rooms"] if best else 0,
        "rss_per_room_kib": kib_per_extra_room(ours, few) if few else None,
    }


def show(title: str, results: Sequence[Run]) -> None:
    """A table for people, which docs/relay.md takes as it is."""
    table = Table(title=title, title_justify="left")
    columns = {
        "server": "kind", "rooms": "rooms", "seats": "seats", "µs a packet": "us_per_packet", "CPU %": "cpu_pct",
        "loss %": "loss_pct", "p50 ms": "p50_ms", "p99 ms": "p99_ms", "RSS KiB": "rss_kib",
        "load's CPU %": "load_cpu_pct",
    }  # fmt: skip
    for heading in columns:
        table.add_column(heading, justify="left" if heading == "server" else "right")
    for result in results:
        table.add_row(*(str(result[name]) for name in columns.values()))
    console.print(table)


def middle(runs: Sequence[Run]) -> Run:
    """A row of medians."""
    numbers = [name for name, value in runs[0].items() if isinstance(value, int | float)]
    return {**runs[0], **{name: round(median(runs, name), 2) for name in numbers}}


def table(options: argparse.Namespace) -> None:
    """Cost by number of rooms and of seats."""
    plan = [("relay", rooms, seats) for rooms, seats in TABLE]
    if not options.alone:
        plan += [("janus", rooms, 2) for rooms in JANUS_TABLE]
    found: dict[tuple[str, int, int], list[Run]] = {place: [] for place in plan}
    for _ in range(options.runs):
        for place in plan:
            kind, rooms, seats = place
            found[place].append(run(kind, rooms, options.seconds, seats, f"--event-loops={options.event_loops}"))
    show("Cost by rooms and seats, medians", [middle(runs) for runs in found.values()])
    least, most = found["relay", TABLE[0][0], 2], found["relay", TABLE[3][0], 2]
    console.print(f"an extra room of two costs {kib_per_extra_room(most, middle(least))} KiB")


def main() -> None:
    """Measure and print; with --json the numbers as the last line."""
    parser = argparse.ArgumentParser(prog="./run bench relay", description=__doc__)
    parser.add_argument("--json", action="store_true", help="end with one line of JSON (under 8 minutes)")
    parser.add_argument("--table", action="store_true", help="the table of docs/relay.md instead")
    parser.add_argument("--quick", action="store_true", help="one short run of each, no search for the most rooms")
    parser.add_argument("--alone", action="store_true", help="without Janus")
    parser.add_argument("--rooms", type=int, default=ROOMS)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--event-loops", type=int, default=0, help="Janus' threads; 0, its default: one a connection")
    options = parser.parse_args()
    if options.quick:
        options.runs, options.seconds = 1, 4.0
    if options.table:
        table(options)
        return
    started_at = time.monotonic()
    runs = interleaved(options)
    show(f"{options.rooms} rooms, medians of {options.runs}", [middle(each) for each in runs.values() if each])
    few = run("relay", FEW_ROOMS, options.seconds) if options.rooms > FEW_ROOMS else None
    best = None if options.quick else most_rooms(options.seconds, started_at + SEARCH_UNTIL_SECONDS)
    if best is not None:
        console.print(f"{best['rooms']} rooms hold, at {best['cpu_pct']} % of a core, p99 {best['p99_ms']} ms")
    result = summary(runs, few, best)
    console.print(f"an extra room of two costs {result['rss_per_room_kib']} KiB")
    if options.json:
        print(json.dumps(result))


if __name__ == "__main__":
    main()
