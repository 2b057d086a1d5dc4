"""Things for tests to act on, made by the services that make them in life. Each call makes a new one."""

from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from accounts import services as accounts
from accounts.actors import Actor, actor_for_user, system_actor
from accounts.models import Organization, Patient, Practitioner, RelatedPerson, User
from accounts.roles import Role
from accounts.services.people import PersonSaid, add_related
from consent import services as consent
from consent.models import ConsentRight
from consent.selectors import current_text
from consent.services.rights import give_right
from consults import people
from consults import services as consults
from consults.models import Encounter, Pool
from consults.services.guests import agree_as_guest
from consults.services.pools import PoolTerms, save_pool
from core.clock import now
from core.ids import new_uuid
from recordings import keystore
from recordings import services as recordings
from recordings.models import Recording
from scheduling import links
from scheduling import services as scheduling
from scheduling.models import Appointment, Guest, PersonalLink

PASSWORD = "correct horse battery staple"
SYSTEM = system_actor("tests", None)
_numbers = count(1)


def make_organization(**fields: Any) -> Organization:
    number = next(_numbers)
    fields = {"name": f"Clinic {number}", "slug": f"clinic-{number}", "phone": "+441632960000", **fields}
    return accounts.create_organization(actor=SYSTEM, **fields)


def make_user(organization: Organization | None = None, *roles: Role, **fields: Any) -> User:
    """A user of the clinic (a new one unless given) with the roles; the password is PASSWORD."""
    number = next(_numbers)
    organization = organization or make_organization()
    fields = {"email": f"person{number}@example.org", "name": f"Person {number}", "password": PASSWORD, **fields}
    user = accounts.create_user(actor=SYSTEM, organization=organization, **fields)
    for role in roles:
        accounts.assign_role(actor=SYSTEM, user=user, organization=organization, role=role)
    return user


def make_patient(organization: Organization | None = None, **fields: Any) -> Patient:
    number = next(_numbers)
    fields = {
        "given_name": f"Given{number}",
        "family_name": f"Family{number}",
        "birth_date": date(1980, 2, 3),
        **fields,
    }
    return accounts.register_patient(actor=SYSTEM, organization=organization or make_organization(), **fields)


def make_child(organization: Organization | None = None, **fields: Any) -> Patient:
    """A patient of eight years."""
    today = now().date()
    return make_patient(organization, **{"given_name": "Mia", "birth_date": date(today.year - 8, 1, 1), **fields})


def make_related(
    patient: Patient, name: str = "Ana Lopez", relationship: str = "mother", **fields: Any
) -> RelatedPerson:
    """Somebody of this patient, put down by the clinic's system."""
    said = PersonSaid(name, relationship, **{"phone": "+15550160", **fields})
    return add_related(actor=SYSTEM, patient=patient, said=said)


def make_right(related: RelatedPerson, *purposes: str, **fields: Any) -> ConsentRight:
    """They may agree for their patient: to everything unless said."""
    fields = {"basis": "child", "seen": "birth certificate", **fields}
    return give_right(actor=SYSTEM, related=related, purposes=purposes or ("telehealth", "recording"), **fields)


def make_practitioner(organization: Organization | None = None, **fields: Any) -> Practitioner:
    """A practitioner with a user who has the role."""
    number = next(_numbers)
    organization = organization or make_organization()
    user = fields.pop("user", None) or make_user(organization)
    fields = {"prefix": "Dr", "given_name": f"Given{number}", "family_name": f"Healer{number}", **fields}
    return accounts.register_practitioner(actor=SYSTEM, organization=organization, user=user, **fields)


def make_pool(*members: Practitioner, **fields: Any) -> Pool:
    """A line that these share, open the whole week."""
    return save_pool(actor=SYSTEM, organization=members[0].organization, terms=pool_terms(*members, **fields))


def pool_terms(*members: Practitioner, **fields: Any) -> PoolTerms:
    name = fields.pop("name", f"Line {next(_numbers)}")
    return PoolTerms(name=name, members=members, hours=dict.fromkeys(range(7), (0, 1440)), **fields)


def staff_actor(*roles: Role, organization: Organization | None = None) -> Actor:
    """The actor of a signed-in member of staff with these roles."""
    return actor_for_user(make_user(organization, *roles), "session of a test")


def practitioner_actor(practitioner: Practitioner) -> Actor:
    return actor_for_user(practitioner.user, "session of a test")


def make_appointment(
    *,
    organization: Organization | None = None,
    patient: Patient | None = None,
    practitioner: Practitioner | None = None,
    starts_at: datetime | None = None,
    lasts: timedelta = timedelta(minutes=20),
    **fields: Any,
) -> Appointment:
    """An appointment that starts a minute from now unless said, with its visit and its link."""
    if organization is None:
        known = patient or practitioner
        organization = known.organization if known else make_organization(timezone="America/Chicago")
    starts_at = starts_at or now() + timedelta(minutes=1)
    return scheduling.book_appointment(
        actor=SYSTEM,
        patient=patient or make_patient(organization),
        practitioner=practitioner or make_practitioner(organization),
        starts_at=starts_at,
        ends_at=starts_at + lasts,
        timezone=organization.timezone,
        **fields,
    )


