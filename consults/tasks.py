"""Jobs of consults. They carry no arguments but ids."""

from celery import shared_task

from consults.services import answering, keeping, waits, walkin


@shared_task(name="consults.keep_places")
def keep_places() -> None:
    """Out of the line goes whose page was silent for too long; whoever's turn it is is sent for."""
    keeping.keep_places()


@shared_task(name="consults.prune_waits")
def prune_waits() -> None:
    """Forget what people were told of their waits once nobody scores it any more."""
    waits.prune_waits()


@shared_task(name="consults.tell_desks")
def tell_desks() -> None:
    """Tell front desks of whom nobody has called; whoever was told of is not told of again."""
    answering.tell_desks()


@shared_task(name="consults.end_unused_walk_ins")
def end_unused_walk_ins() -> None:
    """Cancel yesterday's walk-ins who never went in."""
    walkin.end_unused()
