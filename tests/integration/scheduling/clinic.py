"""A clinic with a visit type, people who offer it and a patient, for the tests of booking. Holds no test."""

import datetime as dt
from typing import Any

from accounts.actors import Actor
from accounts.models import Patient, Practitioner
from accounts.roles import Role
from core.clock import now
from scheduling.models import Appointment, BookingTerms, OccupiedSpan, VisitType
from scheduling.services import book_appointment, hold_time
from tests import factories as make

TWENTY = dt.timedelta(minutes=20)
DAY = dt.timedelta(days=1)


class Clinic:
    """Everything is booked in Chicago; `at` is ten o'clock there two days from now."""

    def __init__(self, practitioners: int = 1) -> None:
        self.organization = make.make_organization(timezone="America/Chicago")
        self.desk: Actor = make.staff_actor(Role.FRONT_DESK, organization=self.organization)
        self.practitioners = [make.make_practitioner(self.organization) for _ in range(practitioners)]
        self.practitioner: Practitioner = self.practitioners[0]
        self.patient: Patient = self.new_patient()
        self.visit_type = VisitType.objects.create(organization=self.organization, name="Check-up", minutes=20)
        self.visit_type.practitioners.set(self.practitioners)
        self.at = (now() + 2 * DAY).replace(hour=16, minute=0, second=0, microsecond=0)

    def offer_groups(self, capacity: int = 3) -> VisitType:
        """The visit type is for several from now on."""
        self.visit_type.capacity = capacity
        self.visit_type.save()
        return self.visit_type

    def group(self, patients: int = 2, **changes: Any) -> Appointment:
        """A group visit with so many patients."""
        if self.visit_type.capacity == 1:
            self.offer_groups()
        first, *others = [self.new_patient() for _ in range(patients)]
        return self.book(**{"visit_type": self.visit_type, "patient": first, "further": others, **changes})

    def new_patient(self) -> Patient:
        return make.make_patient(self.organization)

    def terms(self, **fields: Any) -> BookingTerms:
        return BookingTerms.objects.create(organization=self.organization, **fields)

    def book(self, starts_at: dt.datetime | None = None, **changes: Any) -> Appointment:
        starts_at = starts_at or self.at
        asked = {
            "actor": self.desk,
            "patient": self.patient,
            "practitioner": self.practitioner,
            "starts_at": starts_at,
            "ends_at": starts_at + TWENTY,
            "timezone": "America/Chicago",
        }
        return book_appointment(**{**asked, **changes})

    def hold(self, starts_at: dt.datetime | None = None, **changes: Any) -> Appointment:
        asked = {
            "actor": self.desk,
            "visit_type": self.visit_type,
            "practitioner": self.practitioner,
            "starts_at": starts_at or self.at,
            "timezone": "America/Chicago",
        }
        return hold_time(**{**asked, **changes})


def spans_of(appointment: Appointment) -> set[tuple[str, dt.datetime, dt.datetime]]:
    found = OccupiedSpan.objects.filter(appointment=appointment)
    return set(found.values_list("actor__kind", "starts_at", "ends_at"))
