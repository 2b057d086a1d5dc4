"""Fixtures of the browser tests: one house for all, browsers with made-up devices, pages that are watched."""

import contextlib
import re
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, expect

from tests.browser import clinic as clinics
from tests.browser.clinic import Cookie, Visit
from tests.browser.flags import CHROMIUM_FLAGS
from tests.browser.house import House
from tests.browser.looks import ROUNDS, Looks
from tests.browser.media import KEEP_CONNECTIONS
from tests.browser.people import PATIENCE, ChromiumTab
from tests.browser.shared import SharedCall
from tests.faults.address import far_address
from tests.faults.process import BadLine

TELL_VIOLATIONS = """() => document.addEventListener('securitypolicyviolation', (event) =>
  console.error('CSP violation: ' + event.violatedDirective + ' ' + event.blockedURI))"""

expect.set_options(timeout=1000 * PATIENCE)
Make = Callable[..., Any]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test below this folder needs a browser."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium with made-up camera and microphone."""
    return {**browser_type_launch_args, "executable_path": "/usr/bin/chromium", "args": list(CHROMIUM_FLAGS)}


@contextlib.contextmanager
def running(house: House, blocker: Any) -> Iterator[House]:
    """The house runs, and this process shares its database: visits are made here and seen there."""
    with blocker.unblock():
        database = connections.settings["default"]
        former, database["NAME"] = database["NAME"], str(house.var / "db.sqlite3")
        with ThreadPoolExecutor(1) as thread:
            thread.submit(call_command, "migrate", verbosity=0, interactive=False).result()
        try:
            house.start()
            yield house
        finally:
            house.stop()
            database["NAME"] = former


@contextlib.contextmanager
def running_house(folder: Path, django_db_blocker: Any, **environment: str) -> Iterator[House]:
    """A running house in a folder of its own, with this process' key."""
    with running(House(folder, SECRET_KEY=settings.SECRET_KEY, **environment), django_db_blocker) as house:
        yield house


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Iterator[House]:
    """The house of most tests. Browsers reach its relay through `line` only, which is perfect until a test says so."""
    far = {"RELAY_BIND": "127.0.0.1", "RELAY_ANNOUNCE": far_address()}
    with running_house(tmp_path_factory.mktemp("house"), django_db_blocker, **far) as house:
        yield house


@pytest.fixture(scope="session")
def whole_line(house: House) -> Iterator[BadLine]:
    """What stands between browsers and the relay."""
    with BadLine((far_address(), house.relay_port), ("127.0.0.1", house.relay_port), seed=3) as line:
        yield line


@pytest.fixture
def line(whole_line: BadLine) -> Iterator[BadLine]:
    """The line, for a test that makes it bad."""
    yield whole_line
    whole_line.say("heal")


@pytest.fixture(scope="module")
def make(house: House) -> Iterator[Make]:
    """Calls a function of tests.browser.clinic in a thread of its own: playwright's event loop runs in this one."""
    with ThreadPoolExecutor(1) as thread:
        yield lambda function, *arguments, **options: thread.submit(function, *arguments, **options).result()
        thread.submit(connections.close_all).result()


@pytest.fixture
def visit(house: House, whole_line: BadLine, make: Make) -> Visit:
    """A visit of a new patient to a new doctor of a new clinic, now."""
    return make(clinics.new_visit, house.base_url)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What the house wrote belongs to a failure's report."""
    report = yield
    house = getattr(item, "funcargs", {}).get("house")
    if report.failed and house:
        report.sections.append(("house.log", house.log()[-6000:]))
    return report


class Watch:
    """Collects what pages complain about; `allow` names what a test provokes on purpose."""

    def __init__(self) -> None:
        self._complaints: list[str] = []
        self._allowed: list[str] = []

    def forget(self) -> None:
        self._complaints.clear()
        self._allowed.clear()

    def allow(self, pattern: str) -> None:
        self._allowed.append(pattern)

    def on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._complaints.append(f"{message.text} ({message.location.get('url', '')})")

    def on_error(self, error: Error) -> None:
        self._complaints.append(str(error))

    def complaints(self) -> list[str]:
        return [text for text in self._complaints if not any(re.search(pattern, text) for pattern in self._allowed)]


@pytest.fixture
def watch() -> Iterator[Watch]:
    """No console error and no CSP violation on any page of the test."""
    watch = Watch()
    yield watch
    assert watch.complaints() == []


OpenContext = Callable[..., BrowserContext]


@pytest.fixture
def person(house: House, new_context: Callable[..., BrowserContext], watch: Watch) -> OpenContext:
    """Another person's browser: own cookies, watched pages. Give the session of somebody who is signed in."""

    def open_context(session: Cookie | None = None, **options: Any) -> BrowserContext:
        return signed_in(watched(new_context(base_url=house.base_url, **options), watch), house, session)

    return open_context


def signed_in(context: BrowserContext, house: House, session: Cookie | None) -> BrowserContext:
    """The browser has the session, if there is one."""
    if session:
        context.add_cookies([{"name": session.name, "value": session.value, "url": house.base_url}])
    return context


def watched(context: BrowserContext, watch: Watch) -> BrowserContext:
    """Hear every complaint of a browser's pages, and keep their media connections within reach."""
    context.set_default_timeout(1000 * PATIENCE)
    context.add_init_script(f"({KEEP_CONNECTIONS})()")
    context.add_init_script(f"({TELL_VIOLATIONS})()")
    context.on("console", watch.on_console)
    context.on("weberror", lambda found: watch.on_error(found.error))
    return context


@pytest.fixture
def patient(person: OpenContext) -> ChromiumTab:
    """The patient's tab, in a browser of their own."""
    return ChromiumTab(person().new_page())


@pytest.fixture
def doctor(person: OpenContext, visit: Visit) -> ChromiumTab:
    """The doctor's tab, signed in, in a browser of their own."""
    return ChromiumTab(person(visit.doctor).new_page())


@pytest.fixture(scope="module")
def shared_visit(house: House, whole_line: BadLine, make: Make) -> Visit:
    """The visit of `shared_call`."""
    return make(clinics.new_visit, house.base_url)


@pytest.fixture(scope="module")
def shared_call(browser: Browser, house: House, shared_visit: Visit) -> Iterator[SharedCall]:
    """Patient and doctor in a call, for tests that leave the visit open and call `begin_again` first."""
    watch = Watch()
    with contextlib.ExitStack() as stack:

        def open_tab(session: Cookie | None = None) -> ChromiumTab:
            context = browser.new_context(base_url=house.base_url, reduced_motion="reduce")
            stack.callback(context.close)
            return ChromiumTab(signed_in(watched(context, watch), house, session).new_page())

        yield SharedCall(shared_visit, open_tab, watch)


@pytest.fixture
def shared(shared_call: SharedCall) -> Iterator[SharedCall]:
    """The shared call, for one test: no complaint while it ran."""
    shared_call.watch.forget()
    yield shared_call
    assert shared_call.watch.complaints() == []


@pytest.fixture(params=ROUNDS.values(), ids=ROUNDS.keys())
def look(request: pytest.FixtureRequest, person: OpenContext) -> Looks:
    """Pages that are checked in light and dark, wide and narrow."""
    return Looks(person, request.param)
