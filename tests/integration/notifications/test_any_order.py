"""Booked, moved, confirmed, cancelled, joined and left in any order: each is told once, and nothing else is.

A simple model says beside the house who has to be told what; the clock is a fake one, and the outbox is emptied
whenever something is due.
"""

import datetime as dt
import os
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from accounts.models import Patient
from core.clock import now
from core.errors import HousecallError
from notifications.models import Message, SunkMessage
from scheduling.models import Appointment, GroupPlace
from scheduling.services import (
    add_patient,
    book_held,
    cancel_appointment,
    confirm_appointment,
    hold_time,
    move_appointment,
    remove_patient,
    say_coming,
)
from scheduling.visitors import visitor
from tests import factories as make
from tests.integration.notifications.mailing import DAY, HOUR, MailingClinic, send_all

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

EXAMPLES = 150 if os.environ.get("HOUSECALL_LONG") else 15
BEGINS = dt.datetime(2027, 3, 1, 9, 0, 17, tzinfo=dt.UTC)
TWENTY = dt.timedelta(minutes=20)
REMINDERS = {"visit.reminder_day": DAY, "visit.reminder_hour": HOUR}
ACTS = ("wait", "book", "self-book", "move", "cancel", "confirm", "coming", "join", "leave")
PRESSES = st.tuples(st.sampled_from([*ACTS, "wait", "move"]), st.integers(0, 2), st.integers(1, 40))


@dataclass
class Told:
    """What one person has to be told of one visit."""

    expected: Counter[str] = field(default_factory=Counter)
    starts_at: dt.datetime | None = None
    # Since when the time that stands is sure; None while the clinic has to confirm it.
    sure_since: dt.datetime | None = None
    spared: str = ""

    def dues(self) -> list[tuple[dt.datetime, str]]:
        """The reminders of the time that stands which are to go out at all."""
        if self.starts_at is None or self.sure_since is None:
            return []
        dues = sorted((self.starts_at - before, kind) for kind, before in REMINDERS.items())
        return [(due, kind) for due, kind in dues if due >= self.sure_since + 2 * HOUR and kind != self.spared]

    def pass_time(self, since: dt.datetime, until: dt.datetime) -> None:
        self.expected.update(kind for due, kind in self.dues() if since < due <= until)

    def set_time(self, starts_at: dt.datetime, *, sure: bool) -> None:
        self.starts_at, self.sure_since, self.spared = starts_at, now() if sure else None, ""

    def end(self, notice: bool) -> None:
        self.expected["visit.cancelled"] += notice
        self.starts_at = None


