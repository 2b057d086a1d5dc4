"""`python -m tests.faults --listen 127.0.0.2:40404 --to 127.0.0.1:40404 --seed 7 --up loss=0.05 --down delay=0.08`

Says `ready HOST:PORT` and takes commands on standard input, one a line, each answered with `ok` or `error ...`:
`up loss=0.1`, `down rate=64000`, `both delay=0.05`, `blackout on`, `blackout off`, `rebind`, `counts`, `stop`.
`up`, `down` and `both` change only what they name. It ends with its input.
"""

import argparse
import asyncio
import json
import sys
from dataclasses import asdict

from tests.faults.core import Faults
from tests.faults.proxy import Address, FaultProxy


class Commands:
    """The words on standard input, and what each does."""

    def __init__(self, proxy: FaultProxy, up: Faults, down: Faults) -> None:
        self._proxy = proxy
        self._faults = {"up": up, "down": down}

    def run(self, line: str) -> str:
        """One command; the answer. ValueError says what is wrong with it."""
        verb, _, rest = line.strip().partition(" ")
        if verb in ("up", "down", "both"):
            for way in ("up", "down") if verb == "both" else (verb,):
                self._faults[way] = self._faults[way].read(rest)
            self._proxy.set(up=self._faults["up"], down=self._faults["down"])
        elif verb == "blackout" and rest in ("on", "off"):
            self._faults = {way: faults.but(blackout=rest == "on") for way, faults in self._faults.items()}
            self._proxy.set(up=self._faults["up"], down=self._faults["down"])
        elif verb == "rebind":
            self._proxy.rebind()
        elif verb == "counts":
            clients = self._proxy.clients.values()
            told = [{"port": c.port, "up": asdict(c.up.counts), "down": asdict(c.down.counts)} for c in clients]
            return json.dumps(told)
        else:
            raise ValueError("unknown command")
        return "ok"


def _address(text: str) -> Address:
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def _faults(text: str) -> Faults:
    return Faults().read(text)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="A bad UDP line, on purpose.")
    parser.add_argument("--listen", type=_address, default=("127.0.0.1", 0), help="where clients send to")
    parser.add_argument("--to", type=_address, required=True, help="the relay's UDP address")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--up", type=_faults, default=Faults(), help="towards the relay: loss=0.05,delay=0.08,...")
    parser.add_argument("--down", type=_faults, default=Faults(), help="towards the clients")
    return parser.parse_args()


async def _serve(options: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async with FaultProxy(
        options.to, seed=options.seed, listen=options.listen, up=options.up, down=options.down
    ) as proxy:
        commands = Commands(proxy, options.up, options.down)
        _say(f"ready {proxy.address[0]}:{proxy.address[1]}")
        while (line := (await reader.readline()).decode()) and line.strip() != "stop":
            try:
                _say(commands.run(line))
            except ValueError as error:
                _say(f"error {error}")
    transport.close()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_serve(_arguments()))
