"""TURN addresses as browsers take them (RFC 7065), parsed. Imported by the settings: no Django here."""

from __future__ import annotations

import re
from dataclasses import dataclass

_URL = re.compile(
    r"(?P<scheme>turns?):(?P<host>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)"
    r"(?::(?P<port>[0-9]{1,5}))?(?:\?transport=(?P<transport>udp|tcp))?"
)


@dataclass(frozen=True)
class TurnAddress:
    """One address of a TURN server; `transport` is how the browser reaches it, not what is relayed."""

    url: str
    host: str
    port: int
    transport: str
    tls: bool


def parse_turn_url(url: str) -> TurnAddress:
    """Raises ValueError with a sentence for what no browser would take, or what we do not serve."""
    found = _URL.fullmatch(url)
    if found is None:
        raise ValueError(f"{url!r} is not like turn:host:port?transport=udp or turns:host:port?transport=tcp.")
    tls = found["scheme"] == "turns"
    transport = found["transport"] or ("tcp" if tls else "udp")
    port = int(found["port"] or (5349 if tls else 3478))
    if not 0 < port < 65536:
        raise ValueError(f"{url!r} has no possible port.")
    if tls and transport == "udp":
        raise ValueError(f"{url!r} asks for DTLS, which browsers do not offer. Write transport=tcp.")
    return TurnAddress(url, found["host"].strip("[]"), port, transport, tls)
