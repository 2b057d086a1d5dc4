"""A visit in two Chromium browsers, from the link to the end, and what people do in between."""

import pytest
from playwright.sync_api import expect

from tests.browser import clinic as clinics
from tests.browser.clinic import Visit
from tests.browser.conftest import Make, OpenContext, Watch
from tests.browser.house import House
from tests.browser.looks import WIDE
from tests.browser.people import (
    ChromiumTab,
    call_in,
    go_in,
    has_read,
    meet,
    press,
    state_is,
    wait_for_media,
    write,
)
from tests.browser.shared import SharedCall

# What the live region says at once, from now on.
KEEP_WORDS = """() => {
  window.keptWords = [];
  const region = document.querySelector('[data-announce=assertive]');
  new MutationObserver(() => window.keptWords.push(region.textContent)).observe(region, { childList: true });
}"""
CLOSE_CODE = """(path) => new Promise((done) => {
  const socket = new WebSocket(path);
  socket.onclose = (event) => done(event.code);
})"""


@pytest.fixture
def met(patient: ChromiumTab, doctor: ChromiumTab, visit: Visit) -> Visit:
    """Both are in a call of their own and see and hear each other."""
    meet(patient, doctor, visit.link, visit.board)
    return visit


@pytest.fixture
def both(shared: SharedCall) -> tuple[ChromiumTab, ChromiumTab]:
    """Patient and doctor in a call that other tests have been in."""
    shared.begin_again(WIDE, WIDE)
    return shared.tabs


def test_reload_of_either_page_comes_back_with_picture_sound_and_chat(both: tuple[ChromiumTab, ChromiumTab]) -> None:
    patient, doctor = both
    write(doctor, "Before the reload")
    has_read(patient, "Before the reload")
    for one, other in ((patient, doctor), (doctor, patient)):
        one.reload()
        state_is(one, "call")
        wait_for_media(one)
        wait_for_media(other)
        one.wait_for("document.querySelector('[data-chat-list]').textContent.includes('Before the reload')")


def test_patient_leaves_and_comes_back(both: tuple[ChromiumTab, ChromiumTab]) -> None:
    patient, doctor = both
    press(patient, "leave")
    state_is(patient, "left")
    patient.click("[data-act=come-back]")
    state_is(patient, "call")
    wait_for_media(patient)
    wait_for_media(doctor)


def test_doctor_leaves_and_returns_from_the_board(both: tuple[ChromiumTab, ChromiumTab], shared: SharedCall) -> None:
    patient, doctor = both
    press(doctor, "leave")
    doctor.page.wait_for_url(f"**{shared.visit.board}")
    state_is(patient, "call")
    doctor.click(".hc-call-in a")
    state_is(doctor, "call")
    wait_for_media(doctor)
    wait_for_media(patient)


def test_visit_on_hold_is_dark_and_says_so_until_it_goes_on(
    both: tuple[ChromiumTab, ChromiumTab], shared: SharedCall
) -> None:
    patient, doctor = both
    doctor.page.get_by_role("button", name="Put on hold").click()
    doctor.page.wait_for_url(f"**{shared.visit.board}")
    state_is(patient, "waiting")
    waiting = patient.page.locator("[data-step=waiting]")
    expect(waiting.get_by_role("heading", name="comes back to you")).to_be_focused()
    expect(waiting.get_by_text("Your visit is on hold")).to_be_visible()
    expect(waiting.get_by_text("in line")).to_be_hidden()
    assert patient.page.title().startswith("Your visit is on hold")
    patient.reload()
    state_is(patient, "waiting")
    expect(waiting.get_by_text("Your visit is on hold")).to_be_visible()
    doctor.page.get_by_role("button", name="Take back").click()
    for tab in (patient, doctor):
        state_is(tab, "call")
        wait_for_media(tab)


def test_two_tabs_of_one_browser_hold_a_visit(house: House, person: OpenContext, visit: Visit) -> None:
    browser = person(visit.doctor)
    patient, doctor = ChromiumTab(browser.new_page()), ChromiumTab(browser.new_page())
    patient.page.bring_to_front()
    go_in(patient, visit.link)
    doctor.page.bring_to_front()
    call_in(doctor, visit.board)
    wait_for_media(doctor)
    patient.page.bring_to_front()
    state_is(patient, "call")
    wait_for_media(patient)


def test_newest_tab_takes_the_seat_and_the_old_one_says_so(
    both: tuple[ChromiumTab, ChromiumTab], shared: SharedCall
) -> None:
    patient, doctor = both
    newer = ChromiumTab(patient.page.context.new_page())
    newer.goto(shared.visit.link)
    state_is(newer, "left")
    newer.click("[data-act=come-back]")
    state_is(newer, "call")
    state_is(patient, "other-tab")
    wait_for_media(newer)
    wait_for_media(doctor)
    newer.page.close()


def test_link_of_another_visit_opens_nothing_here(
    patient: ChromiumTab, visit: Visit, house: House, make: Make, watch: Watch
) -> None:
    other = make(clinics.new_visit, house.base_url)
    watch.allow("404")
    patient.goto(f"{visit.link.partition('#')[0]}#{other.link.partition('#')[2]}")
    state_is(patient, "not-found")
    assert "We cannot find that page" in patient.page.inner_text("main")
    names = {cookie["name"] for cookie in patient.page.context.cookies(visit.link.partition("#")[0])}
    assert "hc_visit" not in names


def test_session_of_one_link_is_refused_on_the_socket_of_another(
    patient: ChromiumTab, visit: Visit, house: House, make: Make, watch: Watch
) -> None:
    other = make(clinics.new_visit, house.base_url)
    go_in(patient, visit.link)
    path = other.link.removeprefix(house.base_url).partition("#")[0] + "ws"
    assert patient.page.evaluate(CLOSE_CODE, path) == 4003


def test_visit_is_held_from_the_first_word_until_it_is_finished_and_over_for_the_patient(
    met: Visit, patient: ChromiumTab, doctor: ChromiumTab
) -> None:
    write(patient, "Can you hear me well?")
    has_read(doctor, "Can you hear me well?")
    write(doctor, "Yes, clearly.")
    has_read(patient, "Yes, clearly.")
    _confirms_the_identity_once(doctor)
    patient.evaluate(KEEP_WORDS)
    doctor.click("[data-act=finish]")
    doctor.click("[data-finish-dialog] [value=finish]")
    doctor.page.wait_for_url("**/staff/queue/**")
    state_is(patient, "ended")
    # One more turn of the page, in which whatever is still to be said is said.
    patient.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    # Finishing is no lost connection.
    assert not [words for words in patient.evaluate("window.keptWords") if "getting you back" in words]
    patient.goto(met.link)
    assert "Your visit is finished" in patient.page.inner_text("main")


def _confirms_the_identity_once(doctor: ChromiumTab) -> None:
    side = doctor.page.locator("[data-side]")
    for words in ("Rosalind Fern", "3 May 1948", "12 Elm Row, Springfield", "555-0171"):
        assert words in side.inner_text()
    doctor.click("[data-form=identity] button")
    doctor.wait_for("document.querySelector('[data-identity]')?.hidden === false")
    doctor.reload()
    state_is(doctor, "call")
    assert doctor.page.locator("[data-identity]").is_visible()
