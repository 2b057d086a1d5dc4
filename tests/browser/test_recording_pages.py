"""What people see of a recording in the call. That the right bytes are written is tested elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.browser import clinic as clinics
from tests.browser.clinic import Visit
from tests.browser.conftest import Make, OpenContext, Watch
from tests.browser.firefox import firefox
from tests.browser.house import House
from tests.browser.looks import DRAWN, NARROW, SIDEWAYS, WIDE, check_page
from tests.browser.people import STATE, ChromiumTab, call_in, go_in, state_is
from tests.browser.shared import SharedCall
from tests.browser.size import LONG
from tests.browser.test_stage import KEEP_SAID
from tests.browser.wire import Wire, guest, recording
from tests.faults.address import far_address

RECORDING = "document.documentElement.dataset.recording"
BEGAN, UNTIL = "2026-11-23T16:30:00+00:00", "2026-11-23T16:44:31+00:00"
PILL, QUESTION, MINE = "[data-recording-pill]", "[data-record-question]", "[data-record-mine]"
STOPPED = "The recording stopped. What was recorded until 10:44 am, Chicago time (CST), is safe. The visit goes on."
# Where the words about the line, and the pictures below them, are.
PLACES = """['[data-connection]', '[data-clock]', '[data-tiles]'].map((each) => document.querySelector(each))
  .map((each) => each.getBoundingClientRect()).map(({ x, y, height }) => [x, y, height])"""

# The question is put off, and asked once more by what was under way before anybody heard of that.
PUT_OFF = """(async () => {
  const { RecordQuestion } = await import("/static/js/record-question.js");
  document.body.insertAdjacentHTML("beforeend", `<dialog data-record-question><button value=""></button>
    <div data-dialog-error><p></p><button></button></div></dialog>`);
  const dialog = document.querySelector("[data-record-question]");
  const question = new RecordQuestion({}, { live: () => true, onAnswer: () => {} });
  question.show({ asked: true, mine: "unasked" });
  const told = [dialog.open];
  dialog.close();
  question.show({ asked: true, mine: "unasked" });
  told.push(dialog.open);
  question.ask();
  await new Promise((done) => dialog.addEventListener("close", done, { once: true }));
  return [...told, dialog.open];
})()"""
VERY_NARROW = {"width": 320, "height": 640}
# In the short run each page in one size and one colour scheme, in the long one both pages in all.
SIGNS = {"dark-360-1280": (NARROW, WIDE, "dark")}
if LONG:
    SIGNS |= {f"{each}-{w['width']}": (w, w, each) for each in ("light", "dark") for w in (WIDE, NARROW)}


@pytest.fixture
def visit(visit: Visit, house: House, make: Make) -> Visit:
    """A visit in a clinic that can record."""
    return make(clinics.can_record, visit, house.var)


@dataclass
class Call:
    """Patient and doctor in the call, and what their pages are told of the recording."""

    patient: ChromiumTab
    doctor: ChromiumTab
    patient_wire: Wire
    doctor_wire: Wire

    def both(self, state: str, *, patient: dict[str, Any] | None = None, **common: Any) -> None:
        """Tell both pages; of the patient something else where that is given."""
        wires = self.doctor_wire, self.patient_wire
        seats = [self.doctor_wire.seat(role) for role in ("practitioner", "patient")]
        mine = (patient or {}).get("mine", "permit")
        people = [{"seat": seats[0], "answer": "permit"}, {"seat": seats[1], "answer": mine}]
        fields = {"may_start": state in ("none", "ready"), "people": people}, patient or {}
        for tab, wire, own in zip((self.doctor, self.patient), wires, fields, strict=True):
            wire.recording = recording(state, **{**common, **own})
            wire.refresh()
            tab.wait_for(f"{RECORDING} === '{'on' if wire.recording['on'] else state}'")


Meet = Callable[..., Call]


@pytest.fixture
def call(person: OpenContext, visit: Visit) -> Meet:
    """Bring both into a call of their own, in windows of this size: for tests that leave answers in the house."""

    def meet(size: object = NARROW) -> Call:
        options = {"viewport": size, "reduced_motion": "reduce"}
        patient = ChromiumTab(person(**options).new_page())
        doctor = ChromiumTab(person(visit.doctor, **options).new_page())
        wires = Wire(patient.page), Wire(doctor.page)
        go_in(patient, visit.link)
        call_in(doctor, visit.board)
        state_is(patient, "call")
        for tab in (patient, doctor):
            tab.wait_for("document.querySelector('[data-connection]').dataset.connection === 'good'")
        return Call(patient, doctor, *wires)

    return meet


@pytest.fixture(scope="module")
def shared_visit(shared_visit: Visit, house: House, make: Make) -> Visit:
    """In a clinic that can record."""
    return make(clinics.can_record, shared_visit, house.var)


@pytest.fixture(scope="module")
def wires(shared_call: SharedCall) -> tuple[Wire, Wire]:
    """Between both pages and the house, from the next time on that they are loaded."""
    patient, doctor = shared_call.tabs
    return Wire(patient.page), Wire(doctor.page)


@pytest.fixture
def told(shared: SharedCall, wires: tuple[Wire, Wire]) -> Meet:
    """Both are in the call, in windows of this size, and all they know of the recording is what a test tells them."""

    def meet(patient_size: object = NARROW, doctor_size: object = NARROW, scheme: str = "light") -> Call:
        for wire in wires:
            wire.forget()
        shared.begin_again(patient_size, doctor_size, scheme)
        return Call(*shared.tabs, *wires)

    return meet


def test_recording_runs_in_earnest_pauses_goes_on_and_ends(call: Meet) -> None:
    """Nothing is made up here: the relay writes, and says so."""
    met = call(WIDE)
    met.patient.page.evaluate(KEEP_SAID)
    met.doctor.click("[data-control=record]")
    dialog = met.doctor.page.locator("[data-record-start]")
    expect(dialog).to_contain_text("Version of 1 November 2026")
    dialog.get_by_role("button", name="Agree and ask").dblclick()
    expect(dialog).to_be_hidden()
    both_show(met, "on")
    met.patient.click(PILL)
    met.patient.click(f"{MINE} button[value=deny]")
    both_show(met, "paused")
    met.patient.click(PILL)
    met.patient.click(f"{MINE} button[value=allow]")
    met.patient.click(f"{QUESTION} button[value=permit]")
    both_show(met, "on")
    met.doctor.click("[data-control=record]")
    running = met.doctor.page.locator("[data-record-running]")
    expect(running.get_by_text("Rosalind Fern: agreed")).to_be_visible()
    running.locator("button[value=stop]").click()
    expect(running).to_be_hidden()
    both_show(met, "finishing", "ready", "failed")
    # The words come with the next picture that is drawn, after the sign.
    met.patient.wait_for("window.said.some((words) => words.endsWith('The recording has ended.'))")
    # What somebody has done is told together with what comes of it.
    said = [words.removeprefix("You are not recorded any more. ") for words in met.patient.page.evaluate("window.said")]
    expected = [
        "The recording has begun. All agreed.",
        "The recording is paused. It goes on when you and one other person agree.",
        "The recording goes on. All agreed.",
        "The recording has ended.",
    ]
    # On a machine that is short of breath a pause may come between; what is told is told in this order.
    assert [words for words in said if words in expected][:1] == expected[:1]
    assert set(expected) <= set(said)


def both_show(met: Call, *states: str) -> None:
    """The sign of both pages is red, or it is not, as the recording stands."""
    # In one look: on a machine that is short of breath the recording may pause between two.
    red = f"document.querySelector('{PILL}').dataset.tone === 'on'"
    for tab in (met.doctor, met.patient):
        tab.wait_for(f"{list(states)}.includes({RECORDING}) && (window.isRed = {red}, true)")
        assert tab.evaluate("window.isRed") == ("on" in states)


def test_patient_withdraws_within_a_press_and_its_confirmation(call: Meet) -> None:
    met = call()
    met.patient.page.evaluate(KEEP_SAID)
    met.both("recording", since=BEGAN)
    met.patient.click(PILL)
    dialog = met.patient.page.locator(MINE)
    expect(dialog.get_by_role("button", name="Stop, and erase my part")).to_be_visible()
    with met.patient.page.expect_response("**/recording/consent/") as told:
        dialog.get_by_role("button", name="Stop recording me").click()
    assert told.value.json()["ok"]
    expect(dialog).to_be_hidden()
    met.patient_wire.recording = None
    met.patient.wait_for("window.said.some((words) => words.includes('not recorded any more'))")
    # From here on it is the server that tells how things are.
    met.patient_wire.refresh()
    met.patient.click("[data-control=more]")
    options = met.patient.page.locator("[data-record-options]")
    expect(options).to_contain_text("You said no, so you are not recorded.")
    options.get_by_role("button", name="Allow recording me").click()
    question = met.patient.page.locator(QUESTION)
    with met.patient.page.expect_response("**/recording/consent/"):
        question.get_by_role("button", name="Yes, you may record").click()
    expect(question).to_be_hidden()


def test_question_in_the_call_waits_to_be_answered(call: Meet, watch: Watch) -> None:
    watch.allow("ERR_INTERNET_DISCONNECTED|ERR_FAILED")
    met = call()
    page = met.patient.page
    question = page.locator(QUESTION)
    asked = {"mine": "unasked", "asked": True}
    met.both("waiting", agreed=1, patient=asked)
    expect(question).to_be_visible()
    assert page.evaluate("document.activeElement.tagName") == "H2"
    page.keyboard.press("Space")  # nothing is chosen by a key that was meant for something else
    expect(question).to_be_visible()
    page.keyboard.press("Escape")
    expect(question).to_be_hidden()
    met.both("waiting", agreed=1, patient=asked)
    expect(question).to_be_hidden()
    expect(page.locator(PILL)).to_contain_text("Answer")
    met.patient.click(PILL)
    expect(question).to_be_visible()
    _try_without_a_network(met.patient, question)
    with page.expect_response("**/recording/consent/"):
        question.get_by_role("button", name="No, do not record").click()
    expect(question).to_be_hidden()
    met.both("waiting", agreed=1, patient={"mine": "deny"})
    # Asked anew, by another recording.
    met.both("waiting", agreed=1, patient=asked)
    expect(question).to_be_visible()
    met.both("none", patient={"mine": "unasked"})
    expect(question).to_be_hidden()


def test_question_that_was_put_off_stays_so_until_it_is_wanted(patient: ChromiumTab) -> None:
    """A dialog shuts at once and tells so a task later; on a busy page a snapshot comes in between."""
    patient.goto("/")
    assert patient.evaluate(PUT_OFF) == [True, False, True]


def _try_without_a_network(tab: ChromiumTab, question: Locator) -> None:
    sent: list[Route] = []

    # Not before both presses: after a failure the next press may try again.
    tab.page.route("**/recording/consent/", lambda route: sent.append(route))
    with tab.page.expect_request("**/recording/consent/"):
        question.get_by_role("button", name="Yes, you may record").dblclick()
    while not sent:
        tab.evaluate("new Promise(requestAnimationFrame)")
    sent[0].abort()
    expect(question.get_by_role("alert")).to_contain_text("Check your connection, then try again.")
    assert len(sent) == 1
    check_page(tab)
    tab.page.unroute("**/recording/consent/")


@pytest.mark.parametrize(("patient_size", "doctor_size", "scheme"), SIGNS.values(), ids=SIGNS.keys())
def test_signs_of_recording_are_accessible_and_move_nothing(
    told: Meet, patient_size: object, doctor_size: object, scheme: str
) -> None:
    met = told(patient_size, doctor_size, scheme)
    tabs = met.patient, met.doctor
    met.both("none")
    before = [_places(tab) for tab in tabs]
    assert all(tab.page.locator(PILL).is_hidden() for tab in tabs)
    for state, change in (
        ("waiting", {"agreed": 1}),
        ("recording", {"since": BEGAN}),
        ("recording", {"since": BEGAN, "of": 3}),
        ("paused", {"since": BEGAN, "until": UNTIL, "problem": "full"}),
        ("finishing", {"since": BEGAN}),
    ):
        met.both(state, **change)
        assert [_places(tab) for tab in tabs] == before, state
        for tab in tabs:
            is_red = tab.page.locator(PILL).get_attribute("data-tone") == "on"
            assert is_red == (state == "recording")
            check_page(tab)
    met.both("recording", since=BEGAN, of=3)
    for tab in tabs:
        expect(tab.page.locator(PILL)).to_contain_text("2 of 3 agreed")
        tab.click(PILL)
        check_page(tab)
        tab.page.keyboard.press("Escape")


def _places(tab: ChromiumTab) -> Any:
    """While the line is good: on a busy machine other words may stand there in between."""
    tab.wait_for(
        f"document.querySelector('[data-connection]').dataset.connection === 'good' && (window.places = {PLACES})"
    )
    return tab.evaluate("window.places")


def test_sign_is_not_red_on_a_page_that_hears_nothing_until_it_does_again(told: Meet) -> None:
    met = told()
    met.both("recording", since=BEGAN)
    met.patient_wire.cut()
    met.patient.wait_for(f"{RECORDING} === 'unknown'")
    pill = met.patient.page.locator(PILL)
    expect(pill).to_contain_text("not known")
    expect(pill).to_have_attribute("data-tone", "off")
    expect(met.doctor.page.locator(PILL)).to_have_attribute("data-tone", "on")
    met.patient_wire.mend()
    met.patient.wait_for(f"{RECORDING} === 'on'")
    expect(pill).to_have_attribute("data-tone", "on")


def test_start_and_loss_are_said_once_and_the_loss_stays(told: Meet) -> None:
    met = told()
    page = met.patient.page
    page.evaluate(KEEP_SAID)
    for _ in range(2):
        met.both("recording", since=BEGAN)
    for _ in range(2):
        met.both("paused", since=BEGAN, until=UNTIL, problem="lost")
    expect(page.locator("[data-announce=assertive]")).to_have_text(STOPPED)
    expect(page.locator("[data-toasts]")).to_contain_text(STOPPED)
    expect(page.locator("[data-toasts] button")).to_have_text("Close")
    assert page.evaluate("window.said").count("The recording has begun. All agreed.") == 1
    met.patient.click(PILL)
    expect(page.locator(MINE)).to_contain_text(STOPPED)
    expect(met.doctor.page.locator("[data-record-card]")).to_contain_text(STOPPED)


def test_who_has_answered_stands_on_the_doctors_page(told: Meet) -> None:
    met = told(WIDE, WIDE)
    met.doctor_wire.guests = [guest(0, label="Hanna, daughter")]
    met.both("waiting", agreed=1, of=3, patient={"mine": "unasked"})
    card = met.doctor.page.locator("[data-record-card]")
    expect(card).to_contain_text("Waiting for consent: 1 of 3 agreed.")
    expect(card.locator("li")).to_have_text(["You: agreed", "Rosalind Fern: not answered yet"])
    control = met.doctor.page.locator("[data-control=record]")
    expect(control).to_have_attribute("aria-pressed", "true")
    expect(control).to_contain_text("waiting")


def test_reload_in_the_middle_of_the_question_asks_again(told: Meet) -> None:
    met = told()
    asked = {"mine": "unasked", "asked": True}
    met.both("waiting", agreed=1, patient=asked)
    expect(met.patient.page.locator(QUESTION)).to_be_visible()
    met.patient.reload()
    state_is(met.patient, "call")
    expect(met.patient.page.locator(QUESTION)).to_be_visible()
    assert met.patient.evaluate(STATE) == "call"


def test_question_goes_from_a_tab_whose_seat_another_tab_has_taken(told: Meet, shared: SharedCall) -> None:
    met = told()
    met.both("waiting", agreed=1, patient={"mine": "unasked", "asked": True})
    expect(met.patient.page.locator(QUESTION)).to_be_visible()
    newer = ChromiumTab(met.patient.page.context.new_page())
    newer.goto(shared.visit.link)
    state_is(newer, "left")
    newer.click("[data-act=come-back]")
    state_is(met.patient, "other-tab")
    expect(met.patient.page.locator(QUESTION)).to_be_hidden()
    expect(met.patient.page.get_by_role("button", name="Bring it to this window")).to_be_visible()
    newer.page.close()


def test_signs_of_recording_fit_a_very_narrow_window_with_large_text(told: Meet) -> None:
    met = told(VERY_NARROW, VERY_NARROW)
    met.both("recording", since=BEGAN, of=3)
    for tab in (met.patient, met.doctor):
        for size in ("150%", "125%"):
            tab.evaluate(f"document.documentElement.style.setProperty('font-size', '{size}')")
            tab.evaluate(DRAWN)
            assert not tab.evaluate(SIDEWAYS), size
        tab.click(PILL)
        assert not tab.evaluate(SIDEWAYS)
        check_page(tab)


def test_patient_in_firefox_is_recorded_withdraws_and_has_their_part_erased(doctor: ChromiumTab, visit: Visit) -> None:
    with firefox(ice_on_loopback=far_address().startswith("127.")) as fox:
        go_in(fox, visit.link)
        call_in(doctor, visit.board)
        state_is(fox, "call")
        doctor.click("[data-control=record]")
        doctor.click("[data-record-start] button[value=start]")
        for tab in (fox, doctor):
            tab.wait_for(f"{RECORDING} === 'on'")
        fox.click(PILL)
        fox.click(f"{MINE} button[value=deny-and-erase]")
        # First what goes by itself after some seconds.
        fox.wait_for("document.querySelector('[data-toasts]').textContent.includes('your part is erased')")
        for tab in (fox, doctor):
            tab.wait_for(f"{RECORDING} === 'paused'")
        fox.wait_for(f"!document.querySelector('{MINE}').open")
        assert not fox.evaluate(SIDEWAYS)
        assert fox.errors == []
