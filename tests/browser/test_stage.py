"""The stage of a call in states that need more people or a worse line than two browsers on one machine have."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.looks import NARROW, SIDEWAYS, WIDE, check_page
from tests.browser.people import ChromiumTab, wait_for_media
from tests.browser.shared import HERE, SharedCall
from tests.browser.size import LONG
from tests.browser.wire import Wire, guest

BOXES = """[...document.querySelectorAll('[data-tiles] > .hc-tile')].filter((each) => each.checkVisibility())
  .map((each) => each.getBoundingClientRect()).map(({ x, y, width, height }) => ({ x, y, width, height }))"""
LINE = "document.querySelector('[data-connection-words]').textContent"
SECONDS_LEFT = "Number(/Trying again in (\\d+) s/.exec(document.querySelector('[data-reconnecting]').textContent)[1])"
KEEP_SAID = """() => {
  window.said = [];
  const region = document.querySelector('[data-announce=polite]');
  new MutationObserver(() => region.textContent && window.said.push(region.textContent))
    .observe(region, { childList: true, characterData: true, subtree: true });
}"""
KEEP_LINES = """() => {
  const line = document.querySelector('[data-connection]');
  window.lines = [];
  new MutationObserver(() => window.lines.push(line.dataset.connection)).observe(line, { attributes: true });
}"""
# A browser that is driven has no picker; what comes out of one is a track like this.
PICK_A_SCREEN = """navigator.mediaDevices.getDisplayMedia = async () => {
  const canvas = document.createElement('canvas');
  canvas.width = 640;
  canvas.height = 400;
  let turn = 0;
  setInterval(() => {
    const context = canvas.getContext('2d');
    context.fillStyle = turn++ % 2 ? '#125463' : '#ffffff';
    context.fillRect(0, 0, 640, 400);
  }, 100);
  window.pickedScreen = canvas.captureStream(10);
  return window.pickedScreen;
}"""
# Whose window is how wide: in the short run each page in one size.
SIZES = {"360-1280": (NARROW, WIDE)} | ({"1280-360": (WIDE, NARROW)} if LONG else {})
NO_SCREENS = "delete MediaDevices.prototype.getDisplayMedia"
Together = Callable[..., tuple[ChromiumTab, ChromiumTab, Wire, Wire]]


@pytest.fixture(scope="module")
def wires(shared_call: SharedCall) -> tuple[Wire, Wire]:
    """Between both pages and the house, from the next time on that they are loaded."""
    patient, doctor = shared_call.tabs
    patient.page.add_init_script(NO_SCREENS)
    doctor.page.add_init_script(PICK_A_SCREEN)
    return Wire(patient.page), Wire(doctor.page)


@pytest.fixture
def together(shared: SharedCall, wires: tuple[Wire, Wire]) -> Together:
    """Patient and doctor in the call, and the wires of their pages."""

    def meet(patient_size: object = NARROW, doctor_size: object = WIDE) -> tuple[ChromiumTab, ChromiumTab, Wire, Wire]:
        for wire in wires:
            wire.forget()
        shared.begin_again(patient_size, doctor_size)
        return *shared.tabs, *wires

    return meet


@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES.keys())
def test_call_of_eight_with_a_screen_is_accessible_and_keeps_its_pictures_apart(
    together: Together, sizes: tuple[object, object]
) -> None:
    patient, doctor, patient_wire, doctor_wire = together(*sizes)
    for tab, wire in ((patient, patient_wire), (doctor, doctor_wire)):
        for guests in (1, 6):
            wire.guests = [guest(number, screen=number == 0 and guests == 6) for number in range(guests)]
            wire.refresh()
            tab.wait_for(f"document.querySelectorAll('[data-tiles] > [data-seat]').length >= {guests + 1}")
            tab.wait_for("document.querySelector('[data-tiles]').dataset.layout === 'several'")
            check_page(tab)
            assert _overlapping(tab.evaluate(BOXES)) == []
        for rung in ("stills", "audio"):
            wire.say("rung", about=wire.seat("patient"), rung=rung, why="bandwidth")
            wire.say("rung", about=wire.seat("practitioner"), rung=rung, why="loss")
            tab.wait_for(f"document.documentElement.dataset.rung === '{rung}'")
            check_page(tab)
        tab.click("[data-tiles] > [data-seat] > button.hc-plate")
        check_page(tab)


def test_nobody_on_a_desktop_is_smaller_than_160_px(together: Together) -> None:
    patient, doctor, *wires = together(WIDE, WIDE)
    for tab, wire in zip((patient, doctor), wires, strict=True):
        wire.guests = [guest(number) for number in range(6)]
        wire.refresh()
        tab.wait_for("document.querySelector('[data-tiles]').dataset.count === '7'")
        assert min(box["width"] for box in tab.evaluate(BOXES)) >= 160


def test_each_voice_is_set_by_the_keyboard_and_for_itself(together: Together) -> None:
    patient, _, wire, _ = together()
    wire.guests = [guest(0, label="Interpreter")]
    wire.refresh()
    plate = patient.page.get_by_role("button", name="Interpreter")
    plate.focus()
    patient.page.keyboard.press("Enter")
    dialog = patient.page.locator("[data-person]")
    expect(dialog).to_be_visible()
    dialog.get_by_label("How loud this voice is").focus()
    for _ in range(4):
        patient.page.keyboard.press("ArrowLeft")
    expect(dialog.locator("output")).to_have_text("80 %")
    dialog.get_by_label("Keep this picture large").press("Space")
    patient.page.keyboard.press("Escape")
    expect(plate).to_be_focused()
    volumes = "[...document.querySelectorAll('[data-tiles] > [data-seat] audio')].map(({ volume }) => volume)"
    assert sorted(patient.evaluate(volumes)) == [0.8, 1]
    patient.wait_for("document.querySelector('.hc-tile-pinned')?.dataset.seat.endsWith('0')")
    patient.page.keyboard.press("p")
    patient.wait_for("!document.querySelector('.hc-tile-pinned')")


def test_screen_is_shared_seen_whole_and_ended(together: Together) -> None:
    patient, doctor, *_ = together()
    assert patient.page.locator("[data-act=share]").count() == 0
    doctor.click("[data-act=share]")
    doctor.wait_for("document.documentElement.dataset.share === 'on'")
    expect(doctor.page.locator("[data-act=share]")).to_have_attribute("aria-pressed", "true")
    expect(doctor.page.get_by_text("You are sharing your screen", exact=True).first).to_be_visible()
    check_page(doctor)
    patient.wait_for("document.querySelector('.hc-screen[data-seat]')?.dataset.frames === 'yes'")
    assert "Dr Marlow's screen" in patient.page.inner_text(".hc-screen")
    video = "document.querySelector('.hc-screen video')"
    assert patient.evaluate(f"getComputedStyle({video}).objectFit") == "contain"
    assert not patient.evaluate(SIDEWAYS)
    check_page(patient)
    # The browser's own button ends the track.
    doctor.evaluate("window.pickedScreen.getTracks()[0].dispatchEvent(new Event('ended'))")
    patient.wait_for("!document.querySelector('.hc-screen')")
    assert doctor.evaluate("document.documentElement.dataset.share") == "off"
    wait_for_media(patient)


def test_reload_of_who_shares_ends_the_share(together: Together) -> None:
    patient, doctor, *_ = together()
    doctor.click("[data-act=share]")
    patient.wait_for("document.querySelector('.hc-screen')")
    doctor.reload()
    patient.wait_for("!document.querySelector('.hc-screen')")
    wait_for_media(patient)


def test_rung_is_said_once_to_both_sides(together: Together) -> None:
    patient, doctor, patient_wire, doctor_wire = together()
    seat = patient_wire.seat("patient")
    for tab, wire in ((patient, patient_wire), (doctor, doctor_wire)):
        tab.page.evaluate(KEEP_SAID)
        for _ in range(3):
            wire.say("rung", about=seat, rung="stills", why="bandwidth")
    patient.wait_for("document.documentElement.dataset.rung === 'stills'")
    assert patient.evaluate(LINE) == "Weak: still pictures"
    assert doctor.evaluate(LINE) == "Rosalind sees still pictures"
    doctor.wait_for(f"document.querySelector('.hc-tile[data-seat=\"{seat}\"]').dataset.rung === 'stills'")
    for tab, words in (
        (patient, "Your connection is weak. You see still pictures for now. The sound goes on."),
        (doctor, "Rosalind's connection is weak: they see still pictures of you. The sound goes on."),
    ):
        # It is said with the next picture that is drawn, after the line has changed.
        tab.wait_for(f"window.said.includes({json.dumps(words)})")
        assert tab.evaluate("window.said").count(words) == 1


def test_move_to_another_relay_is_made_without_a_word_of_trouble(together: Together) -> None:
    patient, _, wire, _ = together()
    patient.page.evaluate(KEEP_SAID)
    patient.page.evaluate(KEEP_LINES)
    before = sum(each["type"] == "connect" for each in wire.sent)
    wire.say("relay", state="moved")
    patient.wait_for("window.keptConnections.length === 2")
    patient.wait_for(HERE)
    wait_for_media(patient)
    assert sum(each["type"] == "connect" for each in wire.sent) == before + 1
    assert "lost" not in patient.evaluate("window.lines")
    assert not [words for words in patient.evaluate("window.said") if "getting you back" in words]


def test_page_that_the_relay_put_out_says_so_and_asks_for_nothing_before_its_minute_is_over(together: Together) -> None:
    patient, _, wire, _ = together()
    asked = [each["type"] for each in wire.sent].count("connect")
    wire.say("error", code="removed_flood", message="This seat was removed.", connection=None)
    cover = patient.page.locator("[data-reconnecting]")
    expect(cover.get_by_role("heading")).to_have_text("Your call is paused for a minute")
    expect(cover).to_contain_text(re.compile(r"far more than a call needs.*Trying again in [56]\d seconds"))
    assert patient.evaluate(LINE) == "Paused for a minute"
    expect(patient.page.locator("[data-announce=assertive]")).to_contain_text("paused for a minute")
    # By then it had asked three times. One second of many is easily missed.
    patient.wait_for(f"{SECONDS_LEFT} <= 57")
    assert [each["type"] for each in wire.sent].count("connect") == asked
    check_page(patient)


def test_stills_are_taken_sent_and_shown_with_their_age(together: Together) -> None:
    patient, _, patient_wire, doctor_wire = together()
    doctor_wire.say("stills", wanted=True)
    patient.page.evaluate(KEEP_SAID)
    jpeg = doctor_wire.wait_for_sent("still")["jpeg"]
    assert len(jpeg) <= 10_924
    # The first one may come before the page has drawn the new rung.
    patient_wire.say("rung", about=patient_wire.seat("patient"), rung="stills", why="loss")
    patient_wire.say("still", **{"from": patient_wire.seat("practitioner")}, jpeg=jpeg)
    still = patient.page.locator(".hc-tile[data-seat] > .hc-still")
    expect(still).to_be_visible()
    expect(patient.page.locator(".hc-tile-note").first).to_contain_text("Still picture, ")
    patient_wire.say("rung", about=patient_wire.seat("patient"), rung="full", why="recovered")
    expect(still).to_be_hidden()
    patient.wait_for("window.said.includes('Your connection is good again. The picture is back.')")


def test_doctor_reads_what_is_wrong_with_a_line_and_nothing_when_all_is_well(together: Together) -> None:
    _, doctor, _, wire = together()
    note = doctor.page.locator("[data-tiles] > [data-seat] > .hc-tile-note")
    well = {"up_kbps": 900, "up_loss_pct": 0, "down_kbps": 1500, "down_loss_pct": 0, "rtt_ms": 40, "rung": "full"}
    seat = wire.seat("patient")
    for _ in range(2):
        wire.say("figures", seats=[{"seat": seat, **well}])
    expect(note).to_be_hidden()
    for _ in range(2):
        wire.say("figures", seats=[{"seat": seat, **well, "up_kbps": 92, "up_loss_pct": 2}])
    expect(note).to_have_text(
        "Rosalind: their upload is 90 kbit/s: ask them to turn the video off", use_inner_text=True
    )
    for _ in range(4):
        wire.say("figures", seats=[{"seat": seat, **well}])
    expect(note).to_be_hidden()


def _overlapping(boxes: list[dict[str, float]]) -> list[tuple[int, int]]:
    def overlap(one: dict[str, float], other: dict[str, float]) -> bool:
        apart_x = one["x"] + one["width"] <= other["x"] + 1 or other["x"] + other["width"] <= one["x"] + 1
        apart_y = one["y"] + one["height"] <= other["y"] + 1 or other["y"] + other["height"] <= one["y"] + 1
        return not (apart_x or apart_y)

    count = len(boxes)
    return [(a, b) for a in range(count) for b in range(a + 1, count) if overlap(boxes[a], boxes[b])]
