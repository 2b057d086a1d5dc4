"""Pages of hours: every one in every look, and a change that strands a visit made with the keyboard alone."""

from tests.browser import clinic as clinics
from tests.browser.clinic import Visit
from tests.browser.conftest import Make, Watch
from tests.browser.looks import Looks
from tests.browser.people import ChromiumTab, onward

FOCUSED = "document.activeElement?.name || document.activeElement?.textContent.trim() || ''"


def tab_to(tab: ChromiumTab, what: str) -> None:
    """Press Tab until the field of that name, or the link or button of those words, has the focus."""
    for _ in range(80):
        tab.page.keyboard.press("Tab")
        if tab.evaluate(FOCUSED).startswith(what):
            return
    raise AssertionError(f"{what} is not reached by Tab on {tab.page.url}")


def enter(tab: ChromiumTab, what: str) -> None:
    """Follow the link, or press the button, and be on the page that comes."""
    tab_to(tab, what)
    onward(tab.page, tab.page.keyboard.press, "Enter")


def test_hours_are_changed_by_keyboard_and_strand_a_visit_only_when_that_is_said(
    look: Looks, visit: Visit, make: Make, watch: Watch
) -> None:
    watch.allow("409")
    doctor = make(lambda: visit.encounter.practitioner)
    make(clinics.open_all_day, doctor)
    make(clinics.visit, doctor, minutes=30, given_name="Otto")
    desk = look.open(make(clinics.front_desk, visit.encounter.organization))
    page, keys = f"/staff/schedule/{doctor.uuid}/", desk.page.keyboard
    desk.goto(page)
    look.check(desk)
    enter(desk, "Change")
    desk.page.wait_for_url("**/hours/**")
    look.check(desk)
    tab_to(desk, "every_weeks")
    keys.press("ArrowDown")
    tab_to(desk, "last_day")
    keys.type("01022021")
    enter(desk, "Save these hours")
    desk.wait_for("document.title.startsWith('Before you save')")
    look.check(desk)
    assert "Otto Fern" in desk.page.inner_text("main")
    enter(desk, "back")
    desk.wait_for("document.querySelector('[name=last_day]')?.value === '2021-01-02'")
    assert desk.page.input_value("[name=every_weeks]") == "2"
    enter(desk, "Save these hours")
    desk.wait_for("document.title.startsWith('Before you save')")
    enter(desk, "Save and keep")
    desk.page.wait_for_url(f"**{page}")
    assert "outside these hours" in desk.page.inner_text("main")
    look.check(desk)


def test_pages_of_hours_are_accessible(look: Looks, visit: Visit, make: Make) -> None:
    desk = look.open(make(clinics.front_desk, visit.encounter.organization))
    own = f"/staff/schedule/{make(lambda: visit.encounter.practitioner).uuid}/"
    clinic = "/staff/schedule/clinic/"
    for path in (
        "/staff/schedule/",
        f"{own}limits/",
        f"{own}days/new/",
        clinic,
        f"{clinic}terms/",
        "/staff/visit-types/",
        "/staff/visit-types/new/",
    ):
        desk.goto(path)
        look.check(desk)


def test_rooms_and_interpreters_are_kept_and_then_asked_for_by_the_booking_form(
    look: Looks, visit: Visit, make: Make, watch: Watch
) -> None:
    watch.allow("422")
    admin = look.open(make(clinics.administrator, visit.encounter.organization))
    admin.goto("/staff/rooms/new/")
    look.check(admin)
    admin.fill("[name=name]", "Room 2")
    onward(admin.page, admin.click, "main [type=submit]")
    admin.page.wait_for_url("**/staff/rooms/")
    admin.goto("/staff/interpreters/new/")
    admin.fill("[name=name]", "Paloma Reyes")
    admin.fill("[name=languages]", "Spansh")
    onward(admin.page, admin.click, "main [type=submit]")
    admin.wait_for("document.title.startsWith('Error')")
    assert "Did you mean Spanish?" in admin.page.inner_text("main")
    look.check(admin)
    admin.fill("[name=languages]", "Spanish, American Sign Language")
    onward(admin.page, admin.click, "main [type=submit]")
    admin.page.wait_for_url("**/staff/rooms/")
    look.check(admin)
    admin.goto("/staff/appointments/new/")
    look.check(admin)
    admin.page.get_by_label("Room").select_option(label="Room 2")
    admin.page.get_by_label("Interpreter").select_option(label="Spanish, American Sign Language: Paloma Reyes")
