"""A clinic in Chicago whose practitioners work on weekdays from nine to five with lunch. Holds no test."""

import datetime as dt

from accounts.actors import Actor
from accounts.models import Organization, Practitioner
from scheduling.models import Schedule, VisitType
from scheduling.services.availability import Hours, Limits, open_schedule, set_hours
from tests import factories as make

LONG_AGO = dt.date(2020, 1, 6)
WORKDAYS = range(5)
# A Monday morning in Chicago, before anybody is there.
MONDAY = dt.date(2026, 6, 1)
EARLY = dt.datetime(2026, 6, 1, 11, tzinfo=dt.UTC)


def at(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    """An instant of that day by Chicago's summer time."""
    return dt.datetime(day.year, day.month, day.day, hour, minute, tzinfo=dt.UTC) + dt.timedelta(hours=5)


def works(practitioner: Practitioner, **limits: object) -> Schedule:
    """Weekdays from 9 to 5 with lunch from 12 to 1; no notice."""
    wanted = Limits(**{"timezone": "America/Chicago", "notice_minutes": 0, **limits})  # type: ignore[arg-type]
    schedule = open_schedule(actor=make.SYSTEM, practitioner=practitioner, limits=wanted)
    for starts, ends, name in ((540, 1020, ""), (720, 780, "Lunch")):
        hours = Hours(WORKDAYS, starts, ends, LONG_AGO, is_break=bool(name), label=name)
        set_hours(actor=make.SYSTEM, practitioner=practitioner, hours=hours)
    return schedule


class Week:
    """People who offer a check-up of 20 minutes, and the desk."""

    def __init__(self, practitioners: int = 1, **limits: object) -> None:
        self.organization: Organization = make.make_organization(timezone="America/Chicago")
        self.desk: Actor = make.staff_actor(make.Role.FRONT_DESK, organization=self.organization)
        self.practitioners = [make.make_practitioner(self.organization) for _ in range(practitioners)]
        self.practitioner: Practitioner = self.practitioners[0]
        for one in self.practitioners:
            works(one, **limits)
        self.visit_type = VisitType.objects.create(organization=self.organization, name="Check-up", minutes=20)
        self.visit_type.practitioners.set(self.practitioners)
