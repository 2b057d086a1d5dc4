"""A clinic with full waiting rooms for the queue bench: lines, pools, who waits, what was before. Measures nothing."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

PRACTITIONERS, POOLS, MEMBERS = 100, 5, 4
IN_LINE, IN_POOL, COMING = 9, 20, 60
PASTS = 60
LENGTH = dt.timedelta(minutes=15)
BATCH = 1_000


@dataclass(frozen=True)
class Place:
    """Somebody in a line: their number, the line's, and whether they wait or are at the door."""

    line: int
    starts_at: dt.datetime
    is_here: bool


class WaitingClinic:
    """1,000 people who wait, 60 at the door, and their practitioners, each with visits behind them."""

    def __init__(self) -> None:
        from accounts.models import Location, Organization, Practitioner, RoleAssignment, User
        from accounts.roles import Role
        from consults.models import Queue
        from core.clock import now
        from scheduling.models import VisitType

        self.now = now()
        # It is about noon there: "today" ends for nobody while this is measured.
        zone = f"Etc/GMT{self.now.hour - 12:+d}"
        self.organization = Organization.objects.create(name="Bench", slug="bench", timezone=zone)
        self.location = Location.objects.create(organization=self.organization, name="Bench", is_default=True)
        clinic = {"organization": self.organization}
        self.users = User.objects.bulk_create(
            User(email=f"p{number}@bench.example", name=f"Dr Bench {number}", **clinic)
            for number in range(PRACTITIONERS)
        )
        RoleAssignment.objects.bulk_create(
            RoleAssignment(user=one, role=Role.PRACTITIONER, **clinic) for one in self.users
        )
        self.practitioners = Practitioner.objects.bulk_create(
            Practitioner(user=user, prefix="Dr", given_name="B", family_name=f"Bench{number:03}", **clinic)
            for number, user in enumerate(self.users)
        )
        self.visit_type = VisitType.objects.create(name="Check-up", minutes=15, **clinic)
        self.visit_type.practitioners.set(self.practitioners)
        lines = Queue.objects.bulk_create(Queue(practitioner=one, **clinic) for one in self.practitioners)
        self.lines = [*lines, *self._pools()]
        self._seen_before()
        self.links = self._people()

    def members_of(self, line: int) -> list[int]:
        """The numbers of those whose boards show this line."""
        if line < PRACTITIONERS:
            return [line]
        first = PRACTITIONERS - POOLS * MEMBERS + (line - PRACTITIONERS) * MEMBERS
        return list(range(first, first + MEMBERS))

    def _pools(self) -> list[Any]:
        from consults.models import Pool, PoolMember, Queue

        clinic = {"organization": self.organization}
        pools = Pool.objects.bulk_create(Pool(name=f"Line {number}", **clinic) for number in range(POOLS))
        PoolMember.objects.bulk_create(
            PoolMember(pool=pool, practitioner=self.practitioners[member])
            for number, pool in enumerate(pools)
            for member in self.members_of(PRACTITIONERS + number)
        )
        return Queue.objects.bulk_create(Queue(pool=pool, **clinic) for pool in pools)

    def _seen_before(self) -> None:
        """Finished visits, from which the house has learnt how long people wait."""
        from accounts.models import Patient
        from consults.models import Encounter

        patient = Patient.objects.create(
            organization=self.organization, given_name="A", family_name="Former", birth_date=dt.date(1980, 1, 1)
        )
        starts = [self.now - dt.timedelta(days=1 + number // 12, minutes=15 * (number % 12)) for number in range(PASTS)]
        places = [Place(line, at, is_here=False) for line in range(PRACTITIONERS) for at in starts]
        made = self._appointments(places, [patient] * len(places), "fulfilled")
        Encounter.objects.bulk_create(
            [
                self._visit(place, one, "finished", started_at=place.starts_at, ended_at=place.starts_at + LENGTH)
                for place, one in zip(places, made, strict=True)
            ],
            batch_size=BATCH,
        )

    def _people(self) -> list[tuple[Place, Any]]:
        """Who waits or is at the door, each with the link to their visit."""
        from accounts.models import Patient
        from consults.models import Encounter, Station
        from scheduling.models import PersonalLink

        places = self._places()
        patients = Patient.objects.bulk_create(
            [
                Patient(
                    organization=self.organization,
                    given_name=f"Given{number}",
                    family_name=f"Family{number:05}",
                    birth_date=dt.date(1980, 1, 1),
                    region="US-IL",
                )
                for number in range(len(places))
            ],
            batch_size=BATCH,
        )
        self._agree(patients)
        made = self._appointments(places, patients, "")
        arrived = self.now - dt.timedelta(minutes=5)
        visits = Encounter.objects.bulk_create(
            [
                self._visit(place, one, "arrived", arrived_at=arrived, place="At home", callback_phone="555 0100")
                if place.is_here
                else self._visit(place, one, "planned")
                for place, one in zip(places, made, strict=True)
            ],
            batch_size=BATCH,
        )
        Station.objects.bulk_create(
            [Station(encounter=one, queue=one.queue, since=arrived) for one in visits if one.arrived_at],
            batch_size=BATCH,
        )
        links = PersonalLink.objects.bulk_create(
            [PersonalLink(organization=self.organization, appointment=one, patient=one.patient) for one in made],
            batch_size=BATCH,
        )
        return list(zip(places, links, strict=True))

    def _places(self) -> list[Place]:
        """By time, one behind the other, so that a delay is everybody's."""
        begins = self.now - dt.timedelta(minutes=10)
        in_line = [
            Place(line, begins + number * LENGTH, number < IN_LINE)
            for line in range(PRACTITIONERS)
            for number in range(IN_LINE + (line < COMING))
        ]
        # Whoever is at the door comes for one of the next hours: it opens a quarter of an hour before.
        near = [
            Place(one.line, self.now + dt.timedelta(minutes=12), is_here=False) if not one.is_here else one
            for one in in_line
        ]
        pools = [
            Place(PRACTITIONERS + pool, begins + number * dt.timedelta(minutes=1), is_here=True)
            for pool in range(POOLS)
            for number in range(IN_POOL)
        ]
        return near + pools

    def _appointments(self, places: list[Place], patients: list[Any], status: str) -> list[Any]:
        from scheduling.models import Appointment

        return Appointment.objects.bulk_create(
            [
                Appointment(
                    organization=self.organization,
                    location=self.location,
                    patient=patient,
                    practitioner=self.practitioners[self.members_of(place.line)[0]],
                    visit_type=self.visit_type,
                    starts_at=place.starts_at,
                    ends_at=place.starts_at + LENGTH,
                    timezone=self.organization.timezone,
                    status=status or ("arrived" if place.is_here else "booked"),
                )
                for place, patient in zip(places, patients, strict=True)
            ],
            batch_size=BATCH,
        )

    def _visit(self, at: Place, appointment: Any, status: str, **fields: Any) -> Any:
        from consults.models import Encounter

        return Encounter(
            organization=self.organization,
            appointment=appointment,
            patient=appointment.patient,
            practitioner=appointment.practitioner,
            queue=self.lines[at.line],
            status=status,
            **fields,
        )

    def _agree(self, patients: list[Any]) -> None:
        from consent.models import Consent
        from consent.selectors import current_text

        text = current_text(self.organization, "telehealth")
        Consent.objects.bulk_create(
            [
                Consent(
                    organization=self.organization,
                    patient=one,
                    person_type="patient",
                    person_id=one.pk,
                    person_label=one.full_name,
                    purpose="telehealth",
                    decision=Consent.Decision.PERMIT,
                    text=text,
                    given_at=self.now,
                    given_by_label=one.full_name,
                    given_by_type="patient",
                )
                for one in patients
            ],
            batch_size=BATCH,
        )
