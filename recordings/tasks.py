"""Jobs of recordings. They carry no ids of people: each finds in the database what there is to do."""

from celery import shared_task

from recordings import services
from recordings.assembly import beside


@shared_task(name="recordings.watch")
def watch() -> None:
    """End recordings whose visit is over, whose time is up or whose relay never came back; web processes do it too."""
    services.watch_recordings()


@shared_task(name="recordings.assemble_due")
def assemble_due() -> None:
    """Put together what has ended, and what a killed worker or relay left behind."""
    beside.assemble_due()
