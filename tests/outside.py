"""A calendar's computer outside: TLS on an address of the loopback that the tests take for public. Holds no test."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from scheduling.busy.fetching import Door
from tests.turn.servers import SITE_NAME, Certificate, make_certificate

PUBLIC = "127.0.0.2"
Say = Callable[[ssl.SSLSocket, str], None]


@dataclass
class Outside:
    """What was asked for, and how many connections came."""

    port: int
    certificate: Certificate
    asked: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://{SITE_NAME}:{self.port}/a.ics"

    def door(self, **changes: object) -> Door:
        """Knows the one name, and takes the one address for public."""
        chosen: dict[str, object] = {
            "resolve": lambda host, port: [PUBLIC],
            "may_ask": lambda address: address == PUBLIC,
            "tls": lambda: ssl.create_default_context(cafile=str(self.certificate.chain)),
        }
        return Door(**{**chosen, **changes})  # type: ignore[arg-type]


@contextlib.contextmanager
def served(folder: Path, say: Say) -> Iterator[Outside]:
    """A server that reads one request per connection and then says what `say` writes."""
    certificate = make_certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.chain, certificate.key)
    with socket.create_server((PUBLIC, 0)) as listener:
        outside = Outside(listener.getsockname()[1], certificate)
        threading.Thread(target=_serve, args=(listener, context, outside, say), daemon=True).start()
        yield outside
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


def answer(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "Connection: close", "", ""]).encode() + body


def _serve(listener: socket.socket, context: ssl.SSLContext, outside: Outside, say: Say) -> None:
    while True:
        try:
            plain, _ = listener.accept()
        except OSError:
            return
        with contextlib.suppress(OSError), plain, context.wrap_socket(plain, server_side=True) as safe:
            head = safe.recv(65536).decode()
            path = head.split(" ")[1]
            outside.asked.append(path)
            outside.heads.append(head)
            say(safe, path)
