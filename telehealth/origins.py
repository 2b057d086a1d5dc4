"""Web origins, strictly: `scheme://host[:port]` and nothing else. Pure; used by settings and by the socket's door."""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_address

_SHAPE = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::(?P<port>[1-9][0-9]{0,4}))?"
)
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Origin:
    scheme: str
    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        return is_loopback_host(self.host)


def parse_origin(text: str) -> Origin | None:
    """None for anything that a browser would not send as an Origin, letter for letter.

    Browsers send lower case and punycode, with neither path nor user, so nothing else is accepted here.
    """
    shape = _SHAPE.fullmatch(text)
    if shape is None or not _is_host(shape["host"]):
        return None
    port = int(shape["port"] or _DEFAULT_PORTS[shape["scheme"]])
    return Origin(shape["scheme"], shape["host"], port) if port <= 65535 else None


def is_loopback_host(host: str) -> bool:
    """Whether a host, as in an origin or in ALLOWED_HOSTS, can only be this machine."""
    bare = host.strip("[]").lower()
    if bare == "localhost" or bare.endswith(".localhost"):
        return True
    try:
        return ip_address(bare).is_loopback
    except ValueError:
        return False


def is_home_address(host: str) -> bool:
    """Whether this is an IPv4 address that the internet does not lead to."""
    try:
        address = IPv4Address(host)
    except AddressValueError:
        return False
    return address.is_private and not address.is_link_local and not address.is_unspecified


def is_home_host(host: str) -> bool:
    """Whether a host is of a home or office network, by address or by the name it has there (mDNS)."""
    return is_home_address(host) or is_loopback_host(host) or host.lower().endswith(".local")


def _is_host(host: str) -> bool:
    if host.startswith("["):
        try:
            IPv6Address(host[1:-1])
        except AddressValueError:
            return False
        return True
    return len(host) <= 253 and all(
        0 < len(label) <= 63 and not label.startswith("-") and not label.endswith("-") for label in host.split(".")
    )
