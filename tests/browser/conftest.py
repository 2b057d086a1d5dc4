"""Fixtures of the browser tests: one house for all, browsers with made-up devices, pages that are watched."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections
from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Page

from tests.browser import clinic as clinics
from tests.browser.clinic import Cookie, Visit
from tests.browser.house import House
from tests.browser.media import KEEP_CONNECTIONS

# Playwright's event loop runs in this thread beside the tests, which use the database from here on purpose.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    "--autoplay-policy=no-user-gesture-required",
)
TELL_VIOLATIONS = """() => document.addEventListener('securitypolicyviolation', (event) =>
  console.error('CSP violation: ' + event.violatedDirective + ' ' + event.blockedURI))"""


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


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Iterator[House]:
    """A running house whose database this process shares, so that visits are made here and seen there."""
    from django.conf import settings

    house = House(tmp_path_factory.mktemp("house"), SECRET_KEY=settings.SECRET_KEY)
    with django_db_blocker.unblock():
        connection = connections["default"]
        connection.close()
        connection.settings_dict["NAME"] = str(house.var / "db.sqlite3")
        call_command("migrate", verbosity=0, interactive=False)
        house.start()
        yield house
        house.stop()
        connection.close()


@pytest.fixture
def visit(house: House) -> Visit:
    """A visit of a new patient to a new doctor, now."""
    return clinics.visit(clinics.doctor(clinics.clinic(house.base_url)))


class Watch:
    """Collects what pages complain about; `allow` names what a test provokes on purpose."""

    def __init__(self) -> None:
        self._complaints: list[str] = []
        self._allowed: list[str] = []

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
        context = new_context(base_url=house.base_url, **options)
        context.set_default_timeout(15_000)
        context.add_init_script(f"({KEEP_CONNECTIONS})()")
        context.add_init_script(f"({TELL_VIOLATIONS})()")
        context.on("console", watch.on_console)
        context.on("weberror", lambda found: watch.on_error(found.error))
        if session:
            sign_in(context, house, session)
        return context

    return open_context


def sign_in(context: BrowserContext, house: House, session: Cookie) -> None:
    """Put a session into a browser."""
    context.add_cookies([{"name": session.name, "value": session.value, "url": house.base_url}])


@pytest.fixture
def patient(person: OpenContext, watch: Watch) -> Page:
    """The patient's tab, in a browser of their own."""
    return person().new_page()


@pytest.fixture
def doctor(person: OpenContext, visit: Visit) -> Page:
    """The doctor's tab, signed in, in a browser of their own."""
    return person(visit.doctor).new_page()
