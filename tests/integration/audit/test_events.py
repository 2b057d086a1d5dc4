"""What is recorded, how often, and who may read it back."""

from datetime import timedelta

import pytest

from accounts.roles import Role
from audit.models import AuditEvent
from audit.selectors import events_for
from audit.services import record, record_view
from core.clock import now
from tests.factories import make_organization, make_patient, staff_actor

pytestmark = pytest.mark.django_db


def test_event_recorded_says_who_did_what_on_what() -> None:
    clinic = make_organization()
    patient = make_patient(clinic)
    actor = staff_actor(Role.FRONT_DESK, organization=clinic)
    record(actor=actor, action="patient.update", entity=patient, patient_id=patient.pk, detail={"fields": 2})
    event = AuditEvent.objects.latest("pk")
    assert (event.actor_type, event.actor_id, event.actor_label) == ("user", actor.id, actor.label)
    assert (event.session, event.organization_id) == (actor.session, clinic.pk)
    assert (event.entity_type, event.entity_id, event.patient_id) == ("accounts.Patient", str(patient.uuid), patient.pk)
    assert (event.action, event.outcome, event.detail) == ("patient.update", "success", {"fields": 2})
    assert now() - event.recorded_at < timedelta(minutes=1)


def test_event_with_an_unknown_outcome_is_not_recorded() -> None:
    with pytest.raises(ValueError, match="perhaps"):
        record(actor=staff_actor(), action="act", outcome="perhaps")


def test_view_recorded_again_in_the_session_counts_once() -> None:
    clinic = make_organization()
    patient, actor = make_patient(clinic), staff_actor(Role.FRONT_DESK, organization=clinic)
    for _ in range(3):
        record_view(actor=actor, patient_id=patient.pk, page="call")
    events = AuditEvent.objects.filter(action="view")
    assert [(event.patient_id, event.detail) for event in events] == [(patient.pk, {"page": "call"})]


def test_view_by_another_person_page_patient_or_session_counts_anew() -> None:
    clinic = make_organization()
    patient, other = make_patient(clinic), make_patient(clinic)
    actor, colleague = (staff_actor(Role.FRONT_DESK, organization=clinic) for _ in range(2))
    record_view(actor=actor, patient_id=patient.pk, page="call")
    record_view(actor=colleague, patient_id=patient.pk, page="call")
    record_view(actor=actor, patient_id=patient.pk, page="board")
    record_view(actor=actor, patient_id=other.pk, page="call")
    object.__setattr__(actor, "session", "the next one")
    record_view(actor=actor, patient_id=patient.pk, page="call")
    assert AuditEvent.objects.filter(action="view").count() == 5


def test_view_of_themself_by_a_patient_is_not_recorded() -> None:
    patient = make_patient()
    actor = staff_actor(Role.PATIENT)
    object.__setattr__(actor, "patient_id", patient.pk)
    record_view(actor=actor, patient_id=patient.pk, page="visit")
    assert not AuditEvent.objects.filter(action="view").exists()


def test_events_of_another_organization_are_not_given() -> None:
    ours, theirs = make_organization(), make_organization()
    record(actor=staff_actor(organization=ours), action="ours")
    record(actor=staff_actor(organization=theirs), action="theirs")
    actions = set(events_for(organization_id=ours.pk).values_list("action", flat=True))
    assert "ours" in actions
    assert "theirs" not in actions


def test_events_narrowed_are_the_newest_first_of_those() -> None:
    clinic = make_organization()
    patient, actor = make_patient(clinic), staff_actor(organization=clinic)
    for action in ("one", "two", "one"):
        record(actor=actor, action=action, entity=patient, patient_id=patient.pk)
    one = events_for(organization_id=clinic.pk, action="one", patient_id=patient.pk)
    assert [event.action for event in one] == ["one", "one"]
    assert one[0].pk > one[1].pk
    assert not events_for(organization_id=clinic.pk, since=now() + timedelta(seconds=1)).exists()
    narrow = events_for(organization_id=clinic.pk, entity_type="accounts.Patient", entity_id=str(patient.uuid))
    assert narrow.count() == 4  # Registered, and the three.
