"""Getting in: the device check before the visit, what it tells the clinic, and every way in which it can go wrong."""

from collections.abc import Callable

from playwright.sync_api import BrowserType, Request

from tests.browser import clinic as clinics
from tests.browser.clinic import Visit
from tests.browser.conftest import Make, OpenContext, Watch, watched
from tests.browser.flags import CHROMIUM_FLAGS
from tests.browser.house import House
from tests.browser.looks import NARROW, WIDE, check_page
from tests.browser.people import ChromiumTab, go_in, state_is

# Devices that fail as told: by device the error's name, or "hang" (nobody answers) or "silent" (nothing is heard).
DEVICES = """
const devices = navigator.mediaDevices;
if (devices) {
  const [real, later] = [devices.getUserMedia.bind(devices), window.setTimeout.bind(window)];
  window.fails = {};
  window.setTimeout = (act, wait, ...more) => later(act, wait === 15000 ? 300 : wait, ...more);
  devices.getUserMedia = async (want) => {
    for (const [device, kind] of [['camera', 'video'], ['microphone', 'audio']]) {
      const how = want[kind] && window.fails[device];
      if (how === 'hang') await new Promise(() => {});
      if (how && how !== 'silent') throw new DOMException(window.fails.words ?? '', how);
    }
    const stream = await real(want);
    if (want.audio && window.fails.microphone === 'silent') {
      stream.getAudioTracks().forEach((each) => stream.removeTrack(each));
      stream.addTrack(new AudioContext().createMediaStreamDestination().stream.getAudioTracks()[0]);
    }
    return stream;
  };
}
"""
# What was used a moment ago is gone, as when a plug is pulled.
UNPLUG = """() => {
  window.fails = { camera: 'NotFoundError' };
  const [track] = document.querySelector('[data-waiting-video]').srcObject.getVideoTracks();
  track.stop();
  track.dispatchEvent(new Event('ended'));
}"""
FAILURES = (
    ({"camera": "NotAllowedError"}, "media.denied", "denied", ""),
    ({"camera": "NotAllowedError", "microphone": "NotAllowedError"}, "media.denied", "denied", "denied"),
    (
        {"camera": "NotAllowedError", "words": "Permission denied by system"},
        "media.denied_system",
        "denied-system",
        "",
    ),
    ({"camera": "NotFoundError"}, "media.none_camera", "none", ""),
    ({"microphone": "NotFoundError"}, "media.none_mic", "works", "none"),
    ({"camera": "NotReadableError"}, "media.busy", "busy", ""),
    ({"camera": "AbortError"}, "media.aborted", "failed", ""),
)
INSTAGRAM = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/140.0.0.0 Mobile Safari/537.36 Instagram 340.0 Android"
)
# Whether the middle of what has the focus is seen, or it has none of its own on the page.
UNCOVERED = """(() => {
  const at = document.activeElement, box = at.getBoundingClientRect();
  if (at === document.body || !box.height) return true;
  const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return at.contains(top) || (top?.contains(at) ?? false);
})()"""
PICTURE = "document.querySelector('[data-preview]:not([hidden])')?.videoWidth > 0"
NO_UDP = "--webrtc-ip-handling-policy=disable_non_proxied_udp"
LINE = "document.querySelector('[data-line]').dataset.path"
HEARD = "document.querySelector('[data-verdict]').dataset.verdict === 'heard'"


def test_check_before_the_door_opens_tries_the_line_and_tells_the_clinic(
    person: OpenContext, whole_line: object, house: House, make: Make
) -> None:
    early = make(clinics.new_visit, house.base_url, minutes=60)
    tab = ChromiumTab(person(viewport=NARROW, color_scheme="dark").new_page())
    tab.goto(early.link)
    state_is(tab, "early")
    tab.click("[data-act=try-devices]")
    state_is(tab, "check")
    tab.wait_for(f"{LINE} === 'udp'")
    tab.wait_for(HEARD)
    assert tab.page.inner_text("[data-line]") == "Good for video"
    tab.click("[data-play-sound]")
    check_page(tab)
    tab.click("[data-heard=no]")
    tab.page.get_by_text("Turn the sound up").wait_for()
    tab.click("[data-play-sound]")
    with tab.page.expect_response("**/devices/") as told:
        tab.click("[data-heard=yes]")
    assert told.value.ok
    tab.page.get_by_text("You hear us").wait_for()
    tab.click("[data-act=go-on]")
    state_is(tab, "early")
    staff = ChromiumTab(person(early.doctor, viewport=WIDE).new_page())
    staff.goto(early.board)
    staff.page.get_by_text("Test passed: good connection").wait_for()
    staff.goto(f"/staff/appointments/{early.encounter.appointment.uuid}/")
    found = staff.page.locator("section", has=staff.page.locator("#checks-title"))
    assert "Test sound heard" in found.inner_text()
    assert "ms there and back" in found.inner_text()
    assert "on Linux" in found.inner_text()


