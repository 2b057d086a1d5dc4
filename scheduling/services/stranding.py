"""Which booked visits a change of hours would leave outside them. They stay booked: people decide, one by one."""

import uuid as uuids
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from django.utils.translation import gettext_noop

from accounts.models import Practitioner
from core.errors import Conflict
from scheduling.models import Appointment
from scheduling.selectors.schedules import outside, visits_ahead


class Stranding(Conflict):
    """The change would leave these visits outside the hours; nothing was saved. Say it again with them accepted."""

    code = "schedule.strands"
    message = gettext_noop("Booked visits would be outside the hours. Look at them, then save or go back.")

    def __init__(self, appointments: Sequence[Appointment]) -> None:
        self.appointments = list(appointments)
        super().__init__(visits=[str(one.uuid) for one in appointments])


@contextmanager
def watched(practitioners: Sequence[Practitioner], accepted: Collection[uuids.UUID]) -> Iterator[None]:
    """Compare the hours before and after what is done inside; raise Stranding for visits that are not accepted.

    Raised through the caller's transaction, it undoes the change. Only visits that are within the hours now can be
    left outside them: what somebody booked out of hours on purpose is not asked about at every change.
    """
    visits = visits_ahead(practitioners)
    outside_before = outside(practitioners, visits)
    inside = [visit for visit in visits if visit.pk not in outside_before]
    yield
    outside_now = outside(practitioners, inside)
    stranded = [visit for visit in inside if visit.pk in outside_now]
    if any(visit.uuid not in accepted for visit in stranded):
        raise Stranding(stranded)
