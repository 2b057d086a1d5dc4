"""Jobs of notifications. They carry the name of a channel and nothing else."""

from celery import shared_task

from notifications import hints
from notifications.services import sending, sweeping


@shared_task(name="notifications.sweep")
def sweep() -> None:
    """Every 15 s: workers are alive, and channels with due messages are set to work."""
    for channel in sweeping.sweep():
        hints.message_waits(channel)


@shared_task(name="notifications.send_due", expires=120)
def send_due(channel: str) -> None:
    """Send what is due by this channel, until nothing is or a minute is over."""
    sending.send_due(channel)