def test_check_on_a_network_without_udp_says_that_nothing_gets_through(
    browser_type: BrowserType, house: House, visit: Visit, watch: Watch
) -> None:
    browser = browser_type.launch(executable_path="/usr/bin/chromium", args=[*CHROMIUM_FLAGS, NO_UDP])
    try:
        tab = ChromiumTab(watched(browser.new_context(base_url=house.base_url, viewport=NARROW), watch).new_page())
        tab.goto(visit.link)
        tab.click("[data-act=join]")
        tab.wait_for(f"{LINE} === 'none'")
        tab.page.get_by_text("mobile data instead of Wi-Fi").wait_for()
        assert tab.page.locator("[data-line-again]").is_visible()
        check_page(tab)
    finally:
        browser.close()


def test_one_press_leads_from_the_link_to_the_own_picture_by_keyboard_too(person: OpenContext, visit: Visit) -> None:
    tab = ChromiumTab(person(viewport=NARROW).new_page())
    tab.goto(visit.link)
    state_is(tab, "door")
    join = tab.page.locator("[data-step=door] [data-act=join]")
    box = join.bounding_box()
    assert box
    assert box["y"] + box["height"] <= 370
    check_page(tab)
    for _ in range(12):
        tab.page.keyboard.press("Tab")
        if tab.evaluate("document.activeElement.dataset.act === 'join'"):
            break
    tab.page.keyboard.press("Enter")
    tab.wait_for(PICTURE)
    check_page(tab)
    # All of the check can be reached by the keyboard, and the focus is never under the button that sticks below.
    seen = set()
    for _ in range(14):
        tab.page.keyboard.press("Tab")
        seen.add(tab.evaluate("document.activeElement.outerHTML.match(/data-(toggle|act|play|pick)[^ >]*/)?.[0] ?? ''"))
        assert tab.evaluate(UNCOVERED), tab.evaluate("document.activeElement.outerHTML")
    assert {'data-toggle="camera"', 'data-toggle="mic"', 'data-pick-mic=""', 'data-play-sound=""'} <= seen
    assert {'data-act="go-on"', 'data-act="go-on-without-camera"'} <= seen


def test_every_failure_of_a_device_is_said_with_a_way_on_and_told_to_the_clinic(
    person: OpenContext, visit: Visit
) -> None:
    context = person(viewport=NARROW)
    context.add_init_script(DEVICES)
    tab = ChromiumTab(context.new_page())
    tab.goto(visit.link)
    state_is(tab, "door")
    tab.evaluate("window.fails = { camera: 'hang' }")
    tab.click("[data-act=join]")
    tab.page.get_by_text("Look for the question at the top of the screen").wait_for()
    check_page(tab)
    tab.reload()
    state_is(tab, "check", "door")
    for fails, code, camera, microphone in FAILURES:
        tab.goto(visit.link.partition("#")[0])
        state_is(tab, "door")
        tab.page.evaluate("(fails) => { window.fails = fails; }", fails)
        with tab.page.expect_request(_telling(camera, microphone)):
            tab.click("[data-act=join]")
            state_is(tab, "trouble")
        assert tab.evaluate("document.querySelector('[data-step=trouble]').dataset.code") == code
        tab.page.locator("[data-go-in-without]").wait_for()
    check_page(tab)
    tab.evaluate("window.fails = {}")
    tab.click("[data-act=try-again]")
    tab.wait_for(PICTURE)


