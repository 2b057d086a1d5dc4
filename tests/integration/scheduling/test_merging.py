"""The desk says that somebody who typed themselves in is a known patient: everything follows, and undo works."""

import datetime as dt

import pytest

from accounts.actors import Actor
from accounts.models import Patient
from accounts.roles import Role
from accounts.selectors import patients
from audit.models import AuditEvent
from consent.selectors import current_text, standing_consent
from consent.services import give_consent
from consults.models import Encounter
from consults.selectors import get_visit
from core.clock import now
from core.errors import Conflict, NotFound
from scheduling.models import Appointment, OccupiedSpan, PatientMerge, PersonalLink
from scheduling.selectors import link_of
from scheduling.selectors.sorting import unsorted, unsorted_patients
from scheduling.services.merging import confirm_new_patient, merge_patient, undo_merge
from tests import factories

pytestmark = pytest.mark.django_db


class Two:
    """A known patient, the same person as they typed themselves in, and the desk."""

    def __init__(self) -> None:
        self.organization = factories.make_organization(timezone="America/Chicago")
        who = {"given_name": "Rosalind", "family_name": "Fern", "birth_date": dt.date(1948, 5, 3)}
        self.known = factories.make_patient(self.organization, **who, phone="(555) 0171 234")
        self.typed = factories.make_patient(self.organization, **who, phone="5550171234")
        Patient.objects.filter(pk=self.typed.pk).update(self_registered=True)
        self.typed.refresh_from_db()
        self.desk: Actor = factories.staff_actor(Role.FRONT_DESK, organization=self.organization)
        self.appointment = factories.make_appointment(patient=self.typed)

    def merge(self) -> PatientMerge:
        return merge_patient(actor=self.desk, patient=self.typed, into=self.known)


@pytest.fixture
def two() -> Two:
    return Two()


def owners(appointment: Appointment) -> tuple[int | None, int, set[int | None]]:
    appointment.refresh_from_db()
    spans = OccupiedSpan.objects.filter(appointment=appointment, actor__kind="patient")
    encounter = Encounter.objects.get(appointment=appointment)
    return appointment.patient_id, encounter.patient_id, set(spans.values_list("actor__patient_id", flat=True))


def test_same_person_moves_appointment_visit_and_time(two: Two) -> None:
    two.merge()
    assert owners(two.appointment) == (two.known.pk, two.known.pk, {two.known.pk})
    two.typed.refresh_from_db()
    assert two.typed.merged_into == two.known
    assert two.typed not in list(patients(two.desk))
    assert unsorted_patients(two.desk) == []


def test_link_goes_on_working_and_leads_to_the_same_visit(two: Two) -> None:
    before = factories.patient_actor(two.appointment)
    two.merge()
    after = factories.patient_actor(two.appointment)
    assert (after.id, after.patient_id) == (before.id, two.known.pk)
    assert get_visit(after).patient == two.known
    two.appointment.refresh_from_db()
    assert link_of(two.desk, two.appointment) == PersonalLink.objects.get(appointment=two.appointment)


def test_consent_given_before_counts_for_the_known_and_no_longer_after_undo(two: Two) -> None:
    actor = factories.patient_actor(two.appointment)
    version = current_text(two.organization, "telehealth").version
    give_consent(actor=actor, patient=two.typed, purpose="telehealth", text_version=version)
    assert standing_consent(two.known, "telehealth") is None
    two.merge()
    assert standing_consent(two.known, "telehealth") is not None
    undo_merge(actor=two.desk, patient=Patient.objects.get(pk=two.typed.pk))
    assert standing_consent(two.known, "telehealth") is None


def test_undo_moves_back_exactly_what_was_moved(two: Two) -> None:
    older = factories.make_appointment(patient=two.known, starts_at=now() + dt.timedelta(days=2))
    two.merge()
    undo_merge(actor=two.desk, patient=Patient.objects.get(pk=two.typed.pk))
    assert owners(two.appointment) == (two.typed.pk, two.typed.pk, {two.typed.pk})
    assert owners(older) == (two.known.pk, two.known.pk, {two.known.pk})
    assert unsorted_patients(two.desk) == [two.typed]
    undo_merge(actor=two.desk, patient=Patient.objects.get(pk=two.typed.pk))
    assert two.merge().undone_at is None


def test_merge_twice_is_once(two: Two) -> None:
    assert two.merge() == merge_patient(actor=two.desk, patient=Patient.objects.get(pk=two.typed.pk), into=two.known)
    assert PatientMerge.objects.count() == 1


def test_merge_into_somebody_with_a_visit_at_that_time_is_refused_whole(two: Two) -> None:
    other = factories.make_appointment(patient=two.known, starts_at=two.appointment.starts_at)
    with pytest.raises(Conflict) as refusal:
        two.merge()
    assert refusal.value.code == "patient.two_visits"
    assert owners(two.appointment) == (two.typed.pk, two.typed.pk, {two.typed.pk})
    assert owners(other) == (two.known.pk, two.known.pk, {two.known.pk})
    two.typed.refresh_from_db()
    assert two.typed.merged_into is None


def test_merge_while_they_wait_changes_nothing_for_them(two: Two) -> None:
    visit = factories.make_waiting_visit(patient=two.typed, starts_at=now() - dt.timedelta(minutes=25))
    two.merge()
    visit.refresh_from_db()
    assert (visit.status, visit.patient_id) == ("arrived", two.known.pk)
    actor = factories.patient_actor(visit.appointment)
    assert visit.seats.get(left_at=None).actor_id == actor.id


def test_new_patient_is_confirmed_and_can_no_longer_be_merged(two: Two) -> None:
    for _ in range(2):
        confirm_new_patient(actor=two.desk, patient=two.typed)
    two.typed.refresh_from_db()
    assert not two.typed.self_registered
    with pytest.raises(Conflict):
        two.merge()


def test_merge_into_another_clinic_or_into_oneself_does_not_exist(two: Two) -> None:
    for into in (factories.make_patient(), two.typed):
        with pytest.raises((NotFound, Conflict)):
            merge_patient(actor=two.desk, patient=two.typed, into=into)
    assert PatientMerge.objects.count() == 0


@pytest.mark.parametrize("role", [Role.PRACTITIONER, Role.PRIVACY_OFFICER])
def test_merge_is_for_the_desk_alone(two: Two, role: Role) -> None:
    actor = factories.staff_actor(role, organization=two.organization)
    with pytest.raises(NotFound):
        merge_patient(actor=actor, patient=two.typed, into=two.known)


def test_merge_and_undo_stand_in_both_records(two: Two) -> None:
    two.merge()
    undo_merge(actor=two.desk, patient=Patient.objects.get(pk=two.typed.pk))
    for action in ("scheduling.patient.merge", "scheduling.patient.unmerge"):
        found = AuditEvent.objects.filter(action=action).values_list("patient_id", flat=True)
        assert set(found) == {two.typed.pk, two.known.pk}


def test_candidates_are_those_alike_with_what_is_the_same(two: Two) -> None:
    factories.make_patient(two.organization, birth_date=dt.date(1990, 1, 1), phone="555 9999 999")
    twin = factories.make_patient(two.organization, birth_date=two.typed.birth_date)
    found = unsorted(two.desk, two.typed.uuid)
    assert [(one.patient, set(one.same)) for one in found.candidates] == [
        (two.known, {"name", "birth date", "phone"}),
        (twin, {"birth date"}),
    ]
