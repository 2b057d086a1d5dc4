"""Selectors give what is of the actor's clinic and role; the rest is the same NotFound as what does not exist."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from accounts import selectors
from accounts.actors import ANONYMOUS, Actor
from accounts.roles import STAFF, Role
from core.errors import NotFound
from tests.factories import make_organization, make_patient, make_practitioner, practitioner_actor, staff_actor

pytestmark = pytest.mark.django_db

MAY_SEE_PATIENTS = [Role.PRACTITIONER, Role.FRONT_DESK, Role.SCHEDULER, Role.ADMINISTRATOR]
MAY_NOT_SEE_PATIENTS = [role for role in Role if role not in MAY_SEE_PATIENTS]


def patient_actor(organization_id: int, patient_id: int) -> Actor:
    roles = frozenset({Role.PATIENT})
    return Actor("patient", patient_id, "Patient", organization_id, roles, "session", patient_id=patient_id)


@pytest.mark.parametrize("role", MAY_SEE_PATIENTS)
def test_patients_of_the_clinic_are_seen_by_role(role: Role) -> None:
    clinic = make_organization()
    ours, _theirs = make_patient(clinic), make_patient()
    actor = staff_actor(role, organization=clinic)
    assert list(selectors.patients(actor)) == [ours]
    assert selectors.get_patient(actor, ours.uuid) == ours


@pytest.mark.parametrize("role", MAY_NOT_SEE_PATIENTS)
def test_patients_are_not_seen_by_other_roles(role: Role) -> None:
    clinic = make_organization()
    patient = make_patient(clinic)
    actor = staff_actor(role, organization=clinic)
    with pytest.raises(NotFound):
        selectors.patients(actor)
    with pytest.raises(NotFound):
        selectors.get_patient(actor, patient.uuid)


def test_patient_sees_themself_and_nobody_else() -> None:
    clinic = make_organization()
    me, other = make_patient(clinic), make_patient(clinic)
    actor = patient_actor(clinic.pk, me.pk)
    assert selectors.get_patient(actor, me.uuid) == me
    with pytest.raises(NotFound):
        selectors.get_patient(actor, other.uuid)
    with pytest.raises(NotFound):
        selectors.patients(actor)


def test_practitioners_of_the_clinic_are_seen_by_staff() -> None:
    clinic = make_organization()
    ours, theirs = make_practitioner(clinic), make_practitioner()
    for actor in (*(staff_actor(role, organization=clinic) for role in STAFF), practitioner_actor(ours)):
        assert list(selectors.practitioners(actor)) == [ours]
        assert selectors.get_practitioner(actor, ours.uuid) == ours
        with pytest.raises(NotFound):
            selectors.get_practitioner(actor, theirs.uuid)


@pytest.mark.parametrize("get", [selectors.get_patient, selectors.get_practitioner])
@pytest.mark.parametrize("make", [make_patient, make_practitioner])
def test_object_of_another_clinic_is_refused_as_an_absent_one(
    get: Callable[..., Any], make: Callable[..., Any]
) -> None:
    actor = staff_actor(*STAFF)
    errors = []
    for uuid in (make().uuid, uuid4(), "no uuid at all"):
        with pytest.raises(NotFound) as caught:
            get(actor, uuid)
        errors.append((caught.value.as_dict(), caught.value.status))
    assert errors[0] == errors[1] == errors[2]


def test_nobody_sees_nothing() -> None:
    patient, practitioner = make_patient(), make_practitioner()
    for refused in (
        lambda: selectors.patients(ANONYMOUS),
        lambda: selectors.practitioners(ANONYMOUS),
        lambda: selectors.get_patient(ANONYMOUS, patient.uuid),
        lambda: selectors.get_practitioner(ANONYMOUS, practitioner.uuid),
    ):
        with pytest.raises(NotFound):
            refused()


def test_default_organization_is_the_first_or_none() -> None:
    assert selectors.default_organization() is None
    first = make_organization()
    make_organization()
    assert selectors.default_organization() == first
