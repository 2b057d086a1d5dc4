"""Who leaves a visit, on purpose or not, and what they and the others see then."""

import pytest

from tests.browser.looks import WIDE
from tests.browser.people import ChromiumTab, press, state_is, wait_for_media
from tests.browser.shared import SharedCall

LATER = "(() => { const now = performance.now.bind(performance); performance.now = () => now() + 31_000; })()"
# Somebody is away for half a minute, and then the relay offers a line for them anew.
OFFERED_ANEW = """(async () => {
  const { RemoteTile } = await import("/static/js/remote-tile.js");
  const tile = new RemoteTile("seat", { onBlocked: () => {}, onOpen: () => {} });
  const seat = { label: "Dr Marlow", face: "", connected: false, mic: true, camera: true };
  const around = { name: "Dr Marlow", short: "Dr Marlow", mine: "full", theirs: "full" };
  const isAway = () => (tile.show(seat, performance.now(), around), tile.away);
  const connection = new RTCPeerConnection();
  const line = () => connection.addTransceiver("audio").receiver;
  tile.attach({ audio: line() });
  const told = [isAway()];
  const now = performance.now.bind(performance);
  performance.now = () => now() + 31_000;
  told.push(isAway());
  tile.attach({ audio: line() });
  await tile.listen(performance.now());
  told.push(isAway());
  connection.close();
  return told;
})()"""
ALONE = "document.querySelector('[data-alone]')"


@pytest.fixture
def both(shared: SharedCall) -> tuple[ChromiumTab, ChromiumTab]:
    """Patient and doctor in a call that other tests have been in."""
    shared.begin_again(WIDE, WIDE)
    return shared.tabs


def test_reload_after_leaving_stays_out_until_a_press(
    both: tuple[ChromiumTab, ChromiumTab], shared: SharedCall
) -> None:
    patient, _ = both
    press(patient, "leave")
    state_is(patient, "left")
    patient.reload()
    state_is(patient, "left")
    assert patient.page.title() == f"Your visit is open, {shared.visit.encounter.organization.name}"
    assert patient.evaluate("document.documentElement.dataset.camera") != "on"
    assert patient.evaluate("window.keptConnections.length") == 0
    patient.click("[data-act=come-back]")
    state_is(patient, "call")
    wait_for_media(patient)
    patient.reload()
    state_is(patient, "call")
    wait_for_media(patient)


@pytest.mark.parametrize("way", ["queue", "tab"])
def test_doctor_gone_without_leaving_is_not_here_after_half_a_minute(
    both: tuple[ChromiumTab, ChromiumTab], shared: SharedCall, way: str
) -> None:
    patient, doctor = both
    if way == "queue":
        doctor.click(".hc-call-banner a")
        doctor.page.wait_for_url(f"**{shared.visit.board}")
    else:
        doctor.page.close()
    patient.wait_for("document.querySelector('[data-seat]')?.dataset.lost === 'yes'")
    assert patient.page.locator("[data-seat]").is_visible()
    patient.evaluate(LATER)
    patient.wait_for(f"{ALONE}.checkVisibility()")
    assert "is not here at the moment. The visit stays open." in patient.page.inner_text("[data-alone]")
    assert not patient.page.locator("[data-seat]").is_visible()
    patient.wait_for("document.querySelector('[data-connection]').dataset.connection === 'good'")


def test_who_is_away_stays_away_when_only_a_line_is_offered_anew(patient: ChromiumTab) -> None:
    """For a moment they would stand there again, as somebody who comes back."""
    patient.goto("/")
    assert patient.evaluate(OFFERED_ANEW) == [False, True, True]
