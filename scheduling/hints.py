"""Hints to the workers that there is something to do: no ids, and lost without harm, for the schedule looks again."""

import structlog
from celery import current_app

log = structlog.get_logger(__name__)


def calendar_waits() -> None:
    """Somebody has told of a calendar to read."""
    _tell("scheduling.read_calendars")


def file_waits() -> None:
    """Somebody has sent a file, or said that it may come in."""
    _tell("scheduling.work_on_files")


def _tell(task: str) -> None:
    try:
        current_app.send_task(task, retry=False)
    except Exception as error:  # noqa: BLE001  The broker may be away; the schedule looks every minute.
        log.warning("worker_not_told", task=task, error=type(error).__name__)
