"""Inviting guests to a visit and taking them out again. Each has a link, made and closed with their row."""

from collections.abc import Sequence

from django.db import transaction

from accounts.actors import Actor
from accounts.policy import require
from audit.services import record
from core.clock import now
from core.errors import Conflict
from scheduling import ports
from scheduling.lifecycle import AppointmentStatus
from scheduling.models import Appointment, BookableActor, Guest, PersonalLink
from scheduling.policies import relation_to
from scheduling.services.checks import Companion, require_companions
from scheduling.services.rows import lock_appointment

STANDING = frozenset({AppointmentStatus.PENDING, AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED})


@transaction.atomic
def add_guest(*, actor: Actor, appointment: Appointment, name: str, role: str) -> Guest:
    """Invite somebody to a visit that is still to be, or goes on. Saying it twice invites them once.

    Raises Invalid for a name or role that cannot be, and for a ninth person; Conflict `appointment.over` afterwards.
    """
    appointment = lock_appointment(appointment.pk)
    require(actor, "scheduling.guest.add", relation_to(actor, appointment))
    if appointment.status not in STANDING:
        raise Conflict("This visit is over, so nobody can come along.", code="appointment.over")
    [guest] = bring_guests(actor, appointment, [Companion(name, role)])
    return guest


@transaction.atomic
def remove_guest(*, actor: Actor, guest: Guest) -> Guest:
    """Their link closes for good, and their seat is empty at once. Removing twice changes nothing."""
    appointment = lock_appointment(guest.appointment_id)
    require(actor, "scheduling.guest.remove", relation_to(actor, appointment))
    guest = Guest.objects.select_for_update().get(pk=guest.pk)
    if guest.removed_at is not None:
        return guest
    link = PersonalLink.objects.select_for_update().get(guest=guest)
    guest.removed_at = now()
    guest.save(update_fields=["removed_at"])
    link.revoked_at = link.revoked_at or guest.removed_at
    link.save(update_fields=["revoked_at"])
    ports.tell_link_closed(actor, link)
    record(actor=actor, action="scheduling.guest.remove", entity=guest, patient_id=link.patient_id)
    return guest


def bring_guests(actor: Actor, appointment: Appointment, wanted: Sequence[Companion]) -> list[Guest]:
    """For the services of this app: rows and links, for an appointment that nobody else can change meanwhile."""
    if not wanted and not appointment.is_group:
        return []  # as almost always; who comes to a group is counted all the same
    named = list(dict.fromkeys(Companion(" ".join(one.name.split()), one.role) for one in wanted))
    standing = {Companion(one.name, one.role): one for one in appointment.guests.filter(removed_at=None)}
    fresh = [one for one in named if one not in standing]
    require_companions(fresh, already=1 + _patients(appointment) + len(standing))
    made = {one: _bring(actor, appointment, one) for one in fresh}
    return [standing.get(one) or made[one] for one in named]


def _bring(actor: Actor, appointment: Appointment, wanted: Companion) -> Guest:
    guest = Guest.objects.create(
        organization_id=appointment.organization_id, appointment=appointment, name=wanted.name, role=wanted.role
    )
    PersonalLink.objects.create(
        organization_id=appointment.organization_id,
        appointment=appointment,
        patient_id=appointment.booked_for,
        guest=guest,
    )
    detail = {"role": wanted.role}
    record(actor=actor, action="scheduling.guest.add", entity=guest, patient_id=appointment.booked_for, detail=detail)
    return guest


def _patients(appointment: Appointment) -> int:
    """How many patients may sit there: in a group also those whose places are still free."""
    coming = appointment.spans.filter(actor__kind=BookableActor.Kind.PATIENT).count()
    return max(coming, appointment.capacity)
