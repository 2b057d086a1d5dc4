"""The routes of the record buttons and the answers, and what a visit's snapshot says of its recording."""

from typing import Any

import pytest
from django.test import Client

from consults import selectors
from consults.models import Encounter
from consults.services import finish_visit
from recordings import limits, services
from recordings.models import Recording
from scheduling.links import COOKIE_NAME, session_cookie_for
from tests import factories as make

pytestmark = pytest.mark.django_db
JSON = {"HTTP_ACCEPT": "application/json"}


@pytest.fixture
def visit() -> Encounter:
    return make.make_recordable_visit()


@pytest.fixture
def doctor(visit: Encounter) -> Client:
    client = Client()
    client.force_login(visit.practitioner.user)
    return client


@pytest.fixture
def patient(visit: Encounter) -> Client:
    client = Client()
    client.cookies[COOKIE_NAME] = session_cookie_for(visit.appointment.links.get())
    return client


def press(client: Client, visit: Encounter, button: str, **fields: str) -> Any:
    return client.post(f"/staff/visits/{visit.uuid}/recording/{button}/", fields, **JSON)


def answer(client: Client, visit: Encounter, decision: str, **fields: str) -> Any:
    link = visit.appointment.links.get()
    asked = {"text_version": make.recording_words(visit), "asked_for": str(visit.practitioner.uuid)}
    data = {"decision": decision, **asked, **fields}
    return client.post(f"/v/{link.uuid}/recording/consent/", data, **JSON)


def shown(visit: Encounter, *, to_doctor: bool = True) -> dict[str, Any]:
    actor = make.practitioner_actor(visit.practitioner) if to_doctor else make.patient_actor(visit.appointment)
    found = selectors.get_visit_for(actor, visit.uuid) if to_doctor else selectors.get_visit(actor)
    part: dict[str, Any] = selectors.visit_snapshot(actor, found)["recording"]
    return part


def test_buttons_and_answers_lead_from_nothing_to_a_finished_recording(
    visit: Encounter, doctor: Client, patient: Client
) -> None:
    words = make.recording_words(visit)
    assert press(doctor, visit, "start", text_version=words).json() == {"ok": True}
    assert answer(patient, visit, "permit").json() == {"ok": True}
    recording = Recording.objects.get()
    services.hear_relay(visit.uuid, make.relay_says(recording))
    withdrawn = answer(patient, visit, "deny").json()
    assert withdrawn == {"ok": True, "erasable": str(recording.uuid)}
    assert press(doctor, visit, "consent", decision="deny").json() == {"ok": True, "erasable": str(recording.uuid)}
    assert press(doctor, visit, "consent", decision="permit", text_version=words).json() == {"ok": True}
    assert press(doctor, visit, "stop").json() == {"ok": True}
    assert press(doctor, visit, "stop").json() == {"ok": True}
    recording.refresh_from_db()
    assert recording.status == "finishing"


def test_browser_without_script_is_led_back_to_its_page(visit: Encounter, doctor: Client, patient: Client) -> None:
    data = {"text_version": make.recording_words(visit), "decision": "permit"}
    data["asked_for"] = str(visit.practitioner.uuid)
    begun = doctor.post(f"/staff/visits/{visit.uuid}/recording/start/", data)
    assert (begun.status_code, begun.headers["Location"]) == (302, f"/staff/visits/{visit.uuid}/")
    link = visit.appointment.links.get()
    given = patient.post(f"/v/{link.uuid}/recording/consent/", data)
    assert (given.status_code, given.headers["Location"]) == (302, f"/v/{link.uuid}/")


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"decision": "perhaps"}, 422, "consent.decision_unknown"),
        ({"decision": ""}, 422, "consent.decision_unknown"),
        ({"decision": "permit", "text_version": "1999-01-01"}, 422, "consent.text_unknown"),
        ({"decision": "permit", "text_version": "\x00" * 5000}, 422, "consent.text_unknown"),
    ],
)
def test_unusable_answer_is_refused_in_words(
    visit: Encounter, patient: Client, fields: dict[str, str], status: int, code: str
) -> None:
    refused = answer(patient, visit, **fields)
    assert (refused.status_code, refused.json()["error"]["code"]) == (status, code)


@pytest.mark.usefixtures("one_moment")
def test_too_many_presses_of_one_person_wait_and_another_person_goes_on(
    visit: Encounter, doctor: Client, patient: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MOST_PRESSES", 2)
    assert [answer(patient, visit, "deny").status_code for _ in range(3)] == [200, 200, 429]
    assert press(doctor, visit, "start", text_version=make.recording_words(visit)).status_code == 200


def test_start_before_the_call_and_stop_without_a_recording_say_what_is_wrong(visit: Encounter, doctor: Client) -> None:
    refused = press(doctor, visit, "stop")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "recording.none")
    finish_visit(actor=make.practitioner_actor(visit.practitioner), encounter=visit)
    over = press(doctor, visit, "start", text_version=make.recording_words(visit))
    assert (over.status_code, over.json()["error"]["code"]) == (409, "visit.over")


def test_snapshot_where_the_clinic_cannot_record_is_null() -> None:
    assert shown(make.make_visit_in_progress()) is None


def test_snapshot_asks_who_has_not_answered_and_counts_who_has(visit: Encounter) -> None:
    nothing = {"state": "none", "on": False, "problem": None, "until": None, "since": None, "erasable": None}
    before = shown(visit)
    assert {name: before[name] for name in nothing} == nothing
    assert (before["may_start"], before["asked"], before["mine"], before["agreed"], before["of"]) == (
        True, False, "unasked", 0, 2,
    )  # fmt: skip
    make.start_recording(visit)
    asked = shown(visit, to_doctor=False)
    assert (asked["state"], asked["asked"], asked["mine"], asked["agreed"]) == ("waiting", True, "unasked", 1)
    assert (asked["people"], asked["may_start"]) == ([], False)
    make.answer_recording(visit, make.patient_actor(visit.appointment), "deny")
    answered = shown(visit)
    assert sorted(person["answer"] for person in answered["people"]) == ["deny", "permit"]
    assert (answered["mine"], answered["asked"], answered["may_start"]) == ("permit", False, False)
    assert shown(visit, to_doctor=False)["asked"] is False


def test_snapshot_offers_erasure_after_a_no_only(visit: Encounter) -> None:
    patient = make.patient_actor(visit.appointment)
    make.answer_recording(visit, patient)
    recording = make.start_recording(visit)
    assert shown(visit, to_doctor=False)["erasable"] is None
    make.answer_recording(visit, patient, "deny")
    assert shown(visit, to_doctor=False)["erasable"] == str(recording.uuid)
    recording.streams.filter(person_type="patient").update(erase_asked_at=recording.requested_at)
    assert shown(visit, to_doctor=False)["erasable"] is None
