"""What a patient may still change about their own visit by its link: until when, and to which times."""

import datetime as dt

from accounts.actors import Actor
from accounts.policy import may
from core.clock import now
from scheduling.lifecycle import AppointmentStatus
from scheduling.models import Appointment, BookingTerms
from scheduling.policies import relation_to
from scheduling.selectors.days import Wanted
from scheduling.selectors.offering import terms_of
from scheduling.selectors.taken import Others

CHANGEABLE = (AppointmentStatus.PENDING, AppointmentStatus.BOOKED)


def until_when(appointment: Appointment) -> dt.datetime:
    """Until then the patient may move or cancel by their link; where no terms are set, until it begins.

    Whoever came without a booking may give up waiting at any time.
    """
    if appointment.is_walk_in:
        return appointment.starts_at + dt.timedelta(days=1)
    terms = BookingTerms.objects.filter(organization_id=appointment.organization_id).first()
    return appointment.starts_at - dt.timedelta(minutes=terms.change_notice_minutes if terms else 0)


def is_changeable(actor: Actor, appointment: Appointment) -> bool:
    """Whether the person of the link may move or cancel now."""
    is_standing = appointment.status in CHANGEABLE and now() <= until_when(appointment)
    return is_standing and may(actor, "scheduling.appointment.move", relation_to(actor, appointment))


def movable_to(actor: Actor, appointment: Appointment) -> Wanted | None:
    """What times to offer for a move: of the same practitioner and length, at which the patient is free, too.

    None when it is too late, when others come too, or when it is no kind of visit that patients choose times for.
    """
    visit_type = appointment.visit_type
    if visit_type is None or appointment.is_group or not is_changeable(actor, appointment):
        return None
    if not visit_type.self_booking or not terms_of(appointment.organization).self_booking:
        return None
    length = appointment.ends_at - appointment.starts_at
    return Wanted(
        visit_type,
        appointment.practitioner,
        (appointment.practitioner,),
        others=Others(
            patient=appointment.patient,
            interpreter=appointment.interpreter,
            room=appointment.room,
            besides=appointment,
        ),
        minutes=int(length.total_seconds() // 60),
    )
