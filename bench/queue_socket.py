"""A page's end of a socket, cheap, for the queue bench: back-off, pings and silence as in static/js/socket.js.

Only what the house's own server sends is understood; nothing here decides what is measured.
"""

import asyncio
import json
import random
import struct
import time
import uuid as uuids
from collections.abc import Callable
from typing import Any

PING_EVERY, SILENCE, OPEN_WITHIN = 10.0, 25.0, 8.0
FINAL = {4000, 4001, 4003, 4004}
_KEY = "dGhlIHNhbXBsZSBub25jZQ=="
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10


class Page(asyncio.Protocol):
    """One page: it opens its socket, comes back when it is lost, and keeps the newest snapshot."""

    def __init__(self, port: int, path: str, cookie: str, *, says_hello: bool) -> None:
        self.port, self.path, self.cookie, self.says_hello = port, path, cookie, says_hello
        self.tab = str(uuids.uuid4())
        self.latest: dict[str, Any] = {}
        self.opened_at = self.shown_at = 0.0  # when the present socket was open, and had its first snapshot
        self.pings = 0
        self.closed_with: list[int] = []
        self.is_final = False
        self.on_snapshot: Callable[[Page], None] | None = None
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._is_open = False
        self._attempt = 0
        self._heard_at = 0.0
        self._timers: list[asyncio.TimerHandle] = []

    def open(self) -> None:
        """Begin; what comes of it is seen by `shown_at`."""
        asyncio.get_running_loop().create_task(self._connect())

    def close(self) -> None:
        self.is_final = True
        self._drop()

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        self._buffer.clear()
        self._is_open = False
        self._timers = [loop.call_later(OPEN_WITHIN, self._not_opened)]
        try:
            await loop.create_connection(lambda: self, "127.0.0.1", self.port)
        except OSError:
            self._again()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        origin = f"http://127.0.0.1:{self.port}"
        head = (
            f"GET {self.path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {_KEY}\r\nSec-WebSocket-Version: 13\r\n"
            f"Origin: {origin}\r\nCookie: {self.cookie}\r\n\r\n"
        )
        transport.write(head.encode())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._is_open:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            if not self._buffer.startswith(b"HTTP/1.1 101"):
                self._again()
                return
            del self._buffer[: end + 4]
            self._opened()
        while (frame := self._next()) is not None:
            self._heard(*frame)

    def connection_lost(self, _: Exception | None) -> None:
        if self._transport is not None:
            self._again()

    def _next(self) -> tuple[int, bytes] | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        size, at = buffer[1], 2
        if size == 126 and len(buffer) >= 4:
            size, at = struct.unpack_from("!H", buffer, 2)[0], 4
        elif size == 127 and len(buffer) >= 10:
            size, at = struct.unpack_from("!Q", buffer, 2)[0], 10
        elif size >= 126:
            return None
        if len(buffer) < at + size:
            return None
        opcode, payload = buffer[0] & 15, bytes(buffer[at : at + size])
        del buffer[: at + size]
        return opcode, payload

    def _opened(self) -> None:
        loop = asyncio.get_running_loop()
        self._is_open, self.opened_at = True, time.perf_counter()
        self._heard_at = self.opened_at
        for timer in self._timers:
            timer.cancel()
        if self.says_hello:
            self._say({"type": "hello", "protocol": 1, "tab": self.tab, "chat_seq": 0})
        self._timers = [loop.call_later(PING_EVERY, self._tick)]

    def _heard(self, opcode: int, payload: bytes) -> None:
        self._heard_at = time.perf_counter()
        if opcode == _PING:
            self._send(_PONG, payload)
        elif opcode == _CLOSE:
            self._closed(struct.unpack("!H", payload[:2])[0] if len(payload) >= 2 else 1005)
        elif opcode == _TEXT and not payload.startswith(b'{"type":"pong"'):
            self._told(json.loads(payload))

    def _told(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "ping":
                self.pings += 1
                self._say({"type": "pong", "n": message["n"]})
            case "welcome" | "visit":
                self._shown(message["visit"])
            case "queue":
                self._shown({"version": message["version"], "waiting": message["waiting"]})

    def _shown(self, snapshot: dict[str, Any]) -> None:
        self.latest, self._attempt = snapshot, 0
        self.shown_at = self.shown_at or time.perf_counter()
        if self.on_snapshot is not None:
            self.on_snapshot(self)

    def _tick(self) -> None:
        if time.perf_counter() - self._heard_at > SILENCE:
            self.closed_with.append(-1)
            self._again()
            return
        self._say({"type": "ping", "n": 1})
        self._timers = [asyncio.get_running_loop().call_later(PING_EVERY, self._tick)]

    def _not_opened(self) -> None:
        self.closed_with.append(-2)
        self._again()

    def _closed(self, code: int) -> None:
        self.closed_with.append(code)
        if code in FINAL:
            self.close()
        else:
            self._again(8.0 if code == 4008 else 0.0)

    def _again(self, least: float = 0.0) -> None:
        self._drop()
        if self.is_final:
            return
        ceiling = min(8.0, 0.5 * 2 ** min(self._attempt, 10))
        self._attempt += 1
        wait = least + 0.5 + random.random() * (ceiling - 0.5)
        self._timers = [asyncio.get_running_loop().call_later(wait, self.open)]

    def _drop(self) -> None:
        self.shown_at = 0.0
        for timer in self._timers:
            timer.cancel()
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()

    def _say(self, message: dict[str, Any]) -> None:
        self._send(_TEXT, json.dumps(message, separators=(",", ":")).encode())

    def _send(self, opcode: int, payload: bytes) -> None:
        """Masked with zeros, as the rule has it at no cost."""
        size = bytes([128 | len(payload)]) if len(payload) < 126 else struct.pack("!BH", 254, len(payload))
        if self._transport is not None:
            self._transport.write(bytes([128 | opcode]) + size + b"\0\0\0\0" + payload)
