"""What the pages of a visit ask about recording, without a script, and that they are silent where nobody can record."""

import pytest
from django.urls import reverse

from consent.models import Consent, Purpose
from consent.selectors import current_text
from consults.codes import code_of
from consults.models import Encounter, LeaveCode
from consults.services import finish_visit, leave_waiting_room, pass_on
from recordings import keystore
from recordings.lifecycle import RecordingStatus
from recordings.models import Recording
from tests import factories as make
from tests.integration.visit_pages.test_call_page import doctor_of
from tests.integration.visit_pages.test_visit_page import JSON, address, agreed, link_of, opened, shown_step

pytestmark = pytest.mark.django_db


@pytest.fixture
def encounter() -> Encounter:
    """A visit whose door is open, in a clinic that can record."""
    encounter = make.make_visit()
    keystore.create_clinic_key(encounter.organization.uuid)
    return encounter


def answers(encounter: Encounter, **change: str) -> dict[str, str]:
    """Both questions answered with yes."""
    video, recording = (
        current_text(encounter.organization, purpose).version for purpose in (Purpose.TELEHEALTH, Purpose.RECORDING)
    )
    given = {"agree": "on", "version": video, "recording": "permit", "recording_version": recording}
    given |= {"asked_for": str(encounter.practitioner.uuid), **change}
    return {name: value for name, value in given.items() if value}


def door(encounter: Encounter) -> str:
    return opened(encounter).get(address(encounter), {"step": "consent"}).content.decode()


def test_door_asks_both_questions_with_nothing_chosen(encounter: Encounter) -> None:
    body = door(encounter)
    assert "Two questions before you go in" in body
    assert "Yes, you may record" in body
    assert "No, do not record" in body
    assert "checked" not in body
    assert "version of 1 November 2026" in body


def test_door_of_a_house_that_cannot_record_says_nothing_of_it() -> None:
    encounter = make.make_visit()
    visit, doctor = make.make_visit_in_progress(), make.make_visit_in_progress()
    pages = [door(encounter), opened(visit).get(address(visit)).content.decode(), call_page(doctor)]
    for body in pages:
        assert "record-form" not in body
        assert "Record</span>" not in body
        assert "may record" not in body
    assert "One question before you go in" in pages[0]


def call_page(encounter: Encounter) -> str:
    return str(doctor_of(encounter).get(reverse("call", kwargs={"visit": encounter.uuid})).content.decode())


def test_call_pages_of_a_house_that_records_name_the_words_and_where_answers_go() -> None:
    encounter = make.make_recordable_visit()
    patient, doctor = opened(encounter).get(address(encounter)).content.decode(), call_page(encounter)
    for body in (patient, doctor):
        assert f'name="text_version" value="{make.recording_words(encounter)}"' in body
        assert "Yes, you may record" in body
    assert address(encounter, "recording-consent") in patient
    assert "recording/start/" not in patient
    for name in ("recording-start", "recording-stop", "recording-staff-consent"):
        assert reverse(name, kwargs={"visit": encounter.uuid}) in doctor


def test_ended_visit_leads_to_its_recording_once_it_can_be_played_and_the_code_was_entered() -> None:
    encounter = make.make_recordable_visit()
    client = opened(encounter)
    recording = make.start_recording(encounter)
    make.answer_recording(encounter, make.patient_actor(encounter.appointment))
    finish_visit(actor=make.practitioner_actor(encounter.practitioner), encounter=encounter)
    body = client.get(address(encounter)).content.decode()
    assert "what was recorded" in body
    assert "data-recorded" not in body
    client.post(address(encounter, "visit-leave-code"))
    left = address(encounter, "visit-leave-behind")
    client.post(left, {"code": code_of(LeaveCode.objects.get())})
    body = client.get(left).content.decode()
    assert "data-recorded data-look>" in body
    assert "Play the recording" not in body
    Recording.objects.filter(pk=recording.pk).update(status=RecordingStatus.READY)
    played = reverse("visit-recording", kwargs={"link": link_of(encounter).uuid, "recording": recording.uuid})
    for page in (left, address(encounter)):
        body = client.get(page).content.decode()
        assert f'href="{played}"' in body
        assert "data-recorded" not in body
    assert f'href="{left}"' in body
    assert played not in opened(encounter).get(address(encounter)).content.decode()


