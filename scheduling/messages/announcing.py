"""Whether what is booked, moved or cancelled is told at once, or only written down: for many changes made as one.

Of a series only the first visit is told of, and its message lists the others; rows of a file are confirmed by nobody,
for the people in it know of their visits. Reminders go in any case.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_quiet: ContextVar[bool] = ContextVar("scheduling_quiet", default=False)


@contextmanager
def unannounced() -> Iterator[None]:
    """Within it nobody is told of what changes."""
    token = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(token)


def is_announced() -> bool:
    return not _quiet.get()
