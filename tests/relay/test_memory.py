"""Memory given back: circles and holes, and nothing breaks where the C library has no call for it."""

import weakref
from types import SimpleNamespace

import psutil
import pytest

from relay import memory


class Circle:
    def __init__(self) -> None:
        self.itself = self


def test_circles_and_the_holes_they_leave_are_given_back() -> None:
    process = psutil.Process()
    packets = [bytes(1200) for _ in range(40_000)]
    kept = packets[::16]  # each holds on to the end of the heap, so that glibc gives nothing back by itself
    circle = Circle()
    gone = weakref.ref(circle)
    full = process.memory_info().rss
    packets.clear()
    del circle
    memory.give_back()
    assert gone() is None
    assert full - process.memory_info().rss > 20 * 1024 * 1024
    assert len(kept) == 2500


def test_missing_call_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_ffi", SimpleNamespace(dlopen=lambda name: SimpleNamespace()))
    circle = Circle()
    gone = weakref.ref(circle)
    del circle
    memory.give_back()
    assert gone() is None
