"""A walk-in on a phone: from the first page and the door to the waiting room, called by a doctor of the line."""

from playwright.sync_api import expect

from consults.models import Pool
from tests import factories
from tests.browser import clinic as clinics
from tests.browser.clinic import Cookie
from tests.browser.conftest import Make, OpenContext
from tests.browser.house import House
from tests.browser.looks import NARROW, WIDE, check_page
from tests.browser.people import ChromiumTab, check_devices, go_on_to_the_waiting_room, onward, state_is


def open_line(base_url: str) -> tuple[Pool, Cookie, Cookie]:
    """A line of two doctors of the clinic whose public pages these are; the second doctor, and the desk."""
    clinic = clinics.open_for_booking(base_url)
    one, other = clinic.practitioners
    pool = factories.make_pool(one, other, takes_walk_ins=True)
    return pool, clinics.session_of(other.user), clinics.front_desk(clinic.organization)


def test_walk_in_comes_by_the_door_and_is_called_in_by_whoever_is_free(
    person: OpenContext, whole_line: object, house: House, make: Make
) -> None:
    pool, other_doctor, front_desk = make(open_line, house.base_url)
    tab = ChromiumTab(person(viewport=NARROW, reduced_motion="reduce", locale="en-US").new_page())
    page = tab.page
    page.goto("/")
    check_page(tab)
    onward(page, page.click, f"a[href='/walk-in/{pool.door_token}/']")
    check_page(tab)
    typed = {"name": "Rosalind Fern", "birth_date": "1948-05-03", "phone": "555-0171", "email": "ros@fern.example"}
    for name, text in {**typed, "reason": "a rash since Friday"}.items():
        page.fill(f"#id_{name}", text)
    page.check("#id_agree")
    onward(page, page.click, "main form [type=submit]")
    state_is(tab, "door")
    check_page(tab)
    page.goto(f"/walk-in/{pool.door_token}/")
    expect(page.locator(".hc-box-good")).to_contain_text("Rosalind has a place in line already.")
    check_page(tab)
    onward(page, page.click, ".hc-box-good + p a")
    check_devices(tab)
    go_on_to_the_waiting_room(tab)
    check_page(tab)
    desk = ChromiumTab(person(front_desk, viewport=WIDE, color_scheme="dark").new_page())
    desk.page.goto(f"/staff/lines/{pool.uuid}/poster/")
    desk.wait_for("document.querySelector('.poster-qr').naturalWidth > 0")
    check_page(desk)
    doctor = ChromiumTab(person(other_doctor, viewport=WIDE).new_page())
    doctor.page.goto("/staff/queue/")
    row = doctor.page.locator("[data-row]", has_text="Rosalind Fern")
    expect(row.locator(".hc-qtime")).to_have_text("Walk-in")
    check_page(doctor)
    # Whoever is silent for a moment, as on a busy machine, is not called in until they are heard again.
    expect(doctor.page.locator("[data-call-next]")).to_be_visible()
    doctor.page.keyboard.press("n")
    state_is(doctor, "call")
    state_is(tab, "call")
    expect(page.locator("[data-step=call]")).to_contain_text("Brightwater")
