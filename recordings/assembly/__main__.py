"""A child that puts streams together: `python -m recordings.assembly`, started by crew.py. It has no database.

Its standard input first says which streams, with their keys, and then what to do; when that ends, the child ends,
whatever it is doing. What it makes and how far it is it tells line by line on its standard output.
"""

import json
import os
import pickle
import queue
import resource
import sys
import threading
import time
import traceback
from typing import Any, BinaryIO
from uuid import UUID

from django.conf import settings
from pyrage.x25519 import Identity

# Of address space: a part of the largest size, thrice, beside everything that is loaded.
MOST_MEMORY = 1 << 30
TELL_EVERY = 0.1


def main() -> None:
    hear, tell = os.fdopen(0, "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # Whatever else prints must not end up between the lines.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # A dump would hold keys and voices.
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    job = pickle.load(hear)  # noqa: S301  Our parent's, over a pipe of its own.
    settings.configure(**job["settings"])
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(hear, lines), daemon=True).start()
    try:
        _work(job, lines, tell)
    except Exception as error:  # noqa: BLE001  The parent raises in its place.
        traceback.print_exc()
        _say(tell, {"failed": type(error).__name__})
    # At once: the thread that listens may hold its file's lock, and could not be waited for.
    sys.stderr.flush()
    os._exit(1)


def _listen(hear: BinaryIO, lines: "queue.SimpleQueue[bytes]") -> None:
    for line in hear:
        lines.put(line)
    os._exit(0)


def _work(job: dict[str, Any], lines: "queue.SimpleQueue[bytes]", tell: BinaryIO) -> None:
    from recordings.assembly import wire
    from recordings.assembly.share import Order, Share
    from recordings.parts import Binding

    orders = {
        number: Order(Binding(recording, stream, mac, Identity.from_str(identity)), *others)
        for number, (recording, stream, mac, identity, *others) in job["orders"].items()
    }
    progress = _Progress(tell)
    share = Share(orders, job["began"], progress.step)
    while True:
        asked = json.loads(lines.get())
        number = asked["number"]
        if asked["do"] == "look":
            said = wire.of_look(share.look(number, tuple(asked["moves"])))
        else:
            names = {kind: UUID(name) for kind, name in asked["names"].items()}
            said = wire.of_made(share.make(number, asked["zero"], names))
        _say(tell, {"number": number, "said": said, "work": progress.taken()})


class _Progress:
    """Adds up work, and tells of it now and then."""

    def __init__(self, tell: BinaryIO) -> None:
        self._tell, self._work, self._told = tell, 0, time.monotonic()

    def step(self, work: int) -> None:
        self._work += work
        if time.monotonic() - self._told >= TELL_EVERY:
            _say(self._tell, {"work": self.taken()})

    def taken(self) -> int:
        """What was not told yet."""
        work, self._work, self._told = self._work, 0, time.monotonic()
        return work


def _say(tell: BinaryIO, message: dict[str, Any]) -> None:
    tell.write(json.dumps(message, default=str).encode() + b"\n")
    tell.flush()


if __name__ == "__main__":
    main()
