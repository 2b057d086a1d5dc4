"""Runs a module as this process and ends it with its parent. Run by path, so that it imports no room of the house.

`python -P telehealth/tether.py PATIENCE MODULE ARGUMENT...` with a pipe from the parent as standard input: the pipe
closes when the parent ends, however it ends, and that is the signal to stop, in so many seconds. Nothing is left
behind, on every POSIX system.
"""

import os
import runpy
import signal
import sys
import threading
from pathlib import Path


def _stop_with_parent(patience: float) -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    # A process that does not heed SIGTERM in time is ended without asking.
    threading.Event().wait(patience)
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Take the seconds to end in and the module to run from the command line, and become it."""
    patience, module, sys.argv = float(sys.argv[1]), sys.argv[2], sys.argv[2:]
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    threading.Thread(target=_stop_with_parent, args=(patience,), name="tether", daemon=True).start()
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
