"""People and visits for browser tests and benches, made through the services of the rooms. Needs Django set up."""

import datetime as dt
import itertools
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.core import signing
from django.db import transaction
from django.test import override_settings
from django.utils.module_loading import import_string

from accounts.actors import system_actor
from accounts.models import Organization, Patient, Practitioner
from accounts.roles import Role
from accounts.selectors import default_organization
from accounts.services import (
    assign_role,
    create_organization,
    create_user,
    register_patient,
    register_practitioner,
)
from accounts.services.licences import add_licence
from accounts.services.people import PersonSaid, add_related, end_related
from consent.services.rights import give_right
from consults.codes import code_of, newest_code
from consults.models import Encounter, LeaveCode
from core.clock import now
from recordings import keystore
from scheduling.links import COOKIE_NAME, address_of, path_of, session_cookie_for
from scheduling.models import Appointment
from scheduling.services import add_guest, book_appointment, cancel_appointment, remove_guest
from scheduling.services.availability import Hours, set_hours
from tests.open_clinic import OpenClinic, open_clinic

_numbers = itertools.count(1)
LENGTH = dt.timedelta(minutes=15)


@dataclass(frozen=True)
class Cookie:
    """A session as a browser keeps it."""

    name: str
    value: str


@dataclass(frozen=True)
class Visit:
    """One visit as the two people of it see it, by path."""

    encounter: Encounter
    link: str
    doctor: Cookie

    @property
    def board(self) -> str:
        return f"/staff/queue/{self.encounter.queue.uuid}/"

    @property
    def call(self) -> str:
        return f"/staff/visits/{self.encounter.uuid}/"


def clinic(base_url: str) -> Organization:
    """A new clinic; links printed for its visits lead to `base_url`."""
    settings.BASE_URL = base_url
    number = next(_numbers)
    return create_organization(
        actor=system_actor("test", None),
        name="Lantern Street Clinic",
        slug=f"clinic-{number}",
        timezone="America/Chicago",
        phone="555-0142",
        is_demo=True,
    )


def doctor(organization: Organization) -> Practitioner:
    """A new doctor who signs in by a session of their own."""
    number = next(_numbers)
    actor = system_actor("test", organization.pk)
    user = create_user(
        actor=actor, organization=organization, email=f"doctor{number}@lantern.example", name="Dr Ines Marlow"
    )
    return register_practitioner(
        actor=actor,
        organization=organization,
        user=user,
        prefix="Dr",
        given_name="Ines",
        family_name="Marlow",
        specialty="Family medicine",
        face="face-doc",
    )


def front_desk(organization: Organization) -> Cookie:
    """The session of somebody at the desk."""
    number = next(_numbers)
    actor = system_actor("test", organization.pk)
    user = create_user(
        actor=actor, organization=organization, email=f"desk{number}@lantern.example", name="Hanna Oakes"
    )
    assign_role(actor=actor, user=user, organization=organization, role=Role.FRONT_DESK)
    return session_of(user)


def administrator(organization: Organization) -> Cookie:
    """The session of somebody who keeps rooms, interpreters and people."""
    number = next(_numbers)
    actor = system_actor("test", organization.pk)
    user = create_user(
        actor=actor, organization=organization, email=f"admin{number}@lantern.example", name="Ada Bellamy"
    )
    assign_role(actor=actor, user=user, organization=organization, role=Role.ADMINISTRATOR)
    return session_of(user)


def privacy_officer(organization: Organization) -> Cookie:
    """The session of somebody who keeps and erases."""
    number = next(_numbers)
    actor = system_actor("test", organization.pk)
    user = create_user(
        actor=actor, organization=organization, email=f"privacy{number}@lantern.example", name="Piet Quill"
    )
    assign_role(actor=actor, user=user, organization=organization, role=Role.PRIVACY_OFFICER)
    return session_of(user)


def visit(practitioner: Practitioner, *, minutes: float = 0, given_name: str = "Rosalind") -> Visit:
    """A visit of a new patient, so many minutes from now."""
    organization = practitioner.organization
    actor = system_actor("test", organization.pk)
    with transaction.atomic():
        patient = register_patient(
            actor=actor,
            organization=organization,
            given_name=given_name,
            family_name="Fern",
            birth_date=dt.date(1948, 5, 3),
            face="face-ros",
        )
        starts_at = now() + dt.timedelta(minutes=minutes)
        appointment = book_appointment(
            actor=actor,
            patient=patient,
            practitioner=practitioner,
            starts_at=starts_at,
            ends_at=starts_at + LENGTH,
            timezone=organization.timezone,
            reason="Blood pressure",
        )
    people = Encounter.objects.select_related("queue", "appointment", "patient", "organization")
    encounter = people.get(appointment=appointment)
    return Visit(encounter, address_of(appointment.links.get()), session_of(practitioner.user))


