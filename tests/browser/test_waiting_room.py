"""The waiting room beside the line: called back, the thread with the desk, a place lost, being called; in all looks."""

import datetime as dt
import time
import uuid
from typing import Any

import pytest
from playwright.sync_api import expect

from accounts.roles import Role
from consults import services
from consults.models import DeskMessage, Encounter, Seat
from consults.services.reading import set_waiting_text
from core.clock import now
from scheduling.models import BookingTerms
from scheduling.services import cancel_appointment, move_appointment
from tests import factories
from tests.browser import clinic as clinics
from tests.browser.clinic import Cookie, Visit
from tests.browser.conftest import Make, Watch
from tests.browser.house import House
from tests.browser.looks import Looks
from tests.browser.people import PATIENCE, ChromiumTab, go_in, state_is

# What a browser says of a server that is gone for a moment.
SOCKET_LOST = "WebSocket|ERR_CONNECTION_REFUSED|Failed to load resource"
TITLE = "document.querySelector('#waiting-title').textContent"
READING = "\n".join(
    (
        "Before you begin:",
        "- **Water** beside you",
        "- [Our page about sleep](https://example.org/sleep)",
        "",
        "No [trick](javascript:alert) works.",
    )
)


def _visit(base_url: str) -> Visit:
    """June waits behind Otto."""
    doctor = clinics.doctor(clinics.clinic(base_url))
    factories.make_waiting_visit(
        practitioner=doctor, starts_at=now() - dt.timedelta(minutes=30), lasts=dt.timedelta(minutes=8)
    )
    visit = clinics.visit(doctor, minutes=-10, given_name="June")
    patient = visit.encounter.patient
    patient.phone = "+13125550142"
    patient.save(update_fields=["phone"])
    admin = factories.staff_actor(Role.ADMINISTRATOR, organization=doctor.organization)
    set_waiting_text(actor=admin, language="en", title="While you wait", body=READING)
    BookingTerms.objects.create(organization=doctor.organization, place_kept_minutes=1)
    return visit


def _desk(visit: Visit) -> Cookie:
    return clinics.front_desk(visit.encounter.organization)


def _desk_writes(visit: Visit, body: str) -> None:
    actor = factories.staff_actor(Role.FRONT_DESK, organization=visit.encounter.organization)
    services.post_from_desk(actor=actor, encounter=visit.encounter, body=body, client_id=uuid.uuid4())


def _call_first(visit: Visit) -> None:
    """Whoever stands before June is called in."""
    others = Encounter.objects.filter(queue=visit.encounter.queue, status="arrived").exclude(pk=visit.encounter.pk)
    actor = factories.practitioner_actor(visit.encounter.practitioner)
    services.admit_patient(actor=actor, encounter=others.get())


def _stored(visit: Visit) -> list[tuple[int, bool, str]]:
    rows = DeskMessage.objects.filter(thread__encounter=visit.encounter)
    return list(rows.order_by("seq").values_list("seq", "by_patient", "body"))


def _standing(visit: Visit) -> tuple[str, bool]:
    found = Encounter.objects.get(pk=visit.encounter.pk)
    return found.status, found.callback_at is not None


def _silent_for(visit: Visit, minutes: float) -> None:
    """As if nothing had been heard of June's page for so long; once the house knows that it is closed."""
    deadline = time.monotonic() + PATIENCE
    while Seat.objects.filter(encounter=visit.encounter, connected=True).exists():
        # A look in hand at that moment still notes that it was heard.
        assert time.monotonic() < deadline
        time.sleep(0)
    at = now() - dt.timedelta(minutes=minutes)
    Seat.objects.filter(encounter=visit.encounter).update(last_seen_at=at, connected=False)
    Encounter.objects.filter(pk=visit.encounter.pk).update(arrived_at=at)


@pytest.fixture
def june(house: House, make: Make) -> Visit:
    return make(_visit, house.base_url)


def test_who_waits_is_called_back_writes_with_the_desk_and_is_called(look: Looks, june: Visit, make: Make) -> None:
    tab = look.open()
    go_in(tab, june.link)
    tab.wait_for(f"{TITLE} === 'You are 2nd in line'")
    page = tab.page
    assert page.locator(".visit-reading li").all_inner_texts()[0] == "Water beside you"
    assert page.locator(".visit-reading a").get_attribute("href") == "https://example.org/sleep"
    for _ in range(4):
        look.check(tab)

    page.keyboard.press("Escape")
    page.get_by_role("button", name="Write to the front desk").locator("visible=true").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("Is it long?")
    page.keyboard.press("Enter")
    tab.wait_for("document.querySelector('[data-desk-list]').textContent.includes('You, sent')")
    make(_desk_writes, june, "About 5 minutes.")
    tab.wait_for("document.querySelector('[data-desk-list]').textContent.includes('About 5 minutes.')")
    assert make(_stored, june) == [(1, True, "Is it long?"), (2, False, "About 5 minutes.")]
    for _ in range(4):
        look.check(tab)
    page.keyboard.press("Escape")
    tab.wait_for("document.activeElement.matches('[data-act=write-desk]')")
    make(_desk_writes, june, "It goes on.")
    expect(page.locator("[data-step=waiting] [data-desk-unread]")).to_have_text("1 new")

    tab.click("[data-callback-ask] button")
    expect(page.locator("[data-callback-asked]")).to_be_visible()
    assert make(_standing, june) == ("arrived", True)
    for _ in range(4):
        look.check(tab)
    tab.reload()
    state_is(tab, "waiting")
    expect(page.locator("[data-callback-asked]")).to_be_visible()
    tab.click("[data-callback-stay] button")
    expect(page.locator("[data-callback-ask]")).to_be_visible()
    assert make(_standing, june) == ("arrived", False)

    tab.wait_for(f"{TITLE} === 'You are 2nd in line'")
    make(_call_first, june)
    tab.wait_for(f"{TITLE} === 'You are next'")
    tab.wait_for("document.title.startsWith('You are next')")
    assert "June" not in page.title()
    expect(page.get_by_role("button", name="I am here")).to_be_visible()
    for _ in range(4):
        look.check(tab)
    tab.click("[data-act=here]")
    expect(page.get_by_role("button", name="I am here")).not_to_be_visible()


