"""Days of a clinic whose workers are killed all the time: visits are booked, moved, cancelled, and everybody is told.

The clock is a fake one. Nothing that a worker is told over the broker arrives: only the sweep finds what is due, and
two beats sweep. A model beside the house says who has to be told what.
"""

import datetime as dt
import os
import random
import uuid
from collections import Counter
from dataclasses import dataclass, field

import pytest
import time_machine

from core.clock import now
from notifications.models import Channel, Message, SunkMessage
from notifications.services import sweeping
from notifications.services.claims import LEASE
from scheduling.models import Appointment
from scheduling.services import cancel_appointment, move_appointment
from tests import message_probe as probe
from tests.integration.notifications.mailing import DAY, HOUR, MailingClinic, send_all
from tests.integration.notifications.test_any_order import Told

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

LONG = bool(os.environ.get("HOUSECALL_LONG"))
VISITS, KILLS, PRACTITIONERS = (1000, 50, 20) if LONG else (60, 5, 3)
BEGINS = dt.datetime(2027, 3, 1, 15, tzinfo=dt.UTC)
FIRST = BEGINS + 30 * HOUR
STEP = dt.timedelta(minutes=20)
PAUSE = LEASE + dt.timedelta(seconds=1)


@dataclass
class Days:
    """The clinic, its visits, and what their patients have to be told."""

    clock: time_machine.Traveller
    chance: random.Random = field(default_factory=lambda: random.Random(6))
    told: dict[uuid.UUID, Told] = field(default_factory=dict)
    cancelled: dict[uuid.UUID, dt.datetime] = field(default_factory=dict)
    handed: int = 0

    def __post_init__(self) -> None:
        self.clinic = MailingClinic(practitioners=PRACTITIONERS)
        per_person = -(-VISITS // PRACTITIONERS)
        # As many times again stay free, to move to.
        times = [FIRST + STEP * number for number in range(2 * per_person)]
        self.free = [(who, at) for who in range(PRACTITIONERS) for at in times]
        self.chance.shuffle(self.free)
        self.visits: list[Appointment] = []

    def book(self) -> None:
        who, at = self.free.pop()
        visit = self.clinic.book(at, patient=self.clinic.new_patient(), practitioner=self.clinic.practitioners[who])
        self.visits.append(visit)
        told = self.told[visit.uuid] = Told()
        told.set_time(at, sure=True)
        told.expected["visit.booked"] += 1

    def move(self, visit: Appointment) -> None:
        who, at = self.free.pop()
        practitioner = self.clinic.practitioners[who]
        move_appointment(actor=self.clinic.desk, appointment=visit, starts_at=at, practitioner=practitioner)
        self.told[visit.uuid].expected["visit.moved"] += 1
        self.told[visit.uuid].set_time(at, sure=True)

    def cancel(self, visit: Appointment) -> None:
        cancel_appointment(actor=self.clinic.desk, appointment=visit, reason="cough")
        self.cancelled[visit.uuid] = now()
        self.told[visit.uuid].end(notice=True)

    def pass_time(self, until: dt.datetime) -> None:
        """Both beats sweep every time that something is due, and a worker is there that nobody kills."""
        since = now()
        dues = Message.objects.filter(status="waiting", next_at__gt=since, next_at__lte=until)
        for due in sorted(set(dues.values_list("next_at", flat=True))):
            self.clock.move_to(max(due, now()))
            self.work()
        self.clock.move_to(max(until, now()))
        self.expect_what_was_due(since)

    def expect_what_was_due(self, since: dt.datetime) -> None:
        for told in self.told.values():
            told.pass_time(since, now())

    def work(self) -> None:
        sweeping.sweep()
        sweeping.sweep()
        send_all()

    def kill_a_worker(self, point: str) -> None:
        """Three at once, one of whom is killed; what it had in hand comes back when its claim is over."""
        workers = [probe.killed_worker(point, self.chance.randint(1, 3)), *(probe.fork(self.work) for _ in range(2))]
        for worker in workers:
            probe.ended(worker)
        since = now()
        self.clock.shift(PAUSE)
        self.work()
        self.expect_what_was_due(since)


def test_days_of_killed_workers_leave_nobody_untold_and_tell_nobody_twice() -> None:
    with time_machine.travel(BEGINS, tick=False) as clock:
        days = Days(clock)
        moves, kills = VISITS // 3, [point for point in probe.POINTS for _ in range(KILLS)]
        days.chance.shuffle(kills)
        acts = [*(["book"] * VISITS), *(["move"] * moves), *(["cancel"] * (VISITS // 5))]
        # Visits first, mostly; the rest in any order until the first of them begins.
        acts.sort(key=lambda act: days.chance.random() + (act != "book"))
        per_kill = len(acts) / len(kills)
        step = (FIRST - 2 * HOUR - BEGINS - len(kills) * PAUSE) / len(acts)
        for number, act in enumerate(acts):
            _act(days, act)
            if kills and number >= per_kill * (len(probe.POINTS) * KILLS - len(kills)):
                days.kill_a_worker(kills.pop())
            days.work()
            days.pass_time(now() + step)
        days.pass_time(FIRST + 2 * DAY)
        _check(days)


def _act(days: Days, act: str) -> None:
    standing = [visit for visit in days.visits if visit.uuid not in days.cancelled]
    if act == "book" or not standing:
        days.book()
    elif act == "move":
        days.move(days.chance.choice(standing))
    else:
        days.cancel(days.chance.choice(standing))


def _check(days: Days) -> None:
    found: dict[uuid.UUID, Counter[str]] = {uuid_: Counter() for uuid_ in days.told}
    after_cancel = []
    for message in Message.objects.filter(status="sent"):
        found[message.about][message.kind] += 1
        ended = days.cancelled.get(message.about)
        if ended and message.kind != "visit.cancelled" and message.sent_at and message.sent_at > ended:
            after_cancel.append(message.kind)
    expected = {uuid_: +told.expected for uuid_, told in days.told.items()}
    assert {one: count for one, count in found.items() if count != expected[one]} == {}
    assert after_cancel == []
    assert not Message.objects.filter(status__in=["waiting", "sending", "failed"]).exists()
    # The provider took each key once; handed over twice is at most what a killed worker had handed over.
    assert SunkMessage.objects.count() == Message.objects.filter(status="sent").count()
    again = sum(SunkMessage.objects.values_list("times", flat=True)) - SunkMessage.objects.count()
    assert again <= KILLS
    assert {row.channel for row in SunkMessage.objects.all()} == {Channel.EMAIL}
