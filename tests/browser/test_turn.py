"""A visit between two browsers whose networks let no UDP through: all of it goes by TCP to a TURN server, from the
shipped file, and from there to the relay."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserType

from tests.browser import clinic as clinics
from tests.browser.clinic import Cookie, Visit
from tests.browser.conftest import Make, Watch, running_house, watched
from tests.browser.flags import CHROMIUM_FLAGS
from tests.browser.house import House
from tests.browser.people import ChromiumTab, call_in, go_in, wait_for_media
from tests.turn import servers
from tests.turn.servers import SECRET, Turn

pytestmark = pytest.mark.alone
# Chromium then opens no UDP socket for media: what a firewall does, done by the browser itself.
NO_UDP = "--webrtc-ip-handling-policy=disable_non_proxied_udp"

OPEN = "window.keptConnections.filter((each) => each.connectionState !== 'closed')"
# Of each open connection: the pair in use, and every way that was found to begin with.
WAYS = """(async () => {
  const found = { selected: [], local: [] };
  for (const connection of window.keptConnections ?? []) {
    if (connection.connectionState === 'closed') continue;
    const stats = await connection.getStats();
    for (const stat of stats.values()) {
      if (stat.type === 'local-candidate') found.local.push(stat.relayProtocol ?? stat.protocol);
      if (stat.type !== 'transport' || !stat.selectedCandidatePairId) continue;
      const pair = stats.get(stat.selectedCandidatePairId);
      const local = stats.get(pair.localCandidateId), remote = stats.get(pair.remoteCandidateId);
      found.selected.push({ type: local.candidateType, by: local.relayProtocol, to: remote.address });
    }
  }
  return found;
})()"""


@pytest.fixture(scope="module")
def turn() -> Iterator[Turn]:
    with (
        tempfile.TemporaryDirectory(prefix="hc-turn-", dir="/tmp") as folder,
        servers.turnserver(Path(folder), relay_at=servers.primary_address()) as turn,
    ):
        yield turn


@pytest.fixture(scope="module")
def house(turn: Turn, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Iterator[House]:
    """A house that tells its pages of the TURN server, by TCP only."""
    environment = {"TURN_URLS": turn.urls[1], "TURN_SECRET": SECRET}
    with running_house(tmp_path_factory.mktemp("turn"), django_db_blocker, **environment) as house:
        yield house


@pytest.fixture
def visit(house: House, make: Make) -> Visit:
    """A visit of this house: nothing but the TURN server stands before its relay."""
    return make(clinics.new_visit, house.base_url)


@pytest.fixture
def without_udp(browser_type: BrowserType) -> Iterator[Browser]:
    browser = browser_type.launch(executable_path="/usr/bin/chromium", args=[*CHROMIUM_FLAGS, NO_UDP])
    yield browser
    browser.close()


def tab(browser: Browser, house: House, watch: Watch, session: Cookie | None = None) -> ChromiumTab:
    context = watched(browser.new_context(base_url=house.base_url), watch)
    if session:
        context.add_cookies([{"name": session.name, "value": session.value, "url": house.base_url}])
    return ChromiumTab(context.new_page())


def test_visit_without_udp_goes_by_tcp_through_the_turn_server(
    house: House, without_udp: Browser, visit: Visit, watch: Watch
) -> None:
    patient = tab(without_udp, house, watch)
    doctor = tab(without_udp, house, watch, visit.doctor)
    go_in(patient, visit.link)
    patient.wait_for("document.documentElement.dataset.mediaState === 'connected'")
    # The trial of the line at the device check has connections of its own, which close.
    patient.wait_for(f"{OPEN}.length === 1 && (window.first = {OPEN}[0]).connectionState === 'connected'")
    call_in(doctor, visit.board)
    to = servers.primary_address()
    doctor.wait_for(f"{OPEN}.length === 1 && (window.first = {OPEN}[0]) !== null")
    for one in (patient, doctor):
        wait_for_media(one)
        # In one look: which pair carries it, and that no other way than TCP was ever found.
        one.wait_for(f"""(async () => {{
          const {{ selected, local }} = await {WAYS};
          const [pair] = selected;
          return selected.length === 1 && pair.type === 'relay' && pair.by === 'tcp' && pair.to === '{to}'
            && local.length > 0 && local.every((by) => by === 'tcp');
        }})()""")
        assert one.evaluate(f"{OPEN}.length === 1 && {OPEN}[0] === window.first")


def test_check_without_udp_says_that_it_goes_by_tcp_and_with_udp_finds_the_spare_way(
    browser: Browser, without_udp: Browser, house: House, visit: Visit, watch: Watch
) -> None:
    for one, path in ((without_udp, "tcp"), (browser, "udp")):
        page = tab(one, house, watch)
        page.goto(visit.link)
        page.click("[data-act=join]")
        page.wait_for(f"document.querySelector('[data-line]').dataset.path === '{path}'")
        with page.page.expect_response("**/devices/") as told:
            page.click("[data-act=go-on]")
        assert told.value.ok
        assert f'name="path"\r\n\r\n{path}' in (told.value.request.post_data or "")
    assert 'name="spare"\r\n\r\nworks' in (told.value.request.post_data or "")
