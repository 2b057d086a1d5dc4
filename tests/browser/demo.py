"""Starts `./run demo` as a newcomer does and reads what it prints. Holds no test."""

import os
import re
import signal
import ssl
import subprocess
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.browser.house import ROOT, STOP_SECONDS
from tests.browser.people import ChromiumTab, onward
from tests.ports import free_port


@dataclass
class Demo:
    """A running demo and what it printed."""

    process: subprocess.Popen[str]
    base_url: str
    printed: str
    seconds: float

    def link_of(self, patient: str) -> str:
        [link] = re.findall(rf"  {patient} to .*\n(https?://\S+/v/\S+#\S+)\n", self.printed)
        return str(link)

    def password_of(self, email: str) -> str:
        [password] = re.findall(rf"{email}\s+(\S+)", self.printed)
        return str(password)


def start(var: Path, lan: str = "") -> Demo:
    """On this machine, or over HTTPS on this address of its network."""
    host = lan or "127.0.0.1"
    port = free_port(host)
    environment = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    began = time.monotonic()
    process = subprocess.Popen(
        ["./run", "demo", "--port", str(port), *(["--lan", lan] if lan else [])],
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
    base_url = f"{'https' if lan else 'http'}://{host}:{port}"
    _expect_home_page(base_url)
    return Demo(process, base_url, printed, time.monotonic() - began)


def _expect_home_page(base_url: str) -> None:
    """Whoever signed its certificate; a caller waits in the backlog until the web process is there."""
    unchecked = ssl.create_default_context()
    unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
    with urllib.request.urlopen(f"{base_url}/", timeout=30, context=unchecked) as answer:
        assert answer.status == 200


def stop(demo: Demo) -> list[psutil.Process]:
    """Ctrl-C; returns what is left of its processes."""
    started = [*psutil.Process(demo.process.pid).children(recursive=True), psutil.Process(demo.process.pid)]
    demo.process.send_signal(signal.SIGINT)
    demo.printed += demo.process.communicate(timeout=STOP_SECONDS)[0]
    return [process for process in started if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


def sign_in(tab: ChromiumTab, demo: Demo, email: str) -> None:
    """Sign in with the printed password; ends on the queue board."""
    tab.goto(f"{demo.base_url}/staff/queue/")
    onward(tab.page, tab.click, "main a:has-text('Use a password')")
    tab.fill("main [name=login]", email)
    tab.fill("main [name=password]", demo.password_of(email))
    # The address of the page that is left names the board as well.
    onward(tab.page, tab.click, "main [type=submit]")
    tab.page.wait_for_url("**/staff/queue/**")
