"""The queue board under the doctor's hand: calling somebody in while another patient is with them asks first."""

import datetime as dt
from dataclasses import dataclass

import pytest

from accounts.models import Practitioner
from consults.models import Seat
from core.clock import now
from tests import factories
from tests.browser import clinic as clinics
from tests.browser.clinic import Visit
from tests.browser.conftest import Make, OpenContext
from tests.browser.house import House
from tests.browser.people import ChromiumTab, go_in, state_is

ASKED = "document.querySelector('[data-ask-call-in]').open"

REMEMBER_BUTTON = """addEventListener("DOMContentLoaded", () => {
  window.button = document.querySelector("[data-call-next]"); })"""
ASK_TWICE = """(async () => {
  const { ask } = await import("/static/js/dialog.js");
  const dialog = document.body.appendChild(document.createElement("dialog"));
  const first = ask(dialog);
  const told = new Promise((done) => dialog.addEventListener("close", done, { once: true }));
  dialog.close("first");
  const second = ask(dialog);
  const heard = await first;
  await told;
  const open = dialog.open;
  dialog.close("second");
  return [heard, open, await second];
})()"""


@dataclass(frozen=True)
class Morning:
    """Rosalind is with the doctor, Otto waits, June is expected."""

    otto: str
    june: Visit


def _morning(base_url: str) -> Morning:
    doctor = clinics.doctor(clinics.clinic(base_url))
    earlier = [now() - dt.timedelta(minutes=minutes) for minutes in (60, 30)]
    factories.make_visit_in_progress(practitioner=doctor, patient=_patient(doctor, "Rosalind"), starts_at=earlier[0])
    otto = factories.make_waiting_visit(practitioner=doctor, patient=_patient(doctor, "Otto"), starts_at=earlier[1])
    # He has no page that would be heard again: without this he were gone for a moment after fifteen seconds.
    Seat.objects.filter(encounter=otto).update(last_seen_at=now() + dt.timedelta(hours=1))
    return Morning(str(otto.uuid), clinics.visit(doctor, minutes=0, given_name="June"))


def _patient(doctor: Practitioner, given_name: str) -> factories.Patient:
    return factories.make_patient(doctor.organization, given_name=given_name, family_name="Fern")


@pytest.fixture
def morning(house: House, make: Make) -> Morning:
    return make(_morning, house.base_url)


@pytest.fixture
def board(person: OpenContext, morning: Morning) -> ChromiumTab:
    """The doctor's tab, on the board."""
    tab = ChromiumTab(person(morning.june.doctor).new_page())
    tab.goto(morning.june.board)
    return tab


def test_calling_in_beside_another_patient_asks_and_stays_by_default(board: ChromiumTab, morning: Morning) -> None:
    button = board.page.locator(f"form[action*='{morning.otto}'] button").locator("visible=true").first
    for ask in (button.click, lambda: board.page.keyboard.press("n"), lambda: button.press("Enter")):
        ask()
        dialog = board.page.get_by_role("dialog", name="Put Rosalind on hold?")
        assert "You are with Rosalind. The visit stays open, and Rosalind is told that you come back." in (
            dialog.inner_text()
        )
        board.page.keyboard.press("Escape")
        board.wait_for(f"!{ASKED}")
    assert button.evaluate("button => button === document.activeElement")
    assert board.page.url.endswith(morning.june.board)


def test_answer_counts_after_the_board_was_redrawn(
    board: ChromiumTab, morning: Morning, patient: ChromiumTab, house: House
) -> None:
    board.click(f"[data-row] form[action*='{morning.otto}'] button")
    go_in(patient, morning.june.link)
    board.wait_for("document.querySelectorAll('[data-state=waiting]').length > 1")
    assert board.evaluate(ASKED)
    board.click("[data-ask-call-in] [data-ask-yes]")
    board.page.wait_for_url(f"{house.base_url}/staff/visits/{morning.otto}/")
    state_is(board, "call")
    board.goto(morning.june.board)
    assert board.page.locator("[data-row][data-state=hold] h3").inner_text() == "Rosalind Fern"


def test_button_under_the_hand_outlives_every_redraw(
    board: ChromiumTab, morning: Morning, patient: ChromiumTab
) -> None:
    """Also the first redraw, which replaces what came with the page."""
    board.page.add_init_script(REMEMBER_BUTTON)
    board.reload()
    board.page.evaluate("button.focus()")
    go_in(patient, morning.june.link)
    board.wait_for("document.querySelectorAll('[data-state=waiting]').length > 1")
    assert board.evaluate("button.isConnected && button === document.activeElement")


def test_asking_again_before_the_last_answer_was_heard_is_a_new_question(board: ChromiumTab) -> None:
    """A dialog shuts at once and tells so a task later; on a busy machine a key comes in between."""
    assert board.evaluate(ASK_TWICE) == ["first", True, "second"]