def test_place_is_kept_while_the_tab_is_gone_and_lost_when_it_stays_away(
    look: Looks, june: Visit, make: Make, house: House
) -> None:
    tab = look.open()
    go_in(tab, june.link)
    tab.wait_for(f"{TITLE} === 'You are 2nd in line'")
    context = tab.page.context
    tab.page.close()
    make(_silent_for, june, 0.8)
    desk = look.open(make(_desk, june))
    desk.goto(june.board)
    hers = f"[data-row][data-key='{june.encounter.uuid}']"
    desk.wait_for(f'document.querySelector("{hers}[data-state=away]")')
    tab = ChromiumTab(context.new_page())
    tab.goto(june.link)
    state_is(tab, "waiting")
    tab.wait_for(f"{TITLE} === 'You are 2nd in line'")
    tab.page.close()
    make(_silent_for, june, 2)
    # Not before the house itself has heard pages for so long.
    desk.wait_for(f'document.querySelector("{hers}[data-state=expected]")', seconds=100)
    tab = ChromiumTab(context.new_page())
    tab.goto(june.link)
    state_is(tab, "door")
    expect(tab.page.locator("[data-place-lost]")).to_contain_text("You are out of the line.")
    for _ in range(4):
        look.check(tab)


def _hold(visit: Visit) -> None:
    actor = factories.practitioner_actor(visit.encounter.practitioner)
    services.hold_visit(actor=actor, encounter=visit.encounter)


def _call_in(visit: Visit) -> None:
    actor = factories.practitioner_actor(visit.encounter.practitioner)
    services.admit_patient(actor=actor, encounter=visit.encounter)


def _move(visit: Visit) -> None:
    """To tomorrow."""
    appointment = visit.encounter.appointment
    later = appointment.starts_at + dt.timedelta(days=1)
    move_appointment(
        actor=factories.practitioner_actor(visit.encounter.practitioner),
        appointment=appointment,
        starts_at=later,
        reason="",
    )


def _cancel(visit: Visit) -> None:
    appointment = visit.encounter.appointment
    appointment.refresh_from_db()
    actor = factories.practitioner_actor(visit.encounter.practitioner)
    cancel_appointment(actor=actor, appointment=appointment, reason="")


def _survives(tab: ChromiumTab, house: House, visit: Visit, *states: str) -> ChromiumTab:
    """The web process is killed, the page is loaded again, and the tab goes down and another one comes."""
    house.kill("telehealth.serve")
    state_is(tab, *states)
    house.wait_until_ready()
    tab.wait_for("!['waiting', 'connecting'].includes(document.documentElement.dataset.socketState)")
    state_is(tab, *states)
    tab.reload()
    state_is(tab, *states)
    context = tab.page.context
    tab.page.close()
    tab = ChromiumTab(context.new_page())
    tab.goto(visit.link)
    state_is(tab, *states)
    return tab


def test_every_state_survives_a_kill_of_web_a_reload_and_the_loss_of_the_tab(
    patient: ChromiumTab, june: Visit, make: Make, house: House, watch: Watch
) -> None:
    watch.allow(SOCKET_LOST)
    tab = patient
    go_in(tab, june.link)
    tab.wait_for(f"{TITLE} === 'You are 2nd in line'")
    tab = _survives(tab, house, june, "waiting")
    tab.wait_for(f"{TITLE} === 'You are 2nd in line'")
    make(_call_first, june)
    tab.wait_for(f"{TITLE} === 'You are next'")
    tab = _survives(tab, house, june, "waiting")
    tab.wait_for(f"{TITLE} === 'You are next'")
    make(_call_in, june)
    # Whoever opens the link anew in a call comes in by a press.
    tab = _survives(tab, house, june, "call", "left")
    make(_hold, june)
    if tab.evaluate("document.documentElement.dataset.visitState") == "left":
        tab.click("[data-act=come-back]")
    tab = _survives(tab, house, june, "waiting")
    tab.wait_for(f"{TITLE} === 'Dr Marlow comes back to you'")


@pytest.mark.parametrize(("happens", "states"), [(_move, ("early",)), (_cancel, ("cancelled",))])
def test_moved_and_cancelled_are_shown_at_once_and_after_every_loss(
    happens: Any, states: tuple[str, ...], patient: ChromiumTab, june: Visit, make: Make, house: House, watch: Watch
) -> None:
    watch.allow(SOCKET_LOST)
    go_in(patient, june.link)
    patient.wait_for(f"{TITLE} === 'You are 2nd in line'")
    make(happens, june)
    patient.wait_for(f"{list(states)}.includes(document.querySelector('[data-step]:not([hidden])')?.dataset.step)", 10)
    house.kill("telehealth.serve")
    house.wait_until_ready()
    patient.reload()
    patient.wait_for(f"{list(states)}.includes(document.querySelector('[data-step]:not([hidden])')?.dataset.step)")
