"""Whether the patient came. Consults calls the first three inside its own transaction, after its own policy check."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.policy import require
from core.clock import now
from core.errors import Conflict
from scheduling import ports
from scheduling.lifecycle import AppointmentStatus, moved
from scheduling.models import Appointment
from scheduling.policies import relation_to
from scheduling.services.rows import lock_appointment, record_move

ATTEND = "scheduling.appointment.attend"


def mark_arrived(*, actor: Actor, appointment: Appointment) -> Appointment:
    """The patient is in the waiting room. For consults, inside its transaction and after its own policy check."""
    return _move(actor, appointment, AppointmentStatus.ARRIVED, "scheduling.appointment.arrive")


def mark_not_arrived(*, actor: Actor, appointment: Appointment) -> Appointment:
    """The patient left the waiting room and may come again. For consults, like mark_arrived."""
    return _move(actor, appointment, AppointmentStatus.BOOKED, "scheduling.appointment.unarrive")


def fulfil_appointment(*, actor: Actor, appointment: Appointment) -> Appointment:
    """The visit is finished. For consults, like mark_arrived."""
    return _move(actor, appointment, AppointmentStatus.FULFILLED, "scheduling.appointment.fulfil")


@transaction.atomic
def mark_no_show(*, actor: Actor, appointment: Appointment) -> Appointment:
    """The patient did not come. Only after the start, and only when they really never were there.

    Raises Conflict `noshow.early`, or `noshow.joined` for somebody who sat in the waiting room or the call.
    """
    appointment = _locked(actor, appointment)
    if appointment.status == AppointmentStatus.NOSHOW:
        return appointment
    if appointment.is_walk_in:
        raise Conflict(_("They came without a booking, so there is no visit that they missed."), code="noshow.walk_in")
    if appointment.starts_at > now():
        raise Conflict(_("The visit has not begun yet. Wait for its time."), code="noshow.early")
    if appointment.status == AppointmentStatus.ARRIVED or ports.joined([appointment.pk]):
        raise Conflict(_("The patient was there. Finish the visit or cancel it instead."), code="noshow.joined")
    return _told(actor, appointment, AppointmentStatus.NOSHOW, "scheduling.appointment.noshow")


@transaction.atomic
def correct_no_show(*, actor: Actor, appointment: Appointment, came: bool = False) -> Appointment:
    """It was a mistake: the visit took place (`came`), or may still."""
    appointment = _locked(actor, appointment)
    if appointment.status != AppointmentStatus.NOSHOW:
        return appointment
    target = AppointmentStatus.FULFILLED if came else AppointmentStatus.BOOKED
    return _told(actor, appointment, target, "scheduling.appointment.correct_noshow")


@transaction.atomic
def mark_held(*, actor: Actor, appointment: Appointment) -> Appointment:
    """A visit by phone or at the clinic took place: nobody joins such a visit, so somebody says so."""
    appointment = _locked(actor, appointment)
    if appointment.status == AppointmentStatus.FULFILLED:
        return appointment
    if appointment.starts_at > now():
        raise Conflict(_("The visit has not begun yet. Wait for its time."), code="attend.early")
    if appointment.is_video:
        raise Conflict(_("Finish a video visit in the call."), code="attend.video")
    appointment = _move(actor, appointment, AppointmentStatus.ARRIVED, "scheduling.appointment.arrive")
    return _told(actor, appointment, AppointmentStatus.FULFILLED, "scheduling.appointment.fulfil")


def _locked(actor: Actor, appointment: Appointment) -> Appointment:
    appointment = lock_appointment(appointment.pk)
    require(actor, ATTEND, relation_to(actor, appointment))
    return appointment


def _told(actor: Actor, appointment: Appointment, target: AppointmentStatus, action: str) -> Appointment:
    before = appointment.status
    appointment.status = moved(before, target)
    appointment.sequence += 1
    appointment.save(update_fields=["status", "sequence"])
    ports.tell_status_changed(actor, appointment)
    ports.tell_changed(appointment)
    record_move(actor, action, appointment, before)
    return appointment


def _move(actor: Actor, appointment: Appointment, target: AppointmentStatus, action: str) -> Appointment:
    before = appointment.status
    appointment.status = moved(before, target)
    appointment.save(update_fields=["status"])
    ports.tell_changed(appointment)
    record_move(actor, action, appointment, before)
    return appointment
