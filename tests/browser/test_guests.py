"""A guest at a visit, in a browser of their own: from their link to the call, and out of it."""

from tests.browser import clinic as clinics
from tests.browser.clinic import Visit
from tests.browser.conftest import Make, OpenContext
from tests.browser.house import House
from tests.browser.looks import NARROW, check_page
from tests.browser.people import (
    ChromiumTab,
    answer_at_the_door,
    call_in,
    check_devices,
    go_in,
    go_to_the_door,
    has_read,
    press,
    state_is,
    wait_for_media,
    write,
)
from tests.browser.playback import answer, ask_to_record, sees_the_light, withdraw


def test_guest_waits_outside_comes_in_with_the_visit_and_is_out_when_removed(
    house: House, patient: ChromiumTab, doctor: ChromiumTab, visit: Visit, person: OpenContext, make: Make
) -> None:
    make(clinics.can_record, visit, house.var)
    guest = ChromiumTab(person(timezone_id="Asia/Tokyo", viewport=NARROW).new_page())
    go_to_the_door(guest, make(clinics.invite, visit, "Ana Lopez"))
    check_page(guest)
    check_devices(guest)
    state_is(guest, "consent")
    check_page(guest)
    answer_at_the_door(guest, "deny")
    state_is(guest, "waiting")
    check_page(guest)
    words = guest.page.inner_text("main")
    assert "You come in when the visit begins" in words
    assert "Tokyo time" in words
    go_in(patient, visit.link)
    call_in(doctor, visit.board)
    people = {"patient": patient, "doctor": doctor, "guest": guest}
    for tab in people.values():
        state_is(tab, "call")
        wait_for_media(tab)
    for tab in (patient, doctor):
        tab.wait_for("document.querySelector('[data-tiles]').textContent.includes('Ana Lopez, interpreter')")
        tab.wait_for("document.querySelector('[data-kept]').textContent.includes('Ana Lopez')")
    for tab in people.values():
        tab.wait_for("document.querySelector('[data-tiles]').dataset.count === '2'")
    write(guest, "Good evening from Tokyo")
    has_read(patient, "Good evening from Tokyo")
    _is_recorded_with_the_guests_own_yes(doctor, patient, guest)
    guest.reload()
    state_is(guest, "call")
    wait_for_media(guest)
    press(guest, "leave")
    state_is(guest, "left")
    guest.click("[data-act=come-back]")
    state_is(guest, "call")
    wait_for_media(guest)
    make(clinics.take_out, visit)
    state_is(guest, "not-found")
    for tab in (patient, doctor):
        tab.wait_for("document.querySelector('[data-tiles]').dataset.count === '1'")
        wait_for_media(tab)


def _is_recorded_with_the_guests_own_yes(doctor: ChromiumTab, patient: ChromiumTab, guest: ChromiumTab) -> None:
    ask_to_record(doctor)
    for tab in (doctor, patient, guest):
        sees_the_light(tab)
    guest.click("[data-recording-pill]")
    guest.click("[data-record-mine] button[value=allow]")
    answer(guest, "permit")
    withdraw(guest)
    withdraw(patient)
    for tab in (doctor, patient, guest):
        sees_the_light(tab, on=False)
