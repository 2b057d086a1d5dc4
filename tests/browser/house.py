"""A whole house in processes of its own: supervisor, web and relay on free ports, a file database. Holds no clinic."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from tests.ports import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
READY_SECONDS = 180.0
STOP_SECONDS = 60.0
LOOPBACK = "127.0.0.1"


class House:
    """One running house; `environment` is what its processes see.

    `inside` goes before its command line, and `host` is where it listens there: a network namespace, for example. Away
    from loopback it is called localhost all the same: a demo serves nothing else, and browsers trust that name only.
    """

    def __init__(self, var: Path, *, host: str = LOOPBACK, inside: Sequence[str] = (), **environment: str) -> None:
        self.var = var
        self.port = free_port()
        self._host = host
        self._inside = list(inside)
        self.base_url = f"http://{host if host == LOOPBACK else 'localhost'}:{self.port}"
        self.relay_port = free_port(kind=socket.SOCK_DGRAM)
        self.environment = {
            **os.environ,
            "HOUSECALL_VAR": str(var),
            "DATABASE_URL": f"sqlite:///{var / 'db.sqlite3'}",
            "REDIS_URL": "",
            "ORIGINS": self.base_url,
            "BASE_URL": self.base_url,
            "DEMO": "1",
            "LOG_LEVEL": "WARNING",
            "RELAY_CONTROL": str(var / "relay.sock"),
            "RELAY_PORT": str(self.relay_port),
            "RELAY_METRICS": "127.0.0.1:0",
            **environment,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it says that it is ready, relay included."""
        address = ["--bind", self._host, "--port", str(self.port)]
        command = [*self._inside, sys.executable, "-m", "telehealth.supervisor", *address]
        with (self.var / "house.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            self.wait_until_ready()
        except Exception:
            self.stop()
            raise

    def wait_until_ready(self) -> None:
        """Ask /readyz until it answers 200."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if self._is_ready():
                return
            time.sleep(0.1)
        raise TimeoutError("The house is not ready:\n" + self.log()[-4000:])

    def _is_ready(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError("The house ended:\n" + self.log()[-4000:])
        if self._inside:
            ask = [*self._inside, sys.executable, "-m", "tests.browser.house", self._host, str(self.port)]
            return subprocess.run(ask, cwd=ROOT, check=False).returncode == 0
        return answers(self._host, self.port)

    def log(self) -> str:
        """What its processes wrote."""
        return (self.var / "house.log").read_text(errors="replace")

    def child(self, name: str) -> psutil.Process:
        """The web ("telehealth.serve") or the relay ("relay") process that runs now."""
        assert self._process is not None
        children = psutil.Process(self._process.pid).children()
        [child] = [child for child in children if name in child.cmdline()[-4:]]
        return child

    def relay_at(self, control: Path) -> psutil.Process | None:
        """Of several relays the one with this control socket, or None while it is being started again."""
        assert self._process is not None
        for child in psutil.Process(self._process.pid).children():
            with contextlib.suppress(psutil.Error):
                if "relay" in child.cmdline()[-4:] and child.environ().get("RELAY_CONTROL") == str(control):
                    return child
        return None

    def kill(self, name: str) -> None:
        """End a process without notice."""
        self.child(name).send_signal(signal.SIGKILL)

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def answers(host: str, port: int) -> bool:
    """Whether the house there says that it is ready."""
    connection = http.client.HTTPConnection(host, port, timeout=10)
    try:
        connection.request("GET", "/readyz", headers={"Host": f"localhost:{port}"})
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(not answers(sys.argv[1], int(sys.argv[2])))
