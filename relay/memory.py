"""Gives memory back: what connections that ended hold in circles, and what glibc keeps of it in holes of its heap."""

from __future__ import annotations

import gc

from cffi import FFI

_ffi = FFI()
_ffi.cdef("int malloc_trim(size_t);")


def give_back() -> None:
    """Once a minute. Without it little goes through Python's own full collection, which waits for many new objects.

    Half a millisecond without seats, 15 to 20 with 120 on a busy machine: what was imported is frozen (`__main__.py`).
    """
    gc.collect()
    try:
        _ffi.dlopen(None).malloc_trim(0)
    except (OSError, AttributeError):  # not glibc: what is free stays with the process
        return
