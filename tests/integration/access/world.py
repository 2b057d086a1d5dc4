"""Two clinics with a visit for everybody, and who looks at them: what the generated access test walks through."""

import datetime as dt
import uuid as uuids
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.test import Client
from django.utils.module_loading import import_string

from accounts.actors import ANONYMOUS, Actor, actor_for_user, system_actor
from accounts.models import Organization, Practitioner, User
from accounts.policy import Relation
from accounts.roles import STAFF, Role
from consults.models import Encounter, Queue
from consults.policies import relation_to_queue, relation_to_visit
from core.clock import now
from recordings.models import Export, MediaFile, Recording
from recordings.policies import relation_to_recording
from scheduling.links import COOKIE_NAME, actor_for_cookie, path_of, session_cookie_for
from scheduling.models import Appointment, PersonalLink
from scheduling.policies import relation_to
from scheduling.services import book_appointment
from tests import factories
from tests.played import finished_export, ready_recording

WHO = ("anonymous", Role.PATIENT, *sorted(STAFF))


@dataclass(frozen=True)
class Objects:
    """One visit under each name that a route may give it."""

    appointment: Appointment
    visit: Encounter
    queue: Queue
    link: PersonalLink
    recording: Recording
    file: MediaFile
    export: Export

    def uuid(self, name: str) -> uuids.UUID:
        return getattr(self, name).uuid


@dataclass(frozen=True)
class World:
    """Somebody, their browser, and visits that are theirs, a colleague's, and another clinic's."""

    actor: Actor
    client: Client
    visits: dict[str, Objects]


def world(who: str) -> World:
    """Build everything for one kind of person."""
    here, elsewhere = factories.make_organization(), factories.make_organization()
    me, colleague, stranger = (factories.make_practitioner(place) for place in (here, here, elsewhere))
    visits = {"own": _visit(me), "colleague's": _visit(colleague), "other clinic's": _visit(stranger)}
    client = Client()
    if who == "anonymous":
        return World(ANONYMOUS, client, visits)
    if who == Role.PATIENT:
        value = session_cookie_for(visits["own"].link)
        client.cookies[COOKIE_NAME] = value
        return World(actor_for_cookie(path_of(visits["own"].link), {COOKIE_NAME: value}), client, visits)
    user = me.user if who == Role.PRACTITIONER else factories.make_user(here, Role(who))
    return World(actor_for_user(user, sign_in(client, user)), client, visits)


def _visit(practitioner: Practitioner) -> Objects:
    organization: Organization = practitioner.organization
    starts_at = now() + dt.timedelta(minutes=1)
    appointment = book_appointment(
        actor=system_actor("tests", organization.pk),
        patient=factories.make_patient(organization),
        practitioner=practitioner,
        starts_at=starts_at,
        ends_at=starts_at + dt.timedelta(minutes=15),
        timezone=organization.timezone,
    )
    encounter = Encounter.objects.select_related("appointment", "queue").get(appointment=appointment)
    played = ready_recording(encounter, films=[("practitioner", b"no film", {}), ("patient", b"no film either", {})])
    return Objects(
        appointment,
        encounter,
        encounter.queue,
        appointment.links.get(),
        played.recording,
        played.files[0],
        finished_export(played.recording),
    )


def sign_in(client: Client, user: User) -> str:
    store = import_string(f"{settings.SESSION_ENGINE}.SessionStore")()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.create()
    client.cookies[settings.SESSION_COOKIE_NAME] = store.session_key
    return str(store.session_key)


def relation(actor: Actor, name: str, objects: Objects) -> Relation:
    """How the actor stands to the object that a route names."""
    if name == "queue":
        return relation_to_queue(actor, objects.queue)
    if name == "visit":
        return relation_to_visit(actor, objects.visit)
    if name in {"recording", "file"}:
        return relation_to_recording(actor, objects.recording)
    if name == "export":
        # It belongs to who asked for it; here that is always somebody else.
        return Relation.NONE
    if name == "appointment":
        return relation_to(actor, objects.appointment)
    # A link's own pages know nobody but the person of that link, whoever else is signed in.
    return Relation.OWN if actor.link_id == objects.link.pk else Relation.NONE
