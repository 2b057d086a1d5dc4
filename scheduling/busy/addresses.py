"""Which addresses the house may ask on somebody's word: https on the public internet, and nothing else.

The words of an address are checked here; which computer it is, only after its name is resolved (`is_public`).
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from scheduling.busy.problems import Problem

LONGEST = 2000
HTTPS_PORT = 443
# Below it stand services that are no calendars.
LOWEST_OTHER_PORT = 1024
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*\.?")
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")
# Of IPv6 the space that is given out, less what carries an IPv4 address or leads elsewhere.
_GIVEN_OUT = IPv6Network("2000::/3")
_CARRIES_OTHERS = (IPv6Network("2001::/23"), IPv6Network("2002::/16"), IPv6Network("3fff::/20"))


@dataclass(frozen=True)
class Target:
    """Where to ask: the name (for the certificate), the port, and what to ask for."""

    host: str
    port: int
    path: str


def read_url(url: str) -> Target:
    """Take an address apart, or raise Problem. Resolves nothing."""
    if len(url) > LONGEST or any(ord(letter) <= 32 or ord(letter) == 127 or letter == "\\" for letter in url):
        raise Problem("address")
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode().lower()
    except ValueError:  # UnicodeError is one
        raise Problem("address") from None
    if parts.scheme.lower() != "https":
        raise Problem("https")
    if not host or parts.username is not None or parts.password is not None or port == 0:
        raise Problem("address")
    if port is not None and port != HTTPS_PORT and port < LOWEST_OTHER_PORT:
        raise Problem("address")
    _refuse_odd_numbers(host)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        path.encode("ascii")
    except UnicodeEncodeError:
        raise Problem("address") from None
    return Target(host, port or HTTPS_PORT, path)


def is_public(address: str) -> bool:
    """Whether this numeric address is one that anybody on the internet may be asked at."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_loopback or ip.is_link_local:
        return False
    if isinstance(ip, IPv6Address) and (ip.scope_id or ip not in _GIVEN_OUT or _carries_another(ip)):
        return False
    return ip.is_global and not ip.is_private


def _carries_another(ip: IPv6Address) -> bool:
    return any(ip in network for network in _CARRIES_OTHERS)


def _refuse_odd_numbers(host: str) -> None:
    """A host in numbers counts only in its one usual spelling: resolvers read 127.1, 0x7f.1 and 2130706433 alike."""
    if ":" in host:
        literal = True
    elif not _NAME.fullmatch(host):
        raise Problem("address")
    else:
        literal = bool(_NUMBER.fullmatch(host.rstrip(".").rsplit(".", 1)[-1]))
    if literal and not _is_usual(host):
        raise Problem("private")


def _is_usual(host: str) -> bool:
    try:
        ip = ip_address(host)
    except ValueError:
        return False
    return isinstance(ip, IPv6Address) or str(IPv4Address(ip)) == host
