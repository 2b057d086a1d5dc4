"""The supervisor: a dead child comes back, and however the parent ends, no process is left."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from telehealth.supervisor import ROOT, listen, relay_environment, relay_environments


class Parent:
    """A supervisor in a process of its own; its output closes only when its last child is gone."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.house.parent"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
        )

    def children(self, count: int) -> dict[str, int]:
        """Wait until so many children came up: name -> process id."""
        assert self.process.stdout is not None
        lines = (self.process.stdout.readline().split() for _ in range(count))
        return {name: int(pid) for _, name, pid in lines}

    def is_silent(self) -> bool:
        """Wait for the end of the output, which every living child holds open."""
        assert self.process.stdout is not None
        return self.process.stdout.read() == ""


@pytest.fixture
def parent() -> Iterator[Parent]:
    parent = Parent()
    yield parent
    parent.process.kill()
    parent.process.wait()
    assert parent.process.stdout is not None
    parent.process.stdout.close()


def test_child_that_dies_comes_back(parent: Parent) -> None:
    first = parent.children(2)
    os.kill(first["relay"], signal.SIGKILL)
    second = parent.children(1)
    assert second["relay"] != first["relay"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_parent_told_to_stop_leaves_no_process(parent: Parent, number: signal.Signals) -> None:
    parent.children(2)
    parent.process.send_signal(number)
    assert parent.is_silent()
    assert parent.process.wait() == 0


def test_parent_killed_leaves_no_process(parent: Parent) -> None:
    parent.children(2)
    parent.process.kill()
    assert parent.is_silent()


def test_listen_on_a_taken_port_says_so_in_a_sentence() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(SystemExit, match=f"cannot use port {port} on 127.0.0.1: Address already in use"):
            listen("127.0.0.1", port)


def test_relay_environment_holds_its_settings_and_no_secret() -> None:
    seen = relay_environment(
        {"RELAY_PORT": "1", "PATH": "/bin", "SECRET_KEY": "s", "DATABASE_URL": "d", "REDIS_URL": "r", "HOME": "/h"}
    )
    assert seen == {"RELAY_PORT": "1", "PATH": "/bin", "HOME": "/h"}


@pytest.mark.parametrize(
    ("given", "served"),
    [
        ({}, ["127.0.0.1:40404"]),
        ({"RELAY_PROCESSES": "2"}, ["127.0.0.1:40404", "127.0.0.1:40405"]),
        ({"RELAY_PROCESSES": "2", "RELAY_METRICS": "192.0.2.1:9000"}, ["192.0.2.1:9000", "192.0.2.1:9001"]),
        ({"RELAY_PORT": "0"}, ["127.0.0.1:0"]),
        ({"RELAY_METRICS": ""}, [""]),
    ],
)
def test_metrics_are_on_at_loopback_unless_said_otherwise(
    given: dict[str, str], served: list[str], tmp_path: Path
) -> None:
    assert [own["RELAY_METRICS"] for own in relay_environments(given, tmp_path)] == served
