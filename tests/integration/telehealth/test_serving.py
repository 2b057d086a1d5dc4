"""The house under a real server: sockets by Origin, pages in great number, start and a clean stop."""

import asyncio
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import websockets

from tests.ports import free_port

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_SECONDS = 60
STOP_SECONDS = 60
NOBODYS = "/staff/queue/5b0cf06f-8ff1-4b94-a4ef-5d1c0a3d8f51/ws"


def answer(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def wait_until_alive(server: subprocess.Popen[bytes], address: str) -> None:
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            assert answer(f"{address}/healthz") == (200, b"ok")
        except OSError:
            assert server.poll() is None, "the server ended"
            assert time.monotonic() < give_up_at, "the server never answered"
        else:
            return


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """`manage runserver` on an empty installation of its own; its address and process."""
    var, port = tmp_path_factory.mktemp("var"), free_port()
    address = f"http://127.0.0.1:{port}"
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = {**clean, "HOUSECALL_VAR": str(var), "ORIGINS": address, "LOG_LEVEL": "WARNING"}
    manage = [sys.executable, "manage.py"]
    subprocess.run([*manage, "migrate", "-v0"], cwd=ROOT, env=environment, check=True)
    serve = [*manage, "runserver", f"127.0.0.1:{port}", "--noreload"]
    server = subprocess.Popen(serve, cwd=ROOT, env=environment)
    try:
        wait_until_alive(server, address)
        yield address, server
    finally:
        server.kill()
        server.wait()


async def status_of_handshake(address: str, path: str, origin: str | None) -> int:
    """The HTTP status that a handshake is refused with; 101 when it is let in."""
    try:
        async with websockets.connect(address.replace("http", "ws") + path, origin=origin):  # type: ignore[arg-type]
            return 101
    except websockets.InvalidStatus as refused:
        return refused.response.status_code


@pytest.mark.parametrize("origin", [None, "null", "http://127.0.0.1", "https://evil.example", "http://[::1", "\u00e9"])
async def test_socket_from_a_foreign_origin_is_403(house: tuple[str, object], origin: str | None) -> None:
    assert await status_of_handshake(house[0], NOBODYS, origin) == 403


async def test_socket_at_an_address_that_has_none_is_403(house: tuple[str, object]) -> None:
    assert await status_of_handshake(house[0], NOBODYS, house[0]) == 101
    for path in ("/nowhere/ws", "/", "/healthz"):
        assert await status_of_handshake(house[0], path, house[0]) == 403


async def test_socket_handshakes_of_all_kinds_leave_the_pages_alive(house: tuple[str, object]) -> None:
    tries = [status_of_handshake(house[0], f"/v/{number}/ws", "https://evil.example") for number in range(50)]
    assert set(await asyncio.gather(*tries)) == {403}
    assert (await asyncio.to_thread(answer, f"{house[0]}/healthz"))[0] == 200


def test_absent_pages_in_number_are_all_answered_the_same(house: tuple[str, object]) -> None:
    with ThreadPoolExecutor(20) as crowd:
        answers = list(crowd.map(answer, [f"{house[0]}/absent/{number}/" for number in range(100)]))
    assert {status for status, _ in answers} == {404}
    assert len({body for _, body in answers}) == 1


def test_static_file_is_served_without_collecting(house: tuple[str, object]) -> None:
    assert answer(f"{house[0]}/static/css/tokens.css") == (200, (ROOT / "static/css/tokens.css").read_bytes())


def test_readyz_without_a_relay_names_only_the_relay(house: tuple[str, object]) -> None:
    status, body = answer(f"{house[0]}/readyz")
    assert status == 503
    assert body.count(b"failed") == 1
    assert b'"relay": "failed"' in body


def test_server_told_to_stop_stops_cleanly(house: tuple[str, subprocess.Popen[bytes]]) -> None:
    address, server = house
    server.send_signal(signal.SIGTERM)
    assert server.wait(STOP_SECONDS) in {0, -signal.SIGTERM}
    with pytest.raises(OSError, match="refused"):
        answer(f"{address}/healthz")
