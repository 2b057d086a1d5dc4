"""Whether who is booked is licensed where the patient usually is: told to the desk, and no reason against a booking."""

from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from accounts.licences import Held, held_against
from accounts.regions import name_of
from scheduling.models import Appointment


def licence_note(appointment: Appointment) -> str:
    """One sentence; empty where there is nothing to say, and of groups."""
    patient, practitioner = appointment.patient, appointment.practitioner
    if patient is None or appointment.is_group or not patient.region:
        return ""
    day = appointment.starts_at.astimezone(ZoneInfo(appointment.timezone)).date()
    held = held_against(practitioner.licences.all(), patient.region, day)
    said = {"doctor": practitioner.short_name, "place": name_of(patient.region)}
    if held is Held.NONE:
        return _("%(doctor)s has no licence for %(place)s, where the patient usually is.") % said
    if held is Held.ENDED:
        words = _("The licence of %(doctor)s for %(place)s, where the patient usually is, does not count on that day.")
        return words % said
    return ""
