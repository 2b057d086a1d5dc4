"""The pretend patient of the demo: one person with one browser tries the doctor's side."""

import pytest
from playwright.sync_api import Page

from tests.browser.clinic import Visit
from tests.browser.conftest import OpenContext
from tests.browser.people import ChromiumTab, has_read, state_is, wait_for_media, write

BUTTON = "[data-pretend-form] button"
CALL_IN = ".hc-call-in button"
SENDS_NO_DEVICE = """navigator.mediaDevices.enumerateDevices().then((all) =>
  all.map((each) => each.label).join() === 'A drawing,A soft hum')"""


@pytest.fixture
def board(person: OpenContext, visit: Visit) -> Page:
    """The doctor's only browser, on their board."""
    page = person(visit.doctor).new_page()
    page.goto(visit.board)
    return page


def let_come(board: Page) -> ChromiumTab:
    with board.context.expect_page() as opened:
        board.locator(BUTTON).click()
    return ChromiumTab(opened.value)


def test_doctor_alone_calls_in_a_drawing_sees_it_move_and_is_answered(board: Page) -> None:
    doctor, patient = ChromiumTab(board), let_come(board)
    state_is(patient, "waiting")
    assert "pretend" not in patient.page.url
    assert patient.evaluate(SENDS_NO_DEVICE)
    assert patient.evaluate("document.querySelector('[data-pretend-note]').checkVisibility()")
    doctor.wait_for(f"document.querySelector('{CALL_IN}')")
    board.bring_to_front()
    doctor.click(CALL_IN)
    for tab in (doctor, patient):
        state_is(tab, "call")
    wait_for_media(doctor)
    write(doctor, "How are you today?")
    has_read(doctor, "I am a drawing, so this is all I can say.")
    write(doctor, "What can you do?")
    has_read(doctor, "I am still a drawing.")
    assert not patient.evaluate("document.querySelector('[data-pretend-note]').checkVisibility()")


def test_pretend_patient_comes_back_after_a_reload_and_leaves_with_the_end(board: Page) -> None:
    doctor, patient = ChromiumTab(board), let_come(board)
    state_is(patient, "waiting")
    patient.reload()
    state_is(patient, "waiting")
    doctor.wait_for(f"document.querySelector('{CALL_IN}')")
    doctor.click(CALL_IN)
    state_is(patient, "call")
    wait_for_media(doctor)
    patient.reload()
    state_is(patient, "call")
    wait_for_media(doctor)
    doctor.click("[data-act=finish]")
    doctor.click("[data-finish-dialog] [value=finish]")
    state_is(patient, "ended")
    patient.page.close()
    assert board.context.pages == [board]


def test_the_same_link_in_an_ordinary_tab_is_an_ordinary_page(board: Page, visit: Visit) -> None:
    patient = let_come(board)
    state_is(patient, "waiting")
    other = ChromiumTab(board.context.new_page())
    other.goto(visit.link.partition("#")[0])
    state_is(other, "waiting")
    assert not other.evaluate("document.querySelector('[data-pretend-note]').checkVisibility()")
    assert not other.evaluate(SENDS_NO_DEVICE)
    state_is(patient, "other-tab")
