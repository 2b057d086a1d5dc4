"""Asking a provider: for so long and no longer, and what it said about when to come back. No database here."""

import datetime as dt
import threading
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from queue import Empty, SimpleQueue
from typing import TypeVar

from core.clock import now

T = TypeVar("T")
# Longer than any pause (services.pauses) makes no difference.
LONGEST_WAIT = 3600.0


def within(seconds: float, ask: Callable[[], T]) -> T:
    """What `ask` returns or raises; TimeoutError when it takes longer. It must not touch the database.

    Timeouts of sockets hold for each byte anew, and looking up a name has none: a provider that drips could keep a
    worker for longer than its lease. So the asking has a thread of its own, which is left to itself when the time is
    over; it ends with its own timeouts.
    """
    answers: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()

    def run() -> None:
        try:
            answers.put((ask(), None))
        except BaseException as error:  # noqa: BLE001  Raised below, where somebody waits for it.
            answers.put((None, error))

    threading.Thread(target=run, name="asking-a-provider", daemon=True).start()
    try:
        answer, error = answers.get(timeout=seconds)
    except Empty:
        raise TimeoutError from None
    if error is not None:
        raise error
    return answer  # type: ignore[return-value]


def wait_of(header: str | None) -> float:
    """The seconds that a Retry-After (RFC 9110, 10.2.3) asks for; 0 where it cannot be read."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return 0.0
    if until.tzinfo is None:
        until = until.replace(tzinfo=dt.UTC)
    return min(max((until - now()).total_seconds(), 0.0), LONGEST_WAIT)


def one_line(text: str) -> str:
    """Without anything that could begin another header."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
