"""`python -m tests.faults --listen 127.0.0.2:40404 --to 127.0.0.1:40404 --seed 7 --up loss=0.05 --down delay=0.08`

Stands before a relay as a bad line: let the relay bind one address (RELAY_BIND=127.0.0.1) and announce another
(RELAY_ANNOUNCE=127.0.0.2), and listen there with the relay's port. Says `ready HOST:PORT` and takes commands on
standard input, one a line, each answered by one line, which is JSON, `ok` or `error ...`:

  up loss=0.1 delay=0.05   change what is named, towards the relay; `down`: towards the clients; `both`
  blackout on | off        nothing passes, or everything does again
  heal                     every line is perfect from now on
  rebind                   each client comes out of another port, as behind a NAT that lost its table
  counts                   what each line did to how many packets
  gaps                     each media stream's longest time without a packet since `gaps` was last asked
  stop                     the end of the input does the same

`@UFRAG` before a command means one seat's lines only (`a=ice-ufrag` of the relay's offer): `@5f0c... blackout on`.
"""

import argparse
import asyncio
import json
import sys
from dataclasses import asdict, fields

from tests.faults.core import Faults
from tests.faults.proxy import Address, Client, FaultProxy


class Commands:
    """The words on standard input, and what each does."""

    def __init__(self, proxy: FaultProxy, up: Faults, down: Faults) -> None:
        self._proxy = proxy
        self._faults = {"up": up, "down": down}

    def run(self, line: str) -> str:
        """One command; the answer. ValueError says what is wrong with it."""
        first, _, rest = line.strip().partition(" ")
        chosen = self._named(first.removeprefix("@")) if first.startswith("@") else None
        verb, _, rest = (rest if chosen else line).strip().partition(" ")
        if verb in ("up", "down", "both"):
            self._change(chosen, ("up", "down") if verb == "both" else (verb,), rest)
        elif verb == "blackout" and rest in ("on", "off"):
            self._change(chosen, ("up", "down"), f"blackout={rest}")
        elif verb == "heal" and chosen is None:
            self._faults = {"up": Faults(), "down": Faults()}
            self._change(None, ("up", "down"), "")
        elif verb == "rebind":
            for client in self._every(chosen):
                self._proxy.rebind(client)
        elif verb == "counts":
            return json.dumps([_counts(client) for client in self._every(chosen)])
        elif verb == "gaps":
            return json.dumps(self._proxy.streams.read(asyncio.get_running_loop().time()))
        else:
            raise ValueError("unknown command")
        return "ok"

    def _named(self, name: str) -> list[Client]:
        found = [client for client in self._proxy.clients.values() if client.name == name]
        if not found:
            raise ValueError("nobody has asked for that user fragment")
        return found

    def _every(self, chosen: list[Client] | None) -> list[Client]:
        return list(self._proxy.clients.values()) if chosen is None else chosen

    def _change(self, chosen: list[Client] | None, ways: tuple[str, ...], words: str) -> None:
        for client in chosen or ():
            self._proxy.set(client=client, **{way: getattr(client, way).faults.read(words) for way in ways})
        if chosen is None:
            self._faults |= {way: self._faults[way].read(words) for way in ways}
            self._proxy.set(up=self._faults["up"], down=self._faults["down"])


def _counts(client: Client) -> dict[str, object]:
    told = {way: asdict(getattr(client, way).counts) for way in ("up", "down")}
    return {"port": client.port, "name": client.name, **told}


def _address(text: str) -> Address:
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def _faults(text: str) -> Faults:
    return Faults().read(text)


def _arguments() -> argparse.Namespace:
    known = ", ".join(f"{field.name}={field.default}" for field in fields(Faults))
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults",
        description=(__doc__ or "").partition("\n\n")[2],
        epilog=f"Faults and what they are at first: {known}. Parts of one, seconds; `rate` is bits a second.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
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
