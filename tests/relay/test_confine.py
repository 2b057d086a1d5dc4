"""The limits that the relay sets itself: each is met in a process of its own, which survives it."""

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from relay.limits import MAX_FILES
from tests.relay.test_control import ROOT, start

pytestmark = pytest.mark.slow

NOBODY = 65534

PROBE = """
import json, os, resource, socket, sys, threading
from relay.confine import confine
from relay.limits import MAX_FILES

def tried(act):
    try:
        act()
    except BaseException as error:
        return type(error).__name__
    return "done"

def open_many():
    kept = [os.open("/dev/null", os.O_RDONLY) for _ in range(MAX_FILES + 10)]

def fork():
    if os.fork() == 0:
        os._exit(0)

def raise_again():
    resource.setrlimit(resource.RLIMIT_NPROC, (10, 10))

acts = {
    "files": open_many,
    "fork": fork,
    "thread": lambda: threading.Thread(target=lambda: None).start(),
    "memory": lambda: bytearray(1 << 30),
    "little-memory": lambda: bytearray(1 << 20),
    "raise-again": raise_again,
}
if os.geteuid() == 0:  # the kernel lets root fork whatever the limit is
    os.setgid(%(nobody)d)
    os.setuid(%(nobody)d)
%(confine)s
status = open("/proc/self/status").read()
found = {name: tried(act) for name, act in acts.items()}
found["core"] = resource.getrlimit(resource.RLIMIT_CORE)[0]
found["no_new_privs"] = "NoNewPrivs:\\t1" in status
print(json.dumps(found))
"""


def probe(confine: str) -> dict[str, Any]:
    script = PROBE % {"nobody": NOBODY, "confine": confine}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_confined_process_is_refused_what_a_relay_never_needs_and_lives() -> None:
    assert probe("confine(256)") == {
        "files": "OSError",
        "fork": "BlockingIOError",
        "thread": "RuntimeError",
        "memory": "MemoryError",
        "little-memory": "done",
        "raise-again": "ValueError",
        "core": 0,
        "no_new_privs": True,
    }


def test_same_process_unconfined_may_do_it() -> None:
    free = probe("")
    assert {free[name] for name in ("fork", "thread", "memory")} == {"done"}
    assert free["no_new_privs"] is False


def proc(pid: int, name: str) -> str:
    return Path(f"/proc/{pid}/{name}").read_text()


async def test_relay_process_lowers_its_own_limits(tmp_path: Path) -> None:
    os.environ["RELAY_MEMORY_MIB"] = "300"
    try:
        process = await start(tmp_path)
    finally:
        del os.environ["RELAY_MEMORY_MIB"]
    limits, status = proc(process.pid, "limits"), proc(process.pid, "status")
    for name, limit in (
        ("Max core file size", 0),
        ("Max open files", MAX_FILES),
        ("Max processes", 0),
        ("Max data size", 300 << 20),
    ):
        assert re.search(rf"^{name} +{limit} +{limit} ", limits, re.MULTILINE), limits
    assert "NoNewPrivs:\t1" in status
    process.terminate()
    assert await process.wait() == 0


STARVED = """
import asyncio, sys
from pathlib import Path
from relay.config import Config
from relay.confine import confine
from relay.server import Relay

async def main():
    async with Relay(Config(("127.0.0.1",), ("127.0.0.1",), 0, Path(sys.argv[1]))) as relay:
        confine(256)
        apply = relay.board.handle
        def greedy(message, link):
            kept = bytearray(1 << 30)
            apply(message, link)
        relay.board.handle = greedy
        print("ready", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_relay_that_gets_no_memory_for_one_message_goes_on(tmp_path: Path) -> None:
    control = tmp_path / "relay.sock"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", STARVED, str(control)), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    reader, writer = await asyncio.open_unix_connection(str(control))
    assert json.loads(await reader.readline())["type"] == "hello"
    writer.write(b'{"type":"rooms","documents":[]}\n')
    codes = []
    while "internal" not in codes:
        codes.append(json.loads(await reader.readline()).get("code"))
    writer.write(b'{"type":"nonsense"}\n')
    while "unknown_type" not in codes:
        codes.append(json.loads(await reader.readline()).get("code"))
    writer.close()
    process.terminate()
    await process.wait()
