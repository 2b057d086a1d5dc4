"""Two clinics with a visit for everybody, and who looks at them: what the generated access test walks through."""

import datetime as dt
import uuid as uuids
from dataclasses import dataclass, replace

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.test import Client
from django.utils.module_loading import import_string

from accounts.actors import ANONYMOUS, Actor, actor_for_user, system_actor
from accounts.models import Licence, Location, Organization, Patient, Practitioner, RelatedPerson, User
from accounts.policy import Relation
from accounts.roles import STAFF, Role
from consults.models import Encounter, LeaveCode, Pool, Queue
from consults.policies import relation_to_pool, relation_to_queue, relation_to_visit
from core.clock import now
from notifications.models import Message
from notifications.policies import relation_to as relation_to_reader
from recordings.models import Export, MediaFile, Recording
from recordings.policies import relation_to_recording
from scheduling.links import COOKIE_NAME, actor_for_cookie, path_of, session_cookie_for
from scheduling.models import (
    Appointment,
    BusyCalendar,
    CalendarFeed,
    FileIn,
    GroupPlace,
    Guest,
    Interpreter,
    PersonalLink,
    VisitType,
    WaitListEntry,
)
from scheduling.policies import relation_to, relation_to_entry, relation_to_patient, relation_to_practitioner
from scheduling.services import add_guest, book_appointment, hold_time
from scheduling.services.availability import Days, Hours, add_days, set_hours
from tests import factories
from tests.played import finished_export, ready_recording
from tests.told import make_message

WHO = ("anonymous", Role.PATIENT, Role.GUEST, Role.RELATED_PERSON, *sorted(STAFF))


@dataclass(frozen=True)
class Group:
    """What was entered together, under the id that its rows share."""

    uuid: uuids.UUID


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
    practitioner: Practitioner
    hours: Group
    days: Group
    visit_type: VisitType
    feed: CalendarFeed
    hold: Appointment
    wait: WaitListEntry
    busy: BusyCalendar
    file_in: FileIn
    guest: Guest
    room: Location
    interpreter: Interpreter
    place: GroupPlace
    message: Message
    related: RelatedPerson
    licence: Licence
    pool: Pool

    @property
    def secret(self) -> Group:
        """A wrong one: the right one is no id of anything."""
        return Group(uuids.uuid4())

    @property
    def token(self) -> Group:
        """Of a walk-in door: a wrong one, for the right one is everybody's."""
        return Group(uuids.uuid4())

    @property
    def language(self) -> Group:
        """Of the words of scripts, with their version: nobody's, and of a language that nobody speaks."""
        return Group(uuids.uuid4())

    version = language

    @property
    def entry(self) -> WaitListEntry:
        """The place on the wait list as the desk's pages name it."""
        return self.wait

    @property
    def patient(self) -> Patient:
        assert self.appointment.patient is not None
        return self.appointment.patient

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
        patient = actor_for_cookie(path_of(visits["own"].link), {COOKIE_NAME: value})
        # What was recorded is behind a code while no call is on: they have entered one.
        LeaveCode.objects.create(
            encounter=visits["own"].visit, patient=visits["own"].patient, number=1, asked_at=now(),
            session=patient.session, proven_at=now(),
        )  # fmt: skip
        return World(patient, client, visits)
    if who in {Role.GUEST, Role.RELATED_PERSON}:
        if who == Role.RELATED_PERSON:
            own = visits["own"]
            factories.make_right(own.related, basis="deed")
            mother = add_guest(actor=system_actor("tests", here.pk), appointment=own.appointment, related=own.related)
            visits["own"] = replace(own, guest=mother)
        # Their own link is the one that leads to their visit: the patient's is another's.
        mine = visits["own"].guest.link
        visits["own"] = replace(visits["own"], link=mine)
        value = session_cookie_for(mine)
        client.cookies[COOKIE_NAME] = value
        return World(actor_for_cookie(path_of(mine), {COOKIE_NAME: value}), client, visits)
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
    visit_type = VisitType.objects.create(organization=organization, name=f"Type {practitioner.pk}", minutes=20)
    played = ready_recording(encounter, films=[("practitioner", b"no film", {}), ("patient", b"no film either", {})])
    return Objects(
        appointment,
        encounter,
        encounter.queue,
        appointment.links.get(guest=None),
        played.recording,
        played.files[0],
        finished_export(played.recording),
        practitioner,
        *_hours(practitioner),
        visit_type,
        CalendarFeed.objects.create(organization=organization, user=practitioner.user),
        *_waiting_for(practitioner, visit_type),
        BusyCalendar.objects.create(organization=organization, practitioner=practitioner, url="https://example.org/a"),
        FileIn.objects.create(
            organization=organization,
            brought_by=practitioner.user,
            kind="patients",
            status="checked",
            report=[[2, "new", ""]],
        ),
        add_guest(
            actor=system_actor("tests", organization.pk), appointment=appointment, name="Ana Lopez", role="translator"
        ),
        Location.objects.create(organization=organization, name=f"Room {practitioner.pk}", is_room=True),
        Interpreter.objects.create(organization=organization, name="Ada Voice", languages=["es"]),
        # A visit for one has none; who may change it, the visit says all the same.
        GroupPlace.objects.create(
            organization=organization, appointment=appointment, patient=appointment.patient, number=1, capacity=1
        ),
        make_message(appointment, kind="no-room.knows-it"),
        factories.make_related(appointment.patient),
        Licence.objects.create(practitioner=practitioner, region="US-IL"),
        factories.make_pool(practitioner),
    )


