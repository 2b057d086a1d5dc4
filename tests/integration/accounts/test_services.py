"""Services write one thing and one audit event, for those who may and in their own clinic only."""

from datetime import date
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db.models import ProtectedError
from django.utils import translation

from accounts import services
from accounts.actors import Actor, actor_for_user
from accounts.models import Location, Patient, RoleAssignment, User
from accounts.roles import Role
from audit.models import AuditEvent
from core.errors import Conflict, NotFound
from tests.factories import SYSTEM, make_organization, make_patient, make_practitioner, make_user, staff_actor

pytestmark = pytest.mark.django_db

PERSON = {"given_name": "Given", "family_name": "Family", "birth_date": date(1970, 1, 1)}


def last_event() -> AuditEvent:
    return AuditEvent.objects.latest("pk")


def test_organization_created_has_its_default_location() -> None:
    clinic = services.create_organization(actor=SYSTEM, name="Clinic", slug="clinic")
    assert Location.objects.get(organization=clinic).is_default
    assert (last_event().action, last_event().entity_id) == ("organization.create", str(clinic.uuid))


def test_organization_created_by_an_administrator_is_refused() -> None:
    with pytest.raises(NotFound):
        services.create_organization(actor=staff_actor(Role.ADMINISTRATOR), name="Clinic", slug="clinic")


def test_user_created_may_sign_in_by_password_and_code() -> None:
    clinic = make_organization()
    user = services.create_user(
        actor=SYSTEM, organization=clinic, email=" Ines@Example.ORG ", name="Ines", password="correct horse battery"
    )
    assert user.email == "ines@example.org"
    assert user.check_password("correct horse battery")
    assert EmailAddress.objects.get(user=user).verified
    assert (last_event().action, last_event().organization_id) == ("user.create", clinic.pk)


def test_user_created_twice_is_a_conflict_and_writes_nothing() -> None:
    make_user(email="ines@example.org")
    events = AuditEvent.objects.count()
    with pytest.raises(Conflict) as caught:
        services.create_user(actor=SYSTEM, organization=make_organization(), email="INES@example.org", name="Ines")
    assert caught.value.code == "email.taken"
    assert User.objects.filter(email="ines@example.org").count() == 1
    assert AuditEvent.objects.count() == events + 1  # The clinic's.


def test_role_assigned_twice_is_there_once() -> None:
    user = make_user()
    for _ in range(2):
        services.assign_role(actor=SYSTEM, user=user, organization=user.organization, role=Role.FRONT_DESK)
    assert RoleAssignment.objects.filter(user=user).count() == 1
    assert AuditEvent.objects.filter(action="role.assign").count() == 1
    assert last_event().detail == {"role": "front-desk"}


def test_role_withdrawn_twice_is_gone_once_and_leaves_the_others() -> None:
    user = make_user(None, Role.FRONT_DESK, Role.SCHEDULER)
    for _ in range(2):
        services.withdraw_role(actor=SYSTEM, user=user, role=Role.FRONT_DESK)
    assert [assignment.role for assignment in user.role_assignments.all()] == [Role.SCHEDULER]
    assert AuditEvent.objects.filter(action="role.withdraw").count() == 1
    assert (last_event().entity_id, last_event().detail) == (str(user.pk), {"role": "front-desk"})


def test_user_disabled_twice_is_nobody_from_then_on_with_one_event() -> None:
    user = make_user(None, Role.FRONT_DESK)
    assert actor_for_user(user, "key").is_staff
    for _ in range(2):
        services.disable_user(actor=SYSTEM, user=user)
    user.refresh_from_db()
    assert actor_for_user(user, "key").is_anonymous
    assert AuditEvent.objects.filter(action="user.disable", entity_id=str(user.pk)).count() == 1


def test_practitioner_registered_has_the_role_and_the_names() -> None:
    practitioner = make_practitioner(prefix="Dr", given_name="Ines", family_name="Marlow")
    assert RoleAssignment.objects.get(user=practitioner.user).role == Role.PRACTITIONER
    assert practitioner.display_name == "Dr Ines Marlow"
    assert practitioner.short_name == "Dr Marlow"


def test_patient_registered_has_the_clinic_zone_and_an_event_without_their_name() -> None:
    clinic = make_organization(timezone="Europe/Lisbon", language="pt")
    patient = make_patient(clinic, given_name="Secretname", family_name="Secretfamily")
    assert (patient.timezone, patient.language) == ("Europe/Lisbon", "pt")
    assert patient.full_name == "Secretname Secretfamily"
    event = last_event()
    assert (event.action, event.patient_id) == ("patient.register", patient.pk)
    assert "Secret" not in f"{event.__dict__}{patient!r}"


def acts(clinic: Any, actor: Actor) -> list[tuple[str, Any]]:
    """Every write of accounts that members of staff could try in the clinic."""
    user = make_user(clinic)
    return [
        ("user", lambda: services.create_user(actor=actor, organization=clinic, email="n@example.org", name="New")),
        ("role", lambda: services.assign_role(actor=actor, user=user, organization=clinic, role=Role.SCHEDULER)),
        ("role", lambda: services.withdraw_role(actor=actor, user=user, role=Role.SCHEDULER)),
        ("disable", lambda: services.disable_user(actor=actor, user=make_user(clinic))),
        ("patient", lambda: services.register_patient(actor=actor, organization=clinic, **PERSON)),
        (
            "practitioner",
            lambda: services.register_practitioner(
                actor=actor, organization=clinic, user=user, given_name="G", family_name="F"
            ),
        ),
    ]


ALLOWED = {
    Role.ADMINISTRATOR: {"user", "role", "disable", "patient", "practitioner"},
    Role.FRONT_DESK: {"patient"},
    Role.SCHEDULER: {"patient"},
    Role.PRACTITIONER: {"patient"},
}


@pytest.mark.parametrize("role", list(Role))
def test_write_by_role_is_allowed_in_the_own_clinic_and_refused_in_another(role: Role) -> None:
    clinic = make_organization()
    actor = staff_actor(role, organization=clinic)
    for name, act in acts(clinic, actor):
        if name in ALLOWED.get(role, set()):
            act()
            assert last_event().actor_id == actor.id
        else:
            with pytest.raises(NotFound):
                act()
    for _, act in acts(make_organization(), actor):
        with pytest.raises(NotFound):
            act()


def test_user_of_another_clinic_is_given_no_role_here() -> None:
    clinic, stranger = make_organization(), make_user()
    with pytest.raises(NotFound):
        services.assign_role(actor=SYSTEM, user=stranger, organization=clinic, role=Role.ADMINISTRATOR)
    with pytest.raises(NotFound):
        services.register_practitioner(
            actor=SYSTEM, organization=clinic, user=stranger, given_name="G", family_name="F"
        )


def test_patient_with_an_account_is_protected_from_its_deletion() -> None:
    clinic = make_organization()
    user = make_user(clinic, Role.PATIENT)
    make_patient(clinic, user=user)
    with pytest.raises(ProtectedError):
        user.delete()
    assert Patient.objects.filter(user=user).exists()


@pytest.mark.parametrize(
    ("page", "clinics", "kept"), [("es", "en", "es"), ("en-gb", "es", "en"), ("es", "de", "es"), ("en-gb", "de", "de")]
)
def test_whoever_types_themselves_in_keeps_the_language_of_their_page(page: str, clinics: str, kept: str) -> None:
    clinic = make_organization(language=clinics)
    with translation.override(page):
        patient = services.register_oneself(
            actor=SYSTEM,
            organization=clinic,
            email="given@example.org",
            phone="",
            **PERSON,
        )
    assert patient.language == kept
