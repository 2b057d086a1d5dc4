"""The parent of the reading process: gives it a calendar, and ends it when it takes too long."""

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from scheduling.busy.problems import WORDS, Problem
from scheduling.busy.reading import TooMuch, merged

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS = 15.0
Span = tuple[dt.datetime, dt.datetime]


def read_busy(
    content: bytes, *, first: dt.datetime, last: dt.datetime, zone: str, ours: Callable[[set[str]], set[str]]
) -> list[Span]:
    """The taken stretches that a calendar tells, or Problem. `ours` says which of these names are visits of our own."""
    asked = json.dumps({"from": first.isoformat(), "until": last.isoformat(), "zone": zone}).encode()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "scheduling.busy.reading"],
            cwd=ROOT,
            # Nothing of our environment goes along: no secret, no address of a database.
            env={"PYTHONDONTWRITEBYTECODE": "1", "MALLOC_ARENA_MAX": "2"},
            input=asked + b"\n" + content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            start_new_session=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Problem("too_much") from None
    if done.returncode != 0:
        raise Problem("too_much")
    answer = json.loads(done.stdout)
    if "problem" in answer:
        raise Problem(answer["problem"] if answer["problem"] in WORDS else "not_calendar")
    own = ours({name for name, _, _ in answer["house"]})
    others = [(starts, ends) for name, starts, ends in answer["house"] if name not in own]
    try:
        spans = merged([*((starts, ends) for starts, ends in answer["busy"]), *others])
    except TooMuch:
        raise Problem("too_much") from None
    return [(_instant(starts), _instant(ends)) for starts, ends in spans]


def _instant(second: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(second, tz=dt.UTC)
