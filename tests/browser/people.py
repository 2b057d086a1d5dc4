"""What people do on the pages of a visit, the same in every browser. Holds no assertion."""

import time
from collections.abc import Callable
from typing import Any, Protocol

from playwright.sync_api import Error, Page

from tests.browser.media import received

STATE = "document.documentElement.dataset.visitState"
# What a test waits for at most, unless it says: a busy machine is no fault of the house.
PATIENCE = 45.0
CALL_IN = ".hc-call-in button"


def asked_for_a_second(condition: str) -> str:
    """A promise that tells whether the condition came true within a second. The condition may be a promise itself.

    playwright's wait_for_function with an interval takes any promise for true, whatever becomes of it.
    """
    return (
        "new Promise((done, fail) => { const look = async (left) => { try {"
        f" if (await ({condition})) done(true); else if (left) setTimeout(look, 50, left - 1); else done(false);"
        " } catch (error) { fail(error); } }; look(20); })"
    )


def onward(page: Page, act: Callable[..., object], *told: Any) -> None:
    """Do what leads to another page, and wait until that page stands there.

    A condition alone may be true of the page that is left already, and a key goes to whichever page has come.
    """
    with page.expect_navigation():
        act(*told)


class Tab(Protocol):
    """What a tab of either browser can do."""

    def goto(self, address: str) -> Any: ...
    def click(self, selector: str) -> Any: ...
    def fill(self, selector: str, text: str) -> Any: ...
    def reload(self) -> Any: ...
    def evaluate(self, expression: str) -> Any: ...
    def wait_for(self, condition: str, seconds: float = PATIENCE) -> None: ...


class ChromiumTab:
    """A playwright page with the verbs of Tab."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def goto(self, address: str) -> Any:
        return self.page.goto(address)

    def click(self, selector: str) -> None:
        self.page.locator(selector).locator("visible=true").first.click()

    def fill(self, selector: str, text: str) -> None:
        self.page.fill(selector, text)

    def reload(self) -> None:
        self.page.reload()

    def evaluate(self, expression: str) -> Any:
        return self.page.evaluate(expression)

    def wait_for(self, condition: str, seconds: float = PATIENCE) -> None:
        """Wait in the page until a condition is true, over reloads and page changes."""
        deadline, last = time.monotonic() + seconds, None
        while time.monotonic() < deadline:
            try:
                if self.evaluate(asked_for_a_second(condition)):
                    return
            except Error as error:
                # A page that goes away takes the promise with it, and one that comes has no element yet: ask again.
                last = error
        raise TimeoutError(f"not within {seconds} s: {condition}") from last


def state_is(tab: Tab, *states: str, seconds: float = PATIENCE) -> None:
    """Wait until the page is in one of these states."""
    tab.wait_for(f"{list(states)}.includes({STATE})", seconds)


def go_to_the_door(tab: Tab, link: str) -> None:
    """Open a personal link."""
    tab.goto(link)
    state_is(tab, "door")


def answer_at_the_door(tab: Tab, recording: str = "permit") -> None:
    """Agree to the video visit where that is asked, and answer about recording where that is."""
    for field in ("[name=agree]", f"[name=recording][value={recording}]"):
        if tab.evaluate(f"document.querySelector('[data-form=consent] {field}') !== null"):
            tab.click(f"[data-form=consent] {field}")
    tab.click("[data-form=consent] button[type=submit]")


def check_devices(tab: Tab) -> None:
    """From the door, and on."""
    tab.click("[data-step=door] [data-act=join]")
    state_is(tab, "check")
    tab.wait_for(
        "document.querySelector('[data-step=check] [data-act=go-on]')?.getAttribute('aria-disabled') !== 'true'"
    )
    tab.click("[data-step=check] [data-act=go-on]")


def come_along(tab: Tab, link: str, recording: str = "permit") -> None:
    """A guest's way: nobody asks where they are."""
    go_to_the_door(tab, link)
    check_devices(tab)
    state_is(tab, "consent")
    answer_at_the_door(tab, recording)
    state_is(tab, "waiting")


def go_in(tab: Tab, link: str, recording: str = "permit") -> None:
    """From the link through device check, consent and place to the waiting room."""
    go_to_the_door(tab, link)
    check_devices(tab)
    go_on_to_the_waiting_room(tab, recording)


def go_on_to_the_waiting_room(tab: Tab, recording: str = "permit") -> None:
    """From the device check on. Recording is asked where the clinic can record: in a house that tests share, whether
    the clinic of its public pages can depends on who came before."""
    state_is(tab, "consent", "place", "waiting")
    if tab.evaluate(STATE) == "consent":
        answer_at_the_door(tab, recording)
        state_is(tab, "place", "waiting")
    # Who has been here before is not asked again where they are.
    if tab.evaluate(STATE) == "place":
        say_where(tab)


def say_where(tab: Tab) -> None:
    """The last question, and into the waiting room."""
    tab.fill("[data-form=place] [name=place]", "12 Elm Row, Springfield")
    tab.fill("[data-form=place] [name=callback_phone]", "555-0171")
    tab.click("[data-form=place] button[type=submit]")
    state_is(tab, "waiting")


def call_in(doctor: Tab, board: str) -> None:
    """Open the board, wait for somebody to stand in line, and call them in."""
    doctor.goto(board)
    doctor.wait_for(f"document.querySelector('{CALL_IN}')")
    doctor.click(CALL_IN)
    state_is(doctor, "call")


def wait_for_media(tab: Tab, *, seconds: float = PATIENCE) -> None:
    """Wait until more frames are decoded and more sound is heard than now."""
    deadline = time.monotonic() + seconds
    before = now = received(tab)
    while time.monotonic() < deadline:
        now = received(tab)
        if now.frames < before.frames:  # another connection counts from nought
            before = now
        if now.frames > before.frames + 5 and now.energy > before.energy:
            return
    raise TimeoutError(f"no picture or no sound in {seconds} s: {before}, then {now}")


def meet(patient: Tab, doctor: Tab, link: str, board: str) -> None:
    """The patient waits, the doctor calls them in, and both see and hear each other."""
    go_in(patient, link)
    call_in(doctor, board)
    state_is(patient, "call")
    for tab in (patient, doctor):
        wait_for_media(tab)


def write(tab: Tab, words: str) -> None:
    """Send a chat message; opens the chat if it is closed."""
    if not tab.evaluate("document.querySelector('[data-chat-field]').checkVisibility()"):
        tab.click("[data-control=chat]")
    tab.fill("[data-chat-field]", words)
    tab.click("[data-chat-form] button[type=submit]")


def has_read(tab: Tab, words: str) -> None:
    """Wait until the words stand in the chat."""
    tab.wait_for(f"document.querySelector('[data-chat-list]').textContent.includes('{words}')")


def press(tab: Tab, control: str) -> None:
    """Press a call control by its name."""
    tab.click(f"[data-control={control}]")