def test_silent_microphone_is_noticed_and_unplugged_camera_said_while_waiting(
    person: OpenContext, visit: Visit, doctor: ChromiumTab
) -> None:
    context = person(viewport=NARROW)
    context.add_init_script(DEVICES)
    tab = ChromiumTab(context.new_page())
    tab.goto(visit.link)
    state_is(tab, "door")
    tab.evaluate("window.fails = { microphone: 'silent' }")
    with tab.page.expect_request(_telling("works", "silent")):
        tab.click("[data-act=join]")
        tab.page.get_by_text("We hear nothing from your microphone.").wait_for()
    check_page(tab)
    tab.evaluate("window.fails = {}")
    tab.reload()
    go_in(tab, visit.link)
    tab.wait_for("document.querySelector('[data-waiting-video]').srcObject")
    tab.page.evaluate(UNPLUG)
    tab.page.locator("[data-waiting-trouble]").get_by_text("We find no camera").wait_for()
    state_is(tab, "waiting")
    doctor.goto(visit.board)
    doctor.page.get_by_text("No camera found").wait_for()
    assert "Waiting" in doctor.page.inner_text("[data-row] .hc-qtag")


def test_clock_of_the_browser_that_is_off_by_an_hour_changes_nothing_at_the_door(
    person: OpenContext, whole_line: object, house: House, make: Make
) -> None:
    early = make(clinics.new_visit, house.base_url, minutes=15.5)
    tabs = []
    for hours in (1, -1):
        context = person(viewport=NARROW)
        context.add_init_script(f"const real = Date.now; Date.now = () => real() + {hours} * 3600000;")
        tabs.append(ChromiumTab(context.new_page()))
        tabs[-1].goto(early.link)
        state_is(tabs[-1], "early")
        tabs[-1].wait_for("/^[0-9]+ seconds?$/.test(document.querySelector('[data-countdown]').textContent)")
    for tab in tabs:
        state_is(tab, "door")


def test_second_time_through_the_door_is_one_step(person: OpenContext, visit: Visit) -> None:
    tab = ChromiumTab(person(viewport=NARROW).new_page())
    go_in(tab, visit.link)
    tab.click("[data-act=leave-waiting]")
    state_is(tab, "door")
    tab.reload()
    tab.click("[data-step=door] [data-act=join]")
    state_is(tab, "check")
    held = tab.page.locator("[data-place-held]")
    assert "12 Elm Row, Springfield" in held.inner_text()
    assert "555-0171" in held.inner_text()
    tab.wait_for(PICTURE)
    check_page(tab)
    tab.click("[data-act=change-place]")
    state_is(tab, "place")
    tab.page.go_back()
    tab.reload()
    state_is(tab, "check")
    tab.click("[data-step=check] [data-act=go-on]")
    state_is(tab, "waiting")


def test_link_inside_an_app_shows_the_ways_out_and_no_dead_page(person: OpenContext, visit: Visit) -> None:
    context = person(viewport=NARROW, user_agent=INSTAGRAM, color_scheme="dark")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab = ChromiumTab(context.new_page())
    tab.goto(visit.link)
    state_is(tab, "inside")
    assert tab.evaluate("location.href") == visit.link
    assert "shown inside Instagram" in tab.page.inner_text("main")
    tab.page.locator("[data-open-inside] [data-qr] svg").wait_for()
    check_page(tab)
    tab.click("[data-copy-link]")
    tab.page.get_by_text("The link is copied.").wait_for()
    assert tab.evaluate("navigator.clipboard.readText()") == visit.link
    tab.click("[data-open-here]")
    state_is(tab, "door")
    assert "#" not in tab.evaluate("location.href")
    tab.evaluate("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })")
    tab.page.evaluate("MediaDevices.prototype.getUserMedia = undefined")
    tab.click("[data-act=join]")
    state_is(tab, "trouble")
    tab.page.locator("[data-step=trouble] [data-qr] svg").wait_for()
    check_page(tab)


def _telling(camera: str, microphone: str) -> Callable[[Request], bool]:
    """Whether a request is the check's finding, with these two; of an empty one anything will do."""
    wanted = [f'name="{name}"\r\n\r\n{code}' for name, code in (("camera", camera), ("microphone", microphone)) if code]
    return lambda sent: all(each in (sent.post_data or "") for each in wanted)
