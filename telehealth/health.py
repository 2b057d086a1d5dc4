"""`/healthz` (is this process alive) and `/readyz` (may it be given work). No other page asks the house how it is."""

import threading
from collections.abc import Callable
from typing import Any

import structlog
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

from core import guards
from signaling import lifespan

log = structlog.get_logger(__name__)

_all_migrated = threading.Event()


async def healthz(request: HttpRequest) -> HttpResponse:
    """Touches neither database nor Redis: their failure is no reason to kill the process and its visits."""
    return HttpResponse("ok", content_type="text/plain")


async def readyz(request: HttpRequest) -> JsonResponse:
    """200 when every check passes, else 503; the body names them all, and says how each relay is."""
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
    response = JsonResponse({"ready": is_ready, "checks": named, "relays": relays}, status=200 if is_ready else 503)
    response._has_been_logged = True  # type: ignore[attr-defined]  # Probes come every few seconds.
    return response


for view in (healthz, readyz):
    view.without_actor = True  # type: ignore[attr-defined]


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


def _relay() -> bool:
    """One relay that takes visits is enough: those of a lost one move to it."""
    return "ready" in lifespan.relay_states().values()
