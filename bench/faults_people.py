"""The people of `bench.faults`: tabs of Chromium and Firefox that log their frames, at home, on a phone that roams."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.browser.abroad import chromium_inside
from tests.browser.firefox import firefox
from tests.browser.flags import CHROMIUM_FLAGS
from tests.browser.frames import LOG_FRAMES, now_ms, wait_for_flow
from tests.browser.house import House
from tests.browser.media import KEEP_CONNECTIONS, SMALL_CAMERA, UFRAG
from tests.browser.people import ChromiumTab, Tab, meet
from tests.faults.address import far_address
from tests.faults.process import BadLine
from tests.faults.roaming import Roaming

# Four encoders share this machine with what is measured: small pictures leave it some air.
PRELOAD = f"() => {{ ({KEEP_CONNECTIONS})(); ({LOG_FRAMES})(); ({SMALL_CAMERA})(); }}"


class Person:
    """One of a visit's two people: a tab, and its own line through the proxy."""

    def __init__(self, tab: Tab, line: BadLine | None = None) -> None:
        self.tab = tab
        self._line = line

    def say(self, command: str) -> None:
        """A command for this person's line only."""
        assert self._line is not None
        self._line.say(f"@{self.tab.evaluate(UFRAG)} {command}")


class Chromium:
    """A Chromium whose pages log their frames; `inside` goes before its command line."""

    def __init__(self, playwright: Any, house: House, folder: Path, inside: Sequence[str] = ()) -> None:
        self._house = house
        kind = playwright.chromium
        if inside:
            self._browser = chromium_inside(kind, folder, inside, CHROMIUM_FLAGS)
        else:
            self._browser = kind.launch(executable_path="/usr/bin/chromium", args=list(CHROMIUM_FLAGS))

    def tab(self, visit: Any = None) -> ChromiumTab:
        """A person of their own: the doctor of a visit, or nobody yet."""
        context = self._browser.new_context(base_url=self._house.base_url)
        context.add_init_script(f"({PRELOAD})()")
        if visit is not None:
            cookie = {"name": visit.doctor.name, "value": visit.doctor.value, "url": self._house.base_url}
            context.add_cookies([cookie])
        return ChromiumTab(context.new_page())

    def close(self) -> None:
        """All its tabs go with it."""
        self._browser.close()


def met(patient: Tab, doctor: Tab, visit: Any, line: BadLine | None = None) -> list[Person]:
    """Two people who see and hear each other."""
    meet(patient, doctor, visit.link, visit.board)
    for each in (patient, doctor):
        wait_for_flow(each, now_ms(), 30.0)
    return [Person(patient, line), Person(doctor, line)]


@contextlib.contextmanager
def fox() -> Iterator[Tab]:
    """A tab of Firefox. Where the machine has no address but loopback, its preference for that is set."""
    with firefox(ice_on_loopback=far_address().startswith("127."), preload=PRELOAD) as tab:
        yield tab


@contextlib.contextmanager
def roaming_pair(playwright: Any, house: House, visit: Any, folder: Path, networks: Roaming) -> Iterator[list[Person]]:
    """A patient whose phone has Wi-Fi and mobile, and a doctor at home."""
    with contextlib.ExitStack() as stack:
        phone, home = (
            stack.enter_context(contextlib.closing(Chromium(playwright, house, folder, inside)))
            for inside in (networks.phone, networks.internet)
        )
        yield met(phone.tab(), home.tab(visit), visit)
