"""Hints to the workers that a message is due: lost without harm, for the sweep looks every 15 s."""

import structlog
from celery import current_app

log = structlog.get_logger(__name__)


def message_waits(channel: str) -> None:
    """A message of this channel is to go out now."""
    try:
        current_app.send_task("notifications.send_due", args=[channel], retry=False)
    except Exception as error:  # noqa: BLE001  The broker may be away.
        log.warning("worker_not_told", task="notifications.send_due", error=type(error).__name__)
