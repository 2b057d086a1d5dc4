"""Jobs of recordings. They carry no ids of people: each finds in the database what there is to do."""

from celery import shared_task

from recordings import exporting, services
from recordings.assembly import beside
from recordings.services import erasing, exports, keeping


@shared_task(name="recordings.watch")
def watch() -> None:
    """End recordings whose visit is over, whose time is up or whose relay never came back; web processes do it too."""
    services.watch_recordings()


@shared_task(name="recordings.assemble_due")
def assemble_due() -> None:
    """Put together what has ended, and what a killed worker or relay left behind."""
    beside.assemble_due()


@shared_task(name="recordings.make_exports")
def make_exports() -> None:
    """Also takes up a film whose worker was killed."""
    exporting.make_exports()


@shared_task(name="recordings.expire_exports")
def expire_exports() -> None:
    exports.expire_exports()


@shared_task(name="recordings.expire")
def expire() -> None:
    """Once a day: what is due by rule, and everything that was decided before."""
    keeping.expire_recordings()


@shared_task(name="recordings.carry_out_erasures")
def carry_out_erasures() -> None:
    erasing.carry_out_decided()
