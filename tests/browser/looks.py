"""The four looks of a page, light and dark, wide and narrow, and what every page keeps in each. Holds no test."""

import itertools
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ViewportSize

from tests.browser.people import ChromiumTab
from tests.browser.size import LONG

SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
WIDE, NARROW = ViewportSize(width=1280, height=900), ViewportSize(width=360, height=740)
Look = tuple[Any, ViewportSize]
LOOKS: dict[str, Look] = {
    "light-1280": ("light", WIDE),
    "dark-360": ("dark", NARROW),
    "dark-1280": ("dark", WIDE),
    "light-360": ("light", NARROW),
}
# The long run loads every page in every look; the short one takes the pages of a test through the looks in turn.
ROUNDS = {name: [look] for name, look in LOOKS.items()} if LONG else {"in-turn": list(LOOKS.values())}
# Its rules for version 2.2 of WCAG are off unless asked for.
AXE = {"rules": {"target-size": {"enabled": True}}}
# Where the pictures of all that is checked go, for somebody to look at them: nowhere unless asked for.
PICTURES = os.environ.get("HOUSECALL_LOOKS")
DRAWN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))"


class Looks:
    """Opens tabs and checks their pages in these looks, one after another."""

    def __init__(self, open_context: Any, looks: Sequence[Look]) -> None:
        self._open_context = open_context
        self._first = looks[0]
        self._turns = itertools.cycle(looks)
        self._numbers = itertools.count(1)

    def open(self, session: object = None) -> ChromiumTab:
        """A tab in the first look."""
        scheme, size = self._first
        options = {"color_scheme": scheme, "viewport": size, "reduced_motion": "reduce"}
        return ChromiumTab(self._open_context(session, **options).new_page())

    def check(self, tab: ChromiumTab) -> None:
        """Check the page in the look whose turn it is; that it fits, in both sizes."""
        scheme, size = next(self._turns)
        other = NARROW if size is WIDE else WIDE
        tab.page.emulate_media(color_scheme=scheme)
        for each in (other, size):
            tab.page.set_viewport_size(each)
            tab.evaluate(DRAWN)
            assert not tab.evaluate(SIDEWAYS), f"{tab.page.url} scrolls sideways at {each['width']}"
        check_page(tab)
        if PICTURES:
            _, _, test = os.environ["PYTEST_CURRENT_TEST"].partition("::")
            name = re.sub(r"\W+", "-", test.partition(" ")[0])
            picture = Path(PICTURES) / f"{name}-{next(self._numbers):02}-{scheme}-{size['width']}.png"
            tab.page.screenshot(path=picture, full_page=True)


def check_page(tab: ChromiumTab) -> None:
    """No violation, and the page fits its width."""
    name = f"{tab.page.url.partition('#')[0]} ({tab.evaluate('document.documentElement.dataset.visitState ?? null')})"
    # What rises, or fades because the pointer happens to be on it, is pale for a moment.
    tab.page.emulate_media(reduced_motion="reduce")
    tab.evaluate(DRAWN)
    found = Axe().run(tab.page, options=AXE).response["violations"]
    told = [f"{name}: {each['id']}: {[node['target'] for node in each['nodes']]}" for each in found]
    assert told == [], "\n".join(told)
    assert not tab.evaluate(SIDEWAYS), f"{name} scrolls sideways"
