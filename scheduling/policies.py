"""Who may do what with appointments and personal links, and how a person is related to an appointment."""

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.models import Patient, Practitioner
from accounts.policy import PUBLIC, Policy, Relation, declare, may, require
from accounts.roles import Role
from core.clock import now
from core.errors import Conflict
from scheduling import ports
from scheduling.lifecycle import AppointmentStatus
from scheduling.models import Appointment, GroupPlace, PersonalLink, WaitListEntry

DESK = frozenset({Role.FRONT_DESK, Role.SCHEDULER, Role.ADMINISTRATOR})
PRACTITIONER = frozenset({Role.PRACTITIONER})
PATIENT = frozenset({Role.PATIENT})
# The patient, or who has the right to agree for them.
FOR_PATIENT = frozenset({Role.PATIENT, Role.RELATED_PERSON})
ADMINISTRATOR = frozenset({Role.ADMINISTRATOR})

CLINIC = frozenset({Relation.SAME_CLINIC})
OWN = frozenset({Relation.OWN})
OWN_OR_ENDED = frozenset({Relation.OWN, Relation.ENDED})

declare(
    Policy("scheduling.appointment.list", DESK | PRACTITIONER),
    Policy("scheduling.appointment.view", DESK, CLINIC),
    Policy("scheduling.appointment.view", PRACTITIONER, OWN_OR_ENDED),
    Policy("scheduling.appointment.book", DESK, CLINIC),
    Policy("scheduling.appointment.book", PRACTITIONER, OWN),
    Policy("scheduling.appointment.cancel", DESK, CLINIC),
    Policy("scheduling.appointment.cancel", PRACTITIONER | FOR_PATIENT, OWN),
    # Said once more after leaving a group it changes nothing, and is no error.
    Policy("scheduling.appointment.cancel", PATIENT, {Relation.LEFT}),
    # Who else comes to a group visit.
    Policy("scheduling.group.change", DESK, CLINIC),
    Policy("scheduling.group.change", PRACTITIONER, OWN_OR_ENDED),
    Policy("scheduling.appointment.move", DESK, CLINIC),
    Policy("scheduling.appointment.move", PRACTITIONER | FOR_PATIENT, OWN),
    Policy("scheduling.appointment.confirm", DESK, CLINIC),
    Policy("scheduling.appointment.confirm", PRACTITIONER, OWN),
    # The patient says beforehand that they will come.
    Policy("scheduling.appointment.coming", FOR_PATIENT, OWN),
    # Whether the patient came; also said again afterwards, as a correction.
    Policy("scheduling.appointment.attend", DESK, CLINIC),
    Policy("scheduling.appointment.attend", PRACTITIONER, OWN),
    Policy("scheduling.appointment.late", DESK, CLINIC),
    Policy("scheduling.appointment.late", PRACTITIONER, OWN),
    # A time that is offered to everybody is held and booked by anybody: whose hold it is, their session says.
    Policy("scheduling.hold.make", PUBLIC),
    Policy("scheduling.hold.book", PUBLIC),
    Policy("scheduling.hold.release", PUBLIC),
    Policy("scheduling.link.view", DESK, CLINIC),
    Policy("scheduling.link.view", PRACTITIONER, OWN_OR_ENDED),
    Policy("scheduling.link.reissue", DESK, CLINIC),
    Policy("scheduling.link.reissue", PRACTITIONER, OWN),
    Policy("scheduling.link.revoke", DESK, CLINIC),
    Policy("scheduling.link.revoke", PRACTITIONER, OWN),
    # Guests of a visit; their links are shown, renewed and taken back like the patient's.
    Policy("scheduling.guest.add", DESK, CLINIC),
    Policy("scheduling.guest.add", PRACTITIONER, OWN),
    Policy("scheduling.guest.remove", DESK, CLINIC),
    Policy("scheduling.guest.remove", PRACTITIONER, OWN),
    Policy("scheduling.schedule.list", DESK | PRACTITIONER),
    Policy("scheduling.schedule.view", DESK, CLINIC),
    Policy("scheduling.schedule.view", PRACTITIONER, OWN),
    Policy("scheduling.schedule.change", DESK, CLINIC),
    Policy("scheduling.schedule.change", PRACTITIONER, OWN),
    # The clinic's own days and terms, and the types of visit that it offers.
    Policy("scheduling.clinic.view", DESK),
    Policy("scheduling.clinic.change", DESK),
    Policy("scheduling.visit_type.list", DESK),
    Policy("scheduling.visit_type.change", DESK, CLINIC),
    Policy("scheduling.visit_type.new", DESK),
    # The rooms and interpreters that visits take; whoever books chooses among them.
    Policy("scheduling.room.list", ADMINISTRATOR),
    Policy("scheduling.room.new", ADMINISTRATOR),
    Policy("scheduling.room.change", ADMINISTRATOR, CLINIC),
    Policy("scheduling.interpreter.new", ADMINISTRATOR),
    Policy("scheduling.interpreter.change", ADMINISTRATOR, CLINIC),
    # The file of one visit for a calendar; and a private address that tells one's own visits or the clinic's.
    Policy("scheduling.appointment.invite", DESK, CLINIC),
    Policy("scheduling.appointment.invite", PRACTITIONER, OWN_OR_ENDED),
    Policy("scheduling.appointment.invite", PATIENT, OWN),
    Policy("scheduling.feed.keep", DESK | PRACTITIONER),
    # Asked for by programs without a session; the secret in the address is what counts.
    Policy("scheduling.feed.read", PUBLIC),
    # Calendars of one's own, whose busy times block one's own hours.
    Policy("scheduling.busy.add", PRACTITIONER),
    Policy("scheduling.busy.remove", PRACTITIONER, OWN),
    # Lists that come in and go out as files; who may do a row by hand, services ask besides.
    Policy("scheduling.file.bring", DESK, CLINIC),
    Policy("scheduling.file.export", DESK, CLINIC),
    # The page of a link is shown to whoever asks; only the posted secret opens anything.
    Policy("scheduling.link.open", PUBLIC),
    # What hangs at the clinic's door, for everybody: its free times. Whose hold it is, a browser's cookie says.
    Policy("scheduling.self_booking.view", PUBLIC),
    Policy("scheduling.self_booking.use", PUBLIC),
    Policy("scheduling.wait.join", PUBLIC),
    Policy("scheduling.wait.open", PUBLIC),
    Policy("scheduling.wait.list", DESK),
    Policy("scheduling.wait.view", DESK, CLINIC),
    Policy("scheduling.wait.view", PATIENT, OWN),
    Policy("scheduling.wait.answer", PATIENT, OWN),
    Policy("scheduling.wait.leave", DESK, CLINIC),
    Policy("scheduling.wait.leave", PATIENT, OWN),
    Policy("scheduling.patient.sort", DESK),
    Policy("scheduling.patient.merge", DESK, CLINIC),
)


