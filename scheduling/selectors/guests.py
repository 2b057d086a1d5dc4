"""Reading who comes along to a visit, for whoever may see the visit."""

import uuid as uuids

from django.utils.translation import ngettext

from accounts.actors import Actor
from accounts.models import RelatedPerson
from accounts.policy import may
from accounts.selectors import people_of
from consent.models import Purpose
from consent.selectors import right_of
from core.errors import NotFound
from scheduling.links import address_of
from scheduling.models import Appointment, Guest, PersonalLink
from scheduling.policies import relation_to


def guests_of(appointment: Appointment) -> list[Guest]:
    """Who is invited now, in the order of asking; whoever holds the appointment may see it already."""
    return list(appointment.guests.select_related("related", "appointment__patient").filter(removed_at=None))


def guests_told_to_patients(appointment: Appointment, *, besides: int | None = None) -> list[str]:
    """Who else will be there, as the page of a patient, or of the guest `besides`, says it before they go in.

    Of a group only how many: a name could tell the others who somebody is.
    """
    guests = [guest for guest in guests_of(appointment) if guest.pk != besides]
    if not appointment.is_group:
        return [guest.label for guest in guests]
    number = len(guests)
    return [ngettext("%(number)s guest", "%(number)s guests", number) % {"number": number}] if guests else []


def people_to_invite(appointment: Appointment) -> list[RelatedPerson]:
    """Of the patient's people those who are not invited yet; of a group nobody's are asked."""
    if appointment.is_group or appointment.patient is None:
        return []
    invited = {guest.related_id for guest in guests_of(appointment)}
    return [one for one in people_of(appointment.patient) if one.pk not in invited]


def get_guest(appointment: Appointment, uuid: uuids.UUID) -> Guest:
    """One guest of this visit who is still invited, or NotFound."""
    found = appointment.guests.select_related("related").filter(uuid=uuid, removed_at=None).first()
    if found is None:
        raise NotFound
    return found


def agrees_for(guest: Guest) -> bool:
    """Whether they may agree for the patient of the visit today."""
    patient = guest.appointment.patient
    if guest.related_id is None or patient is None or guest.appointment.is_group:
        return False
    return right_of(guest.related_id, patient, Purpose.TELEHEALTH) is not None


def link_of_guest(guest: Guest) -> PersonalLink:
    return PersonalLink.objects.select_related("patient").get(guest=guest)


def addresses_of(actor: Actor, appointment: Appointment) -> dict[int, str]:
    """By the guest's primary key: the link to hand over, for who may. Closed ones have none until they are renewed."""
    if not may(actor, "scheduling.link.view", relation_to(actor, appointment)):
        return {}
    found = PersonalLink.objects.filter(
        appointment=appointment, guest__isnull=False, guest__removed_at=None, revoked_at=None
    )
    return {link.guest_id: address_of(link) for link in found if link.guest_id is not None}
