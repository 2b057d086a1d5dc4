"""The sockets behind the real server: uvicorn on a port, the Origin door, and `python -m relay` at the other end."""

import asyncio
import contextlib
import os
import time
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.integration.signaling.house import Visit, do
from tests.integration.signaling.served import Served, doctor_address, patient_address, start_relay

pytestmark = pytest.mark.django_db(transaction=True)

LONG = os.environ.get("HOUSECALL_LONG") == "1"


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
    assert sorted(waits)[-2] < (1.0 if LONG else 15.0)


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
