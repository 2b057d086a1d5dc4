"""Group visits in the records of the house: merged patients, the calendar, searches and lists."""

import pytest

from accounts.models import Patient
from accounts.policy import Relation
from audit.models import AuditEvent
from core.errors import Conflict
from scheduling.models import PatientMerge
from scheduling.policies import relation_to
from scheduling.selectors.calendar import calendar_page
from scheduling.selectors.files import appointment_rows
from scheduling.selectors.finding import find_patients
from scheduling.selectors.histories import visits_of
from scheduling.services import cancel_appointment
from scheduling.services.merging import merge_patient, undo_merge
from tests import factories as make
from tests.integration.scheduling.clinic import DAY, Clinic
from tests.integration.scheduling.test_groups import people, place_of, taken_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic() -> Clinic:
    clinic = Clinic()
    clinic.offer_groups()
    return clinic


def known_and_typed(clinic: Clinic) -> tuple[Patient, Patient]:
    typed = clinic.new_patient()
    Patient.objects.filter(pk=typed.pk).update(self_registered=True)
    typed.refresh_from_db()
    return clinic.patient, typed


@pytest.mark.parametrize("is_first", [True, False])
def test_merge_takes_the_place_along_and_undo_gives_it_back(clinic: Clinic, is_first: bool) -> None:
    known, typed = known_and_typed(clinic)
    other = clinic.new_patient()
    both = [typed, other] if is_first else [other, typed]
    group = clinic.book(visit_type=clinic.visit_type, patient=both[0], further=both[1:])
    actor = make.patient_actor(group, typed)
    merge: PatientMerge = merge_patient(actor=clinic.desk, patient=typed, into=known)
    assert merge.group_places == [place_of(group, known).pk]
    assert set(people(group)) == {known, other}
    assert (taken_of(known), taken_of(typed)) == (1, 0)
    merged = make.patient_actor(group, typed)
    assert (merged.id, merged.patient_id, relation_to(merged, group)) == (typed.pk, known.pk, Relation.OWN)
    group.refresh_from_db()
    assert group.patient == (known if is_first else other)
    typed.refresh_from_db()
    undo_merge(actor=clinic.desk, patient=typed)
    group.refresh_from_db()
    assert set(people(group)) == {typed, other}
    assert group.patient == both[0]
    assert taken_of(typed) == 1
    assert relation_to(actor, group) is Relation.OWN


def test_merge_of_two_of_one_group_is_refused_in_words(clinic: Clinic) -> None:
    known, typed = known_and_typed(clinic)
    clinic.book(visit_type=clinic.visit_type, patient=known, further=[typed])
    with pytest.raises(Conflict) as refused:
        merge_patient(actor=clinic.desk, patient=typed, into=known)
    assert refused.value.code == "patient.two_visits"


def test_lists_know_everybody_and_the_calendar_only_how_many(clinic: Clinic) -> None:
    group = clinic.group(2)
    first, second = people(group)
    clinic.hold()  # a held place is no entry of its own
    day = clinic.at.date()
    page = calendar_page(clinic.desk, first_day=day, until_day=day + DAY)
    assert [visit.name for visit in page.visits] == ["Group: 2 of 3"]
    assert not AuditEvent.objects.filter(action="view", detail__page="calendar").exists()
    assert [visits_of(clinic.desk, one) for one in (first, second)] == [[group], [group]]
    [found] = find_patients(clinic.desk, second.full_name)
    assert found.visits == (group,)
    lines = list(appointment_rows(clinic.desk, clinic.organization, day, day))[1:]
    assert [line[0] for line in lines] == [first.given_name, second.given_name]
    cancel_appointment(actor=make.patient_actor(group, second), appointment=group, reason="")
    assert visits_of(clinic.desk, second) == []
