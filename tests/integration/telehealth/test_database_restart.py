"""PostgreSQL has restarted: one request may fail for it, not one for every idle connection of the pool."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client

IDLE = 6
# More than the pool holds: it hands its connections out in turn, and a dead one may be the last.
ROUND = 20

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def answer(_: int = 0) -> int:
    try:
        return Client(raise_request_exception=False).post(f"/v/{uuid.uuid4()}/open/", {"secret": "wrong"}).status_code
    finally:
        connection.close()


def test_idle_connections_that_died_fail_one_request_at_most() -> None:
    together = Barrier(IDLE)

    def hold(_: int) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            together.wait()
            pid: int = cursor.fetchone()[0]
        connection.close()
        return pid

    with ThreadPoolExecutor(IDLE) as people:
        idle = list(people.map(hold, range(IDLE)))
    with connection.cursor() as cursor:
        # These only: a thread of another test may hold a connection of its own.
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM unnest(%s) pid WHERE pid <> pg_backend_pid()", [idle]
        )
        assert cursor.fetchone()[0] >= IDLE - 1
    with ThreadPoolExecutor(1) as person:
        answers = list(person.map(answer, range(ROUND)))
    assert answers.count(503) <= 1
    assert answers.count(404) >= ROUND - 1
