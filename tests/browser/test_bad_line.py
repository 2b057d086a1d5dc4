"""A visit over a bad line: darkness, a thin and lossy line, and what both people are told about it."""

import pytest

from tests.browser.clinic import Visit
from tests.browser.conftest import OpenContext
from tests.browser.frames import frames, log_frames, now_ms, wait_for_flow
from tests.browser.media import SMALL_CAMERA, SPEECH, UFRAG, heard
from tests.browser.people import ChromiumTab, meet
from tests.browser.size import LONG
from tests.faults.process import BadLine

pytestmark = pytest.mark.alone
# By how much and how fast is for the long run, on a machine that does nothing else; the short one shows that it is so.
BAD_SECONDS = 60 if LONG else 8
MOST_CONCEALED = 0.05 if LONG else 0.5
DARK_SECONDS = 10 if LONG else 6
BACK_MS = 5_000 if LONG else 30_000
FULL_MS = 20_000 if LONG else 60_000
PATIENCE = 60.0
MEDIA = "document.documentElement.dataset.mediaState"
RUNG = "document.documentElement.dataset.rung"
WORDS = "document.querySelector('[data-connection-words]').textContent"
TILE = "document.querySelector('[data-tiles] [data-seat]').textContent"
UNTIL = "Date.now() >= {}"


@pytest.fixture
def both(person: OpenContext, visit: Visit) -> list[ChromiumTab]:
    """Patient and doctor in the call, speaking all the time, their frames logged."""
    contexts = [person(), person(visit.doctor)]
    for context in contexts:
        context.add_init_script(f"({SMALL_CAMERA})(); ({SPEECH})()")
    tabs = [ChromiumTab(context.new_page()) for context in contexts]
    meet(tabs[0], tabs[1], visit.link, visit.board)
    for tab in tabs:
        log_frames(tab)
        wait_for_flow(tab, now_ms(), PATIENCE)
    return tabs


def test_darkness_is_told_and_healed(both: list[ChromiumTab], line: BadLine) -> None:
    line.say("blackout on")
    at = now_ms()
    for tab in both:
        tab.wait_for(f"{MEDIA} === 'disconnected' || {MEDIA} === 'connecting'", PATIENCE)
        assert "lost" in str(tab.evaluate(WORDS)).lower()
    both[0].wait_for(UNTIL.format(at + DARK_SECONDS * 1000), PATIENCE)
    line.say("blackout off")
    at = now_ms()
    for tab in both:
        tab.wait_for(f"window.frameLog.some((entry) => entry[0] > {at})", PATIENCE)
    assert max(frames(tab).first_after(at) - at for tab in both) <= BACK_MS
    for tab in both:
        wait_for_flow(tab, now_ms(), PATIENCE)
        tab.wait_for(f"{MEDIA} === 'connected'")


def test_thin_line_keeps_the_voice_tells_both_and_gives_the_picture_back(
    both: list[ChromiumTab], line: BadLine
) -> None:
    patient, doctor = both
    calm = _concealed(patient, 4)
    thin = f"@{patient.evaluate(UFRAG)}"
    line.say(f"{thin} both rate=64000 queue=0.3 loss=0.05")
    patient.wait_for(f"['stills', 'audio'].includes({RUNG})", PATIENCE)
    patient.wait_for(f"{WORDS}.startsWith('Weak: ')")
    doctor.wait_for(f"/still pictures of you|sees no picture/.test({TILE})")
    # A busy machine conceals by itself; what counts is what the line adds to it.
    assert _concealed(patient, BAD_SECONDS) - calm < MOST_CONCEALED
    line.say("heal")
    at = now_ms()
    patient.wait_for(f"window.frameLog.some((entry) => entry[0] > {at})", PATIENCE)
    first = frames(patient).first_after(at) - at
    patient.wait_for(f"{RUNG} === 'full'", PATIENCE)
    full = now_ms() - at
    assert (first <= BACK_MS, full <= FULL_MS) == (True, True), (first, full)
    doctor.wait_for(f"!/still pictures of you|sees no picture/.test({TILE})")


def _concealed(tab: ChromiumTab, seconds: float) -> float:
    """The part of the sound that had to be made up during so many seconds from now."""
    before, at = heard(tab), now_ms()
    tab.wait_for(UNTIL.format(at + seconds * 1000), seconds + PATIENCE)
    concealed, every = (late - early for late, early in zip(heard(tab), before, strict=True))
    assert every >= seconds * 48_000 * (0.8 if LONG else 0.3)
    return concealed / every
