"""`./run manage check_turn`: proves that the TURN server leads to the relay and nowhere else (docs/networks.md)."""

import asyncio
import logging
import ssl
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from signaling.relay_link import Trust
from telehealth.turn.addresses import parse_turn_url
from telehealth.turn.check import TurnCheck


class Command(BaseCommand):
    help = "Asks the TURN server of TURN_URLS for the way to each relay, and for all that it must refuse."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--ca", help="trust this certificate (a file) too: for one that no public authority signed")
        parser.add_argument("--tries", type=int, default=30, help="allocations that one seat attempts (default 30)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.TURN_URLS:
            raise CommandError("TURN_URLS is empty: people whose network lets no UDP through cannot join a call.")
        for library in ("aioice", "signaling"):  # every channel and link would be a line of its own
            logging.getLogger(library).setLevel(logging.WARNING)
        context = ssl.create_default_context()
        if options["ca"]:
            context.load_verify_locations(options["ca"])
        is_remote = any(relay.is_remote for relay in settings.RELAYS)
        check = TurnCheck(
            addresses=tuple(map(parse_turn_url, settings.TURN_URLS)),
            secret=settings.TURN_SECRET,
            relays=settings.RELAYS,
            trust=Trust.read(settings.RELAY_SECRET, settings.RELAY_TLS_CA) if is_remote else None,
            certificates=context,
            tries=options["tries"],
        )
        faults = asyncio.run(self._report(check))
        if faults:
            raise CommandError(f"{faults} of these must be mended before anybody relies on this server.")
        self.stdout.write("The TURN server leads to the relay and nowhere else.")

    async def _report(self, check: TurnCheck) -> int:
        faults = 0
        async for finding in check.findings():
            faults += not finding.ok
            word = "note" if finding.note else "good" if finding.ok else "BAD "
            self.stdout.write(f"{word}  {finding.sentence}")
        return faults
