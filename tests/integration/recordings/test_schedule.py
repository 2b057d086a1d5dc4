"""From the schedule to files: beat sends the job, a worker finds the recording, another process makes the films."""

import asyncio
import os
import threading
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from django.db import connection, connections

from recordings.assembly import beside
from telehealth import workers
from telehealth.celery import app
from tests.stopped import check_whole, stopped

PATIENCE_SECONDS = 60

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def same_house(own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A process started from here works on this test's database, parts, files and keys."""
    known = connection.settings_dict
    address = f"sqlite:///{known['NAME']}"
    if connection.vendor == "postgresql":
        person = f"{known['USER']}:{known['PASSWORD']}" if known["PASSWORD"] else known["USER"]
        # The host may be a folder with a socket; then there is no port.
        host = quote(known["HOST"], safe="") + (f":{known['PORT']}" if known["PORT"] else "")
        address = f"postgres://{person}@{host}/{known['NAME']}"
    monkeypatch.setenv("DATABASE_URL", address)
    monkeypatch.setenv("HOUSECALL_VAR", str(own_folders / "var"))
    monkeypatch.setenv("RECORDINGS_DIR", str(own_folders / "recordings"))
    monkeypatch.setenv("RECORDING_KEYS_DIR", str(own_folders / "keys"))
    return own_folders / "recordings"


def test_scheduled_job_has_a_stopped_recording_made_in_another_process(
    same_house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = stopped()
    made, done = [], threading.Event()
    real = beside._assemble

    def noted(uuid: UUID) -> None:
        real(uuid)
        made.append((uuid, os.getpid()))
        connections.close_all()
        done.set()

    monkeypatch.setattr(beside, "_assemble", noted)
    monkeypatch.setattr("recordings.assembly.job.assemble", never)
    with monkeypatch.context() as patched:
        entry = app.conf.beat_schedule["assemble-recordings"]
        patched.setitem(app.conf, "beat_schedule", {"assemble-recordings": {**entry, "schedule": 0.1}})
        running = workers.start(app)
        try:
            assert done.wait(PATIENCE_SECONDS)
        finally:
            asyncio.run(workers.stop(running))
    assert made[0][0] == recording.uuid
    check_whole(recording, same_house)


def never(*given: Any) -> None:
    raise AssertionError("it was put together in the worker's own process")
