"""The calendar under two pairs of hands: drag across practitioners, a stale drag, keys alone, and the phone."""

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, expect

from core.clock import now
from scheduling.models import Appointment, Schedule, WeeklyRule
from scheduling.services.rooms import save_interpreter
from tests import factories
from tests.browser import clinic as clinics
from tests.browser.clinic import Cookie
from tests.browser.conftest import Make, OpenContext, Watch
from tests.browser.house import House
from tests.browser.looks import NARROW, SIDEWAYS, WIDE, check_page
from tests.browser.people import ChromiumTab, onward

CHICAGO = ZoneInfo("America/Chicago")
# Tells whether the key opened the dialog.
SHUT_AND_SLASH = """() => {
  const dialog = document.getElementById("shortcuts"), button = document.createElement("button");
  document.querySelector("main").append(button);
  button.focus();
  dialog.showModal();
  dialog.querySelector("input").focus();
  button.remove();
  dialog.close();
  document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "/", bubbles: true, cancelable: true }));
  return document.getElementById("find").open;
}"""


@dataclass(frozen=True)
class Tomorrow:
    """Otto at 10 and Ivo at 11 with Dr Marlow; Dr Brightwater has nobody. Both are open from 9 to 5."""

    day: dt.date
    otto: str
    ivo: str
    desks: tuple[Cookie, Cookie]

    @property
    def path(self) -> str:
        return f"/staff/calendar/?on={self.day.isoformat()}"


def _tomorrow(base_url: str) -> Tomorrow:
    clinic = clinics.clinic(base_url)
    marlow, brightwater = (
        factories.make_practitioner(clinic, prefix="Dr", given_name=given, family_name=family)
        for given, family in (("Ines", "Marlow"), ("Tomas", "Brightwater"))
    )
    day = (now().astimezone(CHICAGO) + dt.timedelta(days=1)).date()
    for each in (marlow, brightwater):
        schedule = Schedule.objects.create(organization=clinic, practitioner=each, timezone="America/Chicago")
        WeeklyRule.objects.create(
            schedule=schedule, weekday=day.weekday(), starts=540, ends=1020, first_day=dt.date(2020, 1, 1)
        )
    visits = [
        factories.make_appointment(
            practitioner=marlow,
            patient=factories.make_patient(clinic, given_name=given, family_name=family),
            starts_at=dt.datetime.combine(day, dt.time(hour), tzinfo=CHICAGO),
        )
        for given, family, hour in (("Otto", "Pepperday", 10), ("Ivo", "Larkspur", 11))
    ]
    desks = (clinics.front_desk(clinic), clinics.front_desk(clinic))
    return Tomorrow(day, str(visits[0].uuid), str(visits[1].uuid), desks)


def _interpreted_elsewhere(tomorrow: Tomorrow) -> None:
    """From 9:20 until 10 the clinic's interpreter is in another visit."""
    clinic = Appointment.objects.get(uuid=tomorrow.otto).organization
    voice = save_interpreter(actor=factories.SYSTEM, organization=clinic, name="Paloma Reyes", languages=["es"])
    factories.make_appointment(
        practitioner=factories.make_practitioner(clinic),
        starts_at=dt.datetime.combine(tomorrow.day, dt.time(9, 20), tzinfo=CHICAGO),
        lasts=dt.timedelta(minutes=40),
        interpreter=voice,
    )


@pytest.fixture
def tomorrow(house: House, make: Make) -> Tomorrow:
    return make(_tomorrow, house.base_url)


def opened(person: OpenContext, tomorrow: Tomorrow, desk: int) -> Page:
    page: Page = person(tomorrow.desks[desk], viewport=WIDE, timezone_id="America/Chicago").new_page()
    page.goto(tomorrow.path)
    expect(drawn(page, tomorrow.otto)).to_be_visible()
    return page


def drawn(page: Page, visit: str) -> Locator:
    """The visit in the grid, and not its shadow while it is dragged."""
    return page.locator(f"[data-event='{visit}']:not(.ec-ghost):not(.ec-preview)")


