"""Every page in light and dark, wide and narrow: no violation that axe finds, nothing to scroll sideways."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser import clinic as clinics
from tests.browser.clinic import Visit
from tests.browser.conftest import Make, OpenContext, Watch
from tests.browser.house import House
from tests.browser.people import ChromiumTab, call_in, go_in, go_to_the_door, press, state_is
from tests.browser.played_house import change, recorded, three_with_a_screen

SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
LOOKS = {
    "light-1280": ("light", WIDE),
    "dark-1280": ("dark", WIDE),
    "light-360": ("light", NARROW),
    "dark-360": ("dark", NARROW),
}
CHAT = ((0.5, "Good morning doctor."), (3.0, "My daughter is with me."))
OpenTab = Callable[..., ChromiumTab]


@pytest.fixture(params=LOOKS.values(), ids=LOOKS.keys())
def look(request: pytest.FixtureRequest, person: OpenContext) -> OpenTab:
    """Opens tabs in one colour scheme and size."""
    scheme, size = request.param

    def open_tab(session: object = None) -> ChromiumTab:
        return ChromiumTab(person(session, color_scheme=scheme, viewport=size, reduced_motion="reduce").new_page())

    return open_tab


def check_page(tab: ChromiumTab) -> None:
    """No violation, and the page fits its width."""
    name = f"{tab.page.url.partition('#')[0]} ({tab.evaluate('document.documentElement.dataset.visitState ?? null')})"
    found = Axe().run(tab.page).response["violations"]
    told = [f"{name}: {each['id']}: {[node['target'] for node in each['nodes']]}" for each in found]
    assert told == []
    assert not tab.evaluate(SIDEWAYS), f"{name} scrolls sideways"


def test_public_pages_are_accessible(look: OpenTab, visit: Visit, watch: Watch) -> None:
    watch.allow("404")
    tab = look()
    for path in (
        "/",
        "/visit-today/",
        "/accounts/login/",
        "/accounts/login/code/",
        "/accounts/password/reset/",
        "/no/",
    ):
        tab.goto(path)
        check_page(tab)


def test_help_on_a_phone_opens_from_home_with_its_switch_in_one_row(person: OpenContext, visit: Visit) -> None:
    tab = ChromiumTab(person(viewport=NARROW).new_page())
    tab.goto("/")
    tab.click("summary:has-text('Help')")
    assert len(_rows(tab, ".hc-switch button")) == 1
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


def test_pages_of_the_door_are_accessible(look: OpenTab, house: House, make: Make, watch: Watch) -> None:
    watch.allow("404")
    early = make(clinics.new_visit, house.base_url, minutes=60)
    tab = look()
    tab.goto(early.link)
    state_is(tab, "early")
    check_page(tab)
    tab.goto(early.link.partition("#")[0] + "cancel/")
    check_page(tab)
    tab = look()
    tab.goto(early.link.partition("#")[0] + "#wrong")
    state_is(tab, "not-found")
    check_page(tab)


def test_pages_of_a_patient_are_accessible(look: OpenTab, visit: Visit) -> None:
    tab = look()
    go_to_the_door(tab, visit.link)
    check_page(tab)
    tab.click("[data-step=door] [data-act=join]")
    state_is(tab, "check")
    check_page(tab)
    tab.click("[data-step=check] [data-act=go-on]")
    state_is(tab, "consent")
    check_page(tab)
    tab.click("[data-form=consent] button[type=submit]")
    check_page(tab)
    tab.click("[data-form=consent] [name=agree]")
    tab.click("[data-form=consent] button[type=submit]")
    state_is(tab, "place")
    check_page(tab)


def test_pages_of_staff_are_accessible(look: OpenTab, visit: Visit, make: Make) -> None:
    tab = look(visit.doctor)
    for path in (visit.board, "/staff/appointments/", "/staff/appointments/new/", _appointment(visit)):
        tab.goto(path)
        check_page(tab)
    desk = look(make(clinics.front_desk, visit.encounter.organization))
    for path in ("/staff/queue/", visit.board, "/staff/appointments/", "/staff/appointments/new/", _appointment(visit)):
        desk.goto(path)
        check_page(desk)


def _appointment(visit: Visit) -> str:
    return f"/staff/appointments/{visit.encounter.appointment.uuid}/"


def test_pages_of_a_visit_are_accessible(look: OpenTab, visit: Visit) -> None:
    patient, doctor = look(), look(visit.doctor)
    go_in(patient, visit.link)
    check_page(patient)
    doctor.goto(visit.board)
    doctor.wait_for("document.querySelector('.hc-call-in button')")
    check_page(doctor)
    call_in(doctor, visit.board)
    state_is(patient, "call")
    check_page(patient)
    check_page(doctor)
    press(patient, "leave")
    state_is(patient, "left")
    check_page(patient)
    doctor.click("[data-act=finish]")
    check_page(doctor)
    doctor.click("[data-finish-dialog] [value=finish]")
    doctor.page.wait_for_url("**/staff/queue/**")
    patient.goto(visit.link)
    check_page(patient)


def test_pages_of_recordings_are_accessible(look: OpenTab, house: House, visit: Visit, make: Make) -> None:
    played = make(recorded, house, visit, three_with_a_screen(), CHAT)
    tab = look(visit.doctor)
    tab.goto("/staff/recordings/")
    check_page(tab)
    tab.goto(f"/staff/recordings/{played.recording.uuid}/")
    tab.wait_for("!document.querySelector('[data-bar]').hidden")
    check_page(tab)
    tab.click("[data-act=play]")
    tab.wait_for("document.querySelector('[data-player]').dataset.playing === 'yes'")
    check_page(tab)
    make(change, played, status="finishing", percent=40)
    tab.reload()
    check_page(tab)
    make(change, played, status="ready", legal_hold=True, hold_reason="Case 12")
    officer = look(make(clinics.privacy_officer, visit.encounter.organization))
    officer.goto("/staff/recordings/retention/")
    check_page(officer)
    make(change, played, legal_hold=False)
    officer.reload()
    officer.click("summary:has-text('Hold or erase')")
    check_page(officer)
