"""Celery's worker and schedule as threads of the web process, for an installation without a broker."""

import asyncio
import threading
from dataclasses import dataclass

import structlog
from celery import Celery
from celery.beat import Scheduler
from celery.worker import WorkController, state

log = structlog.get_logger(__name__)

QUEUES = ("celery", "messages")
STOP_SECONDS = 5.0
SHORTEST_TICK_SECONDS = 0.05


@dataclass
class Workers:
    """The running threads. The interpreter joins neither: a stuck job must not hold up the process's end."""

    app: Celery
    stopping: threading.Event
    threads: tuple[threading.Thread, ...]


def start(app: Celery) -> Workers:
    """Start one worker (four jobs at once) and the schedule."""
    app.finalize()
    app.set_current()
    worker = WorkController(
        app=app,
        pool="threads",
        concurrency=4,
        queues=QUEUES,
        without_heartbeat=True,
        without_mingle=True,
        without_gossip=True,
    )
    stopping = threading.Event()
    threads = (
        threading.Thread(target=worker.start, name="celery-worker", daemon=True),
        threading.Thread(target=_keep_schedule, args=(app, stopping), name="celery-beat", daemon=True),
    )
    for thread in threads:
        thread.start()
    return Workers(app, stopping, threads)


async def stop(running: Workers) -> None:
    """Let running jobs end, and wait for both threads a few seconds at most."""
    await asyncio.to_thread(_stop, running)


def _keep_schedule(app: Celery, stopping: threading.Event) -> None:
    """Celery's own beat service sleeps up to five minutes before it notices that it should stop."""
    scheduler = Scheduler(app)
    while not stopping.wait(max(scheduler.tick(), SHORTEST_TICK_SECONDS)):
        pass


def _stop(running: Workers) -> None:
    running.stopping.set()
    state.should_stop = 0
    # The worker looks at it between messages, and waits up to two seconds for one both before and after it has seen it.
    for _ in range(2):
        running.app.control.broadcast("ping")
    for thread in running.threads:
        thread.join(STOP_SECONDS)
        if thread.is_alive():
            log.warning("worker_did_not_stop", thread=thread.name)
    state.should_stop = None
