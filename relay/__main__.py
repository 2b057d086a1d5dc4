"""`python -m relay`: start the relay alone, say one line when ready, stop cleanly on SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys

from relay.config import Config, read_config
from relay.errors import ConfigError
from relay.server import Relay


async def _serve(config: Config) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with Relay(config) as relay:
        addresses = " ".join(
            f"[{host}]:{relay.port}" if ":" in host else f"{host}:{relay.port}" for host in config.bind
        )
        print(f"relay ready on {addresses}, control {config.control}", flush=True)
        await stop.wait()


def main() -> int:
    if sys.flags.optimize:
        print("relay: will not run under -O, which removes checks that parsers rely on", file=sys.stderr)
        return 2
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        config = read_config(sys.argv[1:], os.environ)
        asyncio.run(_serve(config))
    except ConfigError as error:
        print(f"relay: {error.message}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
