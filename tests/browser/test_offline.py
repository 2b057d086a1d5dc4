"""The house on a device: installable, one page kept for when it is out of reach, and nothing of anybody kept."""

import json

from playwright.sync_api import expect

from tests.browser.cable import cable
from tests.browser.clinic import Visit
from tests.browser.conftest import Make, OpenContext, Watch
from tests.browser.firefox import firefox
from tests.browser.house import LOOPBACK, House
from tests.browser.looks import Looks
from tests.browser.people import ChromiumTab, Tab, call_in, go_in, press, state_is

STANDS_BY = "navigator.serviceWorker.ready.then(({ active }) => active.state === 'activated')"
TITLE = "document.querySelector('h1')?.textContent"
AWAY = "You are not connected"
KEPT = """caches.keys().then(async (names) => {
  const found = [];
  for (const name of names) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      found.push([new URL(request.url).pathname, await (await cache.match(request)).text()]);
    }
  }
  return found;
})"""


def stood_by(tab: Tab) -> None:
    """The house is open, and its worker has been installed."""
    tab.goto("/")
    tab.wait_for(STANDS_BY)


def test_page_without_a_connection_says_so_and_goes_on_by_itself(look: Looks, visit: Visit, watch: Watch) -> None:
    watch.allow("ERR_INTERNET_DISCONNECTED|navigation preload")
    tab = look.open()
    stood_by(tab)
    tab.page.context.set_offline(True)
    tab.goto(visit.link)
    for _ in range(4):
        look.check(tab)
        assert tab.evaluate(TITLE) == AWAY
    button = tab.page.get_by_role("button", name="Try again")
    button.click()
    expect(tab.page.get_by_role("status")).to_have_text("There is still no connection. We go on trying.")
    expect(button).to_be_visible()
    tab.page.context.set_offline(False)
    # By itself, with what stands behind the # of the link.
    state_is(tab, "door")


def test_kept_page_speaks_the_language_that_was_chosen_since(person: OpenContext, visit: Visit, watch: Watch) -> None:
    watch.allow("ERR_INTERNET_DISCONNECTED|navigation preload")
    tab = ChromiumTab(person(locale="en-US").new_page())
    stood_by(tab)
    tab.click("summary:has-text('Help')")
    tab.click("button:has-text('Español')")
    tab.wait_for("document.documentElement.lang === 'es'")
    tab.wait_for(f"{KEPT}.then(([[, page]]) => page.includes('<html lang=\"es\">'))")
    tab.page.context.set_offline(True)
    tab.goto("/visit-today/")
    tab.wait_for(f"{TITLE} === 'No tiene conexión'")


def names_of(visit: Visit) -> set[str]:
    people = visit.encounter.patient, visit.encounter.practitioner
    return {name for each in people for name in (each.given_name, each.family_name)}


def test_nothing_of_a_visit_is_kept_but_the_one_page(
    patient: ChromiumTab, doctor: ChromiumTab, visit: Visit, make: Make
) -> None:
    for tab in (patient, doctor):
        stood_by(tab)
    go_in(patient, visit.link)
    call_in(doctor, visit.board)
    state_is(patient, "call")
    press(patient, "leave")
    state_is(patient, "left")
    doctor.click("[data-act=finish]")
    doctor.click("[data-finish-dialog] [value=finish]")
    doctor.page.wait_for_url("**/staff/queue/**")
    patient.reload()
    patient.page.get_by_role("heading", name="Your visit is finished").wait_for()
    doctor.goto("/staff/calendar/")
    names = make(names_of, visit)
    for tab in (patient, doctor):
        assert tab.evaluate("navigator.serviceWorker.controller !== null")
        [(path, page)] = tab.evaluate(KEPT)
        assert path == "/offline/"
        assert [name for name in names if name in page] == []


def test_chromium_finds_that_the_house_can_be_installed(patient: ChromiumTab, visit: Visit) -> None:
    stood_by(patient)
    session = patient.page.context.new_cdp_session(patient.page)
    found = session.send("Page.getAppManifest")
    assert found["errors"] == []
    about = json.loads(found["data"])
    assert about["icons"]
    for icon in about["icons"]:
        assert patient.evaluate(f"fetch({json.dumps(icon['src'])}).then(({{ ok }}) => ok)")
    # What a test opens is a private window; there nothing is installed.
    hindrances = {each["errorId"] for each in session.send("Page.getInstallabilityErrors")["installabilityErrors"]}
    assert hindrances <= {"in-incognito"}


def test_firefox_shows_the_page_while_the_house_is_away(house: House, visit: Visit) -> None:
    with cable(house.port) as line, firefox() as tab:
        address = f"http://{LOOPBACK}:{line.port}"
        tab.goto(address)
        tab.wait_for(STANDS_BY)
        line.pull()
        tab.goto(f"{address}/visit-today/")
        tab.wait_for(f"{TITLE} === {json.dumps(AWAY)}")
        tab.click("[data-again]")
        tab.wait_for("document.querySelector('[data-said]').textContent.startsWith('There is still no connection')")
        line.put_back()
        tab.click("[data-again]")
        tab.wait_for(f"{TITLE} && {TITLE} !== {json.dumps(AWAY)}")
        [[path, _page]] = tab.evaluate(KEPT)
        assert path == "/offline/"
