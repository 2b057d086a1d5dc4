"""What is taken of whom, read as whole seconds since 1970 in a constant number of queries.

The database makes the numbers: ten thousand visits would otherwise be twenty thousand dates that nobody looks at.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import BigIntegerField, F, Func, Model, Q, QuerySet
from django.db.models.sql.compiler import SQLCompiler

from accounts.models import Location, Patient
from core.clock import now
from scheduling.lifecycle import AppointmentStatus
from scheduling.models import Appointment, BusyTime, GroupPlace, Interpreter, OccupiedSpan
from scheduling.week import Plan, Stretch

# Neither stands in anybody's way any more, nor counts for the day's maximum.
NOT_STANDING = (AppointmentStatus.CANCELLED, AppointmentStatus.NOSHOW)


@dataclass(frozen=True, slots=True)
class Others:
    """Who else takes part, whose times must be free too; and the appointment to be moved, which is not in the way.

    Of a group that is to be moved everybody takes part.
    """

    patient: Patient | None = None
    interpreter: Interpreter | None = None
    room: Location | None = None
    besides: Appointment | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """Instants between which rows matter."""

    first: dt.datetime
    last: dt.datetime

    @classmethod
    def of_days(cls, from_day: dt.date, until_day: dt.date) -> "Window":
        """What surely holds these days in any zone, with the longest visit and its buffers."""
        first, last = (dt.datetime.combine(day, dt.time.min, tzinfo=dt.UTC) for day in (from_day, until_day))
        return cls(first - dt.timedelta(days=2), last + dt.timedelta(days=2))

    @property
    def overlapping(self) -> Q:
        return Q(starts_at__lt=self.last, ends_at__gt=self.first)


class Seconds(Func):
    """An instant as the whole second that it is in."""

    arity = 1
    output_field = BigIntegerField()
    sqlite = "CAST(strftime('%%%%s', %(expressions)s) AS INTEGER)"
    postgresql = "FLOOR(EXTRACT(EPOCH FROM %(expressions)s))::bigint"

    def get_db_converters(self, connection: Any) -> list[Any]:
        """It is a whole number already."""
        return []

    def as_sqlite(self, compiler: SQLCompiler, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template=self.sqlite, **context)

    def as_postgresql(self, compiler: SQLCompiler, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template=self.postgresql, **context)


class SecondsUp(Seconds):
    """An instant as the whole second at or after it; on SQLite only a part of a second makes the text longer."""

    sqlite = "CAST(strftime('%%%%s', %(expressions)s) AS INTEGER) + (length(%(expressions)s) > 19)"
    postgresql = "CEIL(EXTRACT(EPOCH FROM %(expressions)s))::bigint"


def taken_of(plans: Mapping[int, Plan], window: Window, others: Others) -> dict[int, list[Stretch]]:
    """What is taken of each practitioner: by visits, by their own calendar, and by whoever else takes part."""
    taken = busy_of(plans, window)
    spans = _standing(OccupiedSpan.objects.filter(window.overlapping), others)
    _collect(taken, spans.filter(actor__practitioner_id__in=list(plans)), "actor__practitioner_id")
    if also := _also(others):
        theirs = [(first, last) for _, first, last in _rows(spans.filter(also), "actor_id")]
        for key in plans:
            taken.setdefault(key, []).extend(theirs)
    return taken


def busy_of(plans: Mapping[int, Plan], window: Window) -> dict[int, list[Stretch]]:
    """What each one's own calendar says is taken, in order."""
    rows = BusyTime.objects.filter(window.overlapping, practitioner_id__in=list(plans)).order_by("starts_at")
    return _collect({}, rows, "practitioner_id")


def visits_of(plans: Mapping[int, Plan], window: Window, others: Others) -> dict[int, list[int]]:
    """When the visits of those begin who see so many a day at most."""
    limited = [key for key, plan in plans.items() if plan.daily_maximum is not None]
    rows = Appointment.objects.filter(
        practitioner_id__in=limited, starts_at__gte=window.first, starts_at__lt=window.last
    )
    rows = rows.filter(appointment_type=Appointment.Type.ROUTINE)
    rows = rows.exclude(status__in=NOT_STANDING).exclude(status=AppointmentStatus.PROPOSED, held_until__lte=now())
    if others.besides is not None:
        rows = rows.exclude(pk=others.besides.pk)
    found: dict[int, list[int]] = {}
    for key, first in rows.annotate(first=Seconds(F("starts_at"))).values_list("practitioner_id", "first"):
        found.setdefault(key, []).append(first)
    return found


def rooms_taken(organization_id: int, window: Window, others: Others) -> dict[int, list[Stretch]]:
    """Every room that the clinic uses with what is taken of it, in order."""
    rooms = Location.objects.filter(organization_id=organization_id, is_room=True, is_active=True)
    found: dict[int, list[Stretch]] = {pk: [] for pk in rooms.values_list("pk", flat=True)}
    spans = OccupiedSpan.objects.filter(window.overlapping, actor__location_id__in=list(found))
    return _collect(found, _standing(spans, others).order_by("starts_at"), "actor__location_id")


def _standing(rows: QuerySet[OccupiedSpan], others: Others) -> QuerySet[OccupiedSpan]:
    """Without holds that are over, whose rows are still there, and without the appointment to be moved.

    There are few of those at a time, so they are looked up once instead of every span's appointment.
    """
    over = Appointment.objects.filter(status=AppointmentStatus.PROPOSED, held_until__lte=now())
    rows = rows.exclude(appointment_id__in=over.values("pk"))
    return rows.exclude(appointment=others.besides) if others.besides is not None else rows


def _also(others: Others) -> Q | None:
    asked = {"patient": others.patient, "interpreter": others.interpreter, "location": others.room}
    found: Q | None = None
    for name, row in asked.items():
        if row is not None:
            each = Q(**{f"actor__{name}": row})
            found = each if found is None else found | each
    if others.besides is not None and others.besides.is_group:
        places = GroupPlace.objects.filter(appointment=others.besides).exclude(status=AppointmentStatus.CANCELLED)
        everybody = Q(actor__patient__in=places.values("patient"))
        found = everybody if found is None else found | everybody
    return found


def _collect(found: dict[int, list[Stretch]], rows: QuerySet[Any], key: str) -> dict[int, list[Stretch]]:
    for whose, first, last in _rows(rows, key):
        found.setdefault(whose, []).append((first, last))
    return found


def _rows(rows: QuerySet[Model], key: str) -> Iterable[tuple[int, int, int]]:
    named = rows.annotate(first=Seconds(F("starts_at")), last=SecondsUp(F("ends_at")))
    found: Iterable[tuple[int, int, int]] = named.values_list(key, "first", "last")
    return found
