"""The whole application behind uvicorn on a port, clients of its sockets, and real relays. Holds no test."""

import asyncio
import json
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import uvicorn
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from scheduling import links
from signaling import lifespan
from telehealth import serve
from telehealth.asgi import application
from tests.integration.signaling.house import PATIENCE, Visit, Wire

ROOT = Path(__file__).parents[3]


async def with_our_lifespan(scope: Any, receive: Any, send: Any) -> None:
    """The whole application, less the job workers."""
    if scope["type"] != "lifespan":
        await application(scope, receive, send)
        return
    await receive()
    await lifespan.startup()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await lifespan.shutdown()
    await send({"type": "lifespan.shutdown.complete"})


class Served:
    """Uvicorn in a thread, with the options of the real one."""

    def __init__(self) -> None:
        config = serve.config()
        config.app = with_our_lifespan
        self.server = uvicorn.Server(config)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.socket]})

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()
        self.socket.close()


class Client:
    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.heard: list[Wire] = []

    async def say(self, kind: str, **fields: Any) -> None:
        await self.socket.send(json.dumps({"type": kind, **fields}))

    async def hear(self, kind: str, **fields: Any) -> Wire:
        async with asyncio.timeout(PATIENCE):
            while True:
                message: Wire = json.loads(await self.socket.recv())
                self.heard.append(message)
                if message["type"] == kind and message.items() >= fields.items():
                    return message

    async def closed(self) -> int | None:
        async with asyncio.timeout(PATIENCE):
            try:
                while True:
                    await self.socket.recv()
            except ConnectionClosed as gone:
                return gone.rcvd.code if gone.rcvd else None

    async def hello(self) -> Wire:
        await self.say("hello", protocol=1, tab="7b0c7b0c-7b0c-4b0c-8b0c-7b0c7b0c7b0c", chat_seq=0)
        return await self.hear("welcome")


def patient_address(served: Served, visit: Visit) -> tuple[str, dict[str, str]]:
    cookie = f"{links.COOKIE_NAME}={links.session_cookie_for(visit.link)}"
    return f"ws://127.0.0.1:{served.port}/v/{visit.link.uuid}/ws", {"Cookie": cookie}


def doctor_address(served: Served, visit: Visit, doctor: Any) -> tuple[str, dict[str, str]]:
    return f"ws://127.0.0.1:{served.port}/staff/visits/{visit.room}/ws", {"Cookie": doctor[0][1].decode()}


def start_relay(control: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "relay", "--bind", "127.0.0.1", "--port", "0", "--control", str(control)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