def relation_to(
    actor: Actor, appointment: Appointment, *, over: bool = False, performed_by: int | None = None
) -> Relation:
    """Tell how `actor` stands to an appointment; `over` turns an own one into an ended one.

    Its practitioner is who it is booked with, and whoever the visit was passed on to. `performed_by` names the one
    practitioner whose it is, where the caller knows it.

    A patient or a guest by link owns the one visit of that link and no other, not even another visit of their own.
    Each patient of a group owns it until they have said that they do not come.
    """
    if actor.organization_id is None or actor.organization_id != appointment.organization_id:
        return Relation.OTHER_CLINIC
    if actor.came_by_link:
        relation = _relation_by_link(actor, appointment)
        if relation is not Relation.OWN:
            return relation
    elif not _is_practitioner_of(actor, appointment, performed_by):
        return Relation.SAME_CLINIC
    return Relation.ENDED if over else Relation.OWN


def relation_by(link: PersonalLink, actor: Actor, appointment: Appointment, *, over: bool = False) -> Relation:
    """The same of a patient whose link was read with them a moment ago, to a visit for one; no query.

    For looks at many visits at once: what is written asks `relation_to`, which reads the link again.
    """
    leads_here = link.appointment_id == appointment.pk and link.pk == actor.link_id
    is_for_one = actor.type == "patient" and link.guest_id is None and not appointment.is_group
    if actor.organization_id is None or actor.organization_id != appointment.organization_id:
        return Relation.OTHER_CLINIC
    if not leads_here or not is_for_one or link.revoked_at is not None or actor.patient_id != appointment.patient_id:
        return Relation.NONE
    return Relation.ENDED if over else Relation.OWN


