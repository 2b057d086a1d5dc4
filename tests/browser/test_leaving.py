"""Who leaves a visit, on purpose or not, and what they and the others see then."""

import pytest

from tests.browser.clinic import Visit
from tests.browser.people import ChromiumTab, meet, press, state_is, wait_for_media

# What the live region says at once, from now on.
KEEP_WORDS = """() => {
  window.keptWords = [];
  const region = document.querySelector('[data-announce=assertive]');
  new MutationObserver(() => window.keptWords.push(region.textContent)).observe(region, { childList: true });
}"""
LATER = "(() => { const now = performance.now.bind(performance); performance.now = () => now() + 31_000; })()"
ALONE = "document.querySelector('[data-alone]')"


@pytest.fixture
def met(patient: ChromiumTab, doctor: ChromiumTab, visit: Visit) -> Visit:
    """Both are in the call and see and hear each other."""
    meet(patient, doctor, visit.link, visit.board)
    return visit


def test_reload_after_leaving_stays_out_until_a_press(met: Visit, patient: ChromiumTab) -> None:
    press(patient, "leave")
    state_is(patient, "left")
    patient.reload()
    state_is(patient, "left")
    assert patient.page.title() == f"Your visit is open, {met.encounter.organization.name}"
    assert patient.evaluate("document.documentElement.dataset.camera") != "on"
    assert patient.evaluate("window.keptConnections.length") == 0
    patient.click("[data-act=come-back]")
    state_is(patient, "call")
    wait_for_media(patient)
    patient.reload()
    state_is(patient, "call")
    wait_for_media(patient)


def test_finishing_speaks_of_no_lost_connection(met: Visit, patient: ChromiumTab, doctor: ChromiumTab) -> None:
    patient.evaluate(KEEP_WORDS)
    doctor.click("[data-act=finish]")
    doctor.click("[data-finish-dialog] [value=finish]")
    state_is(patient, "ended")
    # One more turn of the page, in which whatever is still to be said is said.
    patient.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert not [words for words in patient.evaluate("window.keptWords") if "getting you back" in words]


@pytest.mark.parametrize("way", ["queue", "tab"])
def test_doctor_gone_without_leaving_is_not_here_after_half_a_minute(
    met: Visit, patient: ChromiumTab, doctor: ChromiumTab, way: str
) -> None:
    if way == "queue":
        doctor.click(".hc-call-banner a")
        doctor.page.wait_for_url(f"**{met.board}")
    else:
        doctor.page.close()
    patient.wait_for("document.querySelector('[data-seat]')?.dataset.lost === 'yes'")
    assert patient.page.locator("[data-seat]").is_visible()
    patient.evaluate(LATER)
    patient.wait_for(f"{ALONE}.checkVisibility()")
    assert "is not here at the moment. The visit stays open." in patient.page.inner_text("[data-alone]")
    assert not patient.page.locator("[data-seat]").is_visible()
    patient.wait_for("document.querySelector('[data-connection]').dataset.connection === 'good'")
