"""`./run demo`: migrate, seed, print, then serve until Ctrl-C."""

import argparse
import asyncio
import os
import socket
import sys

from telehealth.supervisor import RELAY_PORT, house, listen, supervise


def main() -> None:
    """Serve the demo clinic on this machine only."""
    parser = argparse.ArgumentParser(prog="./run demo", description="A small clinic to try, on this machine only.")
    parser.add_argument("--port", type=int, default=8000, help="port of the web pages (default 8000)")
    port = parser.parse_args().port
    with listen("127.0.0.1", port) as listening:
        _describe(port)
        _prepare()
        asyncio.run(supervise(house(listening, os.environ)))
    sys.stdout.write("\nHousecall has stopped.\n")


def _describe(port: int) -> None:
    """The settings of a demo; what is set outside wins."""
    os.environ["DEMO"] = "1"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "telehealth.settings")
    os.environ.setdefault("ORIGINS", f"http://127.0.0.1:{port},http://localhost:{port}")
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    os.environ.setdefault("RELAY_PORT", str(_free_relay_port()))


def _free_relay_port() -> int:
    """The usual port, or any (0) when another relay on this machine has it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("", RELAY_PORT))
        except OSError:
            return 0
        return RELAY_PORT


def _prepare() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    from telehealth.demo.announce import announce
    from telehealth.demo.seed import seed

    announce(seed())


if __name__ == "__main__":
    main()
