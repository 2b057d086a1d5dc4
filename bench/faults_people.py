"""Two visits at once behind the fault proxy, for `bench.faults`: Chromium with Chromium, and Chromium with Firefox."""

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from tests.browser.firefox import firefox
from tests.browser.flags import CHROMIUM_FLAGS
from tests.browser.frames import LOG_FRAMES, wait_for_flow
from tests.browser.house import House
from tests.browser.media import KEEP_CONNECTIONS
from tests.browser.people import ChromiumTab, Tab, meet
from tests.faults.address import far_address
from tests.faults.process import BadLine

PRELOAD = f"() => {{ ({KEEP_CONNECTIONS})(); ({LOG_FRAMES})(); }}"
CAMERA = "--use-fake-device-for-media-stream"
# Four encoders share this machine with what is measured: ten pictures a second leave it some air.
LIGHT_CAMERA = f"{CAMERA}=fps=10"
UFRAG = "/a=ice-ufrag:(\\S+)/.exec(window.keptConnections.at(-1).remoteDescription.sdp)[1]"


class Person:
    """One of a visit's two people: a tab, and its own line through the proxy."""

    def __init__(self, tab: Tab, line: BadLine) -> None:
        self.tab = tab
        self._line = line

    def say(self, command: str) -> None:
        """A command for this person's line only."""
        self._line.say(f"@{self.tab.evaluate(UFRAG)} {command}")


def now_ms() -> float:
    """The clock that pages on this machine share."""
    return time.time() * 1000


@contextlib.contextmanager
def two_visits(playwright: Any, house: House, visits: list[Any], line: BadLine) -> Iterator[list[list[Person]]]:
    """Both visits, everybody seeing and hearing each other; the second one's patient has Firefox."""
    flags = [LIGHT_CAMERA if flag == CAMERA else flag for flag in CHROMIUM_FLAGS]
    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)

    def tab(visit: Any = None) -> ChromiumTab:
        context = browser.new_context(base_url=house.base_url)
        context.add_init_script(f"({PRELOAD})()")
        if visit is not None:
            context.add_cookies([{"name": visit.doctor.name, "value": visit.doctor.value, "url": house.base_url}])
        return ChromiumTab(context.new_page())

    try:
        with firefox(ice_on_loopback=far_address().startswith("127."), preload=PRELOAD) as fox:
            pairs: list[tuple[Tab, Tab]] = [(tab(), tab(visits[0])), (fox, tab(visits[1]))]
            for (patient, doctor), visit in zip(pairs, visits, strict=True):
                meet(patient, doctor, visit.link, house.base_url + visit.board)
            for pair in pairs:
                for each in pair:
                    wait_for_flow(each, now_ms(), 30.0)
            yield [[Person(each, line) for each in pair] for pair in pairs]
    finally:
        browser.close()
