"""The order of a line: what boards, waiting rooms, messages and the next call all go by. No other rule.

The booked whose time has come stand first, by that time. Behind them stand people without a booking, by their arrival,
among those booked people who are there before their time.
"""

import datetime as dt
from typing import Any

from django.db.models import BooleanField, Case, F, Q, Value, When
from django.db.models.functions import Coalesce

from consults.models import Encounter
from scheduling.models import Appointment

_WALKED_IN = Q(appointment__appointment_type=Appointment.Type.WALK_IN)

# By the booked start, or the arrival of who had no booking; of somebody who was called and did not answer, by the place
# that they were given then.
STANDS_FROM = Coalesce("stands_from", Case(When(_WALKED_IN, then=F("arrived_at"))), "appointment__starts_at")
# The booked whose time has come go before these.
YIELDS = Case(When(_WALKED_IN | Q(behind_walk_ins=True), then=Value(True)), default=False, output_field=BooleanField())


def in_line(instant: dt.datetime) -> tuple[Any, ...]:
    """For `order_by` of visits, as they stand at `instant`."""
    has_come = Q(stands_from__lte=instant) | Q(stands_from__isnull=True, appointment__starts_at__lte=instant)
    is_due = has_come & Q(behind_walk_ins=False) & ~_WALKED_IN
    rank = Case(When(is_due, then=Value(0)), default=Value(1))
    return (rank.asc(), STANDS_FROM.asc(), F("arrived_at").asc(nulls_last=True), "pk")


def stands_from(encounter: Encounter) -> dt.datetime:
    """The same as STANDS_FROM, of a visit in hand."""
    appointment = encounter.appointment
    came = encounter.arrived_at if appointment.is_walk_in else None
    return encounter.stands_from or came or appointment.starts_at
