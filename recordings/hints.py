"""Hints to the workers that there is something to do: no ids, and lost without harm, for the schedule looks again."""

import structlog
from celery import current_app

log = structlog.get_logger(__name__)


def exports_wait() -> None:
    """Somebody asked for an export."""
    _tell("recordings.make_exports")


def erasure_waits() -> None:
    """Something was decided to be erased."""
    _tell("recordings.carry_out_erasures")


def _tell(task: str) -> None:
    try:
        current_app.send_task(task, retry=False)
    except Exception as error:  # noqa: BLE001  The broker may be away; the schedule looks every minute.
        log.warning("worker_not_told", task=task, error=type(error).__name__)
