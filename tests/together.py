"""Runs calls at the same moment, each in a thread with a database connection of its own. Holds no test."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection

from core.errors import HousecallError


def met(call: Callable[..., Any], people: int) -> Callable[..., Any]:
    """`call`, which returns to nobody before so many are there: what a missing lock allows then happens each time."""
    everybody = threading.Barrier(people, timeout=30)

    def wait_for_the_others(*args: Any, **kwargs: Any) -> Any:
        found = call(*args, **kwargs)
        everybody.wait()
        return found

    return wait_for_the_others


def all_at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each call returned, or the HousecallError that it raised, in the order given; any other error is raised."""
    start = threading.Barrier(len(calls), timeout=30)

    def run(call: Callable[[], Any]) -> Any:
        try:
            start.wait()
            return call()
        except HousecallError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=len(calls)) as pool:
        return list(pool.map(run, calls))
