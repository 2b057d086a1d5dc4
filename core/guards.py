"""Database guards: the triggers and constraints that Django cannot express on both engines. The mechanism only.

An app declares its guards in its own `guards.py`. They are put back after every migrate, because SQLite's table
remakes drop triggers silently, and `missing` tells the system check and `/readyz` which ones are not there.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Warning
from django.db import DatabaseError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

_TRIGGER = re.compile(r"^\s*CREATE\s+(?:CONSTRAINT\s+)?TRIGGER\s+\"?(\w+)\"?", re.IGNORECASE)
_CONSTRAINT = re.compile(r"\bADD\s+CONSTRAINT\s+\"?(\w+)\"?", re.IGNORECASE)


@dataclass(frozen=True)
class Guard:
    """One rule over one table, as SQL per engine.

    Statements may be `CREATE TRIGGER name`, `ALTER TABLE ... ADD CONSTRAINT name` or, on PostgreSQL,
    `CREATE OR REPLACE FUNCTION`. Triggers and constraints are found by these names again.
    """

    name: str
    table: str
    postgresql: Sequence[str]
    sqlite: Sequence[str]

    def statements(self, vendor: str) -> Sequence[str]:
        return {"postgresql": self.postgresql, "sqlite": self.sqlite}[vendor]

    def objects(self, vendor: str) -> dict[str, str]:
        """Name -> "trigger" or "constraint" of everything that must exist for the guard to stand."""
        found: dict[str, str] = {}
        for statement in self.statements(vendor):
            if trigger := _TRIGGER.match(statement):
                found[trigger[1]] = "trigger"
            elif constraint := _CONSTRAINT.search(statement):
                found[constraint[1]] = "constraint"
        return found

    def fingerprint(self, vendor: str) -> str:
        """Changes with the SQL, so that an older release's guard counts as missing and is replaced."""
        return hashlib.sha256("\n".join(self.statements(vendor)).encode()).hexdigest()[:16]


_declared: dict[str, Guard] = {}


def declare(*guards: Guard) -> None:
    """Add guards to the list that is installed and watched. A name is declared once."""
    for guard in guards:
        for vendor in ("postgresql", "sqlite"):
            if not guard.objects(vendor):
                raise ValueError(f"The guard {guard.name} creates no trigger or constraint on {vendor}.")
        if _declared.setdefault(guard.name, guard) != guard:
            raise ValueError(f"Two guards are called {guard.name}.")


def declared() -> tuple[Guard, ...]:
    return tuple(_declared.values())


def install(connection: BaseDatabaseWrapper, tables: Iterable[str] | None = None) -> None:
    """Create every declared guard that does not stand as declared; `tables` narrows it to guards of those tables."""
    wanted = None if tables is None else set(tables)
    existing = set(connection.introspection.table_names())
    for guard in declared():
        if guard.table not in existing or (wanted is not None and guard.table not in wanted):
            continue
        if not _stands(connection, guard):
            with transaction.atomic(using=connection.alias):
                _drop(connection, guard)
                _create(connection, guard)


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Names of the declared guards that are absent, switched off, or not in their declared form."""
    return [guard.name for guard in declared() if not _stands(connection, guard)]


@contextmanager
def lifted(connection: BaseDatabaseWrapper, name: str) -> Iterator[None]:
    """For tests, and for a migration that fills a new column: without the guard, which is put back afterwards."""
    guard = _declared[name]
    _drop(connection, guard)
    try:
        yield
    finally:
        install(connection, [guard.table])


def lift_all(connection: BaseDatabaseWrapper) -> None:
    """For tests only: drop every guard, so that a flush can empty append-only tables. Migrate puts them back."""
    existing = set(connection.introspection.table_names())
    for guard in declared():
        if guard.table in existing:
            _drop(connection, guard)


def put_back(sender: AppConfig, using: str, **_: Any) -> None:
    """`post_migrate` receiver: the guards of that app's tables stand again."""
    install(connections[using], [model._meta.db_table for model in sender.get_models(include_auto_created=True)])


def check(databases: Iterable[str] | None = None, **_: Any) -> list[CheckMessage]:
    """System check with the tag `database`.

    A warning and not an error: migrate runs the same checks first, and migrate is what puts the guards back.
    """
    messages: list[CheckMessage] = []
    for alias in databases or ():
        connection = connections[alias]
        try:
            existing = set(connection.introspection.table_names())
            gone = [g.name for g in declared() if g.table in existing and not _stands(connection, g)]
        except DatabaseError:
            continue  # An unreachable database has a check of its own.
        messages += [
            Warning(f"The database guard {name} is missing.", hint="Run migrate: it puts guards back.", id="core.W001")
            for name in gone
        ]
    return messages


def _stands(connection: BaseDatabaseWrapper, guard: Guard) -> bool:
    wanted = guard.objects(connection.vendor)
    if connection.vendor == "sqlite":
        return _sqlite_triggers(connection, guard) == {
            name: statement.strip().rstrip(";") for statement in guard.sqlite for name in _names(statement)
        }
    return _postgresql_objects(connection, guard) == dict.fromkeys(wanted, guard.fingerprint("postgresql"))


def _names(statement: str) -> list[str]:
    trigger = _TRIGGER.match(statement)
    return [trigger[1]] if trigger else []


def _sqlite_triggers(connection: BaseDatabaseWrapper, guard: Guard) -> dict[str, str]:
    names = list(guard.objects("sqlite"))
    marks = ", ".join(["%s"] * len(names))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s AND name IN ({marks})",  # noqa: S608
            [guard.table, *names],
        )
        return {name: sql.strip().rstrip(";") for name, sql in cursor.fetchall()}


def _postgresql_objects(connection: BaseDatabaseWrapper, guard: Guard) -> dict[str, str]:
    """Name -> fingerprint (kept as the object's comment) of this guard's objects that exist and are switched on."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT t.tgname, obj_description(t.oid, 'pg_trigger') FROM pg_trigger t
             WHERE t.tgrelid = to_regclass(%(table)s) AND NOT t.tgisinternal AND t.tgenabled <> 'D'
               AND t.tgname = ANY(%(names)s)
            UNION ALL
            SELECT c.conname, obj_description(c.oid, 'pg_constraint') FROM pg_constraint c
             WHERE c.conrelid = to_regclass(%(table)s) AND c.conname = ANY(%(names)s)
            """,
            {"table": guard.table, "names": list(guard.objects("postgresql"))},
        )
        return dict(cursor.fetchall())


def _create(connection: BaseDatabaseWrapper, guard: Guard) -> None:
    with connection.cursor() as cursor:
        for statement in guard.statements(connection.vendor):
            cursor.execute(statement)
        if connection.vendor == "postgresql":
            for name, kind in guard.objects("postgresql").items():
                comment = f"COMMENT ON {kind.upper()} {name} ON {guard.table} IS '{guard.fingerprint('postgresql')}'"
                cursor.execute(comment)


def _drop(connection: BaseDatabaseWrapper, guard: Guard) -> None:
    with connection.cursor() as cursor:
        for name, kind in guard.objects(connection.vendor).items():
            if connection.vendor == "sqlite":
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
            elif kind == "trigger":
                cursor.execute(f"DROP TRIGGER IF EXISTS {name} ON {guard.table}")
            else:
                cursor.execute(f"ALTER TABLE {guard.table} DROP CONSTRAINT IF EXISTS {name}")
