"""How long a full day of the calendar takes to open, at the server and in the browser, and how smoothly it drags.

The day is that of a large clinic: 40 practitioners with their hours and breaks, 800 visits. Chromium, house and browser
on this machine; every opening is a new browser session, so nothing but the server's own memory is warm.
"""

import argparse
import datetime as dt
import json
import statistics
import tempfile
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from bench.join import house_in, percentile

PRACTITIONERS, VISITS, TRIALS = 40, 800, 10
OPEN_LIMIT_MS, FRAME_LIMIT_MS = 1000, 50
MOVES = 60
ZONE = "America/Chicago"
SIZE = {"width": 1280, "height": 900}
# From the address to the first frame that the browser shows after the grid was put into the page: the page marks it.
IS_SHOWN = "performance.getEntriesByName('hc:calendar-shown').length > 0"
# Then the columns out of view are drawn, a few at a time.
IS_WHOLE = "performance.getEntriesByName('hc:calendar-whole').length > 0"
WHOLE_AT = "performance.getEntriesByName('hc:calendar-whole')[0].startTime"
SHOWN_AT = "performance.getEntriesByName('hc:calendar-shown')[0].startTime"
WATCH_FRAMES = """() => {
  const frames = (window.hcFrames = []);
  let before = performance.now();
  const look = (now) => { frames.push(now - before); before = now; window.hcLook = requestAnimationFrame(look); };
  window.hcLook = requestAnimationFrame((now) => { before = now; window.hcLook = requestAnimationFrame(look); });
}"""
console = Console(stderr=True, highlight=False)


@dataclass
class Times:
    """What the trials measured, in milliseconds."""

    server: list[float] = field(default_factory=list)
    opened: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    frames: list[float] = field(default_factory=list)
    dropped: list[float] = field(default_factory=list)
    queries: dict[int, int] = field(default_factory=dict)

    def summary(self) -> dict[str, Any]:
        return {
            "calendar_server_ms_p95": round(percentile(self.server, 95)),
            "calendar_open_ms_p50": round(statistics.median(self.opened)),
            "calendar_open_ms_p95": round(percentile(self.opened, 95)),
            "calendar_whole_ms_p95": round(percentile(self.whole, 95)),
            "calendar_drag_frame_ms_p95": round(percentile(self.frames, 95), 1),
            "calendar_drag_frame_ms_most": round(max(self.frames), 1),
            "calendar_drop_ms_p95": round(percentile(self.dropped, 95)),
            "calendar_queries": self.queries,
        }


@dataclass(frozen=True)
class Clinic:
    """The day and who looks at it."""

    day: dt.date
    cookie: str
    cookie_name: str
    user: Any


