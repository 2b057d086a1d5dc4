"""A small HTTP/1.1 client on asyncio streams, for tests and benches that post forms in great number. Holds no test."""

import asyncio
import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings

TOKEN = "t" * 32
KEPT_SECONDS = 3.0


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class Poster:
    """Connections to one server, kept open and used again; one session, whose CSRF secret is our own.

    `cookie` is the name of the session's: that of staff unless named.
    """

    def __init__(self, port: int, session: str, host: str = "127.0.0.1", cookie: str = "") -> None:
        self.host, self.port = host, port
        cookies = {cookie or settings.SESSION_COOKIE_NAME: session, settings.CSRF_COOKIE_NAME: TOKEN}
        self._cookies = "; ".join(f"{name}={value}" for name, value in cookies.items() if value)
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter, float]] = []

    async def post(self, path: str, fields: Mapping[str, str], accept: str = "text/html") -> Answer:
        body = urlencode({"csrfmiddlewaretoken": TOKEN, **fields}).encode()
        kind = "Content-Type: application/x-www-form-urlencoded\r\n"
        return await self._ask("POST", path, accept, f"{kind}Content-Length: {len(body)}\r\n", body)

    async def get(self, path: str, accept: str = "text/html") -> Answer:
        return await self._ask("GET", path, accept, "", b"")

    async def close(self) -> None:
        for _, writer, _ in self._idle:
            writer.close()
        for _, writer, _ in self._idle:
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        self._idle.clear()

    async def _ask(self, method: str, path: str, accept: str, more: str, body: bytes) -> Answer:
        reader, writer = self._kept() or await asyncio.open_connection(self.host, self.port)
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nAccept: {accept}\r\n"
            f"Cookie: {self._cookies}\r\n{more}\r\n"
        )
        try:
            writer.write(head.encode() + body)
            answer = await _read(reader)
        except BaseException:
            writer.close()
            raise
        self._idle.append((reader, writer, time.monotonic()))
        return answer

    def _kept(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """A connection that was used a moment ago; servers close those that wait for long."""
        while self._idle:
            reader, writer, used_at = self._idle.pop()
            if time.monotonic() - used_at < KEPT_SECONDS:
                return reader, writer
            writer.close()
        return None


async def _read(reader: asyncio.StreamReader) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {}
    for line in head[1:]:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    if headers.get("transfer-encoding") == "chunked":
        body = await _chunks(reader)
    else:
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Answer(int(head[0].split()[1]), headers, body)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return body