def patient_actor(appointment: Appointment, patient: Patient | None = None) -> Actor:
    """The patient (of a group this one) as they come by their link: opened, and its cookie sent back."""
    links = appointment.links.filter(guest=None)
    return actor_by(links.get() if patient is None else links.get(patient=patient))


def actor_by(link: PersonalLink) -> Actor:
    """Whoever comes by this link: opened, and its cookie sent back."""
    link, cookie = links.open_link(link_uuid=link.uuid, secret=links.secret_for(link))
    return links.actor_for_cookie(links.path_of(link), {links.COOKIE_NAME: cookie})


def make_guest(appointment: Appointment, name: str = "Ana Lopez", role: str = "translator") -> Guest:
    """Somebody whom the clinic's system has invited to this visit."""
    return scheduling.add_guest(actor=SYSTEM, appointment=appointment, name=name, role=role)


def guest_actor(guest: Guest) -> Actor:
    """The guest as they come by their own link."""
    return actor_by(guest.link)


def seat_guest(visit: Encounter, guest: Guest) -> Actor:
    """The guest agrees to the video visit and sits down in the call."""
    actor = guest_actor(guest)
    words = current_text(visit.organization, "telehealth").version
    agree_as_guest(actor=actor, encounter=visit, text_version=words)
    consults.take_seat(actor=actor, encounter=visit, holder=new_uuid())
    return actor


def make_visit(**fields: Any) -> Encounter:
    """A planned visit whose door is open; takes what make_appointment takes."""
    return Encounter.objects.select_related("appointment", "patient", "practitioner", "queue").get(
        appointment=make_appointment(**fields)
    )


def make_waiting_visit(**fields: Any) -> Encounter:
    """A visit whose patient has agreed, said where they are, and sits in the waiting room."""
    return arrive(make_visit(**fields))


def arrive(visit: Encounter) -> Encounter:
    """Its patient agrees, says where they are, and sits down in the waiting room."""
    actor = patient_actor(visit.appointment)
    consent.give_consent(
        actor=actor,
        patient=visit.patient,
        purpose="telehealth",
        text_version=current_text(visit.organization, "telehealth").version,
    )
    visit = consults.enter_waiting_room(actor=actor, encounter=visit, place="At home", callback_phone="555 0100")
    consults.take_seat(actor=actor, encounter=visit, holder=new_uuid())
    visit.refresh_from_db()
    return visit


def make_visit_in_progress(**fields: Any) -> Encounter:
    """A visit with patient and practitioner in the call."""
    visit = make_waiting_visit(**fields)
    actor = practitioner_actor(visit.practitioner)
    visit = consults.admit_patient(actor=actor, encounter=visit)
    consults.take_seat(actor=actor, encounter=visit, holder=new_uuid())
    visit.refresh_from_db()
    return visit


def make_recordable_visit(**fields: Any) -> Encounter:
    """A visit in progress in a clinic that can record."""
    visit = make_visit_in_progress(**fields)
    keystore.create_clinic_key(visit.organization.uuid)
    return visit


def recording_words(visit: Encounter) -> str:
    """The version of the words that people are asked in."""
    return current_text(visit.organization, "recording").shown_as


def answer_recording(visit: Encounter, actor: Actor, decision: str = "permit", asked_for: str = "") -> Any:
    """They answer as a page asks them that has just been loaded, unless it is said whom the question named."""
    fresh = Encounter.objects.get(pk=visit.pk)
    return recordings.answer_recording(
        actor=actor,
        encounter=visit,
        decision=decision,
        text_version=recording_words(visit),
        asked_for=asked_for or people.asked_for(fresh),
    )


def start_recording(visit: Encounter) -> Recording:
    """The practitioner presses Record."""
    actor = practitioner_actor(visit.practitioner)
    return recordings.start_recording(actor=actor, encounter=visit, text_version=recording_words(visit))


def make_recording(**fields: Any) -> Recording:
    """A visit that both have agreed to record; no byte has been written yet."""
    visit = make_recordable_visit(**fields)
    answer_recording(visit, patient_actor(visit.appointment))
    return start_recording(visit)


def relay_says(recording: Recording, state: str = "recording", **fields: Any) -> dict[str, Any]:
    """What the visit's relay tells of a recording; every stream has ten parts unless said."""
    synced = int(now().timestamp() * 1_000_000)
    people = [
        {"stream": stream.uuid, "number": 10, "bytes": 1000, "synced": synced, "ended": False}
        for stream in recording.streams.order_by("pk")
    ]
    relay = Encounter.objects.values_list("relay", flat=True).get(pk=recording.encounter_id)
    told = {"recording": recording.uuid, "state": state, "free": 10**12, "people": people, "relay": relay, "run": "one"}
    return {**told, **fields}