def stock(base_url: str, practitioners: int, visits: int) -> Clinic:
    """A clinic with hours and breaks, and its visits of a coming Tuesday, booked as the desk books them."""
    from django.db import transaction

    from tests.browser import clinic as clinics

    organization = clinics.clinic(base_url)
    today = dt.datetime.now(ZoneInfo(ZONE)).date()
    day = today + dt.timedelta(days=(1 - today.weekday()) % 7 or 7)
    with transaction.atomic():
        people = [_practitioner(organization, number) for number in range(practitioners)]
        for number in range(visits):
            _book(organization, people[number % practitioners], day, number // practitioners, number)
    desk = clinics.front_desk(organization)
    from accounts.models import User

    return Clinic(day, desk.value, desk.name, User.objects.filter(organization=organization).order_by("-pk").first())


def _practitioner(organization: Any, number: int) -> Any:
    from scheduling.models import Schedule, WeeklyRule
    from tests import factories

    found = factories.make_practitioner(organization, given_name="Ada", family_name=f"Healer {number:02}")
    schedule = Schedule.objects.create(organization=organization, practitioner=found, timezone=ZONE)
    rules = [
        WeeklyRule(schedule=schedule, kind=kind, label=label, weekday=1, starts=starts, ends=ends, first_day=FIRST_DAY)
        for kind, label, starts, ends in (("open", "", 9 * 60, 17 * 60), ("break", "Lunch", 12 * 60 + 20, 13 * 60))
    ]
    WeeklyRule.objects.bulk_create(rules)
    return found


FIRST_DAY = dt.date(2020, 1, 7)


def _book(organization: Any, practitioner: Any, day: dt.date, place: int, number: int) -> None:
    from tests import factories

    minutes = 20 * place + (40 if place >= 10 else 0)
    starts_at = dt.datetime.combine(day, dt.time(9), tzinfo=ZoneInfo(ZONE)) + dt.timedelta(minutes=minutes)
    patient = factories.make_patient(organization, given_name="Otto", family_name=f"Pepperday {number}")
    factories.make_appointment(practitioner=practitioner, patient=patient, starts_at=starts_at, reason="cough")


def ask(base_url: str, clinic: Clinic) -> float:
    """Milliseconds until the server has answered the page whole."""
    request = urllib.request.Request(f"{base_url}{address(clinic)}")
    request.add_header("Cookie", f"{clinic.cookie_name}={clinic.cookie}")
    began = time.perf_counter()
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()
    return (time.perf_counter() - began) * 1000


def address(clinic: Clinic) -> str:
    return f"/staff/calendar/?on={clinic.day.isoformat()}"


def count_queries(clinic: Clinic) -> int:
    """Queries of the page once its views are recorded."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(clinic.user, "allauth.account.auth_backends.AuthenticationBackend")
    client.get(address(clinic))
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address(clinic)).status_code == 200
    return len(captured)


def open_and_drag(browser: Any, base_url: str, clinic: Clinic, times: Times) -> None:
    """One trial: a new session opens the day, drags a visit over the columns, and drops it on a free time."""
    from tests.browser.people import ChromiumTab

    context = browser.new_context(base_url=base_url, viewport=SIZE, timezone_id=ZONE)
    context.add_cookies([{"name": clinic.cookie_name, "value": clinic.cookie, "url": base_url}])
    page = context.new_page()
    page.goto(address(clinic), wait_until="commit")
    ChromiumTab(page).wait_for(IS_SHOWN)
    times.opened.append(page.evaluate(SHOWN_AT))
    ChromiumTab(page).wait_for(IS_WHOLE)
    times.whole.append(page.evaluate(WHOLE_AT))
    trial = len(times.opened)
    visit = page.locator(".hc-ev.ec-draggable").nth(19)
    visit.scroll_into_view_if_needed()
    box = visit.bounding_box()
    page.evaluate(WATCH_FRAMES)
    x, y = box["x"] + 60, box["y"] + 12
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, MOVES + 1):
        page.mouse.move(x + 8 * step, y - 2 * step)
    frames = page.evaluate("() => { cancelAnimationFrame(window.hcLook); return window.hcFrames; }")
    times.frames.extend(frames)
    # Back to its column, where the end of the day is free: 10 minutes later for every trial.
    page.mouse.move(x, y + 10)
    page.mouse.move(x, y + 20 + 10 * (trial % 3))
    began = time.perf_counter()
    page.mouse.up()
    page.locator(".hc-toast").wait_for()
    times.dropped.append((time.perf_counter() - began) * 1000)
    context.close()


def show(times: Times) -> None:
    """The table for people."""
    table = Table(title=f"A day of {PRACTITIONERS} practitioners and {VISITS} visits", title_justify="left")
    for heading in ("", "median", "95 %", "at most"):
        table.add_column(heading, justify="left" if not heading else "right")
    rows = (
        ("the server's answer", times.server, ""),
        ("open until all in view is drawn", times.opened, f"{OPEN_LIMIT_MS} ms"),
        ("until all 40 columns are", times.whole, ""),
        ("a frame while dragging", times.frames, f"{FRAME_LIMIT_MS} ms"),
        ("drop until it is said", times.dropped, ""),
    )
    for name, values, limit in rows:
        told = [f"{value:.0f} ms" for value in (statistics.median(values), percentile(values, 95))]
        table.add_row(name, *told, limit)
    console.print(table)
    console.print(f"queries of the page, by number of visits: {times.queries}")


def measure(trials: int) -> Times:
    """The whole measurement in a house of its own."""
    from playwright.sync_api import sync_playwright

    times = Times()
    with tempfile.TemporaryDirectory(prefix="hc-bench-") as folder, house_in(Path(folder)) as house:
        small, large = stock(house.base_url, 4, 8), stock(house.base_url, PRACTITIONERS, VISITS)
        times.queries = {8: count_queries(small), VISITS: count_queries(large)}
        times.server = [ask(house.base_url, large) for _ in range(trials)]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            for _ in range(trials):
                open_and_drag(browser, house.base_url, large, times)
            browser.close()
    return times


def main() -> None:
    """Run the trials and print the table; with --json the numbers as the last line."""
    parser = argparse.ArgumentParser(prog="./run bench calendar_page", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--trials", type=int, default=TRIALS)
    options = parser.parse_args()
    times = measure(options.trials)
    show(times)
    if options.json:
        print(json.dumps(times.summary()))


if __name__ == "__main__":
    main()
