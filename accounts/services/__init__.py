"""Writing organisations, users, roles, patients and practitioners. Each is one transaction with one audit event."""

from datetime import date

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts import ports
from accounts.actors import Actor
from accounts.models import Location, Organization, Patient, Practitioner, RoleAssignment, User
from accounts.policy import Relation, require
from accounts.roles import Role
from audit.services import record
from core.errors import Conflict, NotFound


@transaction.atomic
def create_organization(
    *,
    actor: Actor,
    name: str,
    slug: str,
    timezone: str = "UTC",
    phone: str = "",
    desk_hours: str = "",
    language: str = "en",
    is_demo: bool = False,
) -> Organization:
    """A clinic with its default location."""
    require(actor, "accounts.organization.create")
    organization = Organization.objects.create(
        name=name,
        slug=slug,
        timezone=timezone,
        phone=phone,
        desk_hours=desk_hours,
        language=language,
        is_demo=is_demo,
    )
    Location.objects.create(organization=organization, name=name, is_default=True)
    record(actor=actor, action="organization.create", entity=organization)
    return organization


@transaction.atomic
def create_user(
    *, actor: Actor, organization: Organization, email: str, name: str, password: str | None = None
) -> User:
    """Somebody who can sign in with that email address; without a password, by emailed code only."""
    require(actor, "accounts.user.create")
    _same_clinic(actor, organization)
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, password, name=name, organization=organization)
    except IntegrityError:
        raise Conflict(_("Somebody already signs in with that email address."), code="email.taken") from None
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    record(actor=actor, action="user.create", entity=user)
    return user


@transaction.atomic
def assign_role(*, actor: Actor, user: User, organization: Organization, role: Role) -> RoleAssignment:
    """Give a role; giving it twice is the same as once."""
    require(actor, "accounts.role.assign", Relation.SAME_CLINIC)
    _same_clinic(actor, organization)
    if user.organization_id != organization.pk:
        raise NotFound
    assignment, is_new = RoleAssignment.objects.get_or_create(user=user, organization=organization, role=Role(role))
    if is_new:
        record(actor=actor, action="role.assign", entity=user, detail={"role": Role(role).value})
    return assignment


@transaction.atomic
def withdraw_role(*, actor: Actor, user: User, role: Role) -> None:
    """Take a role of the user's clinic away; taking it twice is the same as once."""
    require(actor, "accounts.role.withdraw", Relation.SAME_CLINIC)
    organization = _clinic_of(user)
    _same_clinic(actor, organization)
    taken, _ = RoleAssignment.objects.filter(user=user, organization=organization, role=Role(role)).delete()
    if taken:
        record(actor=actor, action="role.withdraw", entity=user, detail={"role": Role(role).value})
        ports.tell_access_changed(user)


@transaction.atomic
def disable_user(*, actor: Actor, user: User) -> None:
    """Nothing that this user signed in to counts any more, and they cannot sign in; the row stays, for the records."""
    require(actor, "accounts.user.disable", Relation.SAME_CLINIC)
    _same_clinic(actor, _clinic_of(user))
    if User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
        user.is_active = False
        record(actor=actor, action="user.disable", entity=user)
        ports.tell_access_changed(user)


@transaction.atomic
def register_patient(
    *,
    actor: Actor,
    organization: Organization,
    given_name: str,
    family_name: str,
    birth_date: date,
    email: str = "",
    phone: str = "",
    timezone: str = "",
    language: str = "",
    face: str = "",
    user: User | None = None,
) -> Patient:
    """A patient of the clinic; zone and language are the clinic's unless said."""
    require(actor, "accounts.patient.register")
    _same_clinic(actor, organization)
    patient = Patient.objects.create(
        organization=organization,
        given_name=given_name,
        family_name=family_name,
        birth_date=birth_date,
        email=email,
        phone=phone,
        timezone=timezone or organization.timezone,
        language=language or organization.language,
        face=face,
        user=user,
    )
    record(actor=actor, action="patient.register", entity=patient, patient_id=patient.pk)
    return patient


@transaction.atomic
def register_oneself(
    *,
    actor: Actor,
    organization: Organization,
    given_name: str,
    family_name: str,
    birth_date: date,
    email: str,
    phone: str,
    timezone: str = "",
) -> Patient:
    """A patient as they typed themselves in, always a new row: nobody is looked up, so nobody is given away.

    The desk says later who of the known patients this is, if any. They are written to in the language of their page.
    """
    require(actor, "accounts.patient.register_oneself")
    _same_clinic(actor, organization)
    patient = Patient.objects.create(
        organization=organization,
        given_name=given_name,
        family_name=family_name,
        birth_date=birth_date,
        email=email,
        phone=phone,
        timezone=timezone or organization.timezone,
        language=_page_language(organization),
        self_registered=True,
    )
    record(actor=actor, action="patient.register_oneself", entity=patient, patient_id=patient.pk)
    return patient


@transaction.atomic
def correct_contact(*, actor: Actor, patient: Patient, email: str, phone: str) -> frozenset[str]:
    """Put a patient's email address and phone number right. Returns which of the two have changed."""
    require(actor, "accounts.patient.contact", Relation.SAME_CLINIC)
    _same_clinic(actor, patient.organization)
    locked = Patient.objects.select_for_update().get(pk=patient.pk)
    new = {"email": email, "phone": phone}
    changed = frozenset(name for name, value in new.items() if getattr(locked, name) != value)
    if changed:
        Patient.objects.filter(pk=patient.pk).update(**new)
        # Which, and not what: events are read by people who may not see the chart.
        record(
            actor=actor,
            action="patient.contact",
            entity=locked,
            patient_id=locked.pk,
            detail={"changed": sorted(changed)},
        )
    patient.email, patient.phone = email, phone
    return changed


@transaction.atomic
def register_practitioner(
    *,
    actor: Actor,
    organization: Organization,
    user: User,
    given_name: str,
    family_name: str,
    prefix: str = "",
    specialty: str = "",
    face: str = "",
) -> Practitioner:
    """Make a user a practitioner of the clinic, role included."""
    require(actor, "accounts.practitioner.register")
    _same_clinic(actor, organization)
    if user.organization_id != organization.pk:
        raise NotFound
    practitioner = Practitioner.objects.create(
        organization=organization,
        user=user,
        prefix=prefix,
        given_name=given_name,
        family_name=family_name,
        specialty=specialty,
        face=face,
    )
    RoleAssignment.objects.get_or_create(user=user, organization=organization, role=Role.PRACTITIONER)
    record(actor=actor, action="practitioner.register", entity=practitioner)
    return practitioner


def _clinic_of(user: User) -> Organization:
    if user.organization is None:
        raise NotFound
    return user.organization


def _page_language(organization: Organization) -> str:
    """Of the page that somebody is at; the clinic's where it is in English because no page speaks that one."""
    language, usual = ((code or "").partition("-")[0] for code in (get_language(), settings.LANGUAGE_CODE))
    spoken = {code.partition("-")[0] for code, _name in settings.LANGUAGES}
    theirs = organization.language.partition("-")[0]
    return language if language and (language != usual or theirs in spoken) else organization.language


def _same_clinic(actor: Actor, organization: Organization) -> None:
    """The system may act for any clinic; everybody else only for their own."""
    if actor.type != "system" and actor.organization_id != organization.pk:
        raise NotFound
