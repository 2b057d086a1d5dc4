"""A visit in two Chromium browsers, from the link to the end, and what people do in between."""

import pytest

from tests.browser import clinic as clinics
from tests.browser.clinic import Visit
from tests.browser.conftest import Make, OpenContext, Watch
from tests.browser.house import House
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

CLOSE_CODE = """(path) => new Promise((done) => {
  const socket = new WebSocket(path);
  socket.onclose = (event) => done(event.code);
})"""


@pytest.fixture
def met(patient: ChromiumTab, doctor: ChromiumTab, visit: Visit) -> Visit:
    """Both are in the call and see and hear each other."""
    meet(patient, doctor, visit.link, visit.board)
    return visit


def test_patient_and_doctor_see_hear_and_write_to_each_other(
    met: Visit, patient: ChromiumTab, doctor: ChromiumTab
) -> None:
    write(patient, "Can you hear me well?")
    has_read(doctor, "Can you hear me well?")
    write(doctor, "Yes, clearly.")
    has_read(patient, "Yes, clearly.")


def test_reload_of_either_page_comes_back_with_picture_sound_and_chat(
    met: Visit, patient: ChromiumTab, doctor: ChromiumTab
) -> None:
    write(doctor, "Before the reload")
    has_read(patient, "Before the reload")
    for one, other in ((patient, doctor), (doctor, patient)):
        one.reload()
        state_is(one, "call")
        wait_for_media(one)
        wait_for_media(other)
        one.wait_for("document.querySelector('[data-chat-list]').textContent.includes('Before the reload')")


def test_patient_leaves_and_comes_back(met: Visit, patient: ChromiumTab, doctor: ChromiumTab) -> None:
    press(patient, "leave")
    state_is(patient, "left")
    patient.click("[data-act=come-back]")
    state_is(patient, "call")
    wait_for_media(patient)
    wait_for_media(doctor)


def test_doctor_leaves_and_returns_from_the_board(met: Visit, patient: ChromiumTab, doctor: ChromiumTab) -> None:
    press(doctor, "leave")
    doctor.page.wait_for_url(f"**{met.board}")
    state_is(patient, "call")
    doctor.click(".hc-call-in a")
    state_is(doctor, "call")
    wait_for_media(doctor)
    wait_for_media(patient)


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
    met: Visit, patient: ChromiumTab, doctor: ChromiumTab
) -> None:
    newer = ChromiumTab(patient.page.context.new_page())
    newer.goto(met.link)
    state_is(newer, "left")
    newer.click("[data-act=come-back]")
    state_is(newer, "call")
    state_is(patient, "other-tab")
    wait_for_media(newer)
    wait_for_media(doctor)


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


def test_finished_visit_is_over_for_the_patient(met: Visit, patient: ChromiumTab, doctor: ChromiumTab) -> None:
    doctor.click("[data-act=finish]")
    doctor.click("[data-finish-dialog] [value=finish]")
    doctor.page.wait_for_url("**/staff/queue/**")
    state_is(patient, "ended")
    patient.goto(met.link)
    assert "Your visit is finished" in patient.page.inner_text("main")


def test_doctor_confirms_the_identity_once(met: Visit, doctor: ChromiumTab) -> None:
    side = doctor.page.locator("[data-side]")
    assert "Rosalind Fern" in side.inner_text()
    assert "3 May 1948" in side.inner_text()
    assert "12 Elm Row, Springfield" in side.inner_text()
    assert "555-0171" in side.inner_text()
    doctor.click("[data-form=identity] button")
    doctor.wait_for("document.querySelector('[data-identity]')?.hidden === false")
    doctor.reload()
    state_is(doctor, "call")
    assert doctor.page.locator("[data-identity]").is_visible()
