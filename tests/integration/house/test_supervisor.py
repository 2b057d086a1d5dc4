"""The supervisor: a dead child comes back, and however the parent ends, no process is left."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from telehealth.supervisor import (
    DRAIN_SECONDS,
    PATIENCE_SECONDS,
    ROOT,
    house,
    listen,
    relay_environment,
    relay_environments,
)


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


def test_listen_on_an_address_of_another_machine_says_so_in_a_sentence() -> None:
    with pytest.raises(SystemExit, match="This machine has no such address"):
        listen("203.0.113.9", 8000)


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
        ({"RELAY_PROCESSES": "2", "RELAY_METRICS": "127.0.0.1:0"}, ["127.0.0.1:0", "127.0.0.1:0"]),
        ({"RELAY_METRICS": ""}, [""]),
    ],
)
def test_metrics_are_on_at_loopback_unless_said_otherwise(
    given: dict[str, str], served: list[str], tmp_path: Path
) -> None:
    assert [own["RELAY_METRICS"] for own in relay_environments(given, tmp_path)] == served


def children_of(var: Path, **environment: str) -> dict[str, Mapping[str, str]]:
    with listen("127.0.0.1", 0) as listening:
        children = house([listening], {"HOUSECALL_VAR": str(var), "SECRET_KEY": "s", **environment})
    return {child.name: child.environment for child in children}


def test_house_has_one_relay_and_web_is_told_of_it(tmp_path: Path) -> None:
    children = children_of(tmp_path)
    assert list(children) == ["relay", "web"]
    assert children["relay"]["RELAY_CONTROL"] == f"{tmp_path}/relay.sock"
    assert children["web"]["RELAYS"] == f"relay-1=unix:{tmp_path}/relay.sock"


def test_relay_processes_have_sockets_and_ports_of_their_own(tmp_path: Path) -> None:
    children = children_of(tmp_path, RELAY_PROCESSES="3", RELAY_PORT="5000", RELAY_METRICS="127.0.0.1:9464")
    relays = [children[f"relay-{number}"] for number in (1, 2, 3)]
    assert [relay["RELAY_PORT"] for relay in relays] == ["5000", "5001", "5002"]
    assert [relay["RELAY_METRICS"] for relay in relays] == ["127.0.0.1:9464", "127.0.0.1:9465", "127.0.0.1:9466"]
    sockets = [f"{tmp_path}/relay-{number}.sock" for number in (1, 2, 3)]
    assert [relay["RELAY_CONTROL"] for relay in relays] == sockets
    assert children["web"]["RELAYS"] == ",".join(f"relay-{n}=unix:{path}" for n, path in enumerate(sockets, start=1))
    assert all("SECRET_KEY" not in relay for relay in relays)


def test_web_processes_share_the_socket_and_know_the_same_relays(tmp_path: Path) -> None:
    with listen("127.0.0.1", 0) as listening:
        children = house([listening], {"HOUSECALL_VAR": str(tmp_path), "WEB_PROCESSES": "2"})
    _, one, other = children
    assert [one.name, other.name] == ["web-1", "web-2"]
    assert (one.sockets, one.arguments, one.environment) == (other.sockets, other.arguments, other.environment)


def test_relay_ports_that_are_any_free_one_stay_so(tmp_path: Path) -> None:
    children = children_of(tmp_path, RELAY_PROCESSES="2", RELAY_PORT="0")
    assert {children[name]["RELAY_PORT"] for name in ("relay-1", "relay-2")} == {"0"}


def test_relays_that_the_settings_name_are_left_as_they_are(tmp_path: Path) -> None:
    children = children_of(tmp_path, RELAY_PROCESSES="0", RELAYS="far=tls://192.0.2.2:40500")
    assert list(children) == ["web"]
    assert children["web"]["RELAYS"] == "far=tls://192.0.2.2:40500"


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"RELAY_PROCESSES": "two"}, "RELAY_PROCESSES"),
        ({"RELAY_PORT": "-1"}, "RELAY_PORT"),
        ({"RELAY_CONTROL": "tls://0.0.0.0:40500"}, "RELAYS"),
        ({"RELAY_PROCESSES": "2", "RELAY_METRICS": "9464"}, "RELAY_METRICS"),
    ],
)
def test_house_that_cannot_be_started_says_so_in_a_sentence(
    tmp_path: Path, environment: dict[str, str], words: str
) -> None:
    with pytest.raises(SystemExit, match=words):
        children_of(tmp_path, **environment)


def test_relay_has_time_to_drain_before_it_is_ended_without_asking(tmp_path: Path) -> None:
    with listen("127.0.0.1", 0) as listening:
        patience = {child.name: child.patience for child in house([listening], {"HOUSECALL_VAR": str(tmp_path)})}
    assert patience == {"relay": DRAIN_SECONDS + PATIENCE_SECONDS, "web": PATIENCE_SECONDS}
