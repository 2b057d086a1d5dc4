"""Puts the demo clinic into the database through the rooms' own services; again, it only brings visits up to now."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.crypto import salted_hmac

from accounts.actors import Actor, system_actor
from accounts.models import Organization, Patient, Practitioner, User
from accounts.roles import Role
from accounts.services import (
    assign_role,
    correct_contact,
    create_organization,
    create_user,
    register_patient,
    register_practitioner,
)
from consults.lifecycle import BEGUN, OVER, VisitStatus
from consults.models import Encounter
from consults.selectors import visit_state
from consults.services import finish_visit
from core.clock import now
from core.errors import Conflict
from notifications.models import Beat
from notifications.services.sweeping import WORKER
from recordings import keystore
from scheduling.models import Interpreter, PersonalLink
from scheduling.services import book_appointment, cancel_appointment
from telehealth.demo import cast, times
from telehealth.demo.hours import set_up_booking, set_up_walk_ins

LABEL = "Demo clinic"


@dataclass(frozen=True)
class SeededVisit:
    """One line of the printed table."""

    encounter: Encounter
    link: PersonalLink


def password_of(email: str) -> str:
    """The demo password of a user: the same at every start of this installation, another one elsewhere."""
    word = email.partition("@")[0]
    return f"{word}-{salted_hmac('telehealth.demo.password', email, algorithm='sha256').hexdigest()[:10]}"


def seed() -> tuple[SeededVisit, ...]:
    """Make clinic and recording key if they are not there, tidy visits of former starts, book what is missing now."""
    organization = Organization.objects.filter(slug=cast.CLINIC["slug"]).first() or _found()
    keystore.create_clinic_key(organization.uuid)
    actor = system_actor(LABEL, organization.pk)
    _appoint(actor, organization, cast.OFFICER, Role.PRIVACY_OFFICER)
    _appoint(actor, organization, cast.ADMINISTRATOR, Role.ADMINISTRATOR)
    _give_addresses(actor, organization)
    set_up_booking(actor, organization)
    set_up_walk_ins(actor, organization)
    # This start brings its own worker, which nobody has seen yet: the silence of a stopped demo is no alarm.
    Beat.objects.filter(name=WORKER).delete()
    at = now()
    standing = _kept(actor, organization, at)
    for visit in cast.VISITS:
        if visit not in standing:
            standing[visit] = _book(actor, organization, visit, times.starts_ahead(visit, at))
    if not any(can_be_joined(encounter, at) for encounter in standing.values()):
        _bring_one_to_the_door(actor, organization, standing, at)
    in_order = sorted(cast.VISITS, key=lambda visit: standing[visit].appointment.starts_at)
    return tuple(SeededVisit(standing[visit], standing[visit].appointment.links.get()) for visit in in_order)


def can_be_joined(encounter: Encounter, at: dt.datetime) -> bool:
    """The door is open and nobody has come in yet."""
    return visit_state(encounter, at) == "open"


def _found() -> Organization:
    organization = create_organization(actor=system_actor(LABEL, None), is_demo=True, **cast.CLINIC)
    actor = system_actor(LABEL, organization.pk)
    for staff in cast.PRACTITIONERS:
        register_practitioner(
            actor=actor,
            organization=organization,
            user=_user(actor, organization, staff),
            prefix=staff.prefix,
            given_name=staff.given_name,
            family_name=staff.family_name,
            specialty=staff.specialty,
            face=staff.face,
        )
    desk = _user(actor, organization, cast.DESK)
    assign_role(actor=actor, user=desk, organization=organization, role=Role.FRONT_DESK)
    for person in cast.PATIENTS:
        register_patient(
            actor=actor,
            organization=organization,
            given_name=person.given_name,
            family_name=person.family_name,
            birth_date=person.birth_date,
            email=person.email,
            phone=person.phone,
            face=person.face,
        )
    return organization


def _appoint(actor: Actor, organization: Organization, staff: cast.Staff, role: Role) -> None:
    """At every start: clinics of an older Housecall have nobody yet."""
    if not User.objects.filter(email=staff.email).exists():
        user = _user(actor, organization, staff)
        assign_role(actor=actor, user=user, organization=organization, role=role)


def _give_addresses(actor: Actor, organization: Organization) -> None:
    """At every start: in clinics of an older Housecall nobody had an email address, and messages went nowhere."""
    for person in cast.PATIENTS:
        known = Patient.objects.select_related("organization").filter(
            organization=organization,
            given_name=person.given_name,
            family_name=person.family_name,
            email="",
            phone=person.former_phone,
        )
        for patient in known:
            correct_contact(actor=actor, patient=patient, email=person.email, phone=person.phone)


def _user(actor: Actor, organization: Organization, staff: cast.Staff) -> User:
    name = " ".join(part for part in (staff.prefix, staff.given_name, staff.family_name) if part)
    return create_user(
        actor=actor, organization=organization, email=staff.email, name=name, password=password_of(staff.email)
    )


def _kept(actor: Actor, organization: Organization, at: dt.datetime) -> dict[cast.PlannedVisit, Encounter]:
    """What former starts made and is not over yet. The rest is finished or cancelled, whoever left it open."""
    standing: dict[cast.PlannedVisit, Encounter] = {}
    for encounter in _open_visits(organization):
        visit = _planned(encounter)
        fits = times.still_fits(encounter.appointment.starts_at, encounter.appointment.ends_at, at)
        if visit is not None and fits and visit not in standing:
            standing[visit] = encounter
        elif visit is not None or (not fits and encounter.status != VisitStatus.PLANNED):
            _tidy(actor, encounter)
    return standing


def _bring_one_to_the_door(
    actor: Actor, organization: Organization, standing: dict[cast.PlannedVisit, Encounter], at: dt.datetime
) -> None:
    """Every time near now is taken, by visits that have begun or are over: move the first that has not begun."""
    for visit in cast.VISITS:
        if standing[visit].status == VisitStatus.PLANNED:
            _tidy(actor, standing[visit])
            standing[visit] = _book(actor, organization, visit, times.starts_with_open_door(at))
            return


def _open_visits(organization: Organization) -> list[Encounter]:
    return list(
        Encounter.objects.filter(organization=organization)
        .exclude(status__in=[status.value for status in OVER])
        .select_related("appointment", "patient", "practitioner__user")
        .order_by("appointment__starts_at", "pk")
    )


def _planned(encounter: Encounter) -> cast.PlannedVisit | None:
    """The plan that a visit was made from; None for a visit that somebody trying the demo booked."""
    found = (encounter.practitioner.user.email, encounter.patient.full_name, encounter.appointment.reason)
    return next((visit for visit in cast.VISITS if (visit.practitioner, visit.patient, visit.reason) == found), None)


def _tidy(actor: Actor, encounter: Encounter) -> None:
    if encounter.status in BEGUN:
        finish_visit(actor=actor, encounter=encounter)
    else:
        cancel_appointment(actor=actor, appointment=encounter.appointment, reason="The demo was started anew")


def _book(
    actor: Actor, organization: Organization, visit: cast.PlannedVisit, starts: Iterator[dt.datetime]
) -> Encounter:
    given_name, _, family_name = visit.patient.partition(" ")
    patient = Patient.objects.get(organization=organization, given_name=given_name, family_name=family_name)
    practitioner = Practitioner.objects.get(organization=organization, user__email=visit.practitioner)
    # Clinics of an older Housecall have none, and whoever tries the demo may put theirs out of use.
    voices = Interpreter.objects.filter(organization=organization, name=visit.interpreter, is_active=True)
    for starts_at in starts:
        try:
            appointment = book_appointment(
                actor=actor,
                patient=patient,
                practitioner=practitioner,
                starts_at=starts_at,
                ends_at=starts_at + times.LENGTH,
                timezone=organization.timezone,
                reason=visit.reason,
                interpreter=voices.first(),
            )
        except Conflict:
            continue
        return Encounter.objects.select_related("appointment", "patient", "practitioner").get(appointment=appointment)
    raise RuntimeError(f"No time is free for {visit.reason}.")