def _hours(practitioner: Practitioner) -> tuple[Group, Group]:
    """Weekly hours and a day off."""
    actor = system_actor("tests", practitioner.organization_id)
    day = now().date() + dt.timedelta(days=3)
    hours = set_hours(actor=actor, practitioner=practitioner, hours=Hours(range(7), 0, 1440, day))
    days = add_days(
        actor=actor,
        organization=practitioner.organization,
        practitioner=practitioner,
        days=Days("closed", day, day),
    )
    return Group(hours), Group(days)


def _waiting_for(practitioner: Practitioner, visit_type: VisitType) -> tuple[Appointment, WaitListEntry]:
    """A time that some browser holds, and somebody who waits for one."""
    organization = practitioner.organization
    visit_type.practitioners.add(practitioner)
    held = hold_time(
        actor=system_actor("tests", organization.pk),
        visit_type=visit_type,
        practitioner=practitioner,
        starts_at=now() + dt.timedelta(days=2),
        timezone=organization.timezone,
    )
    Appointment.objects.filter(pk=held.pk).update(held_by="somebody else's session")
    day = now().date()
    waiting = WaitListEntry.objects.create(
        organization=organization,
        patient=factories.make_patient(organization),
        visit_type=visit_type,
        first_day=day,
        last_day=day,
    )
    return held, waiting


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
    if name == "pool":
        return relation_to_pool(actor, objects.pool)
    if name == "visit":
        return relation_to_visit(actor, objects.visit)
    if name in {"recording", "file"}:
        return relation_to_recording(actor, objects.recording)
    if name in {"feed", "secret"}:
        return Relation.NONE
    if name == "export":
        # It belongs to who asked for it; here that is always somebody else.
        return Relation.NONE
    if name in {"practitioner", "busy", "hours", "days", "licence"}:
        return relation_to_practitioner(actor, objects.practitioner)
    if name == "file_in":
        is_here = actor.organization_id == objects.file_in.organization_id
        return Relation.SAME_CLINIC if is_here else Relation.OTHER_CLINIC
    if name in {"visit_type", "room", "interpreter"}:
        is_here = actor.organization_id == objects.visit_type.organization_id
        return Relation.SAME_CLINIC if is_here else Relation.OTHER_CLINIC
    if name == "message":
        return relation_to_reader(actor, objects.message.patient)
    if name in {"appointment", "guest", "place"}:
        return relation_to(actor, objects.appointment)
    if name == "entry":
        return relation_to_entry(actor, objects.wait)
    if name in {"patient", "related"}:
        return relation_to_patient(actor, objects.patient)
    if name == "hold":
        # What a browser holds is that browser's, whoever sits before it.
        return Relation.NONE
    if name == "wait":
        return Relation.OWN if actor.wait_id == objects.wait.pk else Relation.NONE
    # A link's own pages know nobody but the person of that link, whoever else is signed in.
    return Relation.OWN if actor.link_id == objects.link.pk else Relation.NONE
