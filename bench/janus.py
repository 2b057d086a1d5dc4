"""The peer of `./run bench relay`: Debian's Janus with a configuration of its own, and its videoroom API.

Nothing of Janus listens outside: the API is a Unix socket in a temporary folder, every other transport and plugin is
left out, and media is bound to one address. Janus ignores loopback interfaces, so the bench gives it an address of a
dummy interface inside a network namespace (see `relay_load`).
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.servers import stop

JANUS = "janus"
_LIBRARIES = Path("/usr/lib")
_START_SECONDS = 10.0
_SETTLE_SECONDS = 0.3
_TRIES = 5
_MAX_MESSAGE = 1 << 16
_GENERAL = """
general: {{
    configs_folder = "{folder}"
    plugins_folder = "{folder}/plugins"
    transports_folder = "{folder}/transports"
    events_folder = "{folder}/none"
    loggers_folder = "{folder}/none"
    debug_level = 2
    session_timeout = 0
    {event_loops}
}}
media: {{ ipv6 = false }}
nat: {{
    ice_lite = true
    ice_enforce_list = "{address}"
}}
"""
_UNIX_SOCKET = """
general: {{
    enabled = true
    json = "compact"
    path = "{folder}/api"
    type = "SOCK_SEQPACKET"
}}
admin: {{ admin_enabled = false }}
"""


class JanusError(RuntimeError):
    """Janus is not there, did not start, or refused a request."""


def _library(kind: str, name: str) -> Path:
    found = next(_LIBRARIES.glob(f"*/janus/{kind}/libjanus_{name}.so"), None)
    if found is None:
        raise JanusError(f"Janus has no {name}; on Debian: apt-get install janus")
    return found


def configure(folder: Path, address: str, event_loops: int) -> None:
    """Write a configuration with the videoroom and the Unix socket and nothing else. 0 loops: a thread a handle."""
    loops = f"event_loops = {event_loops}" if event_loops else ""
    for kind, name in (("plugins", "videoroom"), ("transports", "pfunix")):
        (folder / kind).mkdir()
        (folder / kind / f"libjanus_{name}.so").symlink_to(_library(kind, name))
    (folder / "none").mkdir()
    (folder / "janus.jcfg").write_text(_GENERAL.format(folder=folder, address=address, event_loops=loops))
    (folder / "janus.transport.pfunix.jcfg").write_text(_UNIX_SOCKET.format(folder=folder))
    (folder / "janus.plugin.videoroom.jcfg").write_text("general: { events = false }\n")


@contextmanager
def running(folder: Path, address: str, event_loops: int = 0) -> Iterator[int]:
    """A fresh Janus; yields its process id and stops it at the end."""
    if shutil.which(JANUS) is None:
        raise JanusError("Janus is not installed; on Debian: apt-get install janus")
    configure(folder, address, event_loops)
    process = _start(folder)
    try:
        yield process.pid
    finally:
        stop(process)


def _start(folder: Path) -> subprocess.Popen[bytes]:
    """Janus 1.1.2 gives up now and then: its socket thread may look whether it is initialized before it is."""
    command = [JANUS, "-F", str(folder), "-C", str(folder / "janus.jcfg")]
    for _ in range(_TRIES):
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        if _answers(folder / "api", process):
            return process
        stop(process)
    raise JanusError(f"Janus did not start: {(folder / 'log').read_text(errors='replace')[-600:]}")


def _answers(path: Path, process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if path.is_socket():
            time.sleep(_SETTLE_SECONDS)
            return path.is_socket() and process.poll() is None
        time.sleep(0.05)
    return False


class Api:
    """One session over the Unix socket. Requests wait for their answer; nothing else is asked meanwhile."""

    def __init__(self, folder: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.settimeout(_START_SECONDS)
        self._socket.connect(os.fspath(folder / "api"))
        self._session = self._ask({"janus": "create"})["data"]["id"]

    def drain(self) -> None:
        """Read away what Janus told unasked."""
        self._socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while self._socket.recv(_MAX_MESSAGE):
                pass
        self._socket.settimeout(_START_SECONDS)

    def attach(self) -> int:
        """A handle at the videoroom: one for each connection."""
        return int(self._ask({"janus": "attach", "plugin": "janus.plugin.videoroom"})["data"]["id"])

    def message(self, handle: int, body: dict[str, Any], jsep: dict[str, Any] | None = None) -> dict[str, Any]:
        """A request to the videoroom and the event that answers it."""
        request: dict[str, Any] = {"janus": "message", "handle_id": handle, "body": body}
        if jsep is not None:
            request["jsep"] = jsep
        answer = self._ask(request)
        data = answer["plugindata"]["data"]
        if "error" in data:
            raise JanusError(f"videoroom: {data['error']}")
        return answer

    def create_room(self, room: int) -> None:
        """A room for two with nothing on that this bench does not use."""
        off = ("audiolevel_ext", "videoorient_ext", "playoutdelay_ext", "transport_wide_cc_ext", "record")
        body = {"request": "create", "room": room, "publishers": 2, "bitrate": 0, "fir_freq": 0,
                "audiocodec": "opus", "videocodec": "vp8", "opus_fec": True, **dict.fromkeys(off, False)}  # fmt: skip
        handle = self.attach()
        self.message(handle, body)
        self._ask({"janus": "detach", "handle_id": handle})

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        transaction = uuid.uuid4().hex
        request = {**request, "transaction": transaction}
        if "janus" in request and request["janus"] != "create":
            request["session_id"] = self._session
        self._socket.send(json.dumps(request).encode())
        while True:
            answer: dict[str, Any] = json.loads(self._socket.recv(_MAX_MESSAGE))
            if answer.get("transaction") != transaction or answer["janus"] == "ack":
                continue
            if answer["janus"] == "error":
                raise JanusError(f"{request['janus']}: {answer['error']['reason']}")
            return answer
