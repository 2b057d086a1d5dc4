"""Moving one's own visit by its link: to a time that the clinic offers to patients, and only within its notice."""

import datetime as dt

from django.utils.translation import gettext as _

from accounts.actors import Actor
from core.errors import Conflict
from scheduling.models import Appointment
from scheduling.selectors.changing import movable_to
from scheduling.services.moving import move_appointment
from scheduling.services.offered import require_offered


def move_by_patient(
    *, actor: Actor, appointment: Appointment, starts_at: dt.datetime, sequence: int | None = None
) -> Appointment:
    """Raises what move_appointment raises, and Invalid for a time that no page offers. Where it is, it stays."""
    if starts_at == appointment.starts_at:
        return appointment
    wanted = movable_to(actor, appointment)
    if wanted is None:
        raise Conflict(_("This visit cannot be moved here. Please call the front desk."), code="change.too_late")
    require_offered(wanted, starts_at, appointment.timezone)
    return move_appointment(
        actor=actor, appointment=appointment, starts_at=starts_at, sequence=sequence, reason="by the patient"
    )
