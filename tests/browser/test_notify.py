""" "Tell me when I am next": what the browser is asked, what the clinic learns, and what the device shows.

The browser's own push service lies in the world and is stood in for; the worker and what it shows are real.
"""

import json
from collections.abc import Callable
from typing import Any

from consults.lifecycle import VisitStatus
from consults.models import Encounter
from core.clock import now
from notifications.models import PushSubscription
from tests.browser import clinic as clinics
from tests.browser.clinic import Visit
from tests.browser.conftest import Make
from tests.browser.house import House
from tests.browser.people import ChromiumTab, go_in, state_is

ENDPOINT = "https://fcm.googleapis.com/fcm/send/one"
KEYS = {
    "p256dh": "BNNL5ZaTfK81qhXOx23-wewhigUeFb632jN6LvRWCFH1ubQr77FE_9qV1FuojuRmHP42zmf34rXgW80OvUVDgTk",
    "auth": "zqbxT6JKstKSY9JKibZLSQ",
}
# A push service that keeps its subscription over a reload.
SERVICE = """((endpoint, keys) => {
  const made = { endpoint, toJSON: () => ({ endpoint, keys }), unsubscribe: async () => true };
  PushManager.prototype.subscribe = async function (options) {
    window.askedWith = options;
    localStorage.setItem("subscribed", "yes");
    return made;
  };
  PushManager.prototype.getSubscription = async () => (localStorage.getItem("subscribed") ? made : null);
})"""
WORDS = "document.querySelector('[data-notify-words]').textContent"
ON, OFF = "[data-notify-on]", "[data-notify-off]"
SHOWN = """navigator.serviceWorker.getRegistration()
  .then((registration) => registration.getNotifications())
  .then((all) => JSON.stringify(all.map(({ title, body, tag, data }) => ({ title, body, tag, data }))))"""


def says(tab: ChromiumTab, words: str) -> None:
    tab.wait_for(f"{WORDS}.includes('{words}')")


def registration_of(tab: ChromiumTab) -> tuple[Callable[..., Any], str]:
    """The protocol's own way to the worker, and the number by which it knows the worker."""
    session = tab.page.context.new_cdp_session(tab.page)
    found: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda told: found.extend(one["registrationId"] for one in told["registrations"] if not one["isDeleted"]),
    )
    session.send("ServiceWorker.enable")
    tab.wait_for("navigator.serviceWorker.ready.then(() => true)")
    # The browser tells of it in its own time.
    while not found:
        tab.evaluate("new Promise(requestAnimationFrame)")
    return session.send, found[0]


def kept(visit: Visit) -> list[tuple[str, str, str]]:
    rows = PushSubscription.objects.filter(patient=visit.encounter.patient)
    return list(rows.values_list("endpoint", "p256dh", "auth"))


def stand_before(visit: Visit) -> Visit:
    """Somebody of the same doctor's, who came earlier and waits."""
    other = clinics.visit(visit.encounter.practitioner, minutes=-16, given_name="Otto")
    Encounter.objects.filter(pk=other.encounter.pk).update(status=VisitStatus.ARRIVED, arrived_at=now())
    return other


def go_away(visit: Visit) -> None:
    Encounter.objects.filter(pk=visit.encounter.pk).update(status=VisitStatus.CANCELLED)


def test_patient_is_told_by_a_device_that_they_allowed_and_no_more_when_they_say_so(
    patient: ChromiumTab, visit: Visit, house: House, make: Make
) -> None:
    patient.page.add_init_script(f"{SERVICE}({json.dumps(ENDPOINT)}, {json.dumps(KEYS)})")
    first = make(stand_before, visit)
    go_in(patient, visit.link)
    says(patient, "Your browser asks whether it may.")

    patient.click(ON)
    says(patient, "Your browser may not show you notifications")
    assert make(kept, visit) == []

    patient.page.context.grant_permissions(["notifications"], origin=house.base_url)
    patient.click(ON)
    says(patient, "This device tells you when you are next")
    assert make(kept, visit) == [(ENDPOINT, KEYS["p256dh"], KEYS["auth"])]
    assert patient.evaluate("window.askedWith.userVisibleOnly")
    assert not patient.page.locator(ON).is_visible()
    patient.wait_for(f"document.activeElement.matches('{OFF}')")

    send, number = registration_of(patient)
    told = {"title": "You are next", "body": "Open the page of your visit.", "tag": "t", "url": "/v/1/"}
    send(
        "ServiceWorker.deliverPushMessage",
        {"origin": house.base_url, "registrationId": number, "data": json.dumps(told)},
    )
    patient.wait_for(f"{SHOWN}.then((all) => all !== '[]')")
    [shown] = json.loads(patient.evaluate(SHOWN))
    # One script for everything: what a page has installed for itself is what it is told by.
    assert patient.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)") == 1
    assert shown == {"title": told["title"], "body": told["body"], "tag": "t", "data": {"page": "/v/1/"}}

    patient.reload()
    state_is(patient, "waiting")
    says(patient, "This device tells you when you are next")
    patient.click(OFF)
    says(patient, "Your browser asks whether it may.")
    assert make(kept, visit) == []
    # Who is next already has nothing left to ask for.
    make(go_away, first)
    patient.wait_for("document.querySelector('#waiting-title').textContent === 'You are next'")
    assert not patient.page.locator(ON).is_visible()


def test_browser_that_cannot_be_told_says_so_in_place_of_the_button(
    patient: ChromiumTab, visit: Visit, make: Make
) -> None:
    make(stand_before, visit)
    patient.page.add_init_script("delete window.PushManager; delete window.Notification;")
    go_in(patient, visit.link)
    says(patient, "This browser lets no page tell you things.")
    assert patient.page.locator("[data-notify-words]").is_visible()
    assert not patient.page.locator(ON).is_visible()
