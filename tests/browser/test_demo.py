"""The demo as a newcomer finds it: started by `./run demo`, read off the terminal, tried in Firefox and Chromium."""

import itertools
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import BrowserContext

from tests.browser.conftest import Watch, watched
from tests.browser.firefox import firefox
from tests.browser.house import ROOT, free_port
from tests.browser.media import KEEP_CONNECTIONS
from tests.browser.people import ChromiumTab, call_in, go_in, has_read, state_is, wait_for_media, write

FIRST_START_SECONDS = 15.0
NEXT_START_SECONDS = 5.0


@dataclass
class Demo:
    """A running demo and what it printed."""

    process: subprocess.Popen[str]
    base_url: str
    printed: str
    seconds: float

    def link_of(self, patient: str) -> str:
        [link] = re.findall(rf"{patient}\s.*?(http://\S+/v/\S+#\S+)", self.printed)
        return str(link)

    def password_of(self, email: str) -> str:
        [password] = re.findall(rf"{email}\s+(\S+)", self.printed)
        return str(password)


def _start(var: Path) -> Demo:
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    began = time.monotonic()
    process = subprocess.Popen(
        ["./run", "demo", "--port", str(port)],
        cwd=ROOT,
        env={**environment, "HOUSECALL_VAR": str(var), "COLUMNS": "80"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    printed = ""
    for line in process.stdout:
        printed += line
        if "Ctrl-C stops it" in line:
            break
    _answer("127.0.0.1", port)
    return Demo(process, f"http://127.0.0.1:{port}", printed, time.monotonic() - began)


def _answer(host: str, port: int) -> None:
    with socket.create_connection((host, port), timeout=30) as connection:
        connection.sendall(f"GET / HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
        assert b" 200 " in connection.recv(100)


def _stop(demo: Demo) -> list[psutil.Process]:
    """Ctrl-C; returns what is left of its processes."""
    started = [*psutil.Process(demo.process.pid).children(recursive=True), psutil.Process(demo.process.pid)]
    demo.process.send_signal(signal.SIGINT)
    demo.process.communicate(timeout=20)
    return [process for process in started if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    demo = _start(tmp_path)
    yield demo
    if demo.process.poll() is None:
        assert _stop(demo) == []


@pytest.fixture
def chromium(new_context: Callable[..., BrowserContext], watch: Watch) -> ChromiumTab:
    """A tab of a browser that knows nothing of the demo."""
    return ChromiumTab(watched(new_context(), watch).new_page())


def sign_in(tab: ChromiumTab, demo: Demo, email: str) -> None:
    tab.goto(f"{demo.base_url}/staff/queue/")
    tab.click("main details summary")
    tab.fill("main details [name=login]", email)
    tab.fill("main details [name=password]", demo.password_of(email))
    tab.click("main details [type=submit]")
    tab.page.wait_for_url("**/staff/queue/**")


def test_demo_starts_in_time_stops_whole_and_keeps_its_links(tmp_path: Path) -> None:
    first = _start(tmp_path)
    assert _stop(first) == []
    second = _start(tmp_path)
    assert _stop(second) == []
    assert first.link_of("Rosalind Fern").partition("/v/")[2] == second.link_of("Rosalind Fern").partition("/v/")[2]
    assert first.seconds <= FIRST_START_SECONDS
    assert second.seconds <= NEXT_START_SECONDS


def test_firefox_patient_and_chromium_doctor_hold_a_visit_on_the_demo_as_printed(
    demo: Demo, chromium: ChromiumTab
) -> None:
    sign_in(chromium, demo, "marlow@lantern.example")
    with firefox(ice_on_loopback=_only_loopback(), preload=KEEP_CONNECTIONS) as patient:
        go_in(patient, demo.link_of("Rosalind Fern"))
        call_in(chromium, chromium.page.url)
        state_is(patient, "call")
        wait_for_media(chromium)
        wait_for_media(patient)
        write(patient, "Hello from Firefox")
        has_read(chromium, "Hello from Firefox")
        write(chromium, "Hello from Chromium")
        has_read(patient, "Hello from Chromium")
        patient.reload()
        state_is(patient, "call")
        wait_for_media(patient)
        assert patient.errors == []


def _only_loopback() -> bool:
    """Whether this machine has no address that Firefox would use by itself."""
    every = itertools.chain.from_iterable(psutil.net_if_addrs().values())
    return all(each.address.startswith("127.") for each in every if each.family == socket.AF_INET)
