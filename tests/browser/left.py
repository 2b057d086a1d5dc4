"""What people do on the pages of a visit that is over. Holds no test."""

from tests.browser import clinic as clinics
from tests.browser.clinic import Visit
from tests.browser.conftest import Make
from tests.browser.people import ChromiumTab, onward


def enters_code(tab: ChromiumTab, visit: Visit, make: Make) -> None:
    """On the page of a visit that is over: has the code sent, enters it, and sees what the visit leaves behind."""
    onward(tab.page, tab.click, "button:has-text('See what your visit leaves behind')")
    tab.fill("#id_code", make(clinics.sent_code, visit))
    onward(tab.page, tab.click, "main form button:has-text('Open')")
    tab.page.get_by_role("link", name="Play the recording").wait_for()
