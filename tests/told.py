"""Messages for tests of the pages about them, and kinds that need no template. Holds no test."""

import contextlib
import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from core.clock import now
from notifications import kinds
from notifications.channels import Parcel
from notifications.kinds import EMAIL, PUSH, SMS, Group, Kind, Letter
from notifications.models import Message, MessageEvent
from scheduling.models import Appointment

HOUR = dt.timedelta(hours=1)


def _look(message: Message) -> Letter:
    return Letter({})


def _example() -> Letter:
    return Letter({})


BOOKED = Kind("test.booked", "Visit is booked", Group.BOOKINGS, _look, _example, can_be_off=False, desk_calls=True)
REMINDER = Kind("test.reminder", "Day before", Group.REMINDERS, _look, _example, minutes_before=1440)
NEXT = Kind("test.next", "You may be next", Group.VISIT, _look, _example, channels=(PUSH, EMAIL, SMS), urgent=True)


# Those of the rooms, as they are registered when Django is set up.
_real = dict(kinds._kinds)


@contextlib.contextmanager
def untold() -> Iterator[None]:
    """What is booked in here finds the rooms' own kinds, and leaves no message of theirs behind."""
    standing, kinds._kinds = kinds._kinds, dict(_real)
    try:
        yield
        MessageEvent.objects.all().delete()
        Message.objects.all().delete()
    finally:
        kinds._kinds = standing


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Just these kinds, for one test."""
    monkeypatch.setattr(kinds, "_kinds", {one.name: one for one in (BOOKED, REMINDER, NEXT)})


def make_message(appointment: Appointment, **fields: Any) -> Message:
    """A message about a visit to its patient, failed this minute unless said, with the event of it."""
    patient = appointment.patient
    assert patient is not None
    due = fields.pop("due_at", now())
    fields = {
        "kind": BOOKED.name,
        "channel": "email",
        "status": "failed",
        "reason": "bounced" if fields.get("status", "failed") == "failed" else "",
        "address": patient.email,
        "too_late_at": due + HOUR,
        "next_at": due,
        **fields,
    }
    message = Message.objects.create(
        organization=appointment.organization, patient=patient, about=appointment.uuid, due_at=due, **fields
    )
    MessageEvent.objects.create(message=message, what=fields["status"], detail=fields["reason"], at=due)
    return message


def preview(kind: Kind, channel: str, language: str, clinic: Any) -> Parcel:
    """In place of rendering's, where a test has no templates."""
    html = f"<html><head></head><body><p>{kind.label} as it looks</p></body></html>" if channel == "email" else ""
    subject = "" if channel == "sms" else f"Subject of {kind.label}"
    return Parcel("", channel, clinic.pk, "", language, subject, f"{kind.label} in {language}", html)
