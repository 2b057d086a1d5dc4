"""Every page in light and dark, wide and narrow: no violation that axe finds, nothing to scroll sideways."""

import datetime as dt

from core.clock import now
from tests.browser import clinic as clinics
from tests.browser.clinic import Visit
from tests.browser.conftest import Make, OpenContext, Watch
from tests.browser.house import House
from tests.browser.left import enters_code
from tests.browser.looks import NARROW, SIDEWAYS, WIDE, Looks
from tests.browser.people import ChromiumTab, call_in, go_in, go_to_the_door, press, state_is
from tests.browser.played_house import change, recorded, three_with_a_screen

CHAT = ((0.5, "Good morning doctor."), (3.0, "My daughter is with me."))


def test_public_pages_are_accessible(look: Looks, visit: Visit, watch: Watch) -> None:
    watch.allow("404")
    tab = look.open()
    for path in (
        "/",
        "/visit-today/",
        "/accounts/login/",
        "/accounts/login/code/",
        "/accounts/password/reset/",
        "/no/",
    ):
        tab.goto(path)
        look.check(tab)


def test_help_on_a_phone_opens_from_home_with_its_switch_in_one_row(person: OpenContext, visit: Visit) -> None:
    tab = ChromiumTab(person(viewport=NARROW).new_page())
    tab.goto("/")
    tab.click("summary:has-text('Help')")
    for switch in ("[data-theme-choice]", "[name=language]"):
        assert len(_rows(tab, f".hc-switch {switch}")) == 1
    assert not tab.evaluate(SIDEWAYS)


def test_error_under_a_narrow_field_has_the_whole_row(person: OpenContext, visit: Visit, watch: Watch) -> None:
    watch.allow("422")
    tab = ChromiumTab(person(visit.doctor, viewport=WIDE).new_page())
    tab.goto("/staff/appointments/new/")
    tab.fill("#id_on", "2020-01-02")
    tab.fill("#id_at", "09:20")
    tab.page.select_option("#id_patient", index=1)
    tab.click("main form [type=submit]")
    # A page has boxes before it has its style sheets.
    tab.wait_for("document.querySelector('#id_at_error') && document.readyState === 'complete'")
    error, field = (tab.page.locator(f"#id_{name}").bounding_box() for name in ("at_error", "patient"))
    assert error
    assert field
    assert error["width"] == field["width"]


def test_two_answers_of_a_dialog_stand_in_one_row_on_a_desktop(person: OpenContext, visit: Visit) -> None:
    tab = ChromiumTab(person(visit.doctor, viewport=WIDE).new_page())
    tab.goto(_appointment(visit))
    tab.click("[data-opens=new-link]")
    assert len(_rows(tab, "#new-link .hc-btn")) == 1


def _rows(tab: ChromiumTab, selector: str) -> set[float]:
    """Where the tops of these elements are."""
    return {box["y"] for found in tab.page.locator(selector).all() if (box := found.bounding_box())}


def test_pages_of_the_door_are_accessible(look: Looks, house: House, make: Make, watch: Watch) -> None:
    watch.allow("404")
    early = make(clinics.new_visit, house.base_url, minutes=60)
    tab = look.open()
    tab.goto(early.link)
    state_is(tab, "early")
    look.check(tab)
    tab.goto(early.link.partition("#")[0] + "cancel/")
    look.check(tab)
    tab = look.open()
    tab.goto(early.link.partition("#")[0] + "#wrong")
    state_is(tab, "not-found")
    look.check(tab)


def test_pages_of_a_patient_are_accessible(look: Looks, visit: Visit) -> None:
    tab = look.open()
    go_to_the_door(tab, visit.link)
    look.check(tab)
    tab.click("[data-step=door] [data-act=join]")
    state_is(tab, "check")
    look.check(tab)
    tab.click("[data-step=check] [data-act=go-on]")
    state_is(tab, "consent")
    look.check(tab)
    tab.click("[data-form=consent] button[type=submit]")
    look.check(tab)
    tab.click("[data-form=consent] [name=agree]")
    tab.click("[data-form=consent] button[type=submit]")
    state_is(tab, "place")
    look.check(tab)


def test_pages_of_staff_are_accessible(look: Looks, visit: Visit, make: Make) -> None:
    tab = look.open(visit.doctor)
    for path in (visit.board, "/staff/calendar/", "/staff/appointments/new/", _appointment(visit)):
        tab.goto(path)
        look.check(tab)
    desk = look.open(make(clinics.front_desk, visit.encounter.organization))
    for path in ("/staff/queue/", visit.board, "/staff/calendar/", "/staff/appointments/new/", _appointment(visit)):
        desk.goto(path)
        look.check(desk)


def _appointment(visit: Visit) -> str:
    return f"/staff/appointments/{visit.encounter.appointment.uuid}/"


def test_pages_of_a_visit_are_accessible(look: Looks, visit: Visit) -> None:
    patient, doctor = look.open(), look.open(visit.doctor)
    go_in(patient, visit.link)
    look.check(patient)
    doctor.goto(visit.board)
    doctor.wait_for("document.querySelector('.hc-call-in button')")
    look.check(doctor)
    call_in(doctor, visit.board)
    state_is(patient, "call")
    look.check(patient)
    look.check(doctor)
    press(patient, "leave")
    state_is(patient, "left")
    look.check(patient)
    doctor.click("[data-act=finish]")
    look.check(doctor)
    doctor.click("[data-finish-dialog] [value=finish]")
    doctor.page.wait_for_url("**/staff/queue/**")
    # The page that the patient has left looks by itself every twelve seconds: this is the one that comes then.
    patient.reload()
    patient.page.get_by_role("heading", name="Your visit is finished").wait_for()
    look.check(patient)


def test_pages_of_recordings_are_accessible(look: Looks, house: House, visit: Visit, make: Make) -> None:
    played = make(recorded, house, visit, three_with_a_screen(), CHAT)
    tab = look.open(visit.doctor)
    tab.goto("/staff/recordings/")
    look.check(tab)
    tab.goto(f"/staff/recordings/{played.recording.uuid}/")
    tab.wait_for("!document.querySelector('[data-bar]').hidden")
    look.check(tab)
    tab.click("[data-act=play]")
    tab.wait_for("document.querySelector('[data-player]').dataset.playing === 'yes'")
    look.check(tab)
    # A worker has it: one that is free the house puts together within seconds, and the page loads anew by itself.
    make(change, played, status="finishing", percent=40, claimed_until=now() + dt.timedelta(hours=1))
    tab.reload()
    look.check(tab)
    make(change, played, status="ready", claimed_until=None, legal_hold=True, hold_reason="Case 12")
    officer = look.open(make(clinics.privacy_officer, visit.encounter.organization))
    officer.goto("/staff/recordings/retention/")
    look.check(officer)
    make(change, played, legal_hold=False)
    make(clinics.finished, visit)
    patient = look.open()
    patient.goto(visit.link)
    enters_code(patient, visit, make)
    look.check(patient)
    officer.reload()
    officer.click("summary:has-text('Hold or erase')")
    look.check(officer)
