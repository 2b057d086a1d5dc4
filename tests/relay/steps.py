"""Measuring work as steps of Python: the same on every machine, however busy it is."""

import contextlib
import gc
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any


@contextlib.contextmanager
def counted() -> Iterator[list[int]]:
    """How many lines of Python run inside; one is about 0.1 µs."""
    steps = [0]

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        steps[0] += event == "line"
        return trace

    former = sys.gettrace()
    gc.disable()  # what it would run belongs to others
    sys.settrace(trace)
    try:
        yield steps
    finally:
        sys.settrace(former)
        gc.enable()
