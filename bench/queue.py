"""A full house on one web process: 1,000 people in waiting rooms and 100 boards, how soon a change is on every screen.

PostgreSQL and Redis, the web process as the supervisor starts it, all pages held by a process of their own that behaves
as the pages' scripts do. Everybody comes at once; then a while of heartbeats only; then people are called in, arrive
and are told of lateness, two changes a second, each timed from the press until the last page that it concerns has the
frame; then the web process is killed and all come back. The cameras of those who wait are left out.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

REST_SECONDS, SETTLE_SECONDS = 30.0, 12.0
CHANGES, PER_SECOND = 120, 2.0
LIMITS: dict[str, tuple[str, str, str]] = {
    "change_to_screen_ms_p99": ("a change, until the last page has it, 99 %", "ms", "at most 400"),
    "change_to_screen_ms_p50": ("the same, median", "ms", ""),
    "press_answered_ms_p50": ("the press itself answered, median", "ms", ""),
    "kib_per_socket": ("memory of the web process for each socket", "KiB", "at most 100"),
    "connects_per_s": ("first snapshots, all coming back after a kill", "/s", "at least 100"),
    "connects_per_s_first": ("the same when all come for the first time", "/s", ""),
    "cpu_ms_per_connect": ("CPU of the web process for each that comes back", "ms", ""),
    "cpu_ms_per_heartbeat": ("CPU for each socket's 10 s of heartbeat", "ms", ""),
    "cpu_ms_per_change": ("CPU for each change beside heartbeats", "ms", ""),
    "unseen": ("changes that somebody was not shown, or presses refused", "", "at most 0"),
    "sockets": ("sockets", "", ""),
}
console = Console(stderr=True, highlight=False)


def percentile(values: list[float], percent: float) -> float:
    """The value that so many percent of the measured ones do not exceed (nearest rank)."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(len(ranked) * percent / 100) - 1)] if ranked else math.nan


