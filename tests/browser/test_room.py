"""Four people in one visit, one of them in Firefox, and a screen that is shared with them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser import clinic as clinics
from tests.browser.clinic import Visit
from tests.browser.conftest import Make, Watch, running_house, watched
from tests.browser.firefox import firefox
from tests.browser.house import House
from tests.browser.media import KEEP_CONNECTIONS, SMALL_CAMERA
from tests.browser.people import ChromiumTab, Tab, call_in, come_along, go_in, press, state_is, wait_for_media
from tests.browser.test_stage import PICK_A_SCREEN
from tests.faults.address import far_address

pytestmark = pytest.mark.alone
PATIENCE = 60.0
# How many others a page sees move and hears, by what it has decoded.
PEOPLE = """(async () => {
  let seen = 0;
  let heard = 0;
  for (const stat of (await window.keptConnections.at(-1).getStats()).values()) {
    if (stat.type !== 'inbound-rtp') continue;
    if (stat.kind === 'video' && stat.framesDecoded > 5) seen += 1;
    if (stat.kind === 'audio' && stat.totalAudioEnergy > 0) heard += 1;
  }
  return [seen, heard].join(' ');
})()"""
TILES = "[...document.querySelectorAll('[data-tiles] .hc-tile')].map((tile) => [tile.ariaLabel, tile.dataset.lost])"
SCREEN_SHOWS = "document.querySelector('.hc-screen[data-frames=yes]')"


@pytest.fixture(scope="module")
def big_house(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Iterator[House]:
    """Of its own: four browsers with cameras leave no room for others' visits."""
    with running_house(tmp_path_factory.mktemp("big"), django_db_blocker) as house:
        yield house


@pytest.fixture
def tab_of(big_house: House, new_context: Callable[..., Any], watch: Watch) -> Callable[..., ChromiumTab]:
    """Another person's Chromium, with a small camera; give the visit to be its doctor."""

    def open_tab(visit: Visit | None = None) -> ChromiumTab:
        context = watched(new_context(base_url=big_house.base_url), watch)
        context.add_init_script(f"({SMALL_CAMERA})(); if (navigator.mediaDevices) {{ {PICK_A_SCREEN} }}")
        if visit is not None:
            context.add_cookies([{"name": visit.doctor.name, "value": visit.doctor.value, "url": big_house.base_url}])
        return ChromiumTab(context.new_page())

    return open_tab


def test_three_chromium_and_a_firefox_see_and_hear_each_other_and_a_shared_screen(
    big_house: House, make: Make, tab_of: Callable[..., ChromiumTab]
) -> None:
    visit = make(clinics.new_visit, big_house.base_url)
    doctor = tab_of(visit)
    preload = f"() => {{ ({KEEP_CONNECTIONS})(); ({SMALL_CAMERA})(); }}"
    with firefox(ice_on_loopback=far_address().startswith("127."), preload=preload) as fox:
        guests: list[Tab] = [fox, tab_of(), tab_of()]
        go_in(guests[0], visit.link)
        for tab, name in zip(guests[1:], ("Tom", "Yuki"), strict=True):
            come_along(tab, make(clinics.invite, visit, name))
        call_in(doctor, visit.board)
        everybody: list[Tab] = [doctor, *guests]
        for tab in everybody:
            state_is(tab, "call", seconds=PATIENCE)
        for tab in everybody:
            _sees_and_hears(tab, "3 3")
        press(doctor, "share")
        for tab in guests:
            tab.wait_for(SCREEN_SHOWS, PATIENCE)
            _sees_and_hears(tab, "4 3")
        press(doctor, "share")
        for tab in guests:
            tab.wait_for(f"!{SCREEN_SHOWS}", PATIENCE)
        for tab in everybody:
            wait_for_media(tab, seconds=PATIENCE)
        assert fox.errors == []


def _sees_and_hears(tab: Tab, pictures_and_voices: str) -> None:
    tab.wait_for("window.keptConnections.length > 0", PATIENCE)
    try:
        tab.wait_for(f"(async () => await {PEOPLE} === '{pictures_and_voices}')()", PATIENCE)
    except TimeoutError:
        assert tab.evaluate(PEOPLE) == pictures_and_voices, tab.evaluate(TILES)
