"""A patient books, moves and cancels on a phone, by keyboard only; the desk says who they are. Axe on every page."""

import datetime as dt
import re

from playwright.sync_api import Page, expect

from core.clock import now
from scheduling.models import Appointment, VisitType, WaitListEntry
from tests import factories
from tests.browser import clinic as clinics
from tests.browser.conftest import Make, OpenContext
from tests.browser.house import House
from tests.browser.looks import NARROW, WIDE, check_page
from tests.browser.people import ChromiumTab, onward, state_is
from tests.open_clinic import OpenClinic


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the first of these has the focus; what the keyboard cannot reach fails here."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement?.matches(selector)", selector):
            return
    raise AssertionError(f"the keyboard does not reach {selector} on {page.url}")


def press(page: Page, selector: str, key: str = "Enter") -> None:
    tab_to(page, selector)
    page.keyboard.press(key)


def follow(page: Page, selector: str) -> None:
    """Press what leads to another page."""
    tab_to(page, selector)
    onward(page, page.keyboard.press, "Enter")


def write(page: Page, selector: str, text: str) -> None:
    tab_to(page, selector)
    page.keyboard.type(text)


def choose_time(page: Page, *, steps: int = 0) -> str:
    """Take a radio button by arrows; the button that goes on names it."""
    tab_to(page, "input[name=time]")
    page.keyboard.press("Space")
    for _ in range(steps):
        page.keyboard.press("ArrowRight")
    label = page.locator("input[name=time]:checked + span").inner_text()
    expect(page.locator("[data-go]")).to_contain_text(label)
    return label


def test_patient_books_moves_and_cancels_by_keyboard_on_a_phone(person: OpenContext, house: House, make: Make) -> None:
    make(clinics.open_for_booking, house.base_url, change_notice_minutes=30)
    tab = ChromiumTab(person(viewport=NARROW, reduced_motion="reduce", locale="en-US").new_page())
    page = tab.page
    page.goto("/")
    check_page(tab)
    follow(page, "a[href='/book/']")
    page.wait_for_url("**/book/")
    check_page(tab)
    # The clinic has one kind of visit: it is chosen already.
    expect(page.locator("input[name=type]")).to_be_checked()
    tab_to(page, "input[name=who]")
    page.keyboard.press("ArrowDown")
    follow(page, "main form [type=submit]")
    page.wait_for_url("**/book/time/**")
    check_page(tab)
    follow(page, ".book-more")
    page.wait_for_url("**from=**")
    booked_at = choose_time(page)
    follow(page, "main form [type=submit].hc-btn-main")
    page.wait_for_url(re.compile(r"/book/[0-9a-f-]{36}/"))
    expect(page.locator("[data-hold-words]")).to_contain_text("minutes more")
    check_page(tab)
    for selector, text in (
        ("#id_name", "Rosalind Fern"),
        ("#id_birth_date", "05031948"),
        ("#id_phone", "555-0171"),
        ("#id_email", "rosalind@fern.example"),
    ):
        write(page, selector, text)
    onward(page, page.keyboard.press, "Enter")
    page.wait_for_url("**/done/")
    check_page(tab)
    expect(page.locator("main")).to_contain_text(booked_at)
    follow(page, "main section a.hc-btn")
    state_is(tab, "early")
    check_page(tab)
    press(page, "[data-step=early] .hc-rows summary")
    follow(page, "a[href$='/move/']")
    page.wait_for_url("**/move/")
    check_page(tab)
    moved_to = choose_time(page, steps=2)
    follow(page, "main form [type=submit].hc-btn-main")
    state_is(tab, "early")
    expect(page.locator("[data-step=early] .hc-box-info")).to_contain_text(moved_to)
    expect(page.locator("[data-step=early] .hc-box-info")).to_contain_text(booked_at)
    press(page, "[data-step=early] .hc-rows summary")
    press(page, "[data-act=cancel]")
    press(page, "[data-cancel-dialog] [value=cancel]")
    state_is(tab, "cancelled")
    check_page(tab)


def book_the_rest(clinic: OpenClinic) -> dict[str, str]:
    """Somebody has a visit, somebody waits for that very time, and the clinic knows the one who waits."""
    visit_type: VisitType = clinic.visit_type
    starts_at = (now() + dt.timedelta(days=12)).replace(hour=17, minute=0, second=0, microsecond=0)
    visit = factories.make_appointment(practitioner=clinic.practitioner, starts_at=starts_at)
    Appointment.objects.filter(pk=visit.pk).update(visit_type=visit_type)
    factories.make_patient(clinic.organization, given_name="Otto", family_name="Pepperday")
    return {"visit": str(visit.uuid), "day": starts_at.date().isoformat()}


def entry_of_otto() -> str:
    return str(WaitListEntry.objects.get(patient__given_name="Otto").uuid)


def test_freed_time_reaches_who_waits_and_the_desk_says_who_they_are(
    person: OpenContext, house: House, make: Make
) -> None:
    clinic = make(clinics.open_for_booking, house.base_url, change_notice_minutes=30)
    known = make(book_the_rest, clinic)
    waiting = ChromiumTab(person(viewport=WIDE, color_scheme="dark", reduced_motion="reduce").new_page())
    page = waiting.page
    page.goto(clinic.times(clinic.practitioner))
    check_page(waiting)
    onward(page, page.click, "text=Join the wait list")
    for name, text in (("name", "Otto Pepperday"), ("birth_date", "1980-02-03"), ("phone", "555-0172")):
        page.fill(f"#id_{name}", text)
    page.fill("#id_email", "otto@pepperday.example")
    check_page(waiting)
    onward(page, page.click, "main form [type=submit].hc-btn-main")
    expect(page.locator("h1")).to_have_text("You are on the wait list")
    check_page(waiting)
    entry = make(entry_of_otto)
    desk = ChromiumTab(person(make(clinics.front_desk, clinic.organization), viewport=WIDE).new_page())
    make(clinics.free_again, known["visit"])
    # It looks by itself every ten seconds.
    expect(page.locator("h1")).to_have_text("A time is free for you")
    check_page(waiting)
    for path in ("/staff/wait-list/", f"/staff/wait-list/{entry}/", "/staff/patients/unsorted/"):
        desk.page.goto(path)
        check_page(desk)
    onward(page, page.click, "[name=answer][value=yes]")
    expect(page.locator("h1")).to_have_text("Your visit is booked")
    check_page(waiting)
    onward(desk.page, desk.page.click, ".hc-qrow:has-text('Otto Pepperday') a")
    check_page(desk)
    onward(desk.page, desk.page.click, ".hc-card:has-text('the same') [value=same]")
    expect(desk.page.locator("h1")).to_contain_text("is Otto Pepperday")
    check_page(desk)
    onward(desk.page, desk.page.click, "[value=undo]")
    expect(desk.page.locator("h1")).to_contain_text("Who is Otto Pepperday?")
