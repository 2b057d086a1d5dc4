"""Jobs of scheduling. Each finds in the database what there is to do."""

from celery import shared_task

from scheduling import services


@shared_task(name="scheduling.end_holds")
def end_holds() -> None:
    """Give back the times that were held and not booked."""
    services.end_holds()
