"""The way from a socket to the database: a few threads of its own, so that one slow read does not hold every socket."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from channels.db import database_sync_to_async

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 4
_pool = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="socket-db")


async def in_database(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `work` in a database thread. A socket waits for its own work, so it never has more than one in hand."""
    result: T = await database_sync_to_async(work, thread_sensitive=False, executor=_pool)(*args, **kwargs)
    return result
