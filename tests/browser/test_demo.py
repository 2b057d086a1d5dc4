"""The demo as a newcomer finds it: started by `./run demo`, read off the terminal, tried in Firefox and Chromium."""

import itertools
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import BrowserContext

from tests.browser.conftest import Watch, watched
from tests.browser.demo import Demo, sign_in, start, stop
from tests.browser.firefox import firefox
from tests.browser.media import KEEP_CONNECTIONS
from tests.browser.people import ChromiumTab, call_in, go_in, has_read, state_is, wait_for_media, write
from tests.browser.size import LONG

pytestmark = pytest.mark.alone
# What a newcomer waits for, on a machine that does nothing else; the short run holds that nothing takes minutes.
FIRST_START_SECONDS = 15.0 if LONG else 60.0
NEXT_START_SECONDS = 5.0 if LONG else 30.0


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    demo = start(tmp_path)
    yield demo
    if demo.process.poll() is None:
        assert stop(demo) == []


@pytest.fixture
def chromium(new_context: Callable[..., BrowserContext], watch: Watch) -> ChromiumTab:
    """A tab of a browser that knows nothing of the demo."""
    return ChromiumTab(watched(new_context(), watch).new_page())


def test_demo_starts_in_time_stops_whole_and_keeps_its_links(tmp_path: Path) -> None:
    first = start(tmp_path)
    assert stop(first) == []
    second = start(tmp_path)
    assert stop(second) == []
    assert first.printed.endswith("\nHousecall has stopped.\n")
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
