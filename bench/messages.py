"""How fast messages leave the house, what a sweep costs beside 100,000 that wait, and how late a burst is.

PostgreSQL and Redis, two Celery workers and a beat in processes of their own, as a clinic runs them; a message takes
the whole way (claim, fence, a fresh look at its visit, preferences, words in HTML and text with its calendar file,
carrier, evidence), and the carrier is the local sink, which writes it into the same database.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.booking import database, percentile, redis_of

WORKERS, BURST, WAITING, DUE, SWEEPS = 2, 1_000, 100_000, 100, 40
THROUGH = 3_000
KIND = "visit.booked"
LONGEST_SECONDS = 90.0
LIMITS = {
    "per_second": ("messages a second, two workers", "/s", "at least", 100),
    "sweep_ms_p95_at_100k": ("a sweep beside 100,000 that wait", "ms", "at most", 50),
    "late_p99_s": ("lateness of 1,000 due at once, 99 %", "s", "at most", 30),
}
console = Console(stderr=True, highlight=False)


def measure() -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="hc-b-", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with database("postgres", folder) as address, redis_of("postgres") as redis:
            return _measure(folder, address, redis)


def _measure(folder: Path, address: str, redis: str) -> dict[str, Any]:
    from tests.browser.house import House

    house = House(folder, DATABASE_URL=address, REDIS_URL=redis)
    os.environ.update(house.environment, DJANGO_SETTINGS_MODULE="telehealth.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from bench.booking_clinic import BenchClinic

    call_command("migrate", verbosity=0, interactive=False)
    visits = _visits(BenchClinic())
    sweeps = _sweeps(visits)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    rate = _per_second(folder, visits)
    late = _burst(folder, visits)
    return {"per_second": rate, "sweep_ms_p95_at_100k": sweeps, "late_p99_s": late}


def _visits(clinic: Any) -> list[Any]:
    """Those of the days to come, whose patients have an address each."""
    from accounts.models import Patient
    from core.clock import now
    from scheduling.models import Appointment

    for patient in clinic.patients:
        patient.email = f"patient{patient.pk}@bench.example"
    Patient.objects.bulk_update(clinic.patients, ["email"], batch_size=1_000)
    ahead = Appointment.objects.filter(starts_at__gt=now()).select_related("patient").order_by("pk")
    return list(ahead[: THROUGH + BURST + 2 * DUE])


def _rows(visits: list[Any], due_at: Any) -> None:
    from datetime import timedelta

    from notifications.models import Message

    Message.objects.bulk_create(
        [
            Message(
                organization_id=visit.organization_id, patient=visit.patient, kind=KIND, about=visit.uuid,
                version=visit.sequence, channel="email", due_at=due_at, next_at=due_at,
                too_late_at=due_at + timedelta(hours=12),
            )
            for visit in visits
        ],
        batch_size=1_000,
    )  # fmt: skip


def _sweeps(visits: list[Any]) -> float:
    """Milliseconds of a sweep and of the claim that follows it, 95 of 100; everything is as before afterwards."""
    from datetime import timedelta
    from uuid import uuid4

    from django.db import connection, transaction

    from core.clock import now
    from notifications.models import Message
    from notifications.services import sweeping
    from notifications.services.claims import claim_due

    instant = now()
    taken = []
    with transaction.atomic():
        template = visits[0]
        Message.objects.bulk_create(
            [
                Message(
                    organization_id=template.organization_id, patient=template.patient, kind=KIND, about=uuid4(),
                    channel="email", due_at=instant, next_at=instant + timedelta(hours=1, seconds=number),
                    too_late_at=instant + timedelta(days=30),
                )
                for number in range(WAITING)
            ],
            batch_size=5_000,
        )  # fmt: skip
        _rows(visits[-DUE:], instant)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE notifications_message")
        for _ in range(SWEEPS):
            began = time.perf_counter()
            assert sweeping.sweep() == ["email", "email"]
            point = transaction.savepoint()
            claim = claim_due("email", DUE)
            assert claim
            assert len(claim.pks) == DUE
            taken.append((time.perf_counter() - began) * 1000)
            transaction.savepoint_rollback(point)
        transaction.set_rollback(True)
    console.print(f"a sweep and its claim: median {statistics.median(taken):.1f} ms", style="dim")
    return round(percentile(taken, 95), 1)


def _per_second(folder: Path, visits: list[Any]) -> float:
    """From the moment that all are due until the last is written down as sent, less the workers' start."""
    from core.clock import now
    from notifications.models import Message

    with _workers(folder, beat=False):
        _warm(visits[THROUGH + BURST : THROUGH + BURST + DUE])
        _rows(visits[:THROUGH], now())
        began = time.perf_counter()
        for _ in range(WORKERS):
            _tell()
        _wait_until_sent(THROUGH)
        taken = time.perf_counter() - began
    assert not Message.objects.exclude(status="sent").exists()
    return round(THROUGH / taken, 1)


