"""The question about recording before the call: at the door, and once more in the waiting room."""

import pytest
from playwright.sync_api import expect

from tests.browser import clinic as clinics
from tests.browser.clinic import Visit
from tests.browser.conftest import Make, Watch
from tests.browser.house import House
from tests.browser.looks import Looks, check_page
from tests.browser.people import ChromiumTab, go_to_the_door, say_where, state_is

QUESTION = "[data-record-question]"
# Yes and no are of one size.
ANSWERS = """[...document.querySelectorAll('[data-form=consent] .hc-choice:has([name=recording])')]
  .map((each) => each.getBoundingClientRect()).map(({ width, height }) => [width, height])"""


@pytest.fixture
def visit(visit: Visit, house: House, make: Make) -> Visit:
    """A visit in a clinic that can record."""
    return make(clinics.can_record, visit, house.var)


def to_the_questions(tab: ChromiumTab, visit: Visit) -> None:
    go_to_the_door(tab, visit.link)
    tab.click("[data-step=door] [data-act=join]")
    state_is(tab, "check")
    tab.wait_for(
        "document.querySelector('[data-step=check] [data-act=go-on]')?.getAttribute('aria-disabled') !== 'true'"
    )
    tab.click("[data-step=check] [data-act=go-on]")
    state_is(tab, "consent")


def test_questions_at_the_door_are_accessible_and_say_what_is_missing(look: Looks, visit: Visit) -> None:
    tab = look.open()
    to_the_questions(tab, visit)
    assert tab.evaluate("document.querySelectorAll('[data-form=consent] :checked').length") == 0
    check_page(tab)
    sizes = {tuple(box) for box in tab.evaluate(ANSWERS)}
    assert len(sizes) == 1
    tab.click("[data-form=consent] button[type=submit]")
    expect(tab.page.locator(".hc-error-summary a")).to_have_count(2)
    check_page(tab)


def test_questions_at_the_door_are_answered_by_keyboard_and_kept_over_back(patient: ChromiumTab, visit: Visit) -> None:
    to_the_questions(patient, visit)
    page = patient.page
    page.locator("#id_agree").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    expect(page.locator("#id_recording")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator("[name=recording][value=deny]")).to_be_checked()
    page.keyboard.press("Enter")
    state_is(patient, "place")
    page.go_back()
    state_is(patient, "consent")
    expect(page.locator("[name=recording][value=deny]")).to_be_checked()
    page.locator("#id_recording").check()
    patient.click("[data-form=consent] button[type=submit]")
    state_is(patient, "place")
    patient.reload()
    state_is(patient, "place")
    say_where(patient)
    _answer_otherwise_in_the_waiting_room(patient)


def test_question_that_named_somebody_else_is_loaded_anew_by_a_press(
    patient: ChromiumTab, visit: Visit, watch: Watch
) -> None:
    watch.allow("409 .Conflict.")
    to_the_questions(patient, visit)
    page = patient.page
    asked_for = page.locator("[data-form=consent] [name=asked_for]")
    of_now = asked_for.input_value()
    # As the page stands where the visit has gone to somebody else since it was loaded.
    asked_for.evaluate("(field) => { field.value = 'somebody-else'; }")
    page.locator("#id_agree").check()
    page.locator("#id_recording").check()
    patient.click("[data-form=consent] button[type=submit]")
    summary = page.locator(".hc-error-summary")
    expect(summary).to_contain_text("Somebody else sees you now than when we asked.")
    with page.expect_navigation():
        summary.get_by_role("button", name="Load the new words").click()
    state_is(patient, "consent")
    expect(asked_for).to_have_value(of_now)
    page.locator("#id_agree").check()
    page.locator("#id_recording").check()
    patient.click("[data-form=consent] button[type=submit]")
    state_is(patient, "place")


def _answer_otherwise_in_the_waiting_room(tab: ChromiumTab) -> None:
    given = tab.page.locator("[data-record-waiting]")
    expect(given).to_contain_text("You said yes: this visit may be recorded.")
    given.get_by_role("button", name="Change this answer").press("Enter")
    tab.page.locator(QUESTION).get_by_role("button", name="No, do not record").click()
    expect(given).to_contain_text("You said no: you are not recorded in this visit.")
    expect(given.get_by_role("button")).to_be_focused()
    tab.reload()
    state_is(tab, "waiting")
    expect(given).to_contain_text("You said no")
