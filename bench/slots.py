"""Free times: how long they take for one and for fifty practitioners, with 10,000 visits booked. Part of bench.booking.

`python -m bench.slots` measures on a database of its own; `measure()` on the one that Django is set up with, which must
be migrated and is given a clinic of its own.
"""

import datetime as dt
import json
import math
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PRACTITIONERS, DAYS, VISITS = 50, 60, 10_000
RUNS = 40
STEP = dt.timedelta(minutes=20)
TABLE = ((1, 14), (1, 60), (10, 60), (25, 60), (50, 15), (50, 30), (50, 60))


def measure() -> dict[str, Any]:
    """`slots_ms_p95`, `slots_one_ms_p95`, and a table: practitioners, days, slots, queries, milliseconds."""
    clinic = Clinic(PRACTITIONERS, VISITS)
    table = []
    for practitioners, days in TABLE:
        kind = clinic.offered_by(practitioners)
        found = _timed(lambda kind=kind, days=days: clinic.free(kind, days))  # type: ignore[misc]
        table.append({"practitioners": practitioners, "days": days, **found})
    return {
        "slots_ms_p95": table[-1]["ms_p95"],
        "slots_one_ms_p95": table[0]["ms_p95"],
        "slots_queries": table[-1]["queries"],
        "slots_table": table,
    }


class Clinic:
    """People who work on weekdays from eight to six with lunch, and visits booked with them in the coming days."""

    def __init__(self, practitioners: int, visits: int) -> None:
        from accounts.models import Organization, Practitioner, User
        from core.clock import now

        tag = f"{time.time_ns():x}"
        self.day = now().date() + dt.timedelta(days=1)
        self.organization = Organization.objects.create(name="Bench", slug=f"bench-{tag}", timezone="America/Chicago")
        users = User.objects.bulk_create(
            User(email=f"{number}.{tag}@bench.example", name="Bench", organization=self.organization)
            for number in range(practitioners)
        )
        self.practitioners = Practitioner.objects.bulk_create(
            Practitioner(organization=self.organization, user=user, given_name="Bench", family_name=f"{user.pk:05}")
            for user in users
        )
        self._work()
        self._book(visits)
        _analyze()

    def _work(self) -> None:
        from scheduling.models import Schedule, WeeklyRule

        schedules = Schedule.objects.bulk_create(
            Schedule(
                organization=self.organization,
                practitioner=one,
                timezone="America/Chicago",
                # Some see so many a day at most.
                daily_maximum=None if number % 5 else 20,
            )
            for number, one in enumerate(self.practitioners)
        )
        first_day = self.day - dt.timedelta(days=400)
        WeeklyRule.objects.bulk_create(
            WeeklyRule(
                schedule=schedule,
                kind=kind,
                label=label,
                weekday=weekday,
                starts=starts,
                ends=ends,
                first_day=first_day,
            )
            for schedule in schedules
            for weekday in range(5)
            for kind, label, starts, ends in (("open", "", 480, 1080), ("break", "Lunch", 720, 780))
        )

    def _book(self, visits: int) -> None:
        """So many different times of the opening hours, the same at every run."""
        from accounts.models import Location, Patient
        from scheduling.models import Appointment, BookableActor, OccupiedSpan

        place = Location.objects.create(organization=self.organization, name="Bench", is_default=True)
        patient = Patient.objects.create(
            organization=self.organization, given_name="Bench", family_name="Bench", birth_date=dt.date(1980, 1, 1)
        )
        actors = BookableActor.objects.bulk_create(
            BookableActor(organization=self.organization, kind="practitioner", practitioner=one)
            for one in self.practitioners
        )
        midnight = dt.datetime.combine(self.day, dt.time(14), tzinfo=dt.UTC)
        every = [(who, day, step) for who in range(len(actors)) for day in range(DAYS) for step in range(28)]
        chosen = random.Random(5).sample(every, min(visits, len(every)))
        times = [(who, midnight + dt.timedelta(days=day) + step * STEP) for who, day, step in chosen]
        booked = Appointment.objects.bulk_create(
            (
                Appointment(
                    organization=self.organization,
                    location=place,
                    patient=patient,
                    practitioner=self.practitioners[who],
                    starts_at=starts_at,
                    ends_at=starts_at + STEP,
                    timezone="America/Chicago",
                )
                for who, starts_at in times
            ),
            batch_size=1000,
        )
        OccupiedSpan.objects.bulk_create(
            (
                OccupiedSpan(
                    organization=self.organization,
                    actor=actors[who],
                    appointment=appointment,
                    starts_at=appointment.starts_at,
                    ends_at=appointment.ends_at,
                )
                for (who, _), appointment in zip(times, booked, strict=True)
            ),
            batch_size=1000,
        )

    def offered_by(self, practitioners: int) -> Any:
        from scheduling.models import VisitType

        kind, _ = VisitType.objects.get_or_create(
            organization=self.organization, name=f"By {practitioners}", defaults={"minutes": 20}
        )
        kind.practitioners.set(self.practitioners[:practitioners])
        return kind

    def free(self, kind: Any, days: int) -> int:
        from scheduling.selectors import free_slots

        found = free_slots(None, visit_type=kind, from_day=self.day, until_day=self.day + dt.timedelta(days=days))
        return sum(map(len, found.values()))


def _analyze() -> None:
    """What a database in use has done by itself: PostgreSQL plans badly for tables that it has not looked at."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _timed(ask: Callable[[], int]) -> dict[str, Any]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as seen:
        slots = ask()
    taken, worked = [], []
    for _ in range(RUNS):
        begun, had_worked = time.perf_counter(), time.process_time()
        ask()
        worked.append((time.process_time() - had_worked) * 1000)
        taken.append((time.perf_counter() - begun) * 1000)
    taken.sort()
    return {
        "slots": slots,
        "queries": len(seen),
        "ms": round(statistics.median(taken), 1),
        # Of this process: all of it on SQLite, and what other work on the machine does not change.
        "cpu_ms": round(statistics.median(worked), 1),
        "ms_p95": round(taken[math.ceil(len(taken) * 0.95) - 1], 1),
    }


@contextmanager
def _own_database() -> Iterator[None]:
    """The configured database, or a file that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="hc-slots-") as folder:
        os.environ.setdefault("DATABASE_URL", f"sqlite:///{Path(folder) / 'bench.sqlite3'}")
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "telehealth.settings")
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connections

        call_command("migrate", verbosity=0)
        yield
        connections.close_all()


def main() -> None:
    with _own_database():
        json.dump(measure(), sys.stdout, indent=1)
        sys.stdout.write("\n")


if __name__ == "__main__":
    main()
