"""Patient and doctor in a call that the tests of a module share: each test finds it loaded anew. Holds no test."""

from collections.abc import Callable
from typing import Any

from tests.browser.clinic import Visit
from tests.browser.people import STATE, ChromiumTab, meet, state_is

# The page knows of the other person and of its own connection; frames may be decoded before it was told of either.
HERE = """document.querySelector('[data-tiles] > [data-seat] .hc-arch')
  && document.querySelector('[data-connection]').dataset.connection === 'good'"""


class SharedCall:
    """The two pages of one visit. Whatever a test did to them, `begin_again` brings both into the call."""

    def __init__(self, visit: Visit, open_tab: Callable[..., ChromiumTab], watch: Any) -> None:
        self.visit = visit
        self.watch = watch
        self.patient = open_tab()
        self.doctor = open_tab(visit.doctor)
        meet(self.patient, self.doctor, visit.link, visit.board)

    @property
    def tabs(self) -> tuple[ChromiumTab, ChromiumTab]:
        return self.patient, self.doctor

    def begin_again(self, patient_size: Any, doctor_size: Any, scheme: str = "light") -> None:
        """Load both pages anew, in windows of these sizes, and wait until each knows of the other."""
        for tab, size in zip(self.tabs, (patient_size, doctor_size), strict=True):
            if tab.page.is_closed():
                tab.page = tab.page.context.new_page()
            tab.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            tab.page.set_viewport_size(size)
        self.patient.goto(self.visit.link.partition("#")[0])
        self.doctor.goto(self.visit.call)
        state_is(self.patient, "call", "left")
        if self.patient.evaluate(STATE) == "left":
            self.patient.click("[data-act=come-back]")
        for tab in self.tabs:
            state_is(tab, "call")
            tab.wait_for(HERE)
