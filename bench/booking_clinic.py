"""A clinic of 50 practitioners, 2,000 patients and 10,000 visits for the booking bench. Measures nothing."""

import datetime as dt
import random
from typing import Any
from zoneinfo import ZoneInfo

PRACTITIONERS, PATIENTS, VISITS, DAYS = 50, 2_000, 10_000, 60
TODAYS = 16  # visits of each practitioner today, so that a day's list has 800
ZONE = "America/Chicago"
OPENS, CLOSES, STEP = 8, 17, 20
LENGTH = dt.timedelta(minutes=STEP)
BATCH = 1_000


class BenchClinic:
    """Who works there, whom they see, and which of their times are free."""

    def __init__(self) -> None:
        from accounts.models import Location, Organization, Patient, Practitioner, User
        from consults.models import Queue
        from scheduling.models import BookableActor, Schedule, VisitType, WeeklyRule

        self.random = random.Random(5)
        self.organization = Organization.objects.create(name="Bench", slug="bench", timezone=ZONE)
        self.location = Location.objects.create(organization=self.organization, name="Bench", is_default=True)
        users = User.objects.bulk_create(
            User(email=f"p{number}@bench.example", name=f"Dr Bench {number}", organization=self.organization)
            for number in range(PRACTITIONERS)
        )
        self.practitioners = Practitioner.objects.bulk_create(
            Practitioner(
                organization=self.organization, user=user, prefix="Dr", given_name="B", family_name=f"Bench{number:03}"
            )
            for number, user in enumerate(users)
        )
        self.patients = Patient.objects.bulk_create(
            [
                Patient(
                    organization=self.organization,
                    given_name=f"Given{number}",
                    family_name=f"Family{number:05}",
                    birth_date=dt.date(1980, 1, 1),
                )
                for number in range(PATIENTS)
            ],
            batch_size=BATCH,
        )
        kinds = {"practitioner": self.practitioners, "patient": self.patients}
        self.actors = {
            kind: BookableActor.objects.bulk_create(
                [BookableActor(organization=self.organization, kind=kind, **{kind: one}) for one in people],
                batch_size=BATCH,
            )
            for kind, people in kinds.items()
        }
        self.queues = Queue.objects.bulk_create(
            Queue(organization=self.organization, practitioner=one) for one in self.practitioners
        )
        schedules = Schedule.objects.bulk_create(
            Schedule(organization=self.organization, practitioner=one, timezone=ZONE) for one in self.practitioners
        )
        WeeklyRule.objects.bulk_create(
            WeeklyRule(
                schedule=schedule, weekday=day, starts=OPENS * 60, ends=CLOSES * 60, first_day=dt.date(2020, 1, 1)
            )
            for schedule in schedules
            for day in range(7)
        )
        self.visit_type = VisitType.objects.create(organization=self.organization, name="Check-up", minutes=STEP)
        self.visit_type.practitioners.set(self.practitioners)
        self._book()

    def desk(self) -> Any:
        """Somebody at the desk."""
        from accounts.models import RoleAssignment, User
        from accounts.roles import Role

        user = User.objects.create(email="desk@bench.example", name="Desk", organization=self.organization)
        RoleAssignment.objects.create(user=user, organization=self.organization, role=Role.FRONT_DESK)
        return user

    def _book(self) -> None:
        """So many visits at different times; what is left over is `free`, in a random order."""
        from core.clock import now

        zone = ZoneInfo(ZONE)
        today = now().astimezone(zone).date()
        steps = (CLOSES - OPENS) * 60 // STEP
        times = [
            [
                dt.datetime.combine(today + dt.timedelta(days=day), dt.time(OPENS), tzinfo=zone).astimezone(dt.UTC)
                + step * LENGTH
                for step in range(steps)
            ]
            for day in range(DAYS + 1)
        ]
        people = range(PRACTITIONERS)
        todays = [(who, at) for who in people for at in self.random.sample(times[0], TODAYS)]
        later = [(who, at) for who in people for day in times[1:] for at in day]
        self.random.shuffle(later)
        count = VISITS - len(todays)
        self._insert([*todays, *later[:count]])
        self.taken, self.free = later[:count], later[count:]

    def _insert(self, places: list[tuple[int, dt.datetime]]) -> None:
        from consults.models import Encounter
        from scheduling.models import Appointment, OccupiedSpan, PersonalLink

        busy: set[tuple[int, dt.datetime]] = set()
        rows, whose = [], []
        for number, (who, at) in enumerate(places):
            patient = next(
                one % PATIENTS for one in range(number, number + PATIENTS) if (one % PATIENTS, at) not in busy
            )
            busy.add((patient, at))
            whose.append((who, patient))
            rows.append(
                Appointment(
                    organization=self.organization,
                    location=self.location,
                    patient=self.patients[patient],
                    practitioner=self.practitioners[who],
                    visit_type=self.visit_type,
                    starts_at=at,
                    ends_at=at + LENGTH,
                    timezone=ZONE,
                )
            )
        made = Appointment.objects.bulk_create(rows, batch_size=BATCH)
        spans, links, visits = [], [], []
        for one, (who, patient) in zip(made, whose, strict=True):
            about = {"organization": self.organization, "appointment": one}
            for actor in (self.actors["practitioner"][who], self.actors["patient"][patient]):
                spans.append(OccupiedSpan(actor=actor, starts_at=one.starts_at, ends_at=one.ends_at, **about))
            links.append(PersonalLink(patient=one.patient, **about))
            visits.append(
                Encounter(patient=one.patient, practitioner=one.practitioner, queue=self.queues[who], **about)
            )
        for model, every in ((OccupiedSpan, spans), (PersonalLink, links), (Encounter, visits)):
            model.objects.bulk_create(every, batch_size=BATCH)
