"""Ports for servers that a test starts in another process. Holds no test."""

import random
import socket

# Below the range from which systems give ports to whoever asks for any: nobody else takes one by chance between the
# moment it is chosen and the moment the server binds it, or while a server that was killed is started again.
_RANGE = range(20_000, 32_000)
_chance = random.SystemRandom()
_given: set[int] = set()


def free_port(host: str = "127.0.0.1", kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port that nobody has, and that this process has not given before."""
    for port in _chance.sample(_RANGE, len(_RANGE)):
        if port in _given:
            continue
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind((host, port))
            except OSError:
                continue
        _given.add(port)
        return port
    raise RuntimeError("no port is free")
