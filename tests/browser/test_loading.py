"""A page whose scripts did not arrive says so, instead of standing there with dead buttons."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.clinic import Visit
from tests.browser.conftest import Watch
from tests.browser.people import ChromiumTab


@pytest.mark.parametrize("lost", ["visit.js", "socket.js"])
def test_page_that_lacks_a_script_says_so(patient: ChromiumTab, visit: Visit, watch: Watch, lost: str) -> None:
    watch.allow("Failed to load resource|net::ERR_FAILED")
    patient.goto(visit.link)
    notice = patient.page.locator("[data-not-whole]")
    patient.page.wait_for_selector("html[data-visit-state=door]")
    expect(notice).to_be_hidden()
    patient.page.route(re.compile(rf"/js/{lost}"), lambda route: route.abort())
    patient.reload()
    expect(notice).to_be_visible()
    patient.page.unroute_all()
    notice.get_by_role("link").click()
    patient.page.wait_for_selector("html[data-visit-state=door]")
    expect(notice).to_be_hidden()
