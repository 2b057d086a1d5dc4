"""How much room the disk of the recordings has, and how much of it is kept free. What is written there is elsewhere."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

SMALLEST_RESERVE = 1024**3
RESERVE_PERCENT = 5


@dataclass(frozen=True)
class Room:
    """Bytes that are free, and bytes that stay free."""

    free: int
    reserve: int

    @property
    def is_enough(self) -> bool:
        return self.free > self.reserve


def room() -> Room:
    """Of the file system that the recordings' folder is on, or will be on."""
    folder = Path(settings.RECORDINGS_DIR).absolute()
    while not folder.exists():
        folder = folder.parent
    usage = shutil.disk_usage(folder)
    reserve = settings.RECORDING_RESERVE
    return Room(usage.free, max(SMALLEST_RESERVE, usage.total * RESERVE_PERCENT // 100) if reserve is None else reserve)
