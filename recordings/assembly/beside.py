"""Putting together what is due, each recording in a process of its own. Called by the schedule; the work is job.py."""

import subprocess
import sys
import threading
from uuid import UUID

import structlog
from django.conf import settings

from recordings.selectors.assembly import recordings_to_assemble

log = structlog.get_logger(__name__)

_assembling = threading.Lock()


def assemble_due() -> None:
    """Whatever has ended, one after the other; also what a killed worker or relay left behind.

    It takes a core for some seconds, and in a house without a broker this thread lives in the web process, whose visits
    must not feel it. One at a time in a process; two workers share by claims.
    """
    if not _assembling.acquire(blocking=False):
        return
    try:
        for recording in recordings_to_assemble():
            _assemble(recording)
    finally:
        _assembling.release()


def _assemble(recording: UUID) -> None:
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "assemble_recording", "--tied", str(recording)]
    # Our end of its standard input is never written to: it closes with this process, however that ends.
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as child:  # noqa: S603
        code = child.wait()
    if code:
        log.error("assembly_process_ended", recording=str(recording), code=code)
