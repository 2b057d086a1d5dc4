"""When memory goes back: what connections that ended hold in circles, and what glibc keeps in holes of its heap."""

from __future__ import annotations

import gc

from cffi import FFI

_ffi = FFI()
_ffi.cdef("int malloc_trim(size_t); int mallopt(int, int);")
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # malloc.h
_KEPT_BYTES, _LARGE_BYTES = 32 << 20, 8 << 20


def keep_for_parts() -> None:
    """Once, before recordings are written. glibc gives a few hundred KiB back to the kernel at every `free`, and has
    each page of them made anew for the next part: sealing one took 410 µs instead of 225. What is kept so goes back
    once a minute."""
    try:
        library = _ffi.dlopen(None)
        library.mallopt(_MMAP_THRESHOLD, _LARGE_BYTES)
        library.mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
    except (OSError, AttributeError):  # not glibc
        return


def give_back() -> None:
    """Once a minute. Without it little goes through Python's own full collection, which waits for many new objects.

    Half a millisecond without seats, 15 to 20 with 120 on a busy machine: what was imported is frozen (`__main__.py`).
    """
    gc.collect()
    try:
        _ffi.dlopen(None).malloc_trim(0)
    except (OSError, AttributeError):  # not glibc: what is free stays with the process
        return
