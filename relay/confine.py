"""What the relay's process may still do: limits it sets itself at its start. Its own user is the unit's to give."""

from __future__ import annotations

import ctypes
import logging
import os
import resource
import sys

from relay.limits import MAX_FILES

logger = logging.getLogger(__name__)

_PR_SET_NO_NEW_PRIVS = 38


def confine(memory_mib: int) -> None:
    """Lower the limits for good: files, processes and threads, memory, core dumps, rights gained by starting a program.

    Whoever takes the relay over inherits them. The kernel lets root start processes whatever the limit says.
    """
    _lower(resource.RLIMIT_CORE, 0)  # a dump would hold keys and voices
    _lower(resource.RLIMIT_NOFILE, MAX_FILES)
    _lower(resource.RLIMIT_NPROC, 0)
    # Linux counts every private writable page here, however it was asked for; unlike RLIMIT_AS not what is only mapped.
    _lower(resource.RLIMIT_DATA, memory_mib << 20)
    if sys.platform == "linux" and ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        logger.warning("no_new_privs was refused: %s", os.strerror(ctypes.get_errno()))


def _lower(kind: int, wanted: int) -> None:
    """Soft and hard, so that it cannot be raised again; a lower limit that is set already stays."""
    _, hard = resource.getrlimit(kind)
    limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(kind, (limit, limit))
