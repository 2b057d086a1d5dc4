"""Guards survive migrations: SQLite drops triggers when it remakes a table, and migrate puts them back."""

import pytest
from django.apps import apps
from django.core import checks
from django.core.management import call_command
from django.db import connection, models

from audit.models import AuditEvent
from core import guards

pytestmark = pytest.mark.django_db(transaction=True)


def remake_table() -> None:
    """What an AlterField migration does: on SQLite a new table, a copy and a rename."""
    old = AuditEvent._meta.get_field("actor_label")
    new = models.CharField(max_length=201)
    new.set_attributes_from_name("actor_label")
    new.model = AuditEvent
    with connection.schema_editor() as editor:
        editor.alter_field(AuditEvent, old, new)
    with connection.schema_editor() as editor:
        editor.alter_field(AuditEvent, new, old)


def test_guard_after_a_migration_of_its_table_stands() -> None:
    assert guards.missing(connection) == []
    remake_table()
    assert guards.missing(connection) == (["audit_append_only"] if connection.vendor == "sqlite" else [])
    call_command("migrate", verbosity=0)
    assert guards.missing(connection) == []


def test_migrate_after_a_guard_was_dropped_puts_it_back() -> None:
    guards.lift_all(connection)
    assert set(guards.missing(connection)) == {guard.name for guard in guards.declared()}
    call_command("migrate", verbosity=0)
    assert guards.missing(connection) == []


def test_install_over_an_older_form_of_a_guard_replaces_it() -> None:
    [guard] = [guard for guard in guards.declared() if guard.name == "audit_append_only"]
    older = guards.Guard(
        guard.name,
        guard.table,
        postgresql=[
            guard.postgresql[0],
            *(part.replace("UPDATE OR DELETE", "UPDATE") for part in guard.postgresql[1:]),
        ],
        sqlite=[part.replace("append-only", "append only") for part in guard.sqlite],
    )
    guards._drop(connection, guard)
    guards._create(connection, older)
    assert guards.missing(connection) == [guard.name]
    guards.install(connection)
    assert guards.missing(connection) == []


@pytest.mark.postgres
def test_guard_switched_off_counts_as_missing() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditevent DISABLE TRIGGER audit_no_change")
    assert guards.missing(connection) == ["audit_append_only"]


def test_check_of_the_database_reports_a_missing_guard_and_the_plain_check_does_not() -> None:
    assert not [message for message in checks.run_checks(databases=["default"]) if message.id == "core.W001"]
    with guards.lifted(connection, "audit_append_only"):
        found = [message for message in checks.run_checks(databases=["default"]) if message.id == "core.W001"]
        assert not [message for message in checks.run_checks() if message.id == "core.W001"]
    assert [message.msg for message in found] == ["The database guard audit_append_only is missing."]


def test_every_append_only_table_of_the_house_is_declared() -> None:
    tables = {model._meta.db_table for model in apps.get_models()}
    assert {guard.table for guard in guards.declared()} <= tables
    assert "audit_auditevent" in {guard.table for guard in guards.declared()}
