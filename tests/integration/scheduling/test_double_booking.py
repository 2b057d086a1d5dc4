"""One time, many takers: the database lets one through, and only because its guard stands."""

import datetime as dt
from functools import partial
from itertools import pairwise

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from accounts.roles import Role
from core import guards
from core.clock import now
from core.errors import Conflict
from scheduling.guards import NO_OVERLAP
from scheduling.models import Appointment, BookableActor, OccupiedSpan
from scheduling.services import book_appointment, cancel_appointment
from tests import factories as make
from tests.together import all_at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

TAKERS = 50
TWENTY = dt.timedelta(minutes=20)


def bookings(starts: list[dt.datetime]) -> list[partial[Appointment]]:
    """One call per start, all for one practitioner, each for a patient of its own."""
    organization = make.make_organization(timezone="America/Chicago")
    desk = make.staff_actor(Role.FRONT_DESK, organization=organization)
    practitioner = make.make_practitioner(organization)
    return [
        partial(
            book_appointment,
            actor=desk,
            patient=make.make_patient(organization),
            practitioner=practitioner,
            starts_at=start,
            ends_at=start + TWENTY,
            timezone="America/Chicago",
        )
        for start in starts
    ]


def overlaps() -> int:
    found = 0
    for bookable in BookableActor.objects.all():
        spans = bookable.spans.order_by("starts_at", "ends_at").values_list("starts_at", "ends_at")
        found += sum(later[0] < earlier[1] for earlier, later in pairwise(spans))
    return found


def test_fifty_bookings_of_one_slot_at_once_make_one_appointment() -> None:
    results = all_at_once(bookings([now() + TWENTY] * TAKERS))
    made = [result for result in results if isinstance(result, Appointment)]
    refused = [result for result in results if isinstance(result, Conflict)]
    assert (len(made), len(refused)) == (1, TAKERS - 1)
    assert {(one.code, one.status) for one in refused} == {("slot.taken", 409)}
    assert Appointment.objects.count() == 1
    assert OccupiedSpan.objects.count() == 2


def test_fifty_bookings_of_one_slot_with_the_guard_lifted_make_more_than_one() -> None:
    with guards.lifted(connection, NO_OVERLAP):
        results = all_at_once(bookings([now() + TWENTY] * TAKERS))
        made = [result for result in results if isinstance(result, Appointment)]
        double = overlaps()
        OccupiedSpan.objects.all().delete()  # or the guard could not be put back
    assert len(made) > 1
    assert double > 0
    assert NO_OVERLAP not in guards.missing(connection)


def test_overlapping_times_at_once_never_overlap_and_cancelling_frees_them() -> None:
    first = now() + TWENTY
    calls = bookings([first + dt.timedelta(minutes=3 * number) for number in range(30)])
    made = [result for result in all_at_once(calls) if isinstance(result, Appointment)]
    assert 1 < len(made) < 30
    assert overlaps() == 0
    actor = calls[0].keywords["actor"]
    mixed = [partial(cancel_appointment, actor=actor, appointment=one, reason="") for one in made]
    all_at_once([*mixed, *calls])
    assert overlaps() == 0


def test_two_practitioners_for_one_patient_at_once_make_one_appointment() -> None:
    organization = make.make_organization()
    patient = make.make_patient(organization)
    start = now() + TWENTY
    calls = [
        partial(
            book_appointment,
            actor=make.staff_actor(Role.FRONT_DESK, organization=organization),
            patient=patient,
            practitioner=make.make_practitioner(organization),
            starts_at=start,
            ends_at=start + TWENTY,
            timezone="UTC",
        )
        for _ in range(10)
    ]
    results = all_at_once(calls)
    assert sum(isinstance(result, Appointment) for result in results) == 1
    assert {result.extra["whose"] for result in results if isinstance(result, Conflict)} == {"patient"}


def test_moving_a_span_onto_another_is_refused_and_beside_it_is_not() -> None:
    start = now() + TWENTY
    one, two = (call() for call in bookings([start, start + TWENTY]))
    span = two.spans.get(actor__kind="practitioner")
    span.starts_at = start + dt.timedelta(minutes=19)
    with pytest.raises(IntegrityError), transaction.atomic():
        span.save()
    span.starts_at = one.ends_at + dt.timedelta(minutes=1)
    span.save()
    assert overlaps() == 0


def test_guard_dropped_or_lost_in_a_table_remake_is_back_after_migrate() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"DROP TRIGGER {NO_OVERLAP}_insert")
        else:
            cursor.execute(f"ALTER TABLE scheduling_occupiedspan DROP CONSTRAINT {NO_OVERLAP}")
    assert NO_OVERLAP in guards.missing(connection)
    call_command("migrate", verbosity=0, interactive=False)
    assert guards.missing(connection) == []
    if connection.vendor == "sqlite":
        with connection.schema_editor() as editor:
            editor._remake_table(OccupiedSpan)
        assert NO_OVERLAP in guards.missing(connection)
        call_command("migrate", verbosity=0, interactive=False)
    assert guards.missing(connection) == []
