"""What the mixing process takes from itself before it sees a byte that a browser sent. Linux and other POSIX."""

import os
import resource

MEMORY = 768 * 1024 * 1024
NICENESS = 15


def confine(cpu_seconds: int) -> None:
    """Low priority; a bound on memory and on time; no core, no file, and no new descriptor: no socket either."""
    os.nice(NICENESS)
    _limit(resource.RLIMIT_AS, MEMORY)
    _limit(resource.RLIMIT_CPU, cpu_seconds)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, _lowest_free())


def _limit(kind: int, most: int) -> None:
    """Never above what the process was given."""
    _, hard = resource.getrlimit(kind)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (most, most))


def _lowest_free() -> int:
    """The number that the next file would get: a limit there refuses it, and keeps those that are open."""
    probe = os.dup(0)
    os.close(probe)
    return probe
