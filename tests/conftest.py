"""Fixtures for every test: a file database, fast passwords, and guards that let a flush through."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import time_machine
from django.apps import apps
from django.conf import settings as django_settings
from django.core import serializers
from django.core.cache import cache
from django.db import connection, connections
from django.utils import translation

from accounts import adapters
from core import guards
from core.clock import now
from notifications import providers

# A busy machine is no fault of what is tested: no draw and no example is too slow.
hypothesis.settings.register_profile("house", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("house")
# Processes that tests start keep what they would send, as the tests themselves do.
os.environ.setdefault("MESSAGE_SINK", "1")
# Made by migrate itself, so they come back with the flush.
MADE_BY_MIGRATE = {"contenttypes.contenttype", "auth.permission"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On SQLite the tests that only mean something on PostgreSQL are left out; pytest counts them as deselected."""
    if connection.vendor == "postgresql":
        return
    elsewhere = [item for item in items if item.get_closest_marker("postgres")]
    config.hook.pytest_deselected(items=elsewhere)
    items[:] = [item for item in items if item not in elsewhere]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SQLite tests run on a file: an in-memory database has neither WAL nor honest locks between threads."""
    database = connections.databases["default"]
    if database["ENGINE"] == "django.db.backends.sqlite3":
        database.setdefault("TEST", {})["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """PostgreSQL drops no database that a thread of an async test still holds a connection to."""
    yield
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture(autouse=True)
def fast_passwords(settings: Any) -> None:
    """Argon2 is slow on purpose; its own tests name it."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *django_settings.PASSWORD_HASHERS]


@pytest.fixture(autouse=True)
def language_of_this_test() -> Iterator[None]:
    """A page in Spanish leaves the thread speaking Spanish."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def mail_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mail of the sign-in pages is sent before the answer, so that a test may look into the outbox."""
    monkeypatch.setattr(adapters, "run_beside", lambda send: send())


@pytest.fixture(autouse=True)
def messages_stay_here(settings: Any, tmp_path: Path) -> None:
    """No test sends anything to anybody; those of a carrier name it."""
    settings.MESSAGE_CARRIERS = dict.fromkeys(providers.CHANNELS, providers.SINK)
    settings.VAPID_KEY_FILE = tmp_path / "vapid_key.pem"


@pytest.fixture(autouse=True)
def recordings_apart(settings: Any, tmp_path: Path) -> None:
    """Each test's recordings and keys lie in folders of its own, on a disk of which nothing is reserved."""
    settings.RECORDINGS_DIR = tmp_path / "recordings"
    settings.RECORDING_KEYS_DIR = tmp_path / "recording-keys"
    settings.RECORDING_RESERVE = 0


@pytest.fixture
def one_moment() -> Iterator[None]:
    """Time stands still: what is counted by the minute begins anew with a full one, in the midst of a test."""
    with time_machine.travel(now(), tick=False):
        yield


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    """Rate limits count in the cache; no test begins with another's tries."""
    yield
    cache.clear()


@dataclass
class FirstRows:
    """What data migrations wrote, kept for the tests that come after a flush."""

    saved: str = ""
    are_gone: bool = False

    def save(self) -> None:
        if self.saved:
            return
        tables = set(connection.introspection.table_names())
        kept = [
            m for m in apps.get_models() if m._meta.label_lower not in MADE_BY_MIGRATE and m._meta.db_table in tables
        ]
        self.saved = serializers.serialize(
            "json", [row for model in kept for row in model._base_manager.order_by("pk")]
        )

    def restore(self) -> None:
        for row in serializers.deserialize("json", self.saved):
            row.save()


@pytest.fixture(scope="session")
def first_rows() -> FirstRows:
    return FirstRows()


@pytest.fixture(autouse=True)
def flush_and_guards_agree(request: pytest.FixtureRequest, first_rows: FirstRows) -> Iterator[None]:
    """A test with real transactions ends with a flush, which the append-only guards would refuse.

    They are lifted for it, and put back by the migrate signal that the flush sends. What data migrations wrote is
    there again when the next test begins.
    """
    marker = request.node.get_closest_marker("django_db")
    names = set(request.fixturenames)
    if not marker and not names & {"db", "transactional_db", "live_server"}:
        yield
        return
    flushes = names & {"transactional_db", "live_server"} or (marker and marker.kwargs.get("transaction"))
    request.getfixturevalue("transactional_db" if flushes else "db")
    if first_rows.are_gone:
        first_rows.restore()
    elif flushes:
        first_rows.save()
    yield
    if flushes:
        first_rows.are_gone = True
        guards.lift_all(connection)


@pytest.fixture
def var(tmp_path: Path) -> Path:
    """An empty folder to stand for the installation's var."""
    return tmp_path / "var"
