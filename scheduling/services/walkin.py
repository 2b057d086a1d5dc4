"""Appointments of people who come without a booking: they take nobody's time, and begin when somebody is free.

For consults, inside its transaction and after its own policy check: the line that they wait in is there.
"""

import datetime as dt

from accounts.actors import Actor
from accounts.models import Patient, Practitioner
from audit.services import record
from core.clock import now
from scheduling.lifecycle import AppointmentStatus
from scheduling.models import Appointment, PersonalLink
from scheduling.services.booking import insert_row, tell_made
from scheduling.services.checks import Wish


def make_walk_in(
    *, actor: Actor, patient: Patient, practitioner: Practitioner, minutes: int, reason: str
) -> PersonalLink:
    """From now, for so many minutes by plan; `practitioner` answers for it until somebody calls them in.

    It has no spans, so nothing refuses it, and it stands in the way of nothing.
    """
    starts_at = now()
    wish = Wish(
        practitioner,
        patient,
        starts_at,
        starts_at + dt.timedelta(minutes=minutes),
        practitioner.organization.timezone,
        reason=reason,
    )
    appointment = insert_row(
        wish,
        status=AppointmentStatus.BOOKED,
        appointment_type=Appointment.Type.WALK_IN,
        held_by=actor.session,
    )
    tell_made(actor, appointment)
    record(actor=actor, action="scheduling.walk_in.make", entity=appointment, patient_id=patient.pk)
    return PersonalLink.objects.select_related("patient", "appointment", "organization").get(
        appointment=appointment, guest=None
    )
