"""Playing a recording in real browsers: everybody in step, seeking, holes, chat in time, keys."""

import pytest

from tests.browser import clinic as clinics
from tests.browser.clinic import Visit
from tests.browser.conftest import Make, OpenContext, Watch
from tests.browser.firefox import firefox
from tests.browser.house import House
from tests.browser.left import enters_code
from tests.browser.people import STATE, ChromiumTab, Tab, go_in, onward
from tests.browser.played_house import recorded, three_with_a_screen
from tests.browser.size import LONG

pytestmark = pytest.mark.usefixtures("watch")

# Two cores that decode two films and draw two browsers hold 60 ms when nothing else runs; out of step is a second.
MOST_APART = 60 if LONG else 200
CHAT = ((0.5, "Good morning doctor."), (3.0, "My daughter is with me."), (9.0, "Thank you."))
PLAYING = "document.querySelector('[data-player]').dataset.playing === 'yes'"
VIDEOS = "[...document.querySelectorAll('[data-tiles] video')]"
# Where each film that runs says the timeline is, in ms.
PLACE = "(v) => v.currentTime * 1000 + Number(v.parentElement.dataset.from)"
PLACES = f"{VIDEOS}.filter((v) => !v.paused && !v.ended).map({PLACE})"
SPREAD = f"((places) => places.length < 2 ? -1 : Math.max(...places) - Math.min(...places))({PLACES})"
RUNNING = f"{PLACES}.length"
# The film is short: what a busy machine has not shown in step before its end, it shows the next time.
GOES_ON = """((from, until) => {
  const [bar, player, play] = ["seek", "player", "act=play"].map((each) => document.querySelector(`[data-${each}]`));
  if (Number(bar.value) >= until) { bar.value = from; bar.dispatchEvent(new Event("input")); }
  if (player.dataset.playing !== "yes") play.click();
  return true;
})"""
SEEK_TO_4_S = """((bar) => { bar.value = 4000; bar.dispatchEvent(new Event("input")); return 1; })
(document.querySelector("[data-seek]"))"""
# As soon as it is on its way: a film of some seconds is soon made.
STOP_EXPORT = """((one) => {
  const button = one.querySelector("[data-export-cancel] button");
  return ["queued", "running"].includes(one.dataset.status) && button.checkVisibility() && (button.click(), true);
})(document.querySelector("[data-export=mp4]"))"""
NOW = "document.querySelector('[data-now]').textContent"


def open_player(tab: Tab, path: str) -> None:
    tab.goto(path)
    tab.wait_for(f"!document.querySelector('[data-bar]').hidden && {VIDEOS}.every((v) => v.readyState >= 2)", 90)


def in_step(tab: Tab) -> None:
    """Within the given time, by the median of a second: browsers tell their place in steps, coarser when busy."""
    assert (
        tab.evaluate(
            f"""new Promise((done) => {{ const seen = []; const look = () => {{ seen.push({SPREAD});
        if (seen.length < 20) setTimeout(look, 50); else done(seen.sort((a, b) => a - b)[10]); }}; look(); }})"""
        )
        <= MOST_APART
    )


def plays_in_step(tab: Tab) -> None:
    """From the second person on, and after a seek."""
    tab.click("[data-act=play]")
    tab.wait_for(f"{PLAYING} && {RUNNING} === 2", 60)
    tab.wait_for(f"{GOES_ON}(1000, 10000) && {SPREAD} >= 0 && {SPREAD} <= {MOST_APART}", 60)
    in_step(tab)
    tab.evaluate(SEEK_TO_4_S)
    tab.wait_for(f"{GOES_ON}(4000, 10000) && {RUNNING} === 2 && {NOW} >= '00:04' && {SPREAD} <= {MOST_APART}", 60)
    in_step(tab)


@pytest.fixture(scope="module")
def address(house: House, shared_visit: Visit, make: Make) -> str:
    """Where the doctor of the shared visit plays its recording."""
    played = make(recorded, house, shared_visit, chat=CHAT)
    return f"/staff/recordings/{played.recording.uuid}/"


@pytest.fixture
def player(person: OpenContext, shared_visit: Visit, address: str) -> ChromiumTab:
    """The doctor's tab, ready to play."""
    tab = ChromiumTab(person(shared_visit.doctor).new_page())
    open_player(tab, address)
    return tab


@pytest.mark.alone
def test_doctor_plays_both_in_step_in_chromium(player: ChromiumTab) -> None:
    plays_in_step(player)


@pytest.mark.alone
def test_doctor_plays_both_in_step_in_firefox(house: House, shared_visit: Visit, address: str) -> None:
    session = shared_visit.doctor
    with firefox() as tab:
        tab.goto(f"{house.base_url}/healthz")
        tab.evaluate(f"(document.cookie = '{session.name}={session.value}; path=/', 1)")
        open_player(tab, f"{house.base_url}{address}")
        plays_in_step(tab)
        assert tab.errors == []


