"""A clinic whose messages go to the sink, and what it has been given, for the tests of messages. Holds no test."""

import datetime as dt
import uuid
from typing import Any

import icalendar

from accounts.models import Patient
from notifications.kinds import kind_of
from notifications.models import Channel, ClinicMessages, Message, SunkMessage
from notifications.services.sending import send_due
from scheduling.models import Appointment
from tests import factories as make
from tests.integration.scheduling.clinic import Clinic

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


class MailingClinic(Clinic):
    """It has no quiet hours, and its patients have addresses."""

    def __init__(self, practitioners: int = 1) -> None:
        super().__init__(practitioners)
        ClinicMessages.objects.create(organization=self.organization, quiet_from=0, quiet_until=0, most_a_day=1000)

    def new_patient(self, **fields: Any) -> Patient:
        number = uuid.uuid4().int
        fields = {"email": f"{number % 10**9}@example.org", "phone": f"+1312555{number % 10**4:04}", **fields}
        return make.make_patient(self.organization, **fields)


def send_all() -> None:
    """Whatever is due goes out."""
    for channel in Channel.values:
        send_due(channel)


def told(about: uuid.UUID, patient: Patient | None = None) -> list[str]:
    """The kinds that were handed over about this, in order."""
    rows = Message.objects.filter(about=about, status__in=["sent", "delivered"]).order_by("sent_at", "pk")
    return list((rows.filter(patient=patient) if patient else rows).values_list("kind", flat=True))


def planned(about: uuid.UUID, patient: Patient | None = None) -> dict[str, str]:
    """Of each kind how its newest row stands: "waiting", or "skipped moved"."""
    rows = Message.objects.filter(about=about).order_by("version", "pk")
    rows = rows.filter(patient=patient) if patient else rows
    return {row.kind: f"{row.status} {row.reason}".strip() for row in rows}


def sunk(kind: str) -> SunkMessage:
    """The last one of this kind that the sink was given."""
    message = Message.objects.filter(kind=kind, status="sent").latest("sent_at")
    return SunkMessage.objects.get(key=message.key)


def invitation(appointment: Appointment, kind: str) -> icalendar.Calendar:
    """The file that a message of this kind carries now."""
    message = Message.objects.filter(about=appointment.uuid, kind=kind).latest("pk")
    letter = kind_of(kind).look(message)
    return icalendar.Calendar.from_ical(letter.files[0].content)  # type: ignore[union-attr]
