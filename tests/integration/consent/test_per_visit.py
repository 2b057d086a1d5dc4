"""The consent to a recording: asked of everybody in the visit, at every visit, and heard where it matters."""

from typing import Any

import pytest
from django.db import transaction

from accounts.actors import ANONYMOUS, Actor
from accounts.roles import Role
from audit.models import AuditEvent
from consent import ports, services
from consent.models import Consent
from consent.selectors import current_text, standing_consent, visit_answer, visit_answers
from consults.models import Encounter
from core.errors import Conflict, Invalid, NotFound
from tests import factories as make

pytestmark = pytest.mark.django_db
WORDS = "2026-11-01"


@pytest.fixture
def visit() -> Encounter:
    return make.make_visit()


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Consent]:
    told: list[Consent] = []
    monkeypatch.setattr(ports, "_answered", [lambda actor, consent: told.append(consent)])
    return told


def answer(visit: Encounter, actor: Actor, decision: str, **changes: Any) -> Consent:
    asked = {"patient": visit.patient, "purpose": "recording", "text_version": WORDS, "about": visit.uuid}
    return services.answer_in_visit(**{"actor": actor, "decision": decision, **asked, **changes})


def test_words_for_recording_stand_after_migrate_and_say_that_no_changes_nothing() -> None:
    text = current_text(make.make_organization(), "recording")
    assert (text.version, text.title) == (WORDS, "May we record this visit?")
    assert text.body_for("Dr Marlow").startswith("If you say no, nothing changes in your care.")
    assert "Only Dr Marlow and the patient can play" in text.body_for("Dr Marlow")
    assert "It is not a transcript." in text.body


def test_patient_and_doctor_each_answer_for_themselves(visit: Encounter, heard: list[Consent]) -> None:
    patient, doctor = make.patient_actor(visit.appointment), make.practitioner_actor(visit.practitioner)
    yes, no = answer(visit, patient, "permit"), answer(visit, doctor, "deny")
    assert visit_answers(visit.uuid, "recording") == {("patient", patient.id): yes, ("user", doctor.id): no}
    assert (yes.how, no.how) == ("link", "account")
    assert [(row.person_type, row.person_id, row.person_label) for row in (yes, no)] == [
        ("patient", visit.patient_id, visit.patient.full_name),
        ("user", doctor.user_id, doctor.label),
    ]
    assert {row.patient_id for row in (yes, no)} == {visit.patient_id}
    assert heard == [yes, no]
    events = AuditEvent.objects.filter(entity_type="consent.Consent").order_by("pk")
    assert list(events.values_list("action", flat=True)) == ["consent.give", "consent.withdraw"]


def test_newest_answer_counts_and_the_same_twice_is_one_row(visit: Encounter, heard: list[Consent]) -> None:
    actor = make.patient_actor(visit.appointment)
    for decision in ("permit", "permit", "deny", "deny", "permit"):
        kept = answer(visit, actor, decision)
        assert visit_answer(visit.uuid, "recording", "patient", visit.patient_id) == kept
    assert [row.decision for row in heard] == ["permit", "deny", "permit"]
    assert Consent.objects.count() == 3


def test_yes_in_one_visit_says_nothing_of_another(visit: Encounter) -> None:
    answer(visit, make.patient_actor(visit.appointment), "permit")
    other = make.make_visit(patient=visit.patient, starts_at=visit.appointment.ends_at)
    assert visit_answers(other.uuid, "recording") == {}
    assert standing_consent(visit.patient, "telehealth") is None


def test_yes_needs_the_words_in_force_and_a_no_does_not(visit: Encounter) -> None:
    actor = make.patient_actor(visit.appointment)
    with pytest.raises(Invalid):
        answer(visit, actor, "permit", text_version="1999-01-01")
    old = current_text(visit.organization, "recording")
    type(old).objects.create(
        purpose="recording", version="2026-11-09", language="en", title="t", body="b", published_on=old.published_on
    )
    with pytest.raises(Conflict) as refused:
        answer(visit, actor, "permit")
    assert refused.value.code == "consent.text_changed"
    assert answer(visit, actor, "deny", text_version="").decision == "deny"
    assert answer(visit, actor, "permit", text_version="2026-11-09").decision == "permit"


def test_yes_and_no_keep_the_language_in_which_they_were_asked(visit: Encounter) -> None:
    actor = make.patient_actor(visit.appointment)
    assert answer(visit, actor, "permit", text_version=f"{WORDS}/es").text.language == "es"
    assert answer(visit, actor, "deny", text_version=f"{WORDS}/es").text.language == "es"
    doctor = make.practitioner_actor(visit.practitioner)
    assert answer(visit, doctor, "permit", text_version=f"{WORDS}/en").text.language == "en"


def test_who_is_not_of_the_clinic_or_has_no_such_role_does_not_exist(visit: Encounter) -> None:
    strangers = [
        ANONYMOUS,
        make.SYSTEM,
        make.patient_actor(make.make_appointment(organization=visit.organization)),
        make.practitioner_actor(make.make_practitioner()),
        make.staff_actor(Role.FRONT_DESK, organization=visit.organization),
    ]
    for stranger in strangers:
        with pytest.raises(NotFound):
            answer(visit, stranger, "permit")
    assert not Consent.objects.exists()


def test_purposes_are_asked_one_way_only(visit: Encounter) -> None:
    actor = make.patient_actor(visit.appointment)
    with pytest.raises(Invalid):
        answer(visit, actor, "permit", purpose="telehealth", text_version="2026-10-01")
    with pytest.raises(Invalid):
        services.give_consent(actor=actor, patient=visit.patient, purpose="recording", text_version=WORDS)
    with pytest.raises(Invalid):
        services.withdraw_consent(actor=actor, patient=visit.patient, purpose="recording")
    with pytest.raises(Invalid):
        answer(visit, actor, "perhaps")
    assert not Consent.objects.exists()


def test_listener_that_fails_takes_the_answer_back(visit: Encounter, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(actor: Actor, consent: Consent) -> None:
        raise Conflict("no")

    monkeypatch.setattr(ports, "_answered", [fail])
    with pytest.raises(Conflict), transaction.atomic():
        answer(visit, make.patient_actor(visit.appointment), "permit")
    assert not Consent.objects.exists()