def test_chat_comes_in_time_and_leads_to_its_moment(player: ChromiumTab) -> None:
    player.page.get_by_role("button", name="Go to 00:09").click()
    player.wait_for(f"{NOW} === '00:09'")
    assert player.page.locator("[data-chat] [aria-current]").inner_text().startswith("00:09")
    player.page.get_by_role("button", name="Go to 00:03").click()
    player.wait_for("document.querySelectorAll('[data-chat] .is-to-come').length === 1")


def test_hole_is_named_on_the_tile_and_in_words(player: ChromiumTab) -> None:
    tile = player.page.locator(".hc-tile").filter(has_text="Rosalind Fern")
    assert "Not there yet" in tile.inner_text()
    player.click("[data-gaps-title]")
    assert "Rosalind Fern: was away" in player.page.locator("[data-gaps-list]").inner_text()
    player.page.get_by_role("button", name="00:05 to 00:06").click()
    player.wait_for("document.querySelector('[data-tiles]').innerText.includes('Was away')")


def test_keys_play_seek_and_can_be_switched_off(player: ChromiumTab) -> None:
    press = player.page.keyboard.press
    press("l")
    player.wait_for(f"{NOW} === '00:10'")
    press("ArrowLeft")
    player.wait_for(f"{NOW} === '00:00'")
    press("k")
    player.wait_for(PLAYING)
    press("Space")
    player.wait_for(f"!({PLAYING})")
    press("End")
    player.wait_for(f"{NOW} === '00:12'")
    press("?")
    player.click("[data-letters]")
    press("Escape")
    # The closed dialog gives the focus back with the next picture that is drawn.
    player.wait_for("document.activeElement === document.body")
    press("Home")
    player.wait_for(f"{NOW} === '00:00'")
    press("l")
    assert player.evaluate(NOW) == "00:00"


def test_patient_exports_after_opening_the_link_again(
    house: House, visit: Visit, make: Make, person: OpenContext, watch: Watch
) -> None:
    """The code is older than its proof: the sentence says what helps, and it does, in both ways to open a link."""
    watch.allow("status of 40[34]")
    played = make(recorded, house, visit)
    path = visit.link.partition("#")[0]
    address = f"{path}recordings/{played.recording.uuid}/"
    make(clinics.finished, visit)
    for is_shown in (False, True):
        context = person()
        context.add_cookies([make(clinics.session_by_link, visit, minutes_ago=6)])
        tab = ChromiumTab(context.new_page())
        tab.goto(path)
        enters_code(tab, visit, make)
        make(clinics.code_is_old, visit, minutes=6)
        open_player(tab, address)
        tab.click("[data-export=webm] [data-export-form] button")
        tab.page.get_by_text("Open the link in our message once more.").wait_for()
        if is_shown:
            tab.goto(path)
            tab.goto(f"{path}#{'x' * 43}")
            tab.page.get_by_text("This link does not work any more.").wait_for()
        tab.goto(visit.link)
        tab.page.get_by_text("Thank you, it is you.").wait_for()
        assert tab.page.url == path
        onward(tab.page, tab.page.get_by_role("link", name="Play the recording").click)
        tab.click("[data-export=mp4] [data-export-form] button")
        tab.wait_for(STOP_EXPORT)
        tab.wait_for("document.querySelector('[data-export=mp4]').dataset.status === 'none'")


def test_link_opened_again_leaves_the_waiting_room_as_it_is(visit: Visit, person: OpenContext) -> None:
    tab = ChromiumTab(person().new_page())
    go_in(tab, visit.link)
    tab.evaluate("(window.isTheSame = true)")
    tab.goto(visit.link)
    tab.wait_for("document.documentElement.dataset.linkOpened === 'again'")
    assert tab.evaluate(f"[{STATE}, location.hash, window.isTheSame]") == ["waiting", "", True]
    assert tab.page.locator("[data-toasts]").inner_text() == ""


@pytest.mark.alone
def test_patient_plays_by_link_with_a_screen(house: House, visit: Visit, make: Make, person: OpenContext) -> None:
    played = make(recorded, house, visit, three_with_a_screen())
    tab = ChromiumTab(person().new_page())
    make(clinics.finished, visit)
    tab.goto(visit.link)
    enters_code(tab, visit, make)
    open_player(tab, f"{visit.link.partition('#')[0]}recordings/{played.recording.uuid}/")
    tab.wait_for(f"{VIDEOS}.length === 4 && {VIDEOS}.every((v) => v.readyState >= 1)")
    tab.page.locator("[data-seek]").evaluate("(r) => { r.value = 5000; r.dispatchEvent(new Event('input')); }")
    tab.wait_for("document.querySelector('[data-tiles]').dataset.screen === 'yes'")
    tab.click("[data-act=play]")
    tab.wait_for(f"{GOES_ON}(5000, 7000) && {RUNNING} === 4 && {SPREAD} <= {MOST_APART}", 60)
    in_step(tab)
