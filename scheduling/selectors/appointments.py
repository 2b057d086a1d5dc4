"""Reading appointments and links. Whoever asks gets what is theirs or their clinic's; the rest does not exist."""

import uuid as uuids
from collections.abc import Sequence

from django.db.models import Q, QuerySet

from accounts.actors import Actor
from accounts.models import Patient
from accounts.policy import may, require
from accounts.selectors import patients
from core.errors import NotFound
from scheduling import ports
from scheduling.lifecycle import OVER, AppointmentStatus
from scheduling.models import Appointment, PersonalLink
from scheduling.policies import relation_to
from scheduling.ports import Booked, Standing
from scheduling.selectors.groups import coming_to
from scheduling.viewing import record_views

_AS_BOOKED = {
    AppointmentStatus.PROPOSED: "held",
    AppointmentStatus.PENDING: "pending",
    AppointmentStatus.BOOKED: "expected",
    AppointmentStatus.ARRIVED: "waiting",
    AppointmentStatus.FULFILLED: "done",
    AppointmentStatus.CANCELLED: "cancelled",
    AppointmentStatus.NOSHOW: "noshow",
}


def get_appointment(actor: Actor, uuid: uuids.UUID | str) -> Appointment:
    """One appointment with its people, or NotFound."""
    found = _with_people().filter(uuid=_parsed(uuid)).first()
    if found is None or not _may_view(actor, found):
        raise NotFound
    seen = [found.booked_for] if not found.is_group else [place.patient_id for place in coming_to(found)]
    record_views(actor=actor, patient_ids=[pk for pk in seen if pk is not None], page="appointment")
    return found


def states_now(actor: Actor, appointments: Sequence[Booked]) -> dict[int, str]:
    """By primary key, in the words that the queue has for the same visit; what nobody has seen begin is as booked."""
    return {pk: standing.state for pk, standing in standings_now(actor, appointments).items()}


def standings_now(actor: Actor, appointments: Sequence[Booked]) -> dict[int, Standing]:
    """Like `states_now`, with the minutes of who waits or is in a call.

    Only of who has arrived and not been finished the room knows more than the appointment says.
    """
    known = ports.standings_of(actor, [one for one in appointments if one.status == AppointmentStatus.ARRIVED])
    return {one.pk: known.get(one.pk) or Standing(_AS_BOOKED[AppointmentStatus(one.status)]) for one in appointments}


def patients_to_choose(actor: Actor, *, only: Patient | None = None) -> QuerySet[Patient]:
    """The clinic's patients for the booking form, which shows names and birth dates; recorded as seen."""
    found = patients(actor) if only is None else patients(actor).filter(pk=only.pk)
    record_views(actor=actor, patient_ids=found.values_list("pk", flat=True), page="appointment-new")
    return found


def get_link(actor: Actor) -> PersonalLink:
    """The link by which a patient or a guest came, still standing, or NotFound."""
    mine = _whose_guest(actor.id) if actor.type == "guest" else _whose(actor.patient_id)
    link = (
        PersonalLink.objects.select_related(
            "organization", "patient__merged_into", "guest", "appointment__practitioner"
        )
        .filter(mine, pk=actor.link_id or 0, revoked_at=None)
        .first()
    )
    if link is None:
        raise NotFound
    return link


def link_of(actor: Actor, appointment: Appointment) -> PersonalLink:
    """The patient's link to an appointment, for those who may hand it over."""
    require(actor, "scheduling.link.view", relation_to(actor, appointment, over=_is_over(appointment)))
    return PersonalLink.objects.get(_whose(appointment.booked_for), appointment=appointment)


def links_of_group(actor: Actor, group: Appointment) -> dict[int, PersonalLink]:
    """The links of who comes to a group visit, by the patient's primary key, for those who may hand them over."""
    require(actor, "scheduling.link.view", relation_to(actor, group, over=_is_over(group)))
    links = PersonalLink.objects.select_related("patient").filter(appointment=group, guest=None).order_by("-pk")
    return {link.patient.merged_into_id or link.patient_id: link for link in links}


def _whose(patient_id: int | None) -> Q:
    """Links of this patient, and of whoever turned out to be this patient: a merge leaves links where they are."""
    known = patient_id or 0
    return Q(guest=None) & (Q(patient_id=known) | Q(patient__merged_into_id=known))


def _whose_guest(guest_id: int | None) -> Q:
    return Q(guest_id=guest_id or 0, guest__removed_at=None)


def _may_view(actor: Actor, appointment: Appointment) -> bool:
    relation = relation_to(actor, appointment, over=_is_over(appointment))
    return may(actor, "scheduling.appointment.view", relation)


def _is_over(appointment: Appointment) -> bool:
    return appointment.status in OVER


def _with_people() -> QuerySet[Appointment]:
    """Those that are for somebody: a time that is only held is nobody's visit."""
    found = Appointment.objects.select_related(
        "organization", "patient", "practitioner", "visit_type", "room", "interpreter"
    )
    return found.filter(patient__isnull=False)


def _parsed(uuid: uuids.UUID | str) -> uuids.UUID:
    try:
        return uuid if isinstance(uuid, uuids.UUID) else uuids.UUID(uuid)
    except ValueError:
        raise NotFound from None
