"""The board worked down by hand and by keys: notes, who did not come, undo, what rings; and the board of all lines."""

import datetime as dt
from dataclasses import dataclass

import pytest

from consults.models import DeskNote, DoorCheck, Encounter, Seat
from consults.services.calling import admit_patient
from core.clock import now
from scheduling.models import Appointment
from tests import factories
from tests.browser import clinic as clinics
from tests.browser.clinic import Cookie, Visit
from tests.browser.conftest import Make
from tests.browser.house import House
from tests.browser.looks import Looks
from tests.browser.people import onward

MINUTE = dt.timedelta(minutes=1)
SELECTED = "document.querySelector('.hc-qrow.is-selected h3')?.textContent"
OPEN_DIALOGS = "document.querySelectorAll('dialog[open]').length"


@dataclass(frozen=True)
class Forenoon:
    """Otto waits beyond his time, Cyrus did not come, June is expected and her camera is blocked."""

    june: Visit
    otto: str
    cyrus: str
    desk: Cookie


def _forenoon(base_url: str) -> Forenoon:
    organization = clinics.clinic(base_url)
    doctor = clinics.doctor(organization)

    def named(given_name: str) -> factories.Patient:
        return factories.make_patient(organization, given_name=given_name, family_name="Fern", phone="+441632960961")

    otto = factories.make_waiting_visit(practitioner=doctor, patient=named("Otto"), starts_at=now() - 40 * MINUTE)
    # He has no page that would be heard again: without this he were away after thirty seconds.
    Seat.objects.filter(encounter=otto).update(last_seen_at=now() + 60 * MINUTE)
    Encounter.objects.filter(pk=otto.pk).update(arrived_at=now() - 12 * MINUTE)
    cyrus = factories.make_visit(practitioner=doctor, patient=named("Cyrus"), starts_at=now() - 80 * MINUTE)
    june = clinics.visit(doctor, minutes=5, given_name="June")
    trouble = {"actor_type": "patient", "actor_id": june.encounter.patient_id, "camera": "denied"}
    DoorCheck.objects.create(encounter=june.encounter, checked_at=now(), **trouble)
    return Forenoon(june, str(otto.uuid), str(cyrus.uuid), clinics.front_desk(organization))


@pytest.fixture
def forenoon(house: House, make: Make) -> Forenoon:
    return make(_forenoon, house.base_url)


def _note_of(visit: str) -> str | None:
    return DeskNote.objects.filter(encounter__uuid=visit, removed_at=None).values_list("text", flat=True).first()


def _status_of(visit: str) -> str:
    return Appointment.objects.get(encounter__uuid=visit).status


def _visit_status_of(visit: str) -> str:
    return Encounter.objects.get(uuid=visit).status


def _call_in(visit: str) -> None:
    encounter = Encounter.objects.select_related("practitioner").get(uuid=visit)
    admit_patient(actor=factories.practitioner_actor(encounter.practitioner), encounter=encounter)


def test_board_is_worked_by_keys_and_what_was_pressed_is_undone(look: Looks, forenoon: Forenoon, make: Make) -> None:
    tab = look.open(forenoon.june.doctor)
    page = tab.page
    tab.goto(forenoon.june.board)
    page.get_by_text("Otto Fern waits, and nobody has called them.").wait_for()
    look.check(tab)
    page.get_by_role("button", name="I have seen it").click()
    tab.wait_for("!document.querySelector('[data-ring]')")

    # A note, and letters that are typed into it do nothing else.
    page.locator(f"[data-row][data-key='{forenoon.otto}'] [data-more]").click()
    page.get_by_label("Note for the desk and the doctor").fill("")
    page.keyboard.type("hunts njumku?")
    look.check(tab)
    page.get_by_role("button", name="Save note").click()
    page.locator(".hc-qnote", has_text="hunts njumku?").wait_for()
    assert page.url.endswith(forenoon.june.board)
    assert make(_note_of, forenoon.otto) == "hunts njumku?"

    # Rows by keys; Enter opens one that has no button; did not come, and u takes it back.
    tab.wait_for(f"{OPEN_DIALOGS} === 0")
    page.locator("h1").click()
    for key in ("j", "j", "k", "ArrowDown"):
        page.keyboard.press(key)
    assert tab.evaluate(SELECTED) == "Cyrus Fern"
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Did not come").click()
    page.get_by_text("Noted: Cyrus did not come.").first.wait_for()
    look.check(tab)
    assert make(_status_of, forenoon.cyrus) == "noshow"
    page.keyboard.press("u")
    page.get_by_text("Cyrus is expected again.").first.wait_for()
    assert make(_status_of, forenoon.cyrus) == "booked"

    # The list of the keys, and letters switched off.
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keys on this page").wait_for()
    page.get_by_label("Use single letters as keys").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.keyboard.press("?")
    assert tab.evaluate(OPEN_DIALOGS) == 0
    assert page.url.endswith(forenoon.june.board)
    page.get_by_role("button", name="Shortcuts").click()
    page.get_by_label("Use single letters as keys").check()
    page.keyboard.press("Escape")
    tab.wait_for(f"{OPEN_DIALOGS} === 0")

    # m leads to the thread with the patient of the row, h puts on hold who is with the doctor.
    page.keyboard.press("j")
    chosen = page.locator("[data-row].is-selected").get_attribute("data-desk")
    onward(page, page.keyboard.press, "m")
    assert page.url.endswith(chosen or "no row is chosen")
    onward(page, page.go_back)
    make(_call_in, forenoon.otto)
    page.locator("[data-hold-form]").wait_for(state="attached")
    onward(page, page.keyboard.press, "h")
    assert make(_visit_status_of, forenoon.otto) == "onleave"


def test_board_of_all_lines_has_trouble_on_top_and_changes_by_itself(look: Looks, forenoon: Forenoon) -> None:
    tab = look.open(forenoon.desk)
    tab.goto("/staff/clinic/")
    page = tab.page
    parts = page.locator(".hc-qpart > h2")
    assert [one.split("\n")[0].strip() for one in parts.all_inner_texts()][:2] == [
        "Trouble with devices or line",
        "Nobody has called them",
    ]
    assert page.locator("[aria-labelledby=part-trouble] h3").all_inner_texts() == ["June Fern"]
    assert page.locator("[aria-labelledby=part-unanswered] h3").all_inner_texts() == ["Otto Fern"]
    look.check(tab)
    page.locator(f"[data-row][data-key='{forenoon.otto}'] [data-more]").click()
    page.get_by_label("Note for the desk and the doctor").fill("called him by phone")
    page.get_by_role("button", name="Save note").click()
    page.locator(".hc-qnote", has_text="Desk: called him by phone").wait_for()
    look.check(tab)
    page.get_by_role("button", name="Running late").click()
    look.check(tab)
    page.get_by_role("button", name="About 10 minutes", exact=True).click()
    page.get_by_text("1 patient is told.").wait_for()
    # Otto waits for longer beyond his time than was told.
    assert "About 40 minutes late." in page.locator(".hc-cline").first.inner_text()
