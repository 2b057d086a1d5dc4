"""The parent of the reading process: gives it a calendar, and ends it when it takes too long."""

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path

from scheduling.busy.problems import WORDS, Problem

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS = 15.0
Span = tuple[dt.datetime, dt.datetime]


def read_busy(content: bytes, *, first: dt.datetime, last: dt.datetime, zone: str) -> list[Span]:
    """The taken stretches that a calendar tells, or Problem."""
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
    return [(_instant(starts), _instant(ends)) for starts, ends in answer["busy"]]


def _instant(second: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(second, tz=dt.UTC)
