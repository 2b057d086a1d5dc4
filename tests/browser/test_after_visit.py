"""After the visit: the link asks for a code first, and then shows what the visit leaves behind."""

from tests.browser import clinic as clinics
from tests.browser.clinic import Visit
from tests.browser.conftest import Make, Watch
from tests.browser.looks import Looks
from tests.browser.people import onward


def test_link_opens_what_is_left_behind_a_code_only(look: Looks, visit: Visit, make: Make, watch: Watch) -> None:
    watch.allow("422")
    make(clinics.finished, visit)
    tab = look.open()
    onward(tab.page, tab.goto, visit.link)
    tab.page.get_by_role("heading", name="Your visit is finished").wait_for()
    assert "Rosalind" not in tab.page.inner_text("main")
    look.check(tab)
    onward(tab.page, tab.click, "button:has-text('See what your visit leaves behind')")
    look.check(tab)
    tab.fill("#id_code", "nonsense")
    onward(tab.page, tab.click, "main form button:has-text('Open')")
    tab.page.get_by_role("alert").get_by_text("This code does not fit.").wait_for()
    look.check(tab)
    tab.fill("#id_code", make(clinics.sent_code, visit))
    onward(tab.page, tab.click, "main form button:has-text('Open')")
    tab.page.get_by_role("heading", name="Thank you, Rosalind.").wait_for()
    look.check(tab)