def _is_practitioner_of(actor: Actor, appointment: Appointment, performed_by: int | None) -> bool:
    if actor.practitioner_id is None:
        return False
    if performed_by is not None:
        return actor.practitioner_id == performed_by
    return actor.practitioner_id == appointment.practitioner_id or ports.performs(actor.practitioner_id, appointment)


def relation_to_practitioner(actor: Actor, practitioner: Practitioner) -> Relation:
    """How `actor` stands to somebody's time: their own, their clinic's, or another clinic's."""
    if actor.organization_id is None or actor.organization_id != practitioner.organization_id:
        return Relation.OTHER_CLINIC
    if actor.practitioner_id is not None and actor.practitioner_id == practitioner.pk:
        return Relation.OWN
    return Relation.NONE if actor.came_by_link else Relation.SAME_CLINIC


def may_for(actor: Actor, action: str, practitioner: Practitioner) -> bool:
    """Whether `actor` may do this with the time of `practitioner`; what the desk may, it may with its own too."""
    relation = relation_to_practitioner(actor, practitioner)
    asked = (Relation.SAME_CLINIC, Relation.OWN) if relation is Relation.OWN else (relation,)
    return any(may(actor, action, one) for one in asked)


def may_change_clinic(actor: Actor, organization_id: int, action: str = "scheduling.clinic.change") -> bool:
    """Whether `actor` may do this to what holds for a whole clinic."""
    if actor.type == "system":
        return actor.organization_id in (None, organization_id)
    return actor.organization_id == organization_id and may(actor, action)


def require_group(actor: Actor, appointment: Appointment) -> None:
    """Raise NotFound unless `actor` may change who comes to this visit, and Conflict where it is for one alone."""
    require(actor, "scheduling.group.change", relation_to(actor, appointment))
    if not appointment.is_group:
        raise Conflict(_("This visit is for one patient. Book a kind that takes several."), code="group.single")


def _relation_by_link(actor: Actor, appointment: Appointment) -> Relation:
    if actor.type == "guest":
        mine = PersonalLink.objects.filter(pk=actor.link_id or 0, guest_id=actor.id or 0, guest__removed_at=None)
        mine = mine.filter(Q(guest__ends_at=None) | Q(guest__ends_at__gt=now()))
        leads_here = mine.filter(appointment_id=appointment.pk, revoked_at=None).exists()
        return Relation.OWN if leads_here else Relation.NONE
    if actor.link_id is None or actor.patient_id is None:
        return Relation.NONE
    # A link stays with who they said they were; the desk may have said since whom it knows them as.
    own = Q(patient_id=actor.patient_id) | Q(patient__merged_into_id=actor.patient_id)
    mine = PersonalLink.objects.filter(own, pk=actor.link_id, guest=None)
    if not mine.filter(appointment_id=appointment.pk, revoked_at=None).exists():
        return Relation.NONE
    if not appointment.is_group:
        return Relation.OWN if actor.patient_id == appointment.patient_id else Relation.NONE
    places = GroupPlace.objects.filter(appointment_id=appointment.pk, patient_id=actor.patient_id)
    stati = set(places.values_list("status", flat=True))
    if not stati:
        return Relation.NONE
    return Relation.LEFT if stati == {AppointmentStatus.CANCELLED} else Relation.OWN


def relation_to_entry(actor: Actor, entry: WaitListEntry) -> Relation:
    """How `actor` stands to a wish on the wait list; a person owns the one that their secret link has opened."""
    if actor.organization_id is None or actor.organization_id != entry.organization_id:
        return Relation.OTHER_CLINIC
    if actor.came_by_link:
        return Relation.OWN if actor.wait_id == entry.pk else Relation.NONE
    return Relation.SAME_CLINIC


def relation_to_patient(actor: Actor, patient: Patient) -> Relation:
    """How `actor` stands to a patient whom the desk sorts."""
    if actor.organization_id is None or actor.organization_id != patient.organization_id:
        return Relation.OTHER_CLINIC
    return Relation.NONE if actor.came_by_link or actor.is_anonymous else Relation.SAME_CLINIC
