"""Parent of the web and relay processes: starts them, brings back one that dies, leaves none. Knows no clinic."""

import argparse
import asyncio
import errno
import os
import signal
import socket
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TETHER = ROOT / "telehealth" / "tether.py"
PATIENCE_SECONDS = 8.0
RELAY_PORT = 40404
DRAIN_SECONDS = 20  # as in relay/config.py
QUICK_DEATH_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 5.0
# The relay is trusted with media only: it sees its own settings and what any program needs, no key and no database.
RELAY_ENVIRONMENT = ("PATH", "HOME", "LANG", "TZ", "TMPDIR", "VIRTUAL_ENV")
RELAY_PREFIXES = ("RELAY_", "PYTHON", "LC_")


@dataclass(frozen=True)
class Child:
    """A program that the supervisor keeps alive."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    sockets: tuple[int, ...] = ()
    patience: float = PATIENCE_SECONDS
    """How long it may take to end when told to."""

    async def start(self) -> Process:
        """Start it in its own session (Ctrl-C reaches the parent only), tied to us by its standard input."""
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            str(TETHER),
            str(self.patience),
            *self.arguments,
            stdin=asyncio.subprocess.PIPE,
            env=dict(self.environment),
            cwd=ROOT,
            pass_fds=self.sockets,
            start_new_session=True,
        )


def relay_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The part of the environment that the relay may see."""
    return {
        name: value
        for name, value in environment.items()
        if name in RELAY_ENVIRONMENT or name.startswith(RELAY_PREFIXES)
    }


def listen(host: str, port: int) -> socket.socket:
    """Bind the web address once, for every life of the web process; callers wait in its backlog while it restarts."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(2048)
    except OSError as error:
        listening.close()
        raise SystemExit(
            f"Housecall cannot use port {port} on {host}: {os.strerror(error.errno or 0)}. {_advice(error)}"
        ) from None
    return listening


def _advice(error: OSError) -> str:
    if error.errno == errno.EADDRNOTAVAIL:
        return "This machine has no such address: name one that it has."
    return "Stop the other program, or choose another port with --port."


def var_of(environment: Mapping[str, str]) -> Path:
    """The folder of what an installation keeps; made if it is not there."""
    var = Path(environment.get("HOUSECALL_VAR") or ROOT / "var").resolve()
    var.mkdir(mode=0o700, parents=True, exist_ok=True)
    return var


def house(listening: Sequence[socket.socket], environment: Mapping[str, str]) -> tuple[Child, ...]:
    """The processes of a house on one machine: the web processes, which share their sockets, and the relays."""
    var = var_of(environment)
    relays = tuple(relay_environments(environment, var))
    here = ",".join(f"relay-{number}=unix:{relay['RELAY_CONTROL']}" for number, relay in enumerate(relays, start=1))
    descriptors = tuple(each.fileno() for each in listening)
    count = max(1, _number(environment, "WEB_PROCESSES", 1))
    web = ("telehealth.serve", "--fd", *map(str, descriptors))
    return (
        *(_relay(number, relay, len(relays)) for number, relay in enumerate(relays, start=1)),
        *(
            Child(f"web-{number}" if count > 1 else "web", web, {"RELAYS": here, **environment}, descriptors)
            for number in range(1, count + 1)
        ),
    )


def relay_environments(environment: Mapping[str, str], var: Path) -> Iterator[dict[str, str]]:
    """What each of RELAY_PROCESSES relays sees: a control socket and ports of its own."""
    count = _number(environment, "RELAY_PROCESSES", 1)
    port = _number(environment, "RELAY_PORT", RELAY_PORT)
    for index in range(count):
        own = relay_environment(environment)
        own["RELAY_PORT"] = str(_beside(port, index))
        if "RELAY_METRICS" not in own:  # TCP beside the UDP port; set but empty: none
            own["RELAY_METRICS"] = f"127.0.0.1:{own['RELAY_PORT']}"
        elif count > 1 and own["RELAY_METRICS"]:
            own["RELAY_METRICS"] = _next_port(own["RELAY_METRICS"], index)
        if (
            "RELAY_RECORDINGS" not in own
        ):  # where web looks for them, on this machine; set but empty: nothing is recorded
            folder = environment.get("RECORDINGS_DIR") or str(var / "recordings")
            own["RELAY_RECORDINGS"] = str(Path(folder).resolve() / "incoming")
        if count > 1:
            own["RELAY_CONTROL"] = str(var / f"relay-{index + 1}.sock")
        else:
            own["RELAY_CONTROL"] = _control(environment, var)
        yield own


def _next_port(address: str, index: int) -> str:
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise SystemExit("RELAY_METRICS must be host:port.")
    return f"{host}:{_beside(int(port), index)}"


def _beside(port: int, index: int) -> int:
    """Port 0 is any free one, for each of them."""
    return port + index if port else 0


def _control(environment: Mapping[str, str], var: Path) -> str:
    """Where the only relay of this machine is told what to do."""
    control = environment.get("RELAY_CONTROL") or str(var / "relay.sock")
    if not control.startswith("tls:"):
        return str(Path(control).resolve())
    if "RELAYS" not in environment:
        raise SystemExit("RELAY_CONTROL is a tls:// address: RELAYS must say under which name web finds it.")
    return control


def _relay(number: int, environment: dict[str, str], count: int) -> Child:
    drain = _number(environment, "RELAY_DRAIN_SECONDS", DRAIN_SECONDS)
    name = f"relay-{number}" if count > 1 else "relay"
    return Child(name, ("relay",), environment, patience=drain + PATIENCE_SECONDS)


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not text.isdecimal():
        raise SystemExit(f"{name} must be a whole number.")
    return int(text)


async def supervise(children: tuple[Child, ...]) -> None:
    """Keep the children alive until SIGINT, SIGTERM or SIGHUP; return when all of them have ended."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stopping.set)
    async with asyncio.TaskGroup() as group:
        for child in children:
            group.create_task(_keep(child, stopping))


async def _keep(child: Child, stopping: asyncio.Event) -> None:
    quick_deaths = 0
    while not stopping.is_set():
        started_at = time.monotonic()
        process = await child.start()
        await _either(process, stopping)
        if stopping.is_set():
            await _end(process, child.patience)
            return
        lived = time.monotonic() - started_at
        quick_deaths = quick_deaths + 1 if lived < QUICK_DEATH_SECONDS else 0
        _say(f"The {child.name} process ended ({_reason(process.returncode)}); starting it again.")
        if quick_deaths > 1:
            await _pause(stopping, min(0.25 * 2**quick_deaths, LONGEST_PAUSE_SECONDS))


async def _either(process: Process, stopping: asyncio.Event) -> None:
    waits = {asyncio.ensure_future(process.wait()), asyncio.ensure_future(stopping.wait())}
    _, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in pending:
        wait.cancel()
    await asyncio.gather(*pending, return_exceptions=True)


async def _end(process: Process, patience: float) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), patience)
    except TimeoutError:
        process.kill()
        await process.wait()


async def _pause(stopping: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stopping.wait(), seconds)
    except TimeoutError:
        return


def _reason(returncode: int | None) -> str:
    if returncode is not None and returncode < 0:
        return signal.Signals(-returncode).name
    return f"exit code {returncode}"


def _say(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()


def main() -> None:
    """Serve the house that the environment describes."""
    parser = argparse.ArgumentParser(prog="telehealth.supervisor", description=__doc__)
    parser.add_argument("--bind", default="127.0.0.1", help="address of the web server")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    with listen(options.bind, options.port) as listening:
        asyncio.run(supervise(house([listening], os.environ)))


if __name__ == "__main__":
    main()
