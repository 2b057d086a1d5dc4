"""The sockets behind the real server: uvicorn on a port, the Origin door, and `python -m relay` at the other end."""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from django.conf import settings as django_settings
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from scheduling import links
from signaling import lifespan
from signaling.addresses import RelayAddress
from telehealth import serve
from telehealth.asgi import application
from tests.integration.signaling.house import PATIENCE, Visit, Wire, do

pytestmark = pytest.mark.django_db(transaction=True)

LONG = os.environ.get("HOUSECALL_LONG") == "1"
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


@pytest.fixture
def served(visit: Visit, control: Path, settings: Any) -> Iterator[Served]:
    settings.RELAYS = (RelayAddress("relay-1", path=control),)
    served = Served()
    served.thread.start()
    yield served
    served.stop()


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


@pytest.fixture
async def clients() -> AsyncIterator[Any]:
    opened: list[ClientConnection] = []

    async def open_client(address: tuple[str, dict[str, str]]) -> Client:
        uri, headers = address
        connection = await connect(
            uri, origin=django_settings.ORIGINS[0], additional_headers=headers, compression=None, proxy=None
        )
        opened.append(connection)
        return Client(connection)

    yield open_client
    for connection in opened:
        await connection.close()


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "http://127.0.0.1:8000.evil.example"])
async def test_handshake_of_a_foreign_origin_is_refused(served: Served, visit: Visit, origin: Any) -> None:
    uri, headers = patient_address(served, visit)
    with pytest.raises(InvalidStatus) as refused:
        await connect(uri, origin=origin, additional_headers=headers, proxy=None)
    assert refused.value.response.status_code == 403


async def test_oversized_frames_close_the_socket_and_nobody_elses(
    served: Served, visit: Visit, doctor: Any, clients: Any
) -> None:
    await do(visit.begin)
    other = await clients(doctor_address(served, visit, doctor))
    await other.hello()

    async def endless() -> Any:
        while True:
            yield "x" * 8_192

    for frame in ("x" * 65_537, "x" * 1_000_000, endless()):
        sender = await clients(patient_address(served, visit))
        with contextlib.suppress(ConnectionClosed):
            await sender.socket.send(frame)
        # The close frame is lost (1006) when the server hangs up on a sender that is still writing.
        assert await sender.closed() in (1009, None)
    await other.say("ping", n=1)
    assert (await other.hear("pong"))["n"] == 1


async def test_flood_closes_4008_and_others_are_answered_in_time(
    served: Served, visit: Visit, doctor: Any, clients: Any
) -> None:
    await do(visit.begin)
    other = await clients(doctor_address(served, visit, doctor))
    await other.hello()
    flooder = await clients(patient_address(served, visit))
    await flooder.hello()

    async def flood() -> None:
        try:
            for _ in range(5_000 if LONG else 1_000):
                await flooder.socket.send("x" * 16_000)
        except ConnectionClosed:
            return

    flooding = asyncio.create_task(flood())
    waits: list[float] = []
    for number in range(20):
        begun = time.perf_counter()
        await other.say("ping", n=number)
        await other.hear("pong", n=number)
        waits.append(time.perf_counter() - begun)
    assert await flooder.closed() == 4008
    await flooding
    # Both ends of the flood and the measuring client share this machine, so this is a bound and not a benchmark.
    assert sorted(waits)[-2] < 1.0


def start_relay(control: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "relay", "--bind", "127.0.0.1", "--port", "0", "--control", str(control)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


async def test_real_relay_offers_and_offers_again_after_it_was_killed(
    served: Served, visit: Visit, control: Path, clients: Any
) -> None:
    await do(visit.arrive)
    page = await clients(patient_address(served, visit))
    await page.hello()
    await page.hear("relay", state="lost")
    relay = start_relay(control)
    try:
        await page.hear("relay", state="ready")
        await page.say("connect")
        offer = await page.hear("offer")
        assert "a=ice-lite" in offer["sdp"]
        assert set(offer["up"]) >= {"audio", "camera"}
        await page.say("answer", connection=offer["connection"], offer=offer["offer"], sdp="v=0\r\nnonsense\r\n")
        assert (await page.hear("error"))["connection"] == offer["connection"]
        await page.say("restart-ice", connection=offer["connection"])
        relay.kill()
        relay.wait()
        await page.hear("relay", state="lost")
        relay = start_relay(control)
        await page.hear("relay", state="ready")
        await page.say("connect")
        again = await page.hear("offer")
        assert again["connection"] != offer["connection"]
    finally:
        relay.kill()
        relay.wait()


async def test_server_that_stops_says_1012_and_leaves_nothing_running(
    served: Served, visit: Visit, clients: Any
) -> None:
    page = await clients(patient_address(served, visit))
    await page.hello()
    await asyncio.to_thread(served.stop)
    assert await page.closed() == 1012
    names = {
        "relay-link-relay-1",
        "relay-fleet",
        "relay-fleet-mover",
        "relay-fleet-hints",
        "socket-attendant",
        "socket-outbox",
        "queue-feed",
    }
    assert names.isdisjoint(task.get_name() for task in asyncio.all_tasks())
