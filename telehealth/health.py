"""How the house is, for machines: `/healthz` (this process lives), `/readyz` (it may be given work), `/metrics`."""

import hmac
import threading
from collections.abc import Callable
from typing import Any

import structlog
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from core import guards
from core.errors import NotFound
from notifications.selectors import health as messages
from signaling import lifespan

log = structlog.get_logger(__name__)

_all_migrated = threading.Event()


async def healthz(request: HttpRequest) -> HttpResponse:
    """Touches neither database nor Redis: their failure is no reason to kill the process and its visits."""
    return HttpResponse("ok", content_type="text/plain")


async def readyz(request: HttpRequest) -> JsonResponse:
    """200 when every check passes, else 503; the body names them all, and says how each relay is.

    And whether messages go out: late ones are an alarm, and no reason to take the house from those in a visit.
    """
    checks = {
        "database": await _passes("database", sync_to_async(_database)),
        "migrations": await _passes("migrations", sync_to_async(_migrations)),
        "guards": await _passes("guards", sync_to_async(_guards)),
        "channel_layer": await _passes("channel_layer", _channel_layer),
        "relay": await _passes("relay", sync_to_async(_relay)),
    }
    is_ready = all(checks.values())
    named = {name: "ok" if passed else "failed" for name, passed in checks.items()}
    relays = lifespan.relay_states()
    told = {"ready": is_ready, "checks": named, "relays": relays, "messages": await _messages()}
    response = JsonResponse(told, status=200 if is_ready else 503)
    response._has_been_logged = True  # type: ignore[attr-defined]  # Probes come every few seconds.
    return response


def metrics(request: HttpRequest) -> HttpResponse:
    """Figures in Prometheus' format for whoever knows METRICS_TOKEN; without one set, the page does not exist.

    Made anew for each asking from what the database says, so that every web process tells the same.
    """
    given = request.headers.get("Authorization", "").encode()
    expected = f"Bearer {settings.METRICS_TOKEN}".encode()
    if not settings.METRICS_TOKEN or not hmac.compare_digest(given, expected):
        raise NotFound
    registry = CollectorRegistry()
    found = messages.health()
    due = Gauge("housecall_messages_due", "Messages that are due and not sent", registry=registry)
    oldest = Gauge("housecall_messages_oldest_due_seconds", "Since the oldest of them was due", registry=registry)
    seen = Gauge("housecall_messages_worker_seen_seconds", "Since a worker was seen last", registry=registry)
    day = Gauge(
        "housecall_messages_day", "Messages due in 24 hours by what became of them", ["channel", "status"],
        registry=registry,
    )  # fmt: skip
    due.set(found.due)
    oldest.set(found.oldest_seconds)
    seen.set(float("nan") if found.worker_seconds is None else found.worker_seconds)
    for channel, status, number in messages.counts():
        day.labels(channel, status).set(number)
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


for view in (healthz, readyz, metrics):
    view.without_actor = True  # type: ignore[union-attr]


async def _passes(name: str, check: Callable[[], Any]) -> bool:
    try:
        return bool(await check())
    except Exception as error:  # noqa: BLE001  Whatever breaks a check makes the house not ready.
        log.warning("readiness_check_failed", check=name, error=type(error).__name__)
        return False


def _database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))


def _migrations() -> bool:
    """Asked until it is so: to build the graph reads every migration, and this process's migrations stay the same."""
    if not _all_migrated.is_set():
        executor = MigrationExecutor(connection)
        if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
            _all_migrated.set()
    return _all_migrated.is_set()


def _guards() -> bool:
    return not guards.missing(connection)


async def _channel_layer() -> bool:
    """To a group that nobody is in: a channel of its own would stay subscribed at Redis after every probe."""
    await get_channel_layer().group_send("readiness", {"type": "readiness.probe"})
    return True


async def _messages() -> str:
    """ "ok", "late", "no worker", or "unknown" where the database does not say."""
    try:
        found = await sync_to_async(messages.health)()
    except DatabaseError:
        return "unknown"
    return "no worker" if found.is_dead else "late" if found.is_late else "ok"


def _relay() -> bool:
    """One relay that takes visits is enough: those of a lost one move to it."""
    return "ready" in lifespan.relay_states().values()
