"""Jobs of consults. They carry no arguments but ids."""

from celery import shared_task

from consults.services import waits


@shared_task(name="consults.prune_waits")
def prune_waits() -> None:
    """Forget what people were told of their waits once nobody scores it any more."""
    waits.prune_waits()
