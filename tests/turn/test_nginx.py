"""The shipped nginx: one port 443 for site and TURN, told apart by name, and what the site is told of its callers."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from telehealth.turn.addresses import parse_turn_url
from telehealth.turn.check import TurnCheck
from tests.ports import free_port
from tests.turn import servers
from tests.turn.servers import SECRET, SITE_NAME, TURN_NAME, Turn


@pytest.fixture
def site_port() -> int:
    return free_port()


@pytest.fixture
def front(folder: Path, turn: Turn, site_port: int) -> Iterator[int]:
    with servers.nginx(folder, turn, site_port) as port:
        yield port


def trust(turn: Turn) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(turn.certificate.chain))


async def ask(port: int, context: ssl.SSLContext, name: str, *headers: str, body: int = 0) -> tuple[int, str, str]:
    """One HTTP request by TLS: status, headers and body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name)
    lines = ["POST / HTTP/1.1" if body else "GET / HTTP/1.1", f"Host: {name}", "Connection: close", *headers]
    lines += [f"Content-Length: {body}"] if body else []
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    answer = (await reader.read()).decode()
    writer.close()
    # TLS takes its leave before the socket is shut.
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        await writer.wait_closed()
    head, _, rest = answer.partition("\r\n\r\n")
    return int(head.split()[1]), head, rest


async def site(request_seen: list[Any], port: int) -> Any:
    """In place of uvicorn: says what it was told, and echoes on WebSockets."""

    def plain(connection: ServerConnection, request: Request) -> Response | None:
        request_seen.append(dict(request.headers.raw_items()))
        if request.headers.get("Upgrade") == "websocket":
            return None
        return connection.respond(200, json.dumps(dict(request.headers.raw_items())))

    async def echo(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    return await serve(echo, "127.0.0.1", port, process_request=plain)


async def test_site_behind_443_hears_the_caller_and_not_what_the_caller_says(
    front: int, turn: Turn, site_port: int
) -> None:
    seen: list[Any] = []
    server = await site(seen, site_port)
    lies = ("X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: http", "X-Forwarded-Host: evil.example")
    status, head, _ = await ask(front, trust(turn), SITE_NAME, *lies, "Forwarded: for=203.0.113.9")
    assert status == 200
    assert head.lower().count("strict-transport-security: max-age=31536000; includesubdomains") == 1
    [told] = seen
    assert (told["Host"], told["X-Forwarded-For"], told["X-Forwarded-Proto"]) == (SITE_NAME, "127.0.0.1", "https")
    assert {"X-Forwarded-Host", "Forwarded"} & set(told) == set()
    address = f"wss://{SITE_NAME}:{front}/v/x/ws"
    async with connect(address, ssl=trust(turn), host="127.0.0.1", port=front, proxy=None) as socket:
        await socket.send("over the same port")
        assert await socket.recv() == "over the same port"
    assert (await ask(front, trust(turn), SITE_NAME, body=256 * 1024 + 1))[0] == 413
    server.close()
    await server.wait_closed()
    status, head, _ = await ask(front, trust(turn), SITE_NAME)
    assert (status, head.lower().count("strict-transport-security")) == (502, 1)


async def test_name_that_is_not_ours_gets_no_certificate(front: int, turn: Turn) -> None:
    with pytest.raises(ssl.SSLError, match=r"(?i)UNRECOGNIZED_NAME|unrecognized name"):
        await ask(front, trust(turn), "elsewhere.example")


async def test_turn_behind_443_leads_to_the_relay_and_nowhere_else(front: int, turn: Turn, told: Any) -> None:
    url = f"turns:{TURN_NAME}:{front}?transport=tcp"
    check = TurnCheck((parse_turn_url(url),), SECRET, told.RELAYS, certificates=trust(turn), tries=12)
    findings = [finding async for finding in check.findings()]
    assert [finding.sentence for finding in findings if not finding.ok] == []
    assert any("answers a check" in finding.sentence for finding in findings)