def drag(page: Page, visit: str, *, columns: int = 0, minutes: int = 0) -> None:
    """Two pixels are a minute; columns are as wide as their heads."""
    box = drawn(page, visit).bounding_box()
    head = page.locator(".ec-col-head").first.bounding_box()
    assert box
    assert head
    x, y = box["x"] + 60, box["y"] + 10
    page.mouse.move(x, y)
    page.mouse.down()
    for part in range(1, 6):
        page.mouse.move(x + part * columns * head["width"] / 5, y + part * 2 * minutes / 5)
    page.mouse.up()


def said(page: Page) -> Locator:
    return page.locator(".hc-toast")


def test_day_opens_at_the_present(person: OpenContext, tomorrow: Tomorrow) -> None:
    page: Page = person(tomorrow.desks[0], viewport=WIDE, timezone_id="America/Chicago").new_page()
    page.clock.set_fixed_time(dt.datetime.combine(tomorrow.day, dt.time(16), tzinfo=CHICAGO))
    page.goto(tomorrow.path)
    expect(drawn(page, tomorrow.otto)).not_to_be_in_viewport()
    expect(page.locator(".ec-now-indicator")).to_be_in_viewport()


def test_drag_across_practitioners_shows_for_a_colleague_and_can_be_undone(
    person: OpenContext, tomorrow: Tomorrow, make: Make
) -> None:
    jo, hanna = opened(person, tomorrow, 0), opened(person, tomorrow, 1)
    # Brightwater stands left of Marlow: names are in order.
    drag(jo, tomorrow.otto, columns=-1, minutes=40)
    expect(said(jo)).to_contain_text("Moved to 10:40 am")
    expect(said(jo)).to_contain_text("Dr Brightwater")
    otto = make(Appointment.objects.select_related("practitioner").get, uuid=tomorrow.otto)
    assert (otto.practitioner.family_name, otto.starts_at.astimezone(CHICAGO).time()) == (
        "Brightwater",
        dt.time(10, 40),
    )
    shown = drawn(hanna, tomorrow.otto).get_by_role("button")
    expect(shown).to_have_accessible_name("Otto Pepperday, 10:40 am to 11:00 am, Dr Tomas Brightwater, Expected")
    said(jo).get_by_role("button", name="Undo").click()
    expect(shown).to_have_accessible_name("Otto Pepperday, 10:00 am to 10:20 am, Dr Ines Marlow, Expected")
    check_page(ChromiumTab(jo))


def test_stale_drag_is_refused_and_the_visit_is_drawn_where_it_is_now(
    person: OpenContext, tomorrow: Tomorrow, watch: Watch
) -> None:
    watch.allow("409")
    watch.allow("Failed to load resource")
    jo, hanna = opened(person, tomorrow, 0), opened(person, tomorrow, 1)
    # Jo's page hears nothing: a hint that is lost must cost no correctness.
    jo.route("**/staff/calendar/feed/**", lambda route: route.abort())
    drag(hanna, tomorrow.otto, minutes=20)
    expect(said(hanna)).to_contain_text("Moved to 10:20 am")
    drag(jo, tomorrow.otto, columns=-1)
    expect(said(jo)).to_contain_text("has just changed this visit: it is now at 10:20 am")
    expect(jo.locator("[data-panel] [role=alert]")).to_contain_text("It stays there.")
    jo.unroute("**/staff/calendar/feed/**")
    jo.evaluate("window.dispatchEvent(new Event('online'))")
    expect(drawn(jo, tomorrow.otto).get_by_role("button")).to_have_accessible_name(
        "Otto Pepperday, 10:20 am to 10:40 am, Dr Ines Marlow, Expected"
    )