def _burst(folder: Path, visits: list[Any]) -> float:
    """How late those are that are due at one instant, with the beat alone to notice it."""
    from datetime import timedelta

    from core.clock import now
    from notifications.models import Message

    due = now() + timedelta(seconds=5)
    _rows(visits[THROUGH : THROUGH + BURST], due)
    with _workers(folder, beat=True):
        _wait_until_sent(BURST, since=due)
    late = [
        (sent - due).total_seconds() for sent in Message.objects.filter(due_at=due).values_list("sent_at", flat=True)
    ]
    return round(percentile(late, 99), 1)


def _warm(visits: list[Any]) -> None:
    """Workers have loaded their code and templates when these are gone."""
    from core.clock import now

    _rows(visits, now())
    for _ in range(WORKERS):
        _tell()
    _wait_until_sent(len(visits))


def _tell() -> None:
    from notifications import hints

    hints.message_waits("email")


def _wait_until_sent(count: int, *, since: Any = None) -> None:
    from notifications.models import Message

    rows = Message.objects.filter(due_at=since) if since else Message.objects.all()
    ends = time.monotonic() + LONGEST_SECONDS
    left = rows.exclude(status="sent")
    while time.monotonic() < ends:
        if not left.exists() and rows.count() >= count:
            return
        time.sleep(0.05)
    why = sorted(set(left.values_list("status", "reason")))
    raise SystemExit(f"{left.count()} of {count} messages were not sent in {LONGEST_SECONDS:.0f} s: {why}")


@contextlib.contextmanager
def _workers(folder: Path, *, beat: bool) -> Iterator[None]:
    """Two workers, each a process that does one job at a time; and the schedule, where it is wanted."""
    celery = [sys.executable, "-m", "celery", "-A", "telehealth.celery"]
    worker = [
        "worker",
        "--pool",
        "solo",
        "--loglevel",
        "ERROR",
        "--without-mingle",
        "--without-gossip",
        "-Q",
        "messages",
    ]
    commands = [[*celery, *worker, "-n", f"bench-{number}@bench"] for number in range(WORKERS)]
    if beat:
        commands.append([*celery, "beat", "--loglevel", "ERROR", "-s", str(folder / "beat")])
    with open(folder / "workers.log", "ab") as log:
        running = [subprocess.Popen(command, stdout=log, stderr=log) for command in commands]
    try:
        yield
    finally:
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def show(result: dict[str, Any]) -> None:
    """A table for people, which docs/measurements.md takes as it is."""
    table = Table(title="Messages", title_justify="left")
    for heading in ("", "measured", "limit"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, (words, unit, which, limit) in LIMITS.items():
        table.add_row(words, f"{result[name]} {unit}", f"{which} {limit} {unit}")
    console.print(table)


def main() -> None:
    """Measure and print; with --json the numbers as the last line."""
    parser = argparse.ArgumentParser(prog="./run bench messages", description=__doc__)
    parser.add_argument("--json", action="store_true", help="end with one line of JSON (about 2 minutes)")
    options = parser.parse_args()
    result = measure()
    show(result)
    if options.json:
        print(json.dumps(result))


if __name__ == "__main__":
    main()
