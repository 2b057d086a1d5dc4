"""`/healthz` needs nothing but the process; `/readyz` names what is missing."""

import datetime as dt
from collections.abc import Iterator
from typing import Any
from unittest.mock import AsyncMock, patch
from uuid import uuid4

import pytest
from django.db import OperationalError, connection, connections
from django.test import Client

from core import guards
from core.clock import now
from notifications.models import Beat, Message
from signaling import lifespan
from telehealth import health
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def just_started() -> Iterator[None]:
    """As in a process that has not been asked before."""
    health._all_migrated.clear()
    yield
    health._all_migrated.clear()


@pytest.fixture
def linked() -> Iterator[None]:
    with patch.object(lifespan, "relay_states", return_value={"relay-1": "ready"}):
        yield


def ready(client: Client) -> tuple[int, dict[str, str]]:
    response = client.get("/readyz")
    return response.status_code, response.json()["checks"]


def test_readyz_with_everything_in_place_is_200(client: Client, linked: None) -> None:
    status, checks = ready(client)
    assert status == 200
    assert checks == dict.fromkeys(("database", "migrations", "guards", "channel_layer", "relay"), "ok")


def test_readyz_without_the_relay_is_503(client: Client) -> None:
    status, checks = ready(client)
    assert (status, checks["relay"], checks["database"]) == (503, "failed", "ok")


@pytest.mark.parametrize(("second", "status"), [("ready", 200), ("draining", 503), ("lost", 503)])
def test_readyz_shows_every_relay_and_needs_one_that_takes_visits(client: Client, second: str, status: int) -> None:
    states = {"relay-1": "lost", "relay-2": second}
    with patch.object(lifespan, "relay_states", return_value=states):
        response = client.get("/readyz")
    assert (response.status_code, response.json()["relays"]) == (status, states)


def test_readyz_without_a_guard_is_503(client: Client, linked: None) -> None:
    with guards.lifted(connection, "audit_append_only"):
        status, checks = ready(client)
    assert (status, checks["guards"]) == (503, "failed")
    assert ready(client)[0] == 200


def test_readyz_without_a_migration_is_503(client: Client, linked: None) -> None:
    with patch("telehealth.health.MigrationExecutor.migration_plan", return_value=[("accounts", False)]):
        status, checks = ready(client)
    assert (status, checks["migrations"]) == (503, "failed")
    assert ready(client)[0] == 200


def test_readyz_reads_the_migrations_no_more_once_all_are_applied(client: Client, linked: None) -> None:
    assert ready(client)[0] == 200
    with patch("telehealth.health.MigrationExecutor", side_effect=AssertionError):
        assert ready(client)[0] == 200


def test_readyz_without_the_channel_layer_is_503(client: Client, linked: None) -> None:
    with patch("telehealth.health.get_channel_layer", side_effect=ConnectionError):
        status, checks = ready(client)
    assert (status, checks["channel_layer"]) == (503, "failed")


def test_probes_of_the_channel_layer_leave_no_channel_behind(client: Client, linked: None) -> None:
    with patch("telehealth.health.get_channel_layer", return_value=AsyncMock()) as layer:
        assert ready(client)[0] == 200
    layer.return_value.group_send.assert_awaited_once()
    # At Redis each would be a subscription that nobody ends.
    layer.return_value.new_channel.assert_not_awaited()


def test_database_away_is_503_at_readyz_and_nothing_at_healthz(client: Client, linked: None) -> None:
    with patch.object(connections["default"], "cursor", side_effect=OperationalError("no server at 192.0.2.1")):
        status, checks = ready(client)
        alive = client.get("/healthz", headers={"cookie": "hc_session=0123456789abcdef"})
        answer = client.get("/readyz").content.decode()
    assert (status, checks["database"]) == (503, "failed")
    assert (alive.status_code, alive.content) == (200, b"ok")
    assert "192.0.2.1" not in answer


@pytest.mark.parametrize("address", ["/healthz", "/readyz"])
def test_health_reads_no_session(client: Client, linked: None, address: str) -> None:
    with patch("accounts.sessions.SessionStore.load", side_effect=AssertionError):
        assert client.get(address, headers={"cookie": "hc_session=0123456789abcdef"}).status_code == 200


def test_late_messages_are_told_and_take_nobody_off_the_house(client: Client, linked: None) -> None:
    assert client.get("/readyz").json()["messages"] == "ok"
    Beat.objects.create(name="worker", at=now() - dt.timedelta(minutes=3))
    response = client.get("/readyz")
    assert (response.status_code, response.json()["messages"]) == (200, "no worker")
    Beat.objects.update(at=now())
    due = now() - dt.timedelta(minutes=3)
    Message.objects.create(
        patient=(patient := make.make_patient()), organization=patient.organization, kind="visit.moved", about=uuid4(),
        channel="email", due_at=due, next_at=due, too_late_at=now(),
    )  # fmt: skip
    assert client.get("/readyz").json()["messages"] == "late"


def test_metrics_are_for_who_knows_the_token(client: Client, settings: Any) -> None:
    Beat.objects.create(name="worker", at=now())
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404
    settings.METRICS_TOKEN = "a token"
    assert client.get("/metrics", headers={"Authorization": "Bearer another"}).status_code == 404
    answer = client.get("/metrics", headers={"Authorization": "Bearer a token"})
    assert answer.status_code == 200
    assert "housecall_messages_oldest_due_seconds 0.0" in answer.content.decode()
