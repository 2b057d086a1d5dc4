"""`python -m relay`: start the relay alone, say one line when ready, drain on SIGTERM, stop at once on SIGINT."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
from typing import TextIO

from relay.config import Config, read_config
from relay.confine import confine
from relay.errors import ConfigError
from relay.server import Relay


def _say(stream: TextIO, line: str) -> None:
    stream.write(line + "\n")
    stream.flush()


async def _serve(config: Config) -> None:
    loop = asyncio.get_running_loop()
    relay = Relay(config)
    loop.add_signal_handler(signal.SIGTERM, relay.drain)
    loop.add_signal_handler(signal.SIGINT, relay.stop)
    async with relay:
        # What was imported stays for good: full collections need not walk through it, 20 to 70 ms each, media waiting.
        gc.collect()
        gc.freeze()
        confine(config.memory_mib)
        addresses = " ".join(
            f"[{host}]:{relay.port}" if ":" in host else f"{host}:{relay.port}" for host in config.bind
        )
        metrics = f", metrics on {relay.metrics.address}" if relay.metrics is not None else ""
        _say(sys.stdout, f"relay ready on {addresses}, control {config.control}{metrics}")
        await relay.ended.wait()


def main() -> int:
    if sys.flags.optimize:
        _say(sys.stderr, "relay: will not run under -O, which removes checks that parsers rely on")
        return 2
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        config = read_config(sys.argv[1:], os.environ)
        os.umask(0o077 if config.recordings_group is None else 0o007)
        asyncio.run(_serve(config))
    except ConfigError as error:
        _say(sys.stderr, f"relay: {error.message}")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
