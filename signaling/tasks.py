"""Ending a task for good. Starting one stays with whoever keeps it."""

from __future__ import annotations

import asyncio
from typing import Any

PATIENCE = 1.0


async def end(*tasks: asyncio.Task[Any] | None) -> None:
    """Cancel the tasks and wait until they are gone; what they raised is not of interest any more.

    Cancels again while one stays: libraries below (a Redis client that cleans up, for one) can swallow a cancellation.
    """
    left = {task for task in tasks if task is not None}
    while left:
        for task in left:
            task.cancel()
        ended, left = await asyncio.wait(left, timeout=PATIENCE)
        for task in ended:
            if not task.cancelled():
                task.exception()
