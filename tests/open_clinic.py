"""A clinic whose times anybody can book: visit types, schedules that are open every day, terms. Holds no test."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from django.test import Client

from accounts.models import Organization, Practitioner
from core.clock import now, today
from scheduling.models import BookingTerms, Schedule, VisitType, WeeklyRule
from tests import factories

ZONE = "America/Chicago"
TYPED = {
    "name": "Rosalind Fern",
    "birth_date": "1948-05-03",
    "phone": "555-0171",
    "email": "rosalind@fern.example",
}
TIME = re.compile(r'name="time" value="([^"]+)"')


@dataclass(frozen=True)
class OpenClinic:
    """What the booking pages show."""

    organization: Organization
    practitioners: tuple[Practitioner, ...]
    visit_type: VisitType
    terms: BookingTerms

    @property
    def practitioner(self) -> Practitioner:
        return self.practitioners[0]

    def times(self, who: Practitioner | None = None, **query: str) -> str:
        """The address of the page of times."""
        chosen = {"type": str(self.visit_type.uuid), "who": str(who.uuid) if who else "anyone", **query}
        return "/book/time/?" + "&".join(f"{name}={value}" for name, value in chosen.items())


def open_clinic(organization: Organization | None = None, *, practitioners: int = 1, **terms: Any) -> OpenClinic:
    """Open from 8 am to 6 pm on every day, in times of 20 minutes, with an hour's notice."""
    organization = organization or factories.make_organization(timezone=ZONE, phone="555-0142")
    names = ("Ines Marlow", "Tomas Brightwater", "Petra Quill")
    people = tuple(bookable(_practitioner(organization, name)) for name in names[:practitioners])
    visit_type, _ = VisitType.objects.get_or_create(organization=organization, name="Check-up", minutes=20)
    visit_type.practitioners.set(people)
    standing, _ = BookingTerms.objects.update_or_create(organization=organization, defaults=terms)
    return OpenClinic(organization, people, visit_type, standing)


def _practitioner(organization: Organization, name: str) -> Practitioner:
    given_name, _, family_name = name.partition(" ")
    return factories.make_practitioner(
        organization, given_name=given_name, family_name=family_name, specialty="Family medicine", face="face-doc"
    )


def bookable(
    practitioner: Practitioner, *, starts: int = 8 * 60, ends: int = 18 * 60, zone: str = ZONE
) -> Practitioner:
    schedule = Schedule.objects.create(
        organization=practitioner.organization, practitioner=practitioner, timezone=zone, notice_minutes=60
    )
    first = today(zone) - dt.timedelta(days=7)
    WeeklyRule.objects.bulk_create(
        WeeklyRule(schedule=schedule, weekday=day, starts=starts, ends=ends, first_day=first) for day in range(7)
    )
    return practitioner


def far_day() -> str:
    """A day beyond every notice, as an address names it."""
    return (now() + dt.timedelta(days=10)).date().isoformat()


def free_times(browser: Client, address: str) -> list[str]:
    """The values of the times on the page, in order."""
    return TIME.findall(browser.get(address).content.decode())


def hold(browser: Client, clinic: OpenClinic, who: Practitioner | None = None, *, at: int = 0) -> str:
    """Choose a time as a person does; returns the address of the last step."""
    address = clinic.times(who, day=far_day())
    answer = browser.post(address, {"time": free_times(browser, address)[at]})
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"])
