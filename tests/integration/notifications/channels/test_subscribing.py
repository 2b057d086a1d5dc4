"""Browsers that are to be told: who may say so, for whom, and which."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.actors import Actor
from audit.models import AuditEvent
from consults.models import Encounter
from core.errors import Conflict, Invalid, NotFound
from notifications.models import PushSubscription
from notifications.selectors.pushing import push_offer
from notifications.services.subscribing import MOST, subscribe, unsubscribe
from scheduling.links import secret_for
from tests import factories
from tests.unit.notifications.test_providers import POINT

pytestmark = pytest.mark.django_db
KEYS = {"p256dh": POINT, "auth": "zqbxT6JKstKSY9JKibZLSQ"}
HERE = "https://fcm.googleapis.com/fcm/send/"


def own(encounter: Encounter) -> Actor:
    return factories.patient_actor(encounter.appointment)


def yes(encounter: Encounter, endpoint: str = HERE + "one", **fields: Any) -> PushSubscription:
    return subscribe(actor=own(encounter), patient=encounter.patient, endpoint=endpoint, **{**KEYS, **fields})


def test_browser_is_kept_once_with_its_newest_keys() -> None:
    encounter = factories.make_waiting_visit()
    yes(encounter)
    row = yes(encounter, auth="AAAAAAAAAAAAAAAAAAAAAA")
    assert PushSubscription.objects.get() == row
    assert (row.auth, row.organization) == ("AAAAAAAAAAAAAAAAAAAAAA", encounter.organization)
    assert (
        AuditEvent.objects.filter(action="notifications.push.subscribe", patient_id=encounter.patient_id).count() == 1
    )
    assert "fcm" not in str(AuditEvent.objects.values_list("detail", "entity_id"))


def test_of_many_browsers_the_oldest_goes() -> None:
    encounter = factories.make_waiting_visit()
    for number in range(MOST + 2):
        yes(encounter, f"{HERE}{number}")
    kept = set(PushSubscription.objects.values_list("endpoint", flat=True))
    assert kept == {f"{HERE}{number}" for number in range(2, MOST + 2)}
    yes(encounter, f"{HERE}2")
    yes(encounter, f"{HERE}new")
    assert PushSubscription.objects.filter(endpoint=f"{HERE}2").exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"endpoint": "https://127.0.0.1/"},
        {"endpoint": "http://fcm.googleapis.com/"},
        {"endpoint": ""},
        {"p256dh": POINT[:-2]},
        {"auth": "short"},
    ],
)
def test_what_no_browser_would_say_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        yes(factories.make_waiting_visit(), **fields)
    assert not PushSubscription.objects.exists()


def test_nobody_says_so_for_another() -> None:
    encounter, other = factories.make_waiting_visit(), factories.make_waiting_visit()
    yes(encounter)
    guest = factories.guest_actor(factories.make_guest(encounter.appointment))
    doctor = factories.practitioner_actor(encounter.practitioner)
    same_clinic = factories.make_waiting_visit(organization=encounter.organization)
    for actor in (own(other), own(same_clinic), guest, doctor):
        with pytest.raises(NotFound):
            subscribe(actor=actor, patient=encounter.patient, endpoint=HERE + "two", **KEYS)
        with pytest.raises(NotFound):
            unsubscribe(actor=actor, patient=encounter.patient, endpoint=HERE + "one")
        assert push_offer(actor, encounter.patient) is None
    assert PushSubscription.objects.count() == 1


def test_browser_is_forgotten_when_it_says_so() -> None:
    encounter = factories.make_waiting_visit()
    yes(encounter)
    assert unsubscribe(actor=own(encounter), patient=encounter.patient, endpoint=HERE + "one")
    assert not unsubscribe(actor=own(encounter), patient=encounter.patient, endpoint=HERE + "one")
    assert not PushSubscription.objects.exists()
    assert AuditEvent.objects.filter(action="notifications.push.unsubscribe").count() == 1


def test_where_the_clinic_sends_none_there_is_nothing_to_say(settings: Any) -> None:
    settings.MESSAGE_CARRIERS = {**settings.MESSAGE_CARRIERS, "push": ""}
    encounter = factories.make_waiting_visit()
    assert push_offer(own(encounter), encounter.patient) is None
    with pytest.raises(Conflict):
        yes(encounter)
    assert "data-notify" not in page(encounter)


def test_page_knows_its_own_browsers_by_digests_alone() -> None:
    encounter = factories.make_waiting_visit()
    yes(encounter)
    offer = push_offer(own(encounter), encounter.patient)
    assert offer is not None
    assert offer.told == (hashlib.sha256((HERE + "one").encode()).hexdigest(),)
    body = page(encounter)
    assert "data-notify" in body
    assert offer.key in body
    assert "fcm.googleapis" not in body


def opened(encounter: Encounter) -> tuple[Client, Any]:
    link = encounter.appointment.links.get(guest=None)
    client = Client()
    client.post(reverse("visit-open", kwargs={"link": link.uuid}), {"secret": secret_for(link)})
    return client, link


def page(encounter: Encounter) -> str:
    client, link = opened(encounter)
    return client.get(reverse("visit", kwargs={"link": link.uuid})).content.decode()


def test_page_of_the_visit_tells_the_clinic_of_its_browser() -> None:
    encounter = factories.make_waiting_visit()
    client, link = opened(encounter)
    on, off = (reverse(name, kwargs={"link": link.uuid}) for name in ("visit-notify", "visit-notify-off"))
    assert client.post(on, {"endpoint": HERE + "one", **KEYS}).json() == {"ok": True}
    assert PushSubscription.objects.get().patient == encounter.patient
    for wrong in ({}, {"endpoint": HERE}, {"endpoint": HERE + "a" * 900, **KEYS}, {"endpoint": HERE + "\x00", **KEYS}):
        assert client.post(on, wrong).status_code == 422
    assert Client().post(on, {"endpoint": HERE + "two", **KEYS}).status_code == 404
    assert Client(enforce_csrf_checks=True).post(on, {}).status_code in {403, 404}
    assert client.post(off, {"endpoint": HERE + "one"}).status_code == 200
    assert not PushSubscription.objects.exists()


def test_two_people_at_one_browser_are_told_each() -> None:
    one, another = factories.make_waiting_visit(), factories.make_waiting_visit()
    yes(one)
    yes(another)
    assert PushSubscription.objects.count() == 2


def test_page_of_a_visit_is_there_without_the_key_of_notifications(settings: Any, tmp_path: Path) -> None:
    settings.VAPID_KEY_FILE = tmp_path / "broken.pem"
    settings.VAPID_KEY_FILE.write_text("-----BEGIN PRIVATE KEY-----\n")
    encounter = factories.make_waiting_visit()
    assert push_offer(own(encounter), encounter.patient) is None
