"""Celery's worker and beat as threads of the web process, for an installation without a broker."""

import asyncio
import threading
from dataclasses import dataclass

import structlog
from celery import Celery
from celery.beat import Scheduler, Service
from celery.worker import WorkController
from celery.worker import state as worker_state

log = structlog.get_logger(__name__)

STOP_SECONDS = 5.0


@dataclass
class Workers:
    """The running threads. Neither is joined by the interpreter: a stuck job must not hold up the process's end."""

    worker: WorkController
    beat: Service
    threads: tuple[threading.Thread, ...]


def start(app: Celery) -> Workers:
    """Start one worker (two jobs at once) and the schedule."""
    app.finalize()
    app.set_current()
    worker = WorkController(
        app=app, pool="threads", concurrency=2, without_heartbeat=True, without_mingle=True, without_gossip=True
    )
    beat = Service(app, scheduler_cls=Scheduler)
    threads = (
        threading.Thread(target=worker.start, name="celery-worker", daemon=True),
        threading.Thread(target=beat.start, name="celery-beat", daemon=True),
    )
    for thread in threads:
        thread.start()
    return Workers(worker, beat, threads)


async def stop(running: Workers) -> None:
    """Let running jobs end, and wait for both threads a few seconds at most."""
    await asyncio.to_thread(_stop, running)


def _stop(running: Workers) -> None:
    running.beat.stop()
    worker_state.should_stop = 0
    for thread in running.threads:
        thread.join(STOP_SECONDS)
        if thread.is_alive():
            log.warning("worker_did_not_stop", thread=thread.name)
    worker_state.should_stop = None
