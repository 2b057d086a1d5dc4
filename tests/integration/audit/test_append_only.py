"""The audit events cannot be changed or removed: not through the models, not in SQL."""

from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection, transaction

from audit.models import AuditEvent, AuditEventIsFinal
from audit.services import record
from core import guards
from tests.factories import SYSTEM

pytestmark = pytest.mark.django_db

TABLE = AuditEvent._meta.db_table


@pytest.fixture
def event() -> AuditEvent:
    record(actor=SYSTEM, action="test.act")
    return AuditEvent.objects.latest("pk")


def run(statement: str, *values: object) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


STATEMENTS = [
    pytest.param(f"UPDATE {TABLE} SET action = 'other'", id="update"),
    pytest.param(f"DELETE FROM {TABLE}", id="delete"),
]
if connection.vendor == "postgresql":
    STATEMENTS.append(pytest.param(f"TRUNCATE {TABLE}", id="truncate"))
else:
    replace = f"""INSERT OR REPLACE INTO {TABLE}
        (id, uuid, recorded_at, actor_type, actor_label, session, action, entity_type, entity_id, outcome, detail)
        SELECT id, uuid, recorded_at, actor_type, actor_label, session, 'other', entity_type, entity_id, outcome, detail
        FROM {TABLE}"""
    STATEMENTS.append(pytest.param(replace, id="replace"))


@pytest.mark.parametrize("statement", STATEMENTS)
def test_event_changed_in_sql_is_refused_by_the_database(event: AuditEvent, statement: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"):
        run(statement)
    event.refresh_from_db()
    assert event.action == "test.act"


@pytest.mark.parametrize("statement", STATEMENTS[:2])
def test_event_changed_in_sql_without_the_guard_is_not_refused(event: AuditEvent, statement: str) -> None:
    with guards.lifted(connection, "audit_append_only"):
        run(statement)
    assert not AuditEvent.objects.filter(action="test.act").exists()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda event: event.save(), id="save"),
        pytest.param(lambda event: event.delete(), id="delete"),
        pytest.param(lambda event: AuditEvent.objects.update(action="other"), id="update-all"),
        pytest.param(lambda event: AuditEvent.objects.all().delete(), id="delete-all"),
    ],
)
def test_event_changed_through_the_model_is_refused(event: AuditEvent, change: Callable[[AuditEvent], object]) -> None:
    with pytest.raises(AuditEventIsFinal):
        change(event)


def test_guard_lifted_counts_as_missing_and_stands_again_after() -> None:
    with guards.lifted(connection, "audit_append_only"):
        assert "audit_append_only" in guards.missing(connection)
    assert "audit_append_only" not in guards.missing(connection)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_flush_after_a_test_empties_the_events_and_keeps_the_guard(turn: int) -> None:
    assert not AuditEvent.objects.exists()
    record(actor=SYSTEM, action="test.act")
    with pytest.raises(DatabaseError, match="append-only"):
        run(f"DELETE FROM {TABLE}")