def new_visit(base_url: str, **options: Any) -> Visit:
    """A visit of a new patient to a new doctor of a new clinic."""
    return visit(doctor(clinic(base_url)), **options)


def open_for_booking(base_url: str, **terms: Any) -> OpenClinic:
    """The clinic of the house's public pages takes bookings from everybody."""
    settings.BASE_URL = base_url
    return open_clinic(default_organization() or clinic(base_url), practitioners=2, **terms)


def free_again(appointment_uuid: str) -> None:
    """Somebody cancels: the desk's system gives a time back, and whoever waits for it is offered it."""
    appointment = Appointment.objects.get(uuid=appointment_uuid)
    cancel_appointment(actor=system_actor("test", appointment.organization_id), appointment=appointment, reason="")


def session_of(user: object) -> Cookie:
    """Sign a user in without the sign-in page, which has tests of its own."""
    store = import_string(f"{settings.SESSION_ENGINE}.SessionStore")()
    store[SESSION_KEY] = str(user.pk)  # type: ignore[attr-defined]
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()  # type: ignore[attr-defined]
    store.create()
    return Cookie(settings.SESSION_COOKIE_NAME, store.session_key)


def session_by_link(visit: Visit, *, minutes_ago: int) -> dict[str, str]:
    """The session of somebody who opened the personal link so long ago, as playwright takes a cookie."""
    link = visit.encounter.appointment.links.get()
    opened = time.time() - 60 * minutes_ago
    with mock.patch.object(signing.time, "time", return_value=opened):  # type: ignore[attr-defined]
        value = session_cookie_for(link)
    return {"name": COOKIE_NAME, "value": value, "url": settings.BASE_URL + path_of(link)}


def finished(visit: Visit) -> None:
    """The visit is over, and was held."""
    Encounter.objects.filter(pk=visit.encounter.pk).update(status="finished", ended_at=now())


def sent_code(visit: Visit) -> str:
    """The code that opens what the visit leaves behind, as the newest message says it."""
    encounter = Encounter.objects.select_related("patient").get(pk=visit.encounter.pk)
    row = newest_code(encounter, encounter.patient)
    assert row is not None
    return code_of(row)


def code_is_old(visit: Visit, *, minutes: int) -> None:
    """As if it had been entered so long ago."""
    entered = now() - dt.timedelta(minutes=minutes)
    LeaveCode.objects.filter(encounter_id=visit.encounter.pk).exclude(proven_at=None).update(proven_at=entered)


def can_record(visit: Visit, var: Path) -> Visit:
    """The clinic of this visit has its key in a house's folder, so that it may record."""
    with override_settings(RECORDING_KEYS_DIR=var / "recording-keys"):
        keystore.create_clinic_key(visit.encounter.organization.uuid)
    return visit


def invite(visit: Visit, name: str, role: str = "translator") -> str:
    """The personal link of somebody who comes along."""
    appointment = visit.encounter.appointment
    actor = system_actor("test", appointment.organization_id)
    return address_of(add_guest(actor=actor, appointment=appointment, name=name, role=role).link)


def bring_mother(visit: Visit) -> str:
    """The patient is a child of eight, in a clinic with licences by part: the link of a mother who may agree."""
    patient, appointment = visit.encounter.patient, visit.encounter.appointment
    actor = system_actor("test", appointment.organization_id)
    Patient.objects.filter(pk=patient.pk).update(given_name="Mia", birth_date=dt.date(now().year - 8, 1, 1))
    patient.refresh_from_db()
    mother = add_related(actor=actor, patient=patient, said=PersonSaid("Ana Lopez", "mother", "+15550160"))
    purposes = ["telehealth", "recording"]
    give_right(actor=actor, related=mother, purposes=purposes, basis="child", seen="birth certificate")
    add_licence(actor=actor, practitioner=visit.encounter.practitioner, region="US-WI")
    return address_of(add_guest(actor=actor, appointment=appointment, related=mother).link)


def end_mother(visit: Visit) -> None:
    """She is nobody of the patient any more."""
    appointment = visit.encounter.appointment
    for guest in appointment.guests.exclude(related=None):
        end_related(actor=system_actor("test", appointment.organization_id), person=guest.related)


def take_out(visit: Visit) -> None:
    """Nobody comes along any more."""
    for guest in visit.encounter.appointment.guests.filter(removed_at=None):
        remove_guest(actor=system_actor("test", guest.organization_id), guest=guest)


def relay_of(visit: Visit) -> str:
    """The name of the relay that has the visit now."""
    return Encounter.objects.values_list("relay", flat=True).get(pk=visit.encounter.pk)


def open_all_day(practitioner: Practitioner) -> None:
    """The practitioner sees patients at any minute of every day."""
    actor = system_actor("test", practitioner.organization_id)
    hours = Hours(range(7), 0, 24 * 60, dt.date(2020, 1, 6))
    set_hours(actor=actor, practitioner=practitioner, hours=hours)
