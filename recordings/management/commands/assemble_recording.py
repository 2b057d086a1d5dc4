"""`./run manage assemble_recording UUID`: put one recording together, in a process of its own at low priority."""

import os
import resource
import threading
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandParser

from recordings.assembly.job import assemble

NICE = 10


class Command(BaseCommand):
    help = "Put one recording together. It is safe to stop this at any point and to run it twice."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("recording", type=UUID)
        parser.add_argument("--tied", action="store_true", help="end when standard input ends")

    def handle(self, *args: Any, **options: Any) -> None:
        os.nice(NICE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump would hold keys and voices
        if options["tied"]:
            threading.Thread(target=_end_with_parent, daemon=True).start()
        if assemble(options["recording"]):
            self.stdout.write("Done.")
        else:
            self.stdout.write("Nothing to do: it is not finished, or another worker has it.")


def _end_with_parent() -> None:
    """Whatever ends the parent closes our standard input. What is half made is found at the next start."""
    # Not by sys.stdin: its lock, held by this thread at the end of the process, would abort it.
    while os.read(0, 1024):
        pass
    os._exit(1)
