"""`./run demo`: migrate, seed, print, then serve until Ctrl-C."""

import argparse
import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import Mapping

from core.clock import now
from telehealth.demo import lan
from telehealth.demo.certificate import certificate_for
from telehealth.supervisor import RELAY_PORT, house, listen, supervise, var_of

HERE = "127.0.0.1"


def main() -> None:
    """Serve the demo clinic on this machine only, or to its own network over HTTPS."""
    options = _options()
    served = (HERE,) if options.lan is None else lan.chosen(options.lan)
    with contextlib.ExitStack() as stack:
        listening = [stack.enter_context(listen(host, options.port)) for host in served]
        if options.lan is not None:
            certificate = certificate_for(var_of(os.environ), lan.names(served), now())
            _describe(lan.settings_of(served, options.port, certificate))
        _describe(_settings_here(options.port))
        _prepare()
        asyncio.run(supervise(house(listening, os.environ)))
    sys.stdout.write("\nHousecall has stopped.\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./run demo", description="A small clinic to try, on this machine or in its own network."
    )
    parser.add_argument("--port", type=int, default=8000, help="port of the web pages (default 8000)")
    parser.add_argument(
        "--lan",
        nargs="?",
        const="",
        metavar="ADDRESS",
        help="serve it over HTTPS to phones in the same Wi-Fi; of several networks, the one with this address",
    )
    return parser.parse_args()


def _settings_here(port: int) -> Mapping[str, str]:
    """The environment of a demo on this machine."""
    return {
        "DJANGO_SETTINGS_MODULE": "telehealth.settings",
        "ORIGINS": f"http://{HERE}:{port},http://localhost:{port}",
        "LOG_LEVEL": "WARNING",
        "RELAY_PORT": str(_free_relay_port()),
    }


def _describe(settings: Mapping[str, str]) -> None:
    """What is set outside, or was said before, wins."""
    os.environ["DEMO"] = "1"
    for name, value in settings.items():
        os.environ.setdefault(name, value)


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
