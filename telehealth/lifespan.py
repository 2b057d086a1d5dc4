"""What starts and stops with a web process: the links to the relays and, without a broker, the jobs."""

import asyncio
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings

from signaling import lifespan as relays
from telehealth import memory, workers
from telehealth.celery import app

log = structlog.get_logger(__name__)


class Lifespan:
    """ASGI lifespan. Uvicorn raises SIGTERM again when it is done, so cleaning up anywhere later would not happen."""

    def __init__(self) -> None:
        self.running: workers.Workers | None = None

    async def __call__(self, scope: Any, receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        await receive()  # lifespan.startup
        try:
            await self.startup()
        except Exception as error:
            log.exception("startup_failed")
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()  # lifespan.shutdown
        await self.shutdown()
        await send({"type": "lifespan.shutdown.complete"})

    async def startup(self) -> None:
        await relays.startup()
        if settings.WORKERS_IN_PROCESS:
            # In a thread: Celery closes database connections as it starts, which Django refuses on the event loop.
            self.running = await asyncio.to_thread(workers.start, app)
        await asyncio.to_thread(memory.load_pages)
        await asyncio.to_thread(memory.settle)

    async def shutdown(self) -> None:
        running, self.running = self.running, None
        await asyncio.gather(relays.shutdown(), *([workers.stop(running)] if running else []))
