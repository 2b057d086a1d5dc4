"""Pages whose camera and microphone are off or blocked: what starts by itself, what is said, what stays in reach."""

from tests.browser.clinic import Visit
from tests.browser.conftest import OpenContext
from tests.browser.people import ChromiumTab, call_in, go_in, press, state_is, wait_for_media

DEVICES_ON = "['camera', 'mic'].every((name) => document.documentElement.dataset[name] === 'on')"
STAGE_BOX, WAITING_BOX = "[data-stage-trouble]", "[data-waiting-trouble]"
TOAST = """import('/static/js/toast.js').then(({ toast }) => {
  toast('You are speaking, but your microphone is off.');
  const [box, field] = ['.hc-toast', '[data-chat-field]']
    .map((each) => document.querySelector(each).getBoundingClientRect());
  return box.bottom <= field.top || box.top >= field.bottom;
})"""
TAB_STOPS = """[...document.querySelectorAll('[data-control][tabindex="0"], [data-chat-field]')]
  .map((each) => each.dataset.control ?? 'chat-field')"""
BLOCKED = """if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = () =>
  Promise.reject(new DOMException('Permission denied', 'NotAllowedError'))"""
# Chromium's made-up question answers itself; this is a browser in which nobody has answered yet.
NOT_ASKED = "navigator.permissions.query = () => Promise.resolve({ state: 'prompt' })"
IN_SIGHT = """(name) => {
  const box = document.querySelector(`[data-control=${name}]`).getBoundingClientRect();
  return box.top >= 0 && box.bottom <= innerHeight;
}"""


def test_link_opened_again_while_waiting_starts_allowed_devices(person: OpenContext, visit: Visit) -> None:
    browser = person(permissions=["camera", "microphone"])
    go_in(ChromiumTab(browser.new_page()), visit.link)
    second = ChromiumTab(browser.new_page())
    second.goto(visit.link)
    state_is(second, "waiting")
    second.wait_for(DEVICES_ON)
    assert not second.page.locator(WAITING_BOX).is_visible()


def test_link_opened_again_while_waiting_warns_of_devices_that_are_off(
    person: OpenContext, visit: Visit, doctor: ChromiumTab
) -> None:
    browser = person()
    browser.add_init_script(NOT_ASKED)
    go_in(ChromiumTab(browser.new_page()), visit.link)
    second = ChromiumTab(browser.new_page())
    second.goto(visit.link)
    state_is(second, "waiting")
    second.page.locator(WAITING_BOX).wait_for()
    assert "Your camera and microphone are off in this window." in second.page.inner_text(WAITING_BOX)
    call_in(doctor, visit.board)
    state_is(second, "call")
    assert second.page.inner_text(f"{STAGE_BOX} [data-trouble-again]") == "Switch on camera and microphone"
    second.click(f"{STAGE_BOX} [data-trouble-again]")
    second.wait_for(DEVICES_ON)
    assert not second.page.locator(STAGE_BOX).is_visible()
    wait_for_media(doctor)


def test_waiting_patient_switches_devices_on_by_one_press(person: OpenContext, visit: Visit) -> None:
    browser = person()
    browser.add_init_script(NOT_ASKED)
    go_in(ChromiumTab(browser.new_page()), visit.link)
    second = ChromiumTab(browser.new_page())
    second.goto(visit.link)
    second.page.locator(f"{WAITING_BOX} button").click()
    second.wait_for(DEVICES_ON)
    assert not second.page.locator(WAITING_BOX).is_visible()


def test_doctor_with_blocked_devices_keeps_the_controls_in_sight(
    person: OpenContext, visit: Visit, patient: ChromiumTab
) -> None:
    go_in(patient, visit.link)
    browser = person(visit.doctor, viewport={"width": 360, "height": 740})
    browser.add_init_script(BLOCKED)
    doctor = ChromiumTab(browser.new_page())
    call_in(doctor, visit.board)
    doctor.page.locator(STAGE_BOX).wait_for()
    press(doctor, "chat")
    words = doctor.page.inner_text(STAGE_BOX)
    assert "may not use your camera and microphone" in words
    assert "go in without" not in words
    doctor.click(f"{STAGE_BOX} summary")
    assert doctor.page.locator(f"{STAGE_BOX} li").count() == 3
    for control in ("mic", "leave"):
        assert doctor.page.evaluate(IN_SIGHT, control)


def test_tab_on_a_wide_screen_reaches_the_controls_before_the_chat(
    person: OpenContext, visit: Visit, patient: ChromiumTab
) -> None:
    go_in(patient, visit.link)
    doctor = ChromiumTab(person(visit.doctor, viewport={"width": 1280, "height": 900}).new_page())
    call_in(doctor, visit.board)
    assert doctor.evaluate(TAB_STOPS) == ["mic", "chat-field"]
    doctor.page.set_viewport_size({"width": 360, "height": 740})
    doctor.wait_for(f"{TAB_STOPS}[0] === 'chat-field'")


def test_toast_on_a_phone_leaves_the_chat_field_free(person: OpenContext, visit: Visit, doctor: ChromiumTab) -> None:
    patient = ChromiumTab(person(viewport={"width": 360, "height": 740}).new_page())
    go_in(patient, visit.link)
    call_in(doctor, visit.board)
    state_is(patient, "call")
    press(patient, "chat")
    assert patient.evaluate(TOAST)
