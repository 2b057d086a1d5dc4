"""The doctor's call page: what it shows, who may see it, and its buttons."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from consults.models import Encounter
from tests.factories import make_practitioner, make_visit, make_visit_in_progress, make_waiting_visit

pytestmark = pytest.mark.django_db


def doctor_of(encounter: Encounter) -> Client:
    client = Client()
    client.force_login(encounter.practitioner.user)
    return client


def address(encounter: Encounter, name: str = "call") -> str:
    return reverse(name, kwargs={"visit": encounter.uuid})


def test_call_page_shows_who_it_is_and_where_they_are() -> None:
    encounter = make_visit_in_progress()
    answer = doctor_of(encounter).get(address(encounter))
    body = answer.content.decode()
    for words in (encounter.patient.full_name, encounter.place, encounter.callback_phone):
        assert words in body
    assert encounter.patient.family_name not in body.split("</title>")[0]
    assert answer.headers["Cache-Control"] == "no-store"


def test_call_page_seen_twice_is_recorded_once() -> None:
    encounter = make_visit_in_progress()
    client = doctor_of(encounter)
    client.get(address(encounter))
    client.get(address(encounter))
    seen = AuditEvent.objects.filter(action="view", patient_id=encounter.patient_id, detail__page="visit")
    assert seen.count() == 1


def test_call_page_of_another_doctors_visit_is_not_found() -> None:
    encounter = make_visit_in_progress()
    other = make_practitioner(encounter.organization)
    client = Client()
    client.force_login(other.user)
    for name in ("call-identity", "call-leave", "call-hold", "call-finish"):
        assert client.post(address(encounter, name)).status_code == 404
    assert client.get(address(encounter)).status_code == 404
    encounter.refresh_from_db()
    assert (encounter.status, encounter.identity_confirmed_at) == ("in-progress", None)


def test_call_page_before_the_patient_is_called_in_has_no_stage() -> None:
    encounter = make_visit()
    body = doctor_of(encounter).get(address(encounter)).content.decode()
    assert "data-stage" not in body
    assert "data-finish-dialog" not in body


def test_identity_confirmed_is_kept_and_said_with_name_and_time() -> None:
    encounter = make_visit_in_progress()
    client = doctor_of(encounter)
    said = client.post(address(encounter, "call-identity"), headers={"accept": "application/json"}).json()
    encounter.refresh_from_db()
    assert encounter.identity_confirmed_by == encounter.practitioner.user
    assert said["words"].startswith(f"Identity confirmed by {encounter.practitioner.user.name} at ")
    body = client.get(address(encounter)).content.decode()
    assert said["words"] in body
    assert 'data-form="identity"' not in body


def test_leave_keeps_the_visit_open_and_finish_ends_it() -> None:
    encounter = make_visit_in_progress()
    client = doctor_of(encounter)
    board = reverse("queue-board", kwargs={"queue": encounter.queue.uuid})
    assert client.post(address(encounter, "call-leave")).headers["Location"] == board
    encounter.refresh_from_db()
    assert encounter.status == "in-progress"
    assert client.post(address(encounter, "call-finish")).headers["Location"] == board
    encounter.refresh_from_db()
    assert encounter.status == "finished"


def test_hold_leads_to_the_board_whose_row_takes_the_patient_back() -> None:
    encounter = make_visit_in_progress()
    client = doctor_of(encounter)
    board = reverse("queue-board", kwargs={"queue": encounter.queue.uuid})
    assert client.post(address(encounter, "call-hold")).headers["Location"] == board
    assert "is on hold" in client.get(address(encounter)).content.decode()
    admit = reverse("queue-admit", kwargs={"queue": encounter.queue.uuid, "visit": encounter.uuid})
    assert "Take back" in client.get(board).content.decode()
    assert client.post(admit).headers["Location"] == address(encounter)
    encounter.refresh_from_db()
    assert encounter.status == "in-progress"


def test_calling_in_with_hold_puts_the_other_visit_on_hold() -> None:
    encounter = make_visit_in_progress()
    before = encounter.appointment.starts_at - timedelta(hours=1)
    other = make_waiting_visit(practitioner=encounter.practitioner, starts_at=before)
    admit = reverse("queue-admit", kwargs={"queue": encounter.queue.uuid, "visit": other.uuid})
    doctor_of(encounter).post(admit, {"hold": "yes"})
    encounter.refresh_from_db()
    other.refresh_from_db()
    assert (encounter.status, other.status) == ("onleave", "in-progress")


@pytest.mark.parametrize("name", ["call-identity", "call-leave", "call-hold", "call-finish"])
def test_buttons_by_get_do_nothing(name: str) -> None:
    encounter = make_visit_in_progress()
    assert doctor_of(encounter).get(address(encounter, name)).status_code == 405
    encounter.refresh_from_db()
    assert encounter.status == "in-progress"
