"""Asking a stranger's calendar over https, on somebody's word: bounded in where, how far, how much and how long.

A name is resolved once and the connection made to the very address that was checked, so that a name which points
elsewhere a moment later (DNS rebinding) leads nowhere. Each redirect is checked like the first address.
"""

import http.client
import queue
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from urllib.parse import urljoin

from scheduling.busy.addresses import Target, is_public, read_url
from scheduling.busy.problems import Problem

MOST_BYTES = 2 * 1024 * 1024
MOST_REDIRECTS = 3
SECONDS = 10.0
_PIECE = 64 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_BROKEN = (OSError, http.client.HTTPException, ValueError)

Resolve = Callable[[str, int], list[str]]


def resolve(host: str, port: int) -> list[str]:
    """The numeric addresses of a name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [str(sockaddr[0]) for *_, sockaddr in found]


@dataclass(frozen=True)
class Door:
    """What leads outside; tests put their own in its place."""

    resolve: Resolve = resolve
    may_ask: Callable[[str], bool] = is_public
    tls: Callable[[], ssl.SSLContext] = ssl.create_default_context
    seconds: float = SECONDS


@dataclass(frozen=True)
class Answer:
    """`body` is None when nothing has changed since `etag`."""

    body: bytes | None
    etag: str


def fetch(url: str, *, etag: str = "", door: Door | None = None) -> Answer:
    """The calendar at this address, or Problem. At most 3 redirects, 2 MiB (unpacked), 10 s in all."""
    door = door or Door()
    ends = time.monotonic() + door.seconds
    for _ in range(MOST_REDIRECTS + 1):
        target = read_url(url)
        answer = _ask(target, _checked_address(target, door, ends), etag, door, ends)
        if isinstance(answer, Answer):
            return answer
        url = urljoin(url, answer)
    raise Problem("redirects")


def _checked_address(target: Target, door: Door, ends: float) -> str:
    """One address of the name; if any of them is not public, none is asked."""
    found = _resolved(target, door, ends)
    if not found:
        raise Problem("unknown")
    if not all(door.may_ask(address) for address in found):
        raise Problem("private")
    return found[0]


def _resolved(target: Target, door: Door, ends: float) -> list[str]:
    """The system's resolver takes as long as it likes; here nobody waits for it longer than the whole may take."""
    answers: queue.SimpleQueue[list[str] | None] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(door.resolve(target.host, target.port))
        except (OSError, UnicodeError):
            answers.put(None)

    threading.Thread(target=ask, name="busy-resolver", daemon=True).start()
    try:
        found = answers.get(timeout=_left(ends))
    except queue.Empty:
        raise Problem("slow") from None
    if found is None:
        raise Problem("unknown")
    return found


def _ask(target: Target, address: str, etag: str, door: Door, ends: float) -> Answer | str:
    """The answer, or where it leads on to."""
    plain = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    with plain, _cut_at(plain, ends):
        try:
            plain.settimeout(_left(ends))
            plain.connect((address, target.port))
            with door.tls().wrap_socket(plain, server_hostname=target.host) as safe, _cut_at(safe, ends):
                return _talk(safe, target, etag, ends)
        except ssl.SSLCertVerificationError:
            raise Problem("certificate") from None
        except _BROKEN:
            raise Problem("unreachable" if time.monotonic() < ends else "slow") from None


@contextmanager
def _cut_at(sock: socket.socket, ends: float) -> Iterator[None]:
    """Whatever the other side does, drop by drop, the line is cut at the end: a timeout counts each drop anew."""

    def cut() -> None:
        try:
            # Not SSLSocket's own, which takes the session away under the feet of whoever is reading.
            socket.socket.shutdown(sock, socket.SHUT_RDWR)
        except OSError:
            return

    timer = threading.Timer(max(0.0, ends - time.monotonic()), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _talk(safe: ssl.SSLSocket, target: Target, etag: str, ends: float) -> Answer | str:
    line = http.client.HTTPSConnection(target.host, target.port)
    line.sock = safe
    headers = {"Accept": "text/calendar, */*;q=0.1", "Accept-Encoding": "identity", "User-Agent": "Housecall"}
    if etag:
        headers["If-None-Match"] = etag
    line.request("GET", target.path, headers=headers)
    with closing(line.getresponse()) as response:
        if response.status in _REDIRECTS and response.headers.get("Location"):
            return str(response.headers["Location"])
        if response.status == http.client.NOT_MODIFIED and etag:
            return Answer(None, etag)
        if response.status != http.client.OK:
            raise Problem("refused")
        body = _read(response, ends)
        told = response.headers.get("ETag") or ""
    return Answer(body, told if len(told) <= 200 and told.isascii() and told.isprintable() else "")


def _read(response: http.client.HTTPResponse, ends: float) -> bytes:
    """The body, unpacked, never more of it in memory than may be."""
    packed = (response.headers.get("Content-Encoding") or "identity").strip().lower()
    if packed not in {"identity", "gzip", "x-gzip"}:
        raise Problem("not_calendar")
    unpacker = zlib.decompressobj(31) if packed != "identity" else None
    body, came = bytearray(), 0
    while piece := response.read(_PIECE):
        if time.monotonic() >= ends:
            raise Problem("slow")
        came += len(piece)
        if unpacker is not None:
            try:
                piece = unpacker.decompress(piece, MOST_BYTES + 1 - len(body))
            except zlib.error:
                raise Problem("not_calendar") from None
        body += piece
        if len(body) > MOST_BYTES or came > MOST_BYTES:
            raise Problem("too_big")
    # A line that was cut looks like an end. Less than was promised is half a calendar, which frees time that is taken.
    if time.monotonic() >= ends:
        raise Problem("slow")
    if response.length:
        raise Problem("unreachable")
    return bytes(body)


def _left(ends: float) -> float:
    left = ends - time.monotonic()
    if left <= 0:
        raise Problem("slow")
    return left