class Play:
    """Three visits for one and a group of up to three, each with a practitioner of its own."""

    def __init__(self, clock: Any) -> None:
        self.clock = clock
        self.clinic = MailingClinic(practitioners=4)
        self.clinic.terms(confirm_self_bookings=True)
        self.people = [self.clinic.new_patient() for _ in range(6)]
        self.visits: dict[int, Appointment] = {}
        self.told: dict[tuple[Any, int], Told] = {}
        self.group = self._group()

    def _group(self) -> Appointment:
        kind = self.clinic.visit_type
        singles = type(kind).objects.create(organization=self.clinic.organization, name="For one", minutes=20)
        singles.practitioners.set(self.clinic.practitioners)
        self.single_type = singles
        self.clinic.offer_groups(3)
        at = BEGINS.replace(second=0) + 3 * DAY
        group = self.clinic.group(1, patient=self.people[3], starts_at=at, practitioner=self.clinic.practitioners[3])
        self.of(group, self.people[3]).set_time(at, sure=True)
        self.of(group, self.people[3]).expected["visit.booked"] += 1
        send_all()
        return group

    def of(self, visit: Appointment, patient: Patient) -> Told:
        return self.told.setdefault((visit.uuid, patient.pk), Told())

    def press(self, act: str, which: int, number: int) -> None:
        """Every press is a few seconds after the one before; a refused one changes nothing."""
        self.pass_time(dt.timedelta(seconds=7))
        try:
            with transaction.atomic():
                getattr(self, act.replace("-", "_"))(which, number)
        except HousecallError:
            pass
        send_all()

    def pass_time(self, length: dt.timedelta) -> None:
        """Workers look whenever something is due."""
        since, until = now(), now() + length
        dues = Message.objects.filter(status="waiting", next_at__gt=since, next_at__lte=until)
        for due in sorted(set(dues.values_list("next_at", flat=True))):
            self.clock.move_to(due)
            send_all()
        self.clock.move_to(until)
        for told in self.told.values():
            told.pass_time(since, until)

    def wait(self, which: int, number: int) -> None:
        self.pass_time(number * HOUR)

    def book(self, which: int, number: int) -> None:
        if which in self.visits:
            return
        at = self._time(number)
        visit = self.clinic.book(at, patient=self.people[which], practitioner=self.clinic.practitioners[which])
        self._has(which, visit, sure=True)

    def self_book(self, which: int, number: int) -> None:
        if which in self.visits:
            return
        actor = visitor("x" * 32)
        hold = hold_time(
            actor=make.SYSTEM,
            visit_type=self.single_type,
            practitioner=self.clinic.practitioners[which],
            starts_at=self._time(number),
            timezone="America/Chicago",
        )
        visit = book_held(actor=actor, appointment=hold, patient=self.people[which])
        assert visit.status == "pending"
        self._has(which, visit, sure=False)

    def _has(self, which: int, visit: Appointment, *, sure: bool) -> None:
        self.visits[which] = visit
        told = self.of(visit, self.people[which])
        told.set_time(visit.starts_at, sure=sure)
        told.expected["visit.booked"] += 1

    def move(self, which: int, number: int) -> None:
        visit = self.group if number % 4 == 0 else self.visits.get(which)
        if visit is None:
            return
        before = Appointment.objects.get(pk=visit.pk)
        after = move_appointment(actor=self.clinic.desk, appointment=visit, starts_at=self._time(number))
        if after.starts_at == before.starts_at:
            return
        for told in self._standing(visit):
            told.expected["visit.moved"] += 1
            told.set_time(after.starts_at, sure=told.sure_since is not None)

    def cancel(self, which: int, number: int) -> None:
        visit = self.group if number % 13 == 0 else self.visits.pop(which, None)
        if visit is None or Appointment.objects.get(pk=visit.pk).status == "cancelled":
            return
        ends_at = Appointment.objects.get(pk=visit.pk).ends_at
        cancel_appointment(actor=self.clinic.desk, appointment=visit, reason="")
        for told in self._standing(visit):
            told.end(notice=ends_at > now())

    def confirm(self, which: int, number: int) -> None:
        visit = self.visits.get(which)
        if visit is None or Appointment.objects.get(pk=visit.pk).status != "pending":
            return
        confirm_appointment(actor=self.clinic.desk, appointment=visit)
        told = self.of(visit, self.people[which])
        if told.starts_at is not None and told.starts_at + TWENTY > now():
            told.expected["visit.confirmed"] += 1
        told.sure_since = now()

    def coming(self, which: int, number: int) -> None:
        visit, who = (self.visits.get(which), which) if number % 3 else (self.group, 3 + which)
        if visit is None or not visit.links.filter(patient=self.people[who]).exists():
            return
        actor = make.patient_actor(visit, self.people[who])
        told = self.of(visit, self.people[who])
        had = self._said(visit, self.people[who])
        say_coming(actor=actor, appointment=visit)
        if not had:
            told.spared = next((kind for due, kind in told.dues() if due > now()), "")

    def _said(self, visit: Appointment, patient: Patient) -> bool:
        if visit.is_group:
            return GroupPlace.objects.filter(appointment=visit, patient=patient, coming_at__isnull=False).exists()
        return Appointment.objects.get(pk=visit.pk).coming_at is not None

    def join(self, which: int, number: int) -> None:
        patient = self.people[3 + which]
        told = self.of(self.group, patient)
        if told.starts_at is not None:
            return
        group = add_patient(actor=self.clinic.desk, appointment=self.group, patient=patient)
        # Whoever is put down for a group that is over is told nothing, until it is moved.
        told.set_time(group.starts_at, sure=True)
        told.expected["visit.booked"] += group.ends_at > now()

    def leave(self, which: int, number: int) -> None:
        patient = self.people[3 + which]
        place = GroupPlace.objects.filter(appointment=self.group, patient=patient).exclude(status="cancelled").first()
        if place is None:
            return
        remove_patient(actor=self.clinic.desk, place=place)
        told = self.of(self.group, patient)
        told.end(notice=told.starts_at is not None and told.starts_at + TWENTY > now())

    def _standing(self, visit: Appointment) -> list[Told]:
        return [told for (uuid, _), told in self.told.items() if uuid == visit.uuid and told.starts_at is not None]

    def _time(self, number: int) -> dt.datetime:
        return now().replace(minute=0, second=0) + number * HOUR


def sent() -> dict[tuple[Any, int], Counter[str]]:
    found: dict[tuple[Any, int], Counter[str]] = {}
    for about, patient, kind in Message.objects.filter(status="sent").values_list("about", "patient", "kind"):
        found.setdefault((about, patient), Counter())[kind] += 1
    return found


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(presses=st.lists(PRESSES, min_size=4, max_size=18))
@example(presses=[("wait", 0, 22), ("wait", 0, 29), ("wait", 0, 22), ("join", 1, 1), ("move", 0, 4)])
def test_in_any_order_everybody_is_told_each_thing_once(presses: list[tuple[str, int, int]]) -> None:
    with transaction.atomic():
        _play(presses)
        transaction.set_rollback(True)


def _play(presses: list[tuple[str, int, int]]) -> None:
    with time_machine.travel(BEGINS, tick=False) as clock:
        play = Play(clock)
        for press in presses:
            play.press(*press)
        play.pass_time(4 * DAY)
        expected = {key: +told.expected for key, told in play.told.items() if +told.expected}
        assert sent() == expected
        assert set(SunkMessage.objects.values_list("times", flat=True)) <= {1}
        assert not Message.objects.filter(status__in=["waiting", "sending", "failed"]).exists()
