"""Where a TURN server must send nothing: what a stranger who has credentials would try first."""

from __future__ import annotations

# Words for the report, and an address of that kind. Ports are what such services listen on.
FORBIDDEN: tuple[tuple[str, tuple[str, int]], ...] = (
    ("this host", ("127.0.0.1", 6379)),
    ("this host, by another loopback address", ("127.255.255.254", 80)),
    ("this host, by the null address", ("0.0.0.0", 80)),  # noqa: S104
    ("the null network", ("0.1.2.3", 80)),
    ("a private network, 10/8", ("10.0.0.1", 80)),
    ("a private network, 172.16/12", ("172.16.0.1", 80)),
    ("the end of 172.16/12", ("172.31.255.254", 80)),
    ("a private network, 192.168/16", ("192.168.0.1", 80)),
    ("a carrier's network, 100.64/10", ("100.64.0.1", 80)),
    ("cloud metadata", ("169.254.169.254", 80)),
    ("protocol assignments, 192.0.0/24", ("192.0.0.1", 80)),
    ("a test network, 198.18/15", ("198.18.0.1", 80)),
    ("multicast", ("224.0.0.1", 5353)),
    ("the reserved block, 240/4", ("240.0.0.1", 80)),
    ("broadcast", ("255.255.255.255", 67)),
    ("somebody on the Internet", ("192.88.99.1", 53)),
    ("a public name server", ("9.9.9.9", 53)),
    ("this host, IPv6", ("::1", 6379)),
    ("the null address, IPv6", ("::", 80)),
    ("a unique local network, fc00::/7", ("fd12:3456::1", 80)),
    ("a link-local address", ("fe80::1", 80)),
    ("this host, IPv4-mapped", ("::ffff:127.0.0.1", 6379)),
    ("a private network, IPv4-mapped", ("::ffff:10.0.0.1", 80)),
    ("this host, IPv4-compatible", ("::127.0.0.1", 6379)),
    ("this host, IPv4-translated", ("::ffff:0:127.0.0.1", 6379)),
    ("a private network, 6to4", ("2002:a00:1::1", 80)),
    ("this host, NAT64", ("64:ff9b::127.0.0.1", 6379)),
    ("cloud metadata, NAT64", ("64:ff9b::169.254.169.254", 80)),
    ("Teredo", ("2001:0:7f00:1::1", 80)),
    ("multicast, IPv6", ("ff02::1", 5353)),
    ("cloud metadata, IPv6", ("fd00:ec2::254", 80)),
    ("a public name server, IPv6", ("2620:fe::fe", 53)),
)
