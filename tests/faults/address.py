"""Where a fault proxy can stand before a relay on this machine, so that browsers reach the relay through it."""

import socket


def far_address() -> str:
    """This machine's address towards the world, which Firefox accepts; 127.0.0.2 where there is none (nothing is sent).

    With 127.0.0.2 Firefox needs the preference media.peerconnection.ice.loopback.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            found = str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.2"
    return "127.0.0.2" if found.startswith("127.") else found
