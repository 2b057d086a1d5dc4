"""The demo for a phone in the same Wi-Fi: under which addresses this machine is reached, and the settings for them."""

import re
import socket
from collections.abc import Sequence
from ipaddress import ip_address

import ifaddr

from telehealth.demo.certificate import Certificate
from telehealth.origins import is_home_address

# Networks of this machine with itself or with an office far away: no phone is in one.
INWARD = (
    "docker",
    "br-",
    "veth",
    "virbr",
    "vboxnet",
    "vmnet",
    "lxc",
    "podman",
    "cni",
    "tun",
    "tap",
    "wg",
    "utun",
    "zt",
)
LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
NOWHERE = (
    "Housecall found no address of a home or office network on this machine. "
    "Connect it to the Wi-Fi that the phone is in, or start ./run demo without --lan."
)


def addresses() -> tuple[str, ...]:
    """This machine's addresses in home or office networks (IPv4), the one it uses towards the world first."""
    found = [
        ip.ip
        for adapter in ifaddr.get_adapters()
        if not adapter.name.startswith(INWARD)
        for ip in adapter.ips
        if isinstance(ip.ip, str) and is_home_address(ip.ip) and not ip_address(ip.ip).is_loopback
    ]
    first = _towards_the_world()
    return tuple(sorted(dict.fromkeys(found), key=lambda each: each != first))


def chosen(wanted: str) -> tuple[str, ...]:
    """The address that somebody has named, or all; ends the program with a sentence when that cannot be."""
    if wanted and not is_home_address(wanted):
        raise SystemExit(
            f"{wanted} is no address of a home or office network. The demo is for trying, not for the open internet."
        )
    served = (wanted,) if wanted else addresses()
    if not served:
        raise SystemExit(NOWHERE)
    return served


def names(served: Sequence[str]) -> tuple[str, ...]:
    """The addresses, and the name that phones find this machine by (mDNS) where it has one."""
    label = socket.gethostname().partition(".")[0].lower()
    return (*served, f"{label}.local") if LABEL.fullmatch(label) and label != "localhost" else tuple(served)


def settings_of(served: Sequence[str], port: int, certificate: Certificate) -> dict[str, str]:
    """The environment of a demo that is served there. The first address is the one that links lead to."""
    hosts = names(served)
    return {
        "DEMO_LAN": "1",
        "ALLOWED_HOSTS": ",".join(hosts),
        "ORIGINS": ",".join(f"https://{host}:{port}" if port != 443 else f"https://{host}" for host in hosts),
        "RELAY_BIND": ",".join(served),
        "RELAY_ANNOUNCE": ",".join(served),
        "WEB_TLS_CERT": str(certificate.chain),
        "WEB_TLS_KEY": str(certificate.key),
    }


def _towards_the_world() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent: connecting UDP only picks a route.
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return ""
        return str(probe.getsockname()[0])
