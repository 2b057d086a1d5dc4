"""Who comes to a group visit, as the staff say it: one more, one less, confirmed, missed. Each is audited.

How places are given, places.py says; a patient's own "I cannot come" is cancel_appointment.
"""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.models import Patient
from audit.services import record
from core.clock import now
from core.errors import Conflict, NotFound
from scheduling import ports
from scheduling.lifecycle import OVER, AppointmentStatus, moved
from scheduling.models import Appointment, GroupPlace
from scheduling.policies import require_group
from scheduling.services.booking import cancel_locked, record_refusal
from scheduling.services.checks import Wish
from scheduling.services.openness import with_nearest
from scheduling.services.places import changed, give_up, join
from scheduling.services.rows import lock_appointment
from scheduling.services.spans import guarded

ADD = "scheduling.group.add"


def add_patient(*, actor: Actor, appointment: Appointment, patient: Patient) -> Appointment:
    """One more patient comes. Who comes already is no second one.

    Raises Conflict `slot.taken` when there is no place left or the patient has another visit then, with `nearest`: the
    times around at which they could come to such a visit.
    """
    require_group(actor, appointment)
    if patient.organization_id != appointment.organization_id or patient.merged_into_id is not None:
        raise NotFound
    wish = _wish(appointment, patient)
    try:
        with guarded():
            return join(actor, appointment, [patient], ADD)
    except Conflict as conflict:
        record_refusal(actor, ADD, wish, conflict)
        with_nearest(conflict, actor, wish)
        raise


@transaction.atomic
def remove_patient(*, actor: Actor, place: GroupPlace, reason: str = "") -> Appointment:
    """One patient comes no more, as the staff say; the last one takes the visit along. Twice changes nothing."""
    group, place = _locked(actor, place)
    if place.status == AppointmentStatus.CANCELLED:
        return group
    if group.status in OVER:
        raise Conflict(_("This visit is over. There is nobody left to take off."), code="appointment.over")
    if not give_up(actor, group, place, reason, "scheduling.group.remove"):
        cancel_locked(actor, group, reason)
    return group


@transaction.atomic
def confirm_patient(*, actor: Actor, place: GroupPlace) -> Appointment:
    """The clinic says yes to a place that a patient booked; confirming twice changes nothing."""
    group, place = _locked(actor, place)
    if place.status != AppointmentStatus.BOOKED:
        _say(actor, group, place, AppointmentStatus.BOOKED, "scheduling.group.confirm")
        if place.patient is not None:
            ports.tell_confirmed(actor, group, place.patient)
    return group


@transaction.atomic
def mark_patient_missing(*, actor: Actor, place: GroupPlace) -> Appointment:
    """This one did not come. Only after the start, and only when they really never were there.

    Raises Conflict `noshow.early`, or `noshow.joined` for somebody who sat in the waiting room or the call.
    """
    group, place = _locked(actor, place)
    if place.status == AppointmentStatus.NOSHOW or place.patient is None:
        return group
    if group.starts_at > now():
        raise Conflict(_("The visit has not begun yet. Wait for its time."), code="noshow.early")
    if ports.was_there(group, place.patient):
        raise Conflict(_("They were there. Only who never came can be noted as missing."), code="noshow.joined")
    _say(actor, group, place, AppointmentStatus.NOSHOW, "scheduling.group.noshow")
    return group


@transaction.atomic
def correct_patient_missing(*, actor: Actor, place: GroupPlace) -> Appointment:
    """It was a mistake: they came, or may still."""
    group, place = _locked(actor, place)
    if place.status == AppointmentStatus.NOSHOW:
        _say(actor, group, place, AppointmentStatus.BOOKED, "scheduling.group.correct_noshow")
    return group


def _wish(appointment: Appointment, patient: Patient) -> Wish:
    return Wish(
        appointment.practitioner,
        patient,
        appointment.starts_at,
        appointment.ends_at,
        appointment.timezone,
        visit_type=appointment.visit_type,
    )


def _locked(actor: Actor, place: GroupPlace) -> tuple[Appointment, GroupPlace]:
    """The visit first, as everywhere."""
    group = lock_appointment(place.appointment_id)
    require_group(actor, group)
    return group, GroupPlace.objects.select_for_update(of=("self",)).select_related("patient").get(pk=place.pk)


def _say(actor: Actor, group: Appointment, place: GroupPlace, status: AppointmentStatus, action: str) -> None:
    before = place.status
    place.status = moved(before, status)
    place.save(update_fields=["status"])
    changed(actor, group)
    record(
        actor=actor,
        action=action,
        entity=group,
        patient_id=place.patient_id,
        detail={"from": str(before), "to": str(status)},
    )
