"""Inviting guests to a visit and taking them out again. Each has a link, made and closed with their row."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import Actor, system_actor
from accounts.models import RelatedPerson
from accounts.policy import require
from audit.services import record
from consent.models import ConsentRight
from core.clock import now, today
from core.errors import Conflict, Invalid, NotFound
from scheduling import ports
from scheduling.lifecycle import AppointmentStatus
from scheduling.models import Appointment, BookableActor, Guest, PersonalLink, role_of
from scheduling.policies import relation_to
from scheduling.services.checks import Companion, require_companions
from scheduling.services.rows import lock_appointment, lock_appointments

STANDING = frozenset({AppointmentStatus.PENDING, AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED})


@transaction.atomic
def add_guest(
    *,
    actor: Actor,
    appointment: Appointment,
    name: str = "",
    role: str = "",
    related: RelatedPerson | None = None,
    ends_at: dt.datetime | None = None,
) -> Guest:
    """Invite somebody to a visit that is still to be, or goes on: by name and role, or somebody of the patient.

    Saying it twice invites them once. Their link ends with the visit, or at `ends_at`. Raises Invalid for a name or
    role that cannot be, and for a ninth person; Conflict `appointment.over` afterwards.
    """
    appointment = lock_appointment(appointment.pk)
    require(actor, "scheduling.guest.add", relation_to(actor, appointment))
    if appointment.status not in STANDING:
        raise Conflict(_("This visit is over, so nobody can come along."), code="appointment.over")
    if ends_at is not None and ends_at <= now():
        raise Invalid(_("Their link would have ended already. Choose a later time."), code="guest.end", field="ends_at")
    if related is not None:
        _require_of_patient(appointment, related)
        name, role = related.name, role_of(related)
    [guest] = bring_guests(actor, appointment, [Companion(name, role, related, ends_at)])
    return guest


@transaction.atomic
def remove_guest(*, actor: Actor, guest: Guest) -> Guest:
    """Their link closes for good, and their seat is empty at once. Removing twice changes nothing."""
    appointment = lock_appointment(guest.appointment_id)
    require(actor, "scheduling.guest.remove", relation_to(actor, appointment))
    guest = Guest.objects.select_for_update().get(pk=guest.pk)
    return _remove(actor, guest)


def end_guests() -> int:
    """The job: those whose time is over are out of the room, too. Their links have opened nothing since then."""
    over = list(Guest.objects.filter(ends_at__lte=now(), removed_at=None).order_by("pk"))
    for guest in over:
        # Each by itself: visits of one line that are changed together would be locked in another order than elsewhere.
        with transaction.atomic():
            lock_appointment(guest.appointment_id)
            _remove(system_actor("guests", guest.organization_id), Guest.objects.select_for_update().get(pk=guest.pk))
    return len(over)


def related_gone(actor: Actor, person: RelatedPerson) -> None:
    """Listener: whoever is nobody of the patient any more comes along to nothing."""
    for guest in _invited(person):
        _remove(actor, guest)


def right_ended(actor: Actor, right: ConsentRight) -> None:
    """Listener: whose right to agree has ended leaves the room, and may come back as what they are now."""
    for guest in _invited(right.related):
        ports.tell_link_closed(actor, PersonalLink.objects.get(guest=guest))


def _invited(person: RelatedPerson) -> list[Guest]:
    """To visits that are not over, each locked in the order in which all are."""
    found = Guest.objects.filter(related=person, removed_at=None, appointment__status__in=STANDING)
    rows = list(found.order_by("appointment_id"))
    lock_appointments(guest.appointment_id for guest in rows)
    return [Guest.objects.select_for_update().get(pk=guest.pk) for guest in rows]


def _require_of_patient(appointment: Appointment, related: RelatedPerson) -> None:
    patient = related.patient.merged_into_id or related.patient_id
    if appointment.is_group:
        words = _("Others come to this visit too. Whoever comes along with one of them is invited by name.")
        raise Conflict(words, code="guest.group")
    if patient != appointment.patient_id and related.patient_id != appointment.patient_id:
        raise NotFound
    if not related.is_one_on(today(related.organization.timezone)):
        raise Conflict(_("They are not among the people of this patient any more."), code="guest.related")


def _remove(actor: Actor, guest: Guest) -> Guest:
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
    tidy = [replace(one, name=" ".join(one.name.split())) for one in wanted]
    named = list({one.key: one for one in reversed(tidy)}.values())[::-1]
    standing = {(one.name, one.role): one for one in appointment.guests.filter(removed_at=None)}
    fresh = [one for one in named if one.key not in standing]
    require_companions(fresh, already=1 + _patients(appointment) + len(standing))
    made = {one.key: _bring(actor, appointment, one) for one in fresh}
    return [_known_now(standing[one.key], one) if one.key in standing else made[one.key] for one in named]


def _known_now(guest: Guest, wanted: Companion) -> Guest:
    """Invited by name before, and as somebody of the patient now: the same link, and what they may do by it."""
    if wanted.related is not None and guest.related_id != wanted.related.pk:
        guest.related = wanted.related
        guest.save(update_fields=["related"])
    return guest


def _bring(actor: Actor, appointment: Appointment, wanted: Companion) -> Guest:
    guest = Guest.objects.create(
        organization_id=appointment.organization_id,
        appointment=appointment,
        name=wanted.name,
        role=wanted.role,
        related=wanted.related,
        ends_at=wanted.ends_at,
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
