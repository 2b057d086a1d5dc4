"""Jobs of scheduling. Each finds in the database what there is to do."""

from celery import shared_task

from scheduling import services
from scheduling.messages import missing
from scheduling.services import busy, files, guests, waitlist


@shared_task(name="scheduling.end_holds")
def end_holds() -> None:
    """Give back the times that were held and not booked."""
    services.end_holds()


@shared_task(name="scheduling.sweep_wait_list")
def sweep_wait_list() -> None:
    """Let offers lapse that nobody answered, so that the next person is asked."""
    waitlist.sweep_wait_list()


@shared_task(name="scheduling.end_guests")
def end_guests() -> None:
    """Take out of the room whose link ended at the time that was set for it."""
    guests.end_guests()


@shared_task(name="scheduling.read_calendars")
def read_calendars() -> None:
    """Read what practitioners' own calendars say is busy, each of them when it is due."""
    busy.read_due_calendars()


@shared_task(name="scheduling.work_on_files")
def work_on_files() -> None:
    """Check and bring in files; also takes up one whose worker was killed, and forgets those that nobody wanted."""
    files.work_on_files()
    files.forget_old_files()


@shared_task(name="scheduling.plan_missing_messages")
def plan_missing_messages() -> None:
    """Reminders for visits that were booked before the house sent any."""
    missing.plan_missing()