def test_keys_alone_move_a_visit_and_every_key_of_the_list_works(person: OpenContext, tomorrow: Tomorrow) -> None:
    page = opened(person, tomorrow, 0)
    keys = page.keyboard
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    assert page.evaluate("document.activeElement.closest('[data-event]').dataset.event") == tomorrow.ivo
    keys.press("ArrowUp")
    keys.press("Enter")
    expect(page.locator("[data-panel] h2")).to_be_focused()
    check_page(ChromiumTab(page))
    page.get_by_label("To", exact=True).focus()
    keys.type("Dr Tomas")
    times = page.get_by_label("Time", exact=True)
    # The times of who had the visit begin alike: what is typed must not meet those.
    expect(times).not_to_have_attribute("aria-busy", "true")
    expect(times.locator("option").first).to_have_text("9:00 am, free")
    times.focus()
    keys.type("9:20")
    page.get_by_role("button", name="Move the visit").press("Enter")
    expect(said(page)).to_contain_text("Moved to 9:20 am")
    expect(page.locator("[data-panel] h2")).to_be_focused()
    keys.press("Escape")
    expect(drawn(page, tomorrow.otto).get_by_role("button")).to_be_focused()
    keys.press("?")
    expect(page.get_by_role("dialog", name="Keys on this page")).to_be_visible()
    keys.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    # What had the focus before a dialog was drawn anew below it, and the next key comes before the page is drawn.
    assert page.evaluate(SHUT_AND_SLASH)
    expect(page.get_by_role("dialog", name="Find a patient")).to_be_visible()
    keys.press("Escape")
    keys.press("/")
    expect(page.get_by_role("dialog", name="Find a patient")).to_be_visible()
    keys.type("pepp")
    expect(page.get_by_role("dialog").get_by_role("link")).to_contain_text("9:20 am, Dr Brightwater")
    keys.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    next_day = f"on={tomorrow.day + dt.timedelta(days=1)}"
    for key, part in (("l", "view=list"), ("w", "view=week"), ("d", "view=day"), ("]", next_day), ("b", "/new/")):
        onward(page, keys.press, key)
        page.wait_for_url(f"**{part}**")


def test_phone_has_the_list_and_the_form_on_its_own_page(person: OpenContext, tomorrow: Tomorrow, make: Make) -> None:
    make(_interpreted_elsewhere, tomorrow)
    page: Page = person(tomorrow.desks[0], viewport=NARROW).new_page()
    page.goto(tomorrow.path)
    expect(page.locator("[data-grid]")).to_be_hidden()
    onward(page, page.get_by_role("link", name="Otto Pepperday").click)
    times = page.get_by_label("Time", exact=True)
    # The free times are those of everybody who is asked for.
    page.get_by_text("Interpreter", exact=True).first.click()
    page.get_by_label("Interpreter").select_option(label="Spanish: Paloma Reyes")
    expect(times).not_to_contain_text("9:40 am, free")
    expect(times).to_contain_text("9:00 am, free")
    check_page(ChromiumTab(page))
    page.get_by_label("Interpreter").select_option(label="No interpreter")
    expect(times).to_contain_text("9:40 am, free")
    times.select_option(label="9:40 am, free")
    onward(page, page.get_by_role("button", name="Move the visit").click)
    expect(page.get_by_text("Moved to 9:40 am")).to_be_visible()
    expect(page.locator(f"[data-visit='{tomorrow.otto}']")).to_contain_text("9:40 am")
    assert not page.evaluate(SIDEWAYS)


def test_drawing_that_does_not_load_leaves_the_list(person: OpenContext, tomorrow: Tomorrow, watch: Watch) -> None:
    watch.allow("event-calendar")
    watch.allow("did not load")
    watch.allow("Failed to load resource")
    page: Page = person(tomorrow.desks[0], viewport=WIDE).new_page()
    page.route("**/event-calendar.min.js", lambda route: route.abort())
    page.goto(tomorrow.path)
    expect(page.get_by_text("The calendar’s drawing did not load.")).to_be_visible()
    expect(page.get_by_role("link", name="Otto Pepperday")).to_be_visible()
