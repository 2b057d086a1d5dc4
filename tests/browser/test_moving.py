"""Relays that are sent away, or die for good, during a visit: it goes on at another one."""

import contextlib
import itertools
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest

from tests.browser import clinic as clinics
from tests.browser.clinic import Visit
from tests.browser.conftest import Make, Watch, running_house, watched
from tests.browser.frames import log_frames, next_connection, now_ms, wait_for_flow, wait_for_frames_of_connection
from tests.browser.house import House
from tests.browser.media import SMALL_CAMERA
from tests.browser.people import ChromiumTab, meet, state_is

pytestmark = pytest.mark.alone
PATIENCE = 60.0
KEEP_WORDS = """(() => {
  window.keptWords = [];
  const line = document.querySelector('[data-connection-words]');
  new MutationObserver(() => window.keptWords.push(line.textContent))
    .observe(line, { childList: true, characterData: true, subtree: true });
})()"""


@pytest.fixture(scope="module")
def two_relays(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Iterator[House]:
    """A house with two relays."""
    with running_house(tmp_path_factory.mktemp("two"), django_db_blocker, RELAY_PROCESSES="2") as house:
        yield house


@pytest.fixture
def tab_of(two_relays: House, new_context: Callable[..., Any], watch: Watch) -> Callable[..., ChromiumTab]:
    """Another person's Chromium, with a small camera; give the visit to be its doctor."""

    def open_tab(visit: Visit | None = None) -> ChromiumTab:
        context = watched(new_context(base_url=two_relays.base_url), watch)
        context.add_init_script(f"({SMALL_CAMERA})()")
        if visit is not None:
            context.add_cookies([{"name": visit.doctor.name, "value": visit.doctor.value, "url": two_relays.base_url}])
        return ChromiumTab(context.new_page())

    return open_tab


def test_relay_that_is_sent_away_or_stays_dead_hands_its_visit_on(
    two_relays: House, make: Make, tab_of: Callable[..., ChromiumTab]
) -> None:
    visit = make(clinics.new_visit, two_relays.base_url)
    both = [tab_of(), tab_of(visit)]
    meet(both[0], both[1], visit.link, visit.board)
    for tab in both:
        log_frames(tab)
        wait_for_flow(tab, now_ms(), PATIENCE)
        tab.evaluate(KEEP_WORDS)
    moved = _follow(both, lambda: _end(two_relays, make, visit, signal.SIGTERM))
    assert moved
    # Moving is no trouble, and nobody hears of any.
    said = itertools.chain.from_iterable(tab.evaluate("window.keptWords") for tab in both)
    assert not [words for words in said if "lost" in words.lower()]
    assert _follow(both, lambda: _end(two_relays, make, visit, signal.SIGKILL))
    for tab in both:
        state_is(tab, "call")
    two_relays.wait_until_ready()


def _follow(tabs: list[ChromiumTab], end: Callable[[], bool]) -> bool:
    """The relay is ended, and all come back on a new connection; whether the visit has another relay then."""
    connections = [next_connection(tab) for tab in tabs]
    moved = end()
    for tab, connection in zip(tabs, connections, strict=True):
        wait_for_frames_of_connection(tab, connection, PATIENCE)
    for tab in tabs:
        wait_for_flow(tab, now_ms(), PATIENCE)
    return moved


def _end(house: House, make: Make, visit: Visit, number: signal.Signals) -> bool:
    """End the visit's relay until the visit has another; with SIGKILL also what the supervisor puts in its place."""
    lost = make(clinics.relay_of, visit)
    control = house.var / f"{lost}.sock"
    ended: set[int] = set()
    deadline = time.monotonic() + PATIENCE
    while make(clinics.relay_of, visit) == lost:
        assert time.monotonic() < deadline, "the visit was never moved"
        relay = house.relay_at(control)
        if relay is not None and relay.pid not in ended and (number is signal.SIGKILL or not ended):
            ended.add(relay.pid)
            with contextlib.suppress(psutil.NoSuchProcess):
                relay.send_signal(number)
    return True
