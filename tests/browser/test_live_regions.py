"""A socket that repeats what it said makes no page speak twice: live regions are heard once for each piece of news."""

import datetime as dt
from dataclasses import dataclass

import pytest

from consults.models import Seat
from core.clock import now
from tests import factories
from tests.browser import clinic as clinics
from tests.browser.clinic import Visit
from tests.browser.conftest import Make, OpenContext
from tests.browser.house import House
from tests.browser.people import ChromiumTab, go_in

# Keeps every socket of the page with all that it has said.
KEEP_SOCKETS = """() => {
  window.heard = [];
  const Plain = WebSocket;
  window.WebSocket = class extends Plain {
    constructor(...told) {
      super(...told);
      this.addEventListener("message", (event) => event.isTrusted && window.heard.push([this, event.data]));
    }
  };
}"""
# What a screen reader would say: text put into a region, also the same again, and what is shown in it.
LISTEN = """() => {
  window.spoken = [];
  const regions = "[role=status], [role=alert], [role=log], [aria-live]";
  new MutationObserver((changes) => {
    for (const { type, target, oldValue } of changes) {
      if (type === "attributes" && (oldValue === null) === (target.getAttribute("hidden") === null)) continue;
      const region = (target instanceof Element ? target : target.parentElement)?.closest(regions);
      const text = region?.innerText.trim();
      if (text) window.spoken.push(text);
    }
  }).observe(document.body, {
    childList: true, characterData: true, attributeFilter: ["hidden"], attributeOldValue: true, subtree: true });
}"""
# The last message of this kind three times more, each drawn before the next comes.
AGAIN = """async (kind) => {
  const [socket, data] = window.heard.filter(([, text]) => JSON.parse(text).type === kind).at(-1);
  const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  for (let turn = 0; turn < 3; turn += 1) {
    socket.dispatchEvent(new MessageEvent("message", { data }));
    await drawn();
  }
}"""
SECOND = "document.querySelector('#waiting-title').textContent === 'You are 2nd in line'"
# Aloud a frame after it is drawn (`announce` empties the region first).
SAID = "document.querySelector('[data-announce=polite]').textContent.startsWith('You are 2nd in line.')"
HELD_BACK = "!document.querySelector('[data-live=news]').hidden"


@dataclass(frozen=True)
class Morning:
    """Otto waits, June comes."""

    june: Visit


def _morning(base_url: str) -> Morning:
    doctor = clinics.doctor(clinics.clinic(base_url))
    starts_at = now() - dt.timedelta(minutes=30)
    otto = factories.make_waiting_visit(practitioner=doctor, starts_at=starts_at, lasts=dt.timedelta(minutes=8))
    # He has no page that would be heard again: without this he were gone for a moment after fifteen seconds.
    Seat.objects.filter(encounter=otto).update(last_seen_at=now() + dt.timedelta(hours=1))
    return Morning(clinics.visit(doctor, given_name="June"))


@pytest.fixture
def morning(house: House, make: Make) -> Morning:
    return make(_morning, house.base_url)


def _listening(tab: ChromiumTab) -> ChromiumTab:
    tab.page.add_init_script(f"({KEEP_SOCKETS})()")
    return tab


def test_waiting_room_says_a_repeated_line_once(patient: ChromiumTab, morning: Morning, whole_line: object) -> None:
    go_in(_listening(patient), morning.june.link)
    patient.wait_for(SECOND)
    patient.wait_for(SAID)
    patient.evaluate(f"({LISTEN})()")
    patient.page.evaluate(AGAIN, "visit")
    assert patient.evaluate("window.spoken") == []


def test_board_says_who_came_once_also_while_it_is_held_back(
    person: OpenContext, patient: ChromiumTab, morning: Morning, whole_line: object
) -> None:
    board = _listening(ChromiumTab(person(morning.june.doctor).new_page()))
    board.goto(morning.june.board)
    board.wait_for("window.heard.length > 0")
    row = f"[data-row][data-key='{morning.june.encounter.uuid}']"
    # Under the hand a row does not move: what is newer waits.
    board.page.focus(row)
    board.evaluate(f"({LISTEN})()")
    go_in(patient, morning.june.link)
    board.wait_for(HELD_BACK)
    board.wait_for("window.spoken.includes('2 patients are waiting.')")
    board.evaluate("window.spoken = []")
    board.page.evaluate(AGAIN, "queue")
    assert board.evaluate("window.spoken") == []
    board.page.evaluate("document.activeElement.blur()")
    board.wait_for(f'document.querySelector("{row}[data-state=waiting]")')
    assert "2 patients are waiting." not in board.evaluate("window.spoken")
