"""The job queue. Jobs carry ids and keep no results; the schedule is below."""

import os

from celery import Celery, signals
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "telehealth.settings")

from django.conf import settings

from telehealth import memory

app = Celery("housecall")
app.set_default()  # Else a retry from a thread without a current app goes to amqp on localhost.
app.conf.update(
    broker_url=settings.REDIS_URL or "memory://",
    # A hint may be lost, a page must not wait for it: one try, and a second at most for a server that does not answer.
    broker_transport_options={
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0,
        "interval_max": 0,
        "socket_connect_timeout": 1,
        "socket_timeout": 5,
    }
    if settings.REDIS_URL
    else {"polling_interval": 0.05},
    broker_connection_retry_on_startup=True,
    accept_content=["json"],
    task_serializer="json",
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_store_errors_even_if_ignored=False,
    worker_hijack_root_logger=False,
    # A film that is made for an hour holds up no message: a worker of their own may take these alone.
    task_routes={"notifications.*": {"queue": "messages"}},
    # In memory nothing is saved by leaving jobs in the queue, and a full prefetch is only looked at every two seconds.
    worker_prefetch_multiplier=1 if settings.REDIS_URL else 0,
    timezone="UTC",
    beat_schedule={
        "clear-expired-sessions": {
            "task": "accounts.clear_expired_sessions",
            "schedule": crontab(hour="3", minute="17"),
        },
        "assemble-recordings": {"task": "recordings.assemble_due", "schedule": 5.0},
        # Web processes watch every second; this is for the hours when none runs.
        "watch-recordings": {"task": "recordings.watch", "schedule": 30.0},
        # Hints say at once that there is work; the schedule finds what a lost hint or a killed worker left.
        "make-exports": {"task": "recordings.make_exports", "schedule": 60.0},
        "expire-exports": {"task": "recordings.expire_exports", "schedule": 600.0},
        "carry-out-erasures": {"task": "recordings.carry_out_erasures", "schedule": 300.0},
        # Booking takes held times that have run out by itself; this gives back those that nobody asks for.
        "end-holds": {"task": "scheduling.end_holds", "schedule": 20.0},
        # Their links end by themselves; this empties their seats.
        "end-guests": {"task": "scheduling.end_guests", "schedule": 20.0},
        "sweep-wait-list": {"task": "scheduling.sweep_wait_list", "schedule": 20.0},
        # Each calendar is due every 15 minutes; a hint says at once that one is new.
        "read-calendars": {"task": "scheduling.read_calendars", "schedule": 60.0},
        "work-on-files": {"task": "scheduling.work_on_files", "schedule": 60.0},
        # A hint sends at once what is due at once; this finds everything.
        "sweep-messages": {"task": "notifications.sweep", "schedule": 15.0},
        "plan-missing-messages": {"task": "scheduling.plan_missing_messages", "schedule": crontab(minute="13")},
        # Looks at a line find this by themselves; this is for lines that nobody looks at.
        "keep-places": {"task": "consults.keep_places", "schedule": 20.0},
        "tell-desks": {"task": "consults.tell_desks", "schedule": 20.0},
        "end-unused-walk-ins": {"task": "consults.end_unused_walk_ins", "schedule": crontab(hour="3", minute="23")},
        "prune-waits": {"task": "consults.prune_waits", "schedule": crontab(hour="3", minute="53")},
        "expire-recordings": {"task": "recordings.expire", "schedule": crontab(hour="3", minute="41")},
    },
)
app.autodiscover_tasks()


@signals.worker_ready.connect
@signals.worker_process_init.connect
def settle(**about: object) -> None:
    """A worker, and each process of one, has loaded its jobs."""
    memory.settle()
