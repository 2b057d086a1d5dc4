"""The patient says that they will come. It spares them the next reminder, and nothing else depends on it."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.policy import require
from audit.services import record
from core.clock import now
from core.errors import Conflict
from scheduling.lifecycle import AppointmentStatus
from scheduling.messages.planning import spare_next_reminder
from scheduling.models import Appointment, GroupPlace
from scheduling.policies import relation_to
from scheduling.selectors.groups import own_place
from scheduling.services.rows import lock_appointment

ACTION = "scheduling.appointment.coming"


@transaction.atomic
def say_coming(*, actor: Actor, appointment: Appointment) -> Appointment:
    """Said twice it is said once. Raises Conflict `coming.not_booked` for a visit that is not booked, or over."""
    appointment = lock_appointment(appointment.pk)
    require(actor, ACTION, relation_to(actor, appointment))
    place = own_place(actor, appointment)
    said: Appointment | GroupPlace = place or appointment
    if said.coming_at is not None:
        return appointment
    if said.status != AppointmentStatus.BOOKED or appointment.ends_at <= now():
        raise Conflict(_("This visit is not one to come to now. Load the page again."), code="coming.not_booked")
    said.coming_at = now()
    said.save(update_fields=["coming_at"])
    patient = place.patient if place is not None else appointment.patient
    if patient is not None:
        spare_next_reminder(appointment, patient)
        record(actor=actor, action=ACTION, entity=appointment, patient_id=patient.pk)
    return appointment


def unsay_coming(appointment: Appointment) -> None:
    """For the services of this app: at another time they have to say it anew. Of a group the places are written."""
    appointment.coming_at = None
    if appointment.is_group:
        GroupPlace.objects.filter(appointment=appointment, coming_at__isnull=False).update(coming_at=None)
