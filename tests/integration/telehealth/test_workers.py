"""The jobs run in the web process when there is no broker, and stop with it."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from telehealth import workers
from telehealth.celery import app

PATIENCE_SECONDS = 60
ran_in: list[threading.Thread] = []


@pytest.fixture
def job() -> Iterator[threading.Event]:
    """An event that the job `test.job` sets; the job is gone afterwards."""
    done = threading.Event()

    @app.task(name="test.job", shared=False)
    def job() -> None:
        ran_in.append(threading.current_thread())
        done.set()

    ran_in.clear()
    app.finalize()
    yield done
    app.tasks.unregister("test.job")


def test_job_is_run_in_a_thread_and_the_threads_end(job: threading.Event) -> None:
    before = set(threading.enumerate())
    running = workers.start(app)
    app.send_task("test.job")
    assert job.wait(PATIENCE_SECONDS)
    asyncio.run(workers.stop(running))
    assert ran_in[0] not in before
    assert not [thread for thread in running.threads if thread.is_alive()]
    assert not [thread for thread in set(threading.enumerate()) - before if not thread.name.startswith("asyncio")]


def test_scheduled_job_is_sent_when_due(job: threading.Event) -> None:
    schedule = app.conf.beat_schedule
    app.conf.beat_schedule = {"often": {"task": "test.job", "schedule": 0.1}}
    running = workers.start(app)
    try:
        assert job.wait(PATIENCE_SECONDS)
    finally:
        app.conf.beat_schedule = schedule
        asyncio.run(workers.stop(running))


def test_every_scheduled_job_of_the_house_exists() -> None:
    app.loader.import_default_modules()
    scheduled = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert scheduled
    assert scheduled <= set(app.tasks)


@pytest.mark.parametrize(
    ("name", "value"), [("task_ignore_result", True), ("accept_content", ["json"]), ("task_serializer", "json")]
)
def test_jobs_keep_no_results_and_carry_json_only(name: str, value: Any) -> None:
    assert app.conf[name] == value
    assert app.conf.result_backend is None
