"""Clients that never finish what they say must not cost the others theirs: `telehealth.serve` as the house runs it."""

import os
import resource
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from telehealth.serve import allow_many_files

ROOT = Path(__file__).resolve().parents[3]
USUAL_FILES = 1024  # what a login shell or a unit without a word about it gets
SLOW, HALF_OPEN = 600, 600  # together more than the usual files
PATIENCE_SECONDS = 60
LONG = os.environ.get("HOUSECALL_LONG") == "1"
HEADERS = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
HANDSHAKE = (
    b"GET /staff/queue/5b0cf06f-8ff1-4b94-a4ef-5d1c0a3d8f51/ws HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
)


def _usual_files() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(USUAL_FILES, most), most))


@pytest.fixture
def address(tmp_path: Path) -> Iterator[tuple[str, int]]:
    """A web process with the usual limit of open files and a free port."""
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = {**clean, "HOUSECALL_VAR": str(tmp_path), "LOG_LEVEL": "ERROR"}
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=environment, check=True)
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listening:
        command = [sys.executable, "-m", "telehealth.serve", "--fd", str(listening.fileno())]
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, pass_fds=[listening.fileno()], preexec_fn=_usual_files
        )
        try:
            yield listening.getsockname()
        finally:
            process.kill()
            process.wait()


def _seconds_for_a_page(address: tuple[str, int]) -> float:
    started_at = time.monotonic()
    with urllib.request.urlopen(f"http://127.0.0.1:{address[1]}/healthz", timeout=PATIENCE_SECONDS) as response:
        assert response.read() == b"ok"
    return time.monotonic() - started_at


@pytest.mark.slow
def test_twelve_hundred_clients_that_never_finish_leave_the_pages_quick(address: tuple[str, int]) -> None:
    allow_many_files()  # the clients are ours too
    _seconds_for_a_page(address)  # it is up
    with ExitStack() as stack:
        slow = []
        for start in (*[HEADERS] * SLOW, *[HANDSHAKE] * HALF_OPEN):
            client = stack.enter_context(socket.create_connection(address, PATIENCE_SECONDS))
            client.sendall(start)
            slow.append(client)
        taken = []
        for batch in range(50):
            for client in slow[batch::50]:
                client.sendall(b"x")
            taken.append(_seconds_for_a_page(address))
    assert statistics.median(taken) < (0.5 if LONG else 5)
    assert max(taken) < (5 if LONG else 30)