class LoadProcess:
    """The process that holds the pages."""

    def __init__(self, plan: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.queue_load", str(plan)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def do(self, word: str, *numbers: float) -> dict[str, Any]:
        """Have it done, and what came of it."""
        self.begin(word, *numbers)
        return self.result()

    def begin(self, word: str, *numbers: float) -> None:
        assert self._process.stdin is not None
        print(word, *numbers, file=self._process.stdin, flush=True)

    def result(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("the load has ended")
        found: dict[str, Any] = json.loads(line)
        return found

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(20)


class Web:
    """What the web process that runs now has used."""

    def __init__(self, house: Any) -> None:
        self.process = house.child("telehealth.serve")

    def cpu_s(self) -> float:
        used: Any = self.process.cpu_times()
        return float(used.user + used.system)

    def kib(self) -> float:
        return float(self.process.memory_info().rss) / 1024


def prepared(folder: Path, addresses: dict[str, str]) -> tuple[Any, Path]:
    """A house with a full clinic, not started yet, and the plan for the load."""
    from tests.browser.house import House

    house = House(folder, **addresses)
    os.environ.update(house.environment, DJANGO_SETTINGS_MODULE="telehealth.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection, connections

    call_command("migrate", verbosity=0, interactive=False)
    from bench.queue_clinic import WaitingClinic

    clinic = WaitingClinic()
    plan = folder / "plan.json"
    plan.write_text(json.dumps({"port": house.port, **plan_of(clinic)}))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    connections.close_all()
    return house, plan


def plan_of(clinic: Any) -> dict[str, Any]:
    """Who has which page and cookie."""
    from scheduling.links import COOKIE_NAME, path_of, session_cookie_for
    from tests.browser.clinic import session_of

    sessions = [session_of(user) for user in clinic.users]
    return {
        "people": [
            {
                "line": place.line,
                "is_here": place.is_here,
                "path": path_of(link),
                "cookie": f"{COOKIE_NAME}={session_cookie_for(link)}",
            }
            for place, link in clinic.links
        ],
        "boards": [
            {"path": f"/staff/queue/{line.uuid}/", "cookie": f"{session.name}={session.value}"}
            for line, session in zip(clinic.lines, sessions, strict=False)
        ],
        "members": [clinic.members_of(line) for line in range(len(clinic.lines))],
    }


def measure(seconds: float, changes: int) -> dict[str, Any]:
    """Everything, with servers of its own."""
    from tests.servers import servers

    with (
        servers() as addresses,
        tempfile.TemporaryDirectory(prefix="hc-b-", dir="/tmp", ignore_cleanup_errors=True) as name,
    ):
        house, plan = prepared(Path(name), addresses)
        house.start()
        load = LoadProcess(plan)
        try:
            return _measured(house, load, seconds, changes)
        finally:
            load.stop()
            house.stop()
            console.print(house.log()[-2000:], style="dim")


def _measured(house: Any, load: LoadProcess, seconds: float, changes: int) -> dict[str, Any]:
    tell = console.print
    web = Web(house)
    tell(f"warm: {load.do('warm')}", style="dim")
    time.sleep(3)
    empty = web.kib()
    opened = load.do("open")
    tell(f"first: {opened}", style="dim")
    time.sleep(SETTLE_SECONDS)
    kib = web.kib() - empty
    sockets = opened["pages"]
    cpu, begun = web.cpu_s(), time.monotonic()
    pings = load.do("rest", seconds)["pings"]
    resting, rested = web.cpu_s() - cpu, time.monotonic() - begun
    tell(f"rest: {resting:.1f} s of CPU in {rested:.0f} s, {pings} pings", style="dim")
    cpu, begun = web.cpu_s(), time.monotonic()
    changed = load.do("change", changes, PER_SECOND)
    changing = web.cpu_s() - cpu - resting / rested * (time.monotonic() - begun)
    _tell_kinds(changed)
    load.begin("back")
    house.kill("telehealth.serve")
    back = load.result()
    again = Web(house).cpu_s()
    tell(f"back: {back}, {again:.1f} s of CPU since the start", style="dim")
    times = [one["ms"] for one in changed["changes"]]
    return {
        "change_to_screen_ms_p99": round(percentile(times, 99)),
        "change_to_screen_ms_p50": round(percentile(times, 50)),
        "press_answered_ms_p50": round(statistics.median(one["answered_ms"] for one in changed["changes"])),
        "kib_per_socket": round(kib / sockets, 1),
        "connects_per_s": round(back["per_s"], 1) if back["shown"] == sockets else 0.0,
        "connects_per_s_first": round(opened["per_s"], 1) if opened["shown"] == sockets else 0.0,
        "cpu_ms_per_connect": round(again * 1000 / sockets, 1),
        "cpu_ms_per_heartbeat": round(resting * 1000 / max(1, pings), 2),
        "cpu_ms_per_change": round(changing * 1000 / changes, 1),
        "unseen": sum(changed["refused"].values()),
        "sockets": sockets,
        "load_average": round(psutil.getloadavg()[0], 1),
    }


def _tell_kinds(changed: dict[str, Any]) -> None:
    shown = " ".join(f"{one['ms']:.0f}/{one['board_ms']:.0f}/{one['answered_ms']:.0f}" for one in changed["changes"])
    console.print(f"each, ms until all, the boards, the press have it: {shown}", style="dim")
    worst = sorted(enumerate(changed["changes"]), key=lambda one: -one[1]["ms"])[:5]
    told = ", ".join(f"{one['kind']} {number}: {one['ms']:.0f} ({one['answered_ms']:.0f})" for number, one in worst)
    console.print(f"slowest, ms (answered): {told}", style="dim")
    for kind in ("call", "arrive", "late"):
        times = [one["ms"] for one in changed["changes"] if one["kind"] == kind]
        told = f"{kind}: median {percentile(times, 50):.0f} ms, 95 % {percentile(times, 95):.0f}, most {max(times):.0f}"
        console.print(told, style="dim")
    console.print(f"refused: {changed['refused']}", style="dim")


def show(result: dict[str, Any]) -> None:
    """A table for people, which docs/measurements.md takes as it is."""
    table = Table(title="A full house", title_justify="left")
    for heading in ("", "measured", "limit"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, (words, unit, limit) in LIMITS.items():
        table.add_row(words, f"{result[name]} {unit}", f"{limit} {unit}" if limit else "")
    console.print(table)


def main() -> None:
    """Measure and print; with --json the numbers as the last line."""
    parser = argparse.ArgumentParser(prog="./run bench queue", description=__doc__)
    parser.add_argument("--json", action="store_true", help="end with one line of JSON (about 5 minutes)")
    parser.add_argument("--seconds", type=float, default=REST_SECONDS, help="of heartbeats only")
    parser.add_argument("--changes", type=int, default=CHANGES)
    options = parser.parse_args()
    result = measure(options.seconds, options.changes)
    show(result)
    if options.json:
        print(json.dumps(result))


if __name__ == "__main__":
    main()
