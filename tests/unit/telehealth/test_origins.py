"""Origins are read strictly: what a browser sends, and nothing else."""

import asyncio
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from telehealth.doors import OriginDoor
from telehealth.origins import Origin, is_loopback_host, parse_origin

ALLOWED = ["https://clinic.example", "http://127.0.0.1:8000", "https://[2001:db8::1]:8443"]


def handshake(*origins: bytes) -> tuple[bool, list[dict[str, Any]]]:
    """Whether the socket behind the door was reached, and what the door sent instead."""
    reached: list[bool] = []
    sent: list[dict[str, Any]] = []

    async def inside(scope: Any, receive: Any, send: Any) -> None:
        reached.append(True)

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/", "headers": [(b"origin", origin) for origin in origins]}
    asyncio.run(OriginDoor(inside, ALLOWED)(scope, receive, send))
    return bool(reached), sent


SCHEMES = ("ftp", "ws", "wss", "file", "javascript", "HTTPS", "Http", "httpss")
BEFORE_HOST = ("evil.", "www.", "evil-", "user@", "user:pw@", " ", "%20", "evil.com/", ".", "-")
AFTER_HOST = (
    "/", "/path", "?q", "#f", ".", ".evil.com", ".com", "%00", "\x00", "\n", "\t", " ", "\\", "@evil.com", ":", ":0",
    ":-1", ":80x", ":65536", ":99999", ":999999999999", ":٤٤٣", ":443:443", ",https://clinic.example", ";a", "\r\nX: y",
    " https://clinic.example", "\u200b", "\u3002evil", "%2f", "/..",
)  # fmt: skip
PORTS = (1, 79, 81, 442, 444, 7999, 8001, 80800, 65535)
LIKE_HOSTS = (
    "сlinic.example", "clinıc.example", "clinic。example", "xn--linic-cfe.example", "clinic.exampl", "linic.example",
    "clinic..example", "clinic", "example", "0x7f.1:8000", "2130706433:8000", "127.1:8000", "127.0.0.1", "[::1", "::1",
    "[::ffff:127.0.0.1]:8000", "[2001:db8::2]:8443", "[2001:0db8::1]:8443", "[2001:db8:0::1]:8443", "localhost",
)  # fmt: skip


def hostile_origins() -> list[bytes]:
    """Two hundred forms and more that are near the allowed ones and are not them."""
    forms = ["", "null", "NULL", "*", "https://", "//clinic.example", "clinic.example", "file://", "about:blank"]
    for host in ("clinic.example", "127.0.0.1:8000", "[2001:db8::1]:8443"):
        name = host.removesuffix(":8000").removesuffix(":8443")
        forms += [f"{scheme}://{host}" for scheme in SCHEMES]
        forms += [f"https://{part}{host}" for part in BEFORE_HOST]
        forms += [f"https://{host}{part}" for part in AFTER_HOST]
        forms += [f"http://{name}:{port}" for port in PORTS]
        forms += [host.upper(), f"https:/{host}", f"https:///{host}", f"https:\\\\{host}", f"https://{host.upper()}/"]
    forms += [f"https://{host}" for host in LIKE_HOSTS]
    return [form.encode("utf-8") for form in dict.fromkeys(forms) if form not in ALLOWED]


@pytest.mark.parametrize("origin", ALLOWED)
def test_handshake_from_an_allowed_origin_is_let_in(origin: str) -> None:
    assert handshake(origin.encode()) == (True, [])


def test_handshake_from_a_hostile_origin_is_refused() -> None:
    forms = hostile_origins()
    assert len(forms) >= 200
    let_in = [form for form in forms if handshake(form) != (False, [{"type": "websocket.close", "code": 4003}])]
    assert let_in == []


def test_handshake_without_origin_is_refused() -> None:
    assert handshake()[0] is False


def test_handshake_with_two_origins_is_refused() -> None:
    assert handshake(ALLOWED[0].encode(), ALLOWED[0].encode())[0] is False


@given(st.binary(max_size=200))
@example(b"\xff\xfe")
def test_handshake_with_any_bytes_never_raises(origin: bytes) -> None:
    reached, _ = handshake(origin)
    assert reached is (origin in {text.encode() for text in ALLOWED} or origin == b"https://clinic.example:443")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://clinic.example", Origin("https", "clinic.example", 443)),
        ("http://localhost:8000", Origin("http", "localhost", 8000)),
        ("http://[::1]:80", Origin("http", "[::1]", 80)),
        ("https://*.clinic.example", None),
        ("https://clinic.example/", None),
        ("*", None),
    ],
)
def test_origin_text_is_read_or_refused(text: str, expected: Origin | None) -> None:
    assert parse_origin(text) == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True), ("127.9.9.9", True), ("localhost", True), ("app.localhost", True), ("[::1]", True),
        ("192.0.2.1", False), ("clinic.example", False), ("localhost.example", False), ("[2001:db8::1]", False),
    ],
)  # fmt: skip
def test_loopback_host_is_only_this_machine(host: str, expected: bool) -> None:
    assert is_loopback_host(host) is expected
