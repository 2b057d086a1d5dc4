"""`./run manage recordings_expire`: erase what is due by rule now, and finish every erasure that was cut short."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from core.clock import now
from recordings.services.exports import expire_exports
from recordings.services.keeping import due, expire_recordings


class Command(BaseCommand):
    help = "Erases recordings whose time is up (keys first, then files), unless a legal hold stops it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how many recordings are due")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["dry_run"]:
            self.stdout.write(f"{len(due(now()))} recordings are due.")
            return
        exports, recordings = expire_exports(), expire_recordings()
        self.stdout.write(f"Looked after {recordings} recordings to erase and {exports} exports that expired.")
