"""How the visit that a message is about stands now, for the person whom it goes to. One query, two of a group."""

from dataclasses import dataclass

from django.db.models import Q

from core.clock import now
from notifications.models import Message
from scheduling import ports
from scheduling.lifecycle import OVER, AppointmentStatus
from scheduling.models import Appointment, GroupPlace, PersonalLink


@dataclass(frozen=True)
class Visit:
    """`status` is the person's own; `is_newest` says that the visit has not got another time since it was planned."""

    appointment: Appointment
    link: PersonalLink
    status: str
    comes: bool
    is_newest: bool

    @property
    def obstacle(self) -> str:
        """Why there is nothing to tell of a visit to come, as a code; empty when there is."""
        appointment = self.appointment
        if appointment.status == AppointmentStatus.CANCELLED:
            return "cancelled"
        if not self.comes:
            return "left" if appointment.is_group else "merged"
        if appointment.status in OVER or self.status in OVER or appointment.ends_at <= now():
            return "over"
        return "" if self.is_newest else "moved"

    @property
    def has_arrived(self) -> bool:
        """Whether the person has been in the waiting room; of a group the others may be there already."""
        if self.appointment.status != AppointmentStatus.ARRIVED:
            return False
        return not self.appointment.is_group or ports.was_there(self.appointment, self.link.patient)


def visit_of(message: Message) -> Visit | None:
    """None for a visit that this person has never had a link to."""
    patient = message.patient
    whose = Q(patient=patient) | Q(patient__merged_into=patient)
    links = PersonalLink.objects.select_related(
        "patient", "appointment__practitioner__schedule", "appointment__organization"
    )
    link = links.filter(whose, appointment__uuid=message.about, guest=None).order_by("-pk").first()
    if link is None:
        return None
    appointment = link.appointment
    names = {patient.pk, patient.merged_into_id}
    if not appointment.is_group:
        comes = appointment.patient_id in names
        return Visit(appointment, link, appointment.status, comes, message.version >= appointment.time_sequence)
    places = GroupPlace.objects.filter(appointment=appointment, patient__in=[pk for pk in names if pk is not None])
    stati = list(places.values_list("status", flat=True))
    own = next((one for one in stati if one != AppointmentStatus.CANCELLED), None)
    times_left = stati.count(AppointmentStatus.CANCELLED)
    return Visit(
        appointment,
        link,
        own or AppointmentStatus.CANCELLED,
        own is not None,
        message.version >= appointment.time_sequence + times_left,
    )
