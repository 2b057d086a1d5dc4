"""A child and her mother, each by their own link: the door, the waiting room, the call, and what the doctor is told."""

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
    go_to_the_door,
    press,
    say_where,
    state_is,
    wait_for_media,
)


def test_mother_agrees_for_her_child_waits_goes_in_and_is_named_to_the_doctor(
    house: House, patient: ChromiumTab, doctor: ChromiumTab, visit: Visit, person: OpenContext, make: Make
) -> None:
    make(clinics.can_record, visit, house.var)
    mother_link = make(clinics.bring_mother, visit)
    go_to_the_door(patient, visit.link)
    assert "please fetch somebody who looks after you" in patient.page.inner_text("main")
    assert "Ana Lopez, mother" in patient.page.inner_text("main")
    check_page(patient)
    mother = ChromiumTab(person(viewport=NARROW).new_page())
    go_to_the_door(mother, mother_link)
    words = mother.page.inner_text("main")
    assert "Hello Ana Lopez" in words
    assert "You agree for Mia" in words
    check_page(mother)
    check_devices(mother)
    state_is(mother, "consent")
    assert "Yes, I agree for Mia, and for myself" in mother.page.inner_text("main")
    check_page(mother)
    answer_at_the_door(mother)
    state_is(mother, "place")
    mother.page.select_option("[data-form=place] [name=region]", "US-IL")
    mother.click("[data-form=place] summary")
    mother.fill("[data-form=place] [name=emergency_name]", "Bo Lopez")
    mother.fill("[data-form=place] [name=emergency_phone]", "555-0199")
    check_page(mother)
    say_where(mother)
    call_in(doctor, visit.board)
    state_is(mother, "call")
    for tab in (mother, doctor):
        wait_for_media(tab)
    told = doctor.page.inner_text("[data-side]")
    assert "With Mia’s mother, Ana Lopez" in told
    assert "has no licence for Illinois, United States" in told
    assert "911" in told
    assert "Bo Lopez" in told
    check_page(doctor)
    # Her child, beside her, comes in by their own link; the yes was given for both.
    patient.reload()
    check_devices_and_go_in(patient)
    wait_for_media(patient)
    for tab in (mother, doctor):
        tab.wait_for("document.querySelector('[data-tiles]').dataset.count === '2'")
    press(mother, "leave")
    state_is(mother, "left")
    doctor.wait_for("document.querySelector('[data-company]').textContent.includes('nobody who may agree for Mia')")
    make(clinics.end_mother, visit)
    mother.reload()
    state_is(mother, "not-found")


def check_devices_and_go_in(tab: ChromiumTab) -> None:
    """The visit has begun: one press leads in."""
    state_is(tab, "left", "call")
    if tab.evaluate("document.documentElement.dataset.visitState") == "left":
        tab.click("[data-act=come-back]")
    state_is(tab, "call")
