"""The relay's configuration from flags and environment. Checked here, trusted everywhere else."""

from __future__ import annotations

import argparse
import grp
import ipaddress
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from relay.errors import ConfigError

DEFAULT_PORT = 40404
DEFAULT_CONTROL = "var/relay.sock"
DEFAULT_DRAIN_SECONDS = 20.0
SHORTEST_SECRET = 32
DEFAULT_MEMORY_MIB = 2048
LEAST_MEMORY_MIB = 128


@dataclass(frozen=True, slots=True)
class TlsControl:
    """A control link for web processes on other machines."""

    host: str
    port: int
    certificate: Path
    key: Path
    secret: str = field(repr=False)

    def __str__(self) -> str:
        return f"tls://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Config:
    """`bind` are the addresses of this machine, `announce` what browsers are told instead (same order)."""

    bind: tuple[str, ...]
    announce: tuple[str, ...]
    port: int
    control: Path | TlsControl
    drain_seconds: float = DEFAULT_DRAIN_SECONDS
    memory_mib: int = DEFAULT_MEMORY_MIB  # the process gets no more from the kernel
    metrics: tuple[str, int] | None = None
    recordings: Path | None = None  # where parts are written; None: this relay records nothing
    recording_reserve: int | None = None  # bytes to leave free; None: the larger of 1 GiB and 5 %
    recordings_apart: bool = False  # sealed and written by a process of its own, as `python -m relay` does
    recordings_group: int | None = None  # who else may read them: web runs as another user than the relay
    control_group: str = ""  # who else may open the Unix socket: web runs as another user than the relay


def read_config(arguments: Sequence[str], environment: Mapping[str, str]) -> Config:
    """Flags win over the environment. ConfigError says what is wrong."""
    parser = argparse.ArgumentParser(prog="python -m relay", description="Housecall's media relay.")
    parser.add_argument("--bind", default=environment.get("RELAY_BIND", ""), help="addresses, comma separated")
    parser.add_argument("--announce", default=environment.get("RELAY_ANNOUNCE", ""), help="same length as --bind")
    parser.add_argument("--port", default=environment.get("RELAY_PORT") or str(DEFAULT_PORT), help="UDP; 0: any free")
    parser.add_argument(
        "--control",
        default=environment.get("RELAY_CONTROL") or DEFAULT_CONTROL,
        help="Unix socket, or tls://address:port",
    )
    parser.add_argument(
        "--drain",
        default=environment.get("RELAY_DRAIN_SECONDS") or str(DEFAULT_DRAIN_SECONDS),
        help="how long a relay that is told to stop lets its visits move elsewhere",
    )
    parser.add_argument(
        "--memory",
        default=environment.get("RELAY_MEMORY_MIB") or str(DEFAULT_MEMORY_MIB),
        help="MiB of memory at most",
    )
    parser.add_argument(
        "--metrics", default=environment.get("RELAY_METRICS", ""), help="host:port for Prometheus; empty: none"
    )
    parser.add_argument(
        "--recordings", default=environment.get("RELAY_RECORDINGS", ""), help="folder for recordings; empty: none"
    )
    options = parser.parse_args(arguments)
    bind = _addresses(options.bind, "bind") or default_addresses()
    announce = _addresses(options.announce, "announce") or bind
    if len(announce) != len(bind):
        raise ConfigError("announce needs as many addresses as bind")
    if any(ipaddress.ip_address(host).is_unspecified for host in (*bind, *announce)):
        raise ConfigError("name each address: a wildcard would answer from another one than it was asked on")
    if not options.port.isdecimal() or int(options.port) > 65535:
        raise ConfigError("port must be a number from 0 to 65535")
    if not options.memory.isdecimal() or not LEAST_MEMORY_MIB <= int(options.memory) <= 1 << 20:
        raise ConfigError(f"memory must be a number of MiB, at least {LEAST_MEMORY_MIB}")
    return Config(
        bind,
        announce,
        int(options.port),
        control=_control(options.control, environment),
        drain_seconds=_seconds(options.drain),
        memory_mib=int(options.memory),
        metrics=_metrics(options.metrics),
        control_group=environment.get("RELAY_CONTROL_GROUP", ""),
        recordings=Path(options.recordings) if options.recordings else None,
        recording_reserve=_reserve(environment.get("RELAY_RECORDING_RESERVE", "")),
        recordings_apart=True,
        recordings_group=_group(environment.get("RELAY_RECORDINGS_GROUP", "")),
    )


def _control(text: str, environment: Mapping[str, str]) -> Path | TlsControl:
    """The secret comes from the environment alone: everybody on a machine can read a command line."""
    if not text.startswith("tls:"):
        return Path(text)
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or port is None or parts.path not in ("", "/") or not _is_address(host):
        raise ConfigError("a TLS control address is written tls://address:port")
    secret = environment.get("RELAY_SECRET", "")
    if len(secret) < SHORTEST_SECRET:
        raise ConfigError(f"a tls:// control address needs a RELAY_SECRET of at least {SHORTEST_SECRET} characters")
    certificate, key = environment.get("RELAY_TLS_CERT"), environment.get("RELAY_TLS_KEY")
    if not certificate or not key:
        raise ConfigError("a tls:// control address needs RELAY_TLS_CERT and RELAY_TLS_KEY")
    return TlsControl(host, port, Path(certificate), Path(key), secret)


def _metrics(text: str) -> tuple[str, int] | None:
    if not text:
        return None
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or port is None or parts.netloc != text or "@" in text:
        raise ConfigError("a metrics address is written host:port")
    return host, port


def _reserve(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal():
        raise ConfigError("RELAY_RECORDING_RESERVE must be a number of bytes")
    return int(text)


def _group(name: str) -> int | None:
    if not name:
        return None
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError as error:
        raise ConfigError("RELAY_RECORDINGS_GROUP is no group of this machine") from error


def _is_address(host: str) -> bool:
    """A name would be looked up in a thread, which the relay's limits forbid."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 3600:
        raise ConfigError("the time to drain must be 0 to 3600 seconds")
    return seconds


def default_addresses() -> tuple[str, ...]:
    """Loopback, and the address this machine would use towards the world. Nothing is sent to find it."""
    primary = primary_address()
    return ("127.0.0.1", primary) if primary and primary != "127.0.0.1" else ("127.0.0.1",)


def primary_address() -> str | None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # a documentation address; connecting UDP only picks a route
            return str(probe.getsockname()[0])
        except OSError:
            return None


def _addresses(text: str, name: str) -> tuple[str, ...]:
    hosts = tuple(part.strip() for part in text.split(",") if part.strip())
    for host in hosts:
        try:
            ipaddress.ip_address(host)
        except ValueError as error:
            raise ConfigError(f"{name} holds something that is not an address") from error
    if len(set(hosts)) != len(hosts):
        raise ConfigError(f"{name} holds an address twice")
    return hosts
