"""The mixing process: confine itself, hear the job, make the film. Its parent is recordings.exporting."""

import importlib
import json
import os
import pkgutil
import sys
from typing import Any, BinaryIO

import av

from recordings.mixing.limits import confine
from recordings.mixing.mix import mix
from recordings.mixing.sources import Source
from recordings.mixing.wire import (
    DONE,
    FAILED,
    JOB,
    PROGRESS,
    BrokenWire,
    RemoteInput,
    RemoteOutput,
    receive,
    send,
    send_json,
)

# A film that goes slower than a quarter of time, and ten minutes more, is stuck.
LEAST_CPU_SECONDS = 600


def main() -> int:
    """0 when the film is whole; the parent has been told why otherwise."""
    hear, tell = sys.stdin.buffer, _private_output()
    _load_all()
    job = _job(hear)
    confine(LEAST_CPU_SECONDS + job["duration_ms"] * 4 // 1000)
    try:
        _make(job, hear, tell)
    except BrokenWire:
        return 2
    except (av.error.FFmpegError, MemoryError, ValueError, AssertionError) as error:
        send(tell, FAILED, type(error).__name__.encode())
        return 1
    return 0


def _load_all() -> None:
    """PyAV loads parts of itself when they are first needed; a confined process can open no file for that any more."""
    for found in pkgutil.walk_packages(av.__path__, "av."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)


def _job(hear: BinaryIO) -> dict[str, Any]:
    kind, payload = receive(hear)
    if kind != JOB:
        raise BrokenWire
    job: dict[str, Any] = json.loads(payload)
    return job


def _make(job: dict[str, Any], hear: BinaryIO, tell: BinaryIO) -> None:
    sources = [
        Source(
            RemoteInput(number, each["size"], tell, hear),
            kind=each["kind"],
            offset_ms=each["offset_ms"],
            absences=each["absences"],
        )
        for number, each in enumerate(job["sources"])
    ]
    mix(
        sources=sources,
        output=RemoteOutput(tell),
        kind=job["kind"],
        duration_ms=job["duration_ms"],
        tell=lambda done_ms: send_json(tell, PROGRESS, done_ms),
    )
    send_json(tell, DONE, {"refused": sum(source.gate.refused for source in sources)})


def _private_output() -> BinaryIO:
    """The pipe to the parent under a number of its own: what a library prints must not stand between the messages."""
    own = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return own


if __name__ == "__main__":
    raise SystemExit(main())
