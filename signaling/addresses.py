"""Where the relays of this house are: reading `RELAYS`. Pure; nothing is opened here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

MAX_NAME = 64
SHORTEST_SECRET = 32
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class RelayAddress:
    """One relay: its name, which visits keep, and its control link: a Unix socket's path, or host and port for TLS."""

    name: str
    path: Path | None = None
    host: str = ""
    port: int = 0

    @property
    def is_remote(self) -> bool:
        return self.path is None


def read_relays(text: str) -> tuple[RelayAddress, ...]:
    """`name=unix:/path` or `name=tls://host:port`, comma separated. ImproperlyConfigured says what is wrong."""
    relays = tuple(_read(part.strip()) for part in text.split(",") if part.strip())
    if not relays:
        raise ImproperlyConfigured(
            "RELAYS is empty. Name each relay, as relay-1=unix:/path or relay-1=tls://host:port."
        )
    if len({relay.name for relay in relays}) != len(relays):
        raise ImproperlyConfigured("RELAYS gives two relays one name: visits could not tell them apart.")
    return relays


def refuse_remote_without_trust(relays: tuple[RelayAddress, ...], secret: str, certificate: str) -> None:
    """A relay on another machine is reached with a secret and by a certificate that was named, or not at all."""
    if not any(relay.is_remote for relay in relays):
        return
    if len(secret) < SHORTEST_SECRET:
        raise ImproperlyConfigured(
            f"A tls:// relay in RELAYS: RELAY_SECRET needs at least {SHORTEST_SECRET} characters."
        )
    if not Path(certificate).is_file():
        raise ImproperlyConfigured("A tls:// relay in RELAYS: RELAY_TLS_CA must name its certificate, or its issuer's.")


def _read(part: str) -> RelayAddress:
    name, separator, where = part.partition("=")
    if not separator or not _NAME.fullmatch(name) or len(name) > MAX_NAME:
        raise ImproperlyConfigured(f"RELAYS contains {part!r}. Write each as name=unix:/path or name=tls://host:port.")
    if where.startswith("unix:/"):
        return RelayAddress(name, path=Path(where.removeprefix("unix:")))
    host, port = _host_and_port(where)
    if not host or not port:
        raise ImproperlyConfigured(f"RELAYS contains {part!r}. An address is unix:/path or tls://host:port.")
    return RelayAddress(name, host=host, port=port)


def _host_and_port(where: str) -> tuple[str, int]:
    try:
        parts = urlsplit(where)
        host, port = parts.hostname or "", parts.port or 0
    except ValueError:
        return "", 0
    return (host, port) if parts.scheme == "tls" and parts.path in ("", "/") and "@" not in where else ("", 0)