@pytest.mark.parametrize("decision", ["permit", "deny"])
def test_answers_posted_plainly_are_kept_and_lead_to_the_place(encounter: Encounter, decision: str) -> None:
    client = opened(encounter)
    answer = client.post(address(encounter, "visit-consent"), answers(encounter, recording=decision), follow=True)
    assert shown_step(answer.content.decode()) == ["place"]
    kept = Consent.objects.get(purpose=Purpose.RECORDING)
    assert (kept.decision, kept.about) == (decision, encounter.uuid)
    assert Consent.objects.filter(purpose=Purpose.TELEHEALTH).count() == 1


def test_recording_left_open_is_an_error_and_keeps_what_was_ticked(encounter: Encounter) -> None:
    answer = opened(encounter).post(address(encounter, "visit-consent"), answers(encounter, recording=""))
    body = answer.content.decode()
    assert answer.status_code == 422
    assert shown_step(body) == ["consent"]
    assert 'href="#id_recording"' in body
    assert 'id="id_agree" required' in body
    assert body.count("checked") == 1
    assert not Consent.objects.exists()


def test_recording_left_open_is_told_to_a_script_by_field(encounter: Encounter) -> None:
    data = answers(encounter, recording="perhaps")
    answer = opened(encounter).post(address(encounter, "visit-consent"), data, headers=JSON)
    assert answer.status_code == 422
    assert answer.json()["error"]["fields"] == {"recording": "Say whether we may record this visit: yes or no."}


def test_old_words_of_recording_keep_neither_answer(encounter: Encounter) -> None:
    data = answers(encounter, recording_version="2020-01-01")
    answer = opened(encounter).post(address(encounter, "visit-consent"), data, headers=JSON)
    assert answer.status_code == 422
    assert not Consent.objects.exists()


def test_answer_to_a_question_that_named_somebody_else_is_asked_anew(encounter: Encounter) -> None:
    """The page stood open while the visit went to a colleague: nothing is kept, and it comes again."""
    data = answers(encounter)
    waiting, colleague = make.arrive(encounter), make.make_practitioner(encounter.organization)
    pass_on(actor=make.practitioner_actor(encounter.practitioner), encounter=waiting, to=colleague)
    leave_waiting_room(actor=make.patient_actor(encounter.appointment), encounter=waiting)
    kept = Consent.objects.count()
    client = opened(encounter)
    plain = client.post(address(encounter, "visit-consent"), data)
    body = plain.content.decode()
    assert plain.status_code == 422
    assert "Somebody else sees you now than when we asked." in body
    assert colleague.short_name in body
    assert f'name="asked_for" value="{colleague.uuid}"' in body
    script = client.post(address(encounter, "visit-consent"), data, headers=JSON)
    assert (script.status_code, script.json()["error"]["code"]) == (409, "consent.asked_for_another")
    assert Consent.objects.count() == kept
    again = client.post(address(encounter, "visit-consent"), {**data, "asked_for": str(colleague.uuid)})
    assert again.status_code == 302


def test_second_visit_asks_about_recording_alone_and_again(encounter: Encounter) -> None:
    body = door(agreed(encounter))
    assert "One question before you go in" in body
    assert "May we record this visit?" in body
    assert 'name="agree"' not in body
    assert "Step 2 of 3" in body


def test_consent_step_is_skipped_once_both_are_answered(encounter: Encounter) -> None:
    client = opened(encounter)
    client.post(address(encounter, "visit-consent"), answers(encounter))
    body = client.get(address(encounter), {"step": "consent"}).content.decode()
    assert shown_step(body) == ["place"]
    assert "Step 3 of 3" in body


def test_answer_changed_in_a_second_tab_counts_and_the_video_agreement_stays_one(encounter: Encounter) -> None:
    client = opened(encounter)
    for decision in ("permit", "deny"):
        client.post(address(encounter, "visit-consent"), answers(encounter, recording=decision))
    decisions = Consent.objects.filter(purpose=Purpose.RECORDING).order_by("pk").values_list("decision", flat=True)
    assert list(decisions) == ["permit", "deny"]
    assert Consent.objects.filter(purpose=Purpose.TELEHEALTH).count() == 1
