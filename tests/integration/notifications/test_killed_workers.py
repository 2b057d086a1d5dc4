"""Workers that are killed anywhere: every message arrives, at a provider with idempotency keys exactly once."""

import datetime as dt
import os
import random
import signal
import threading
import uuid

import pytest
import time_machine
from django.db import connections

from core.clock import now
from notifications.lifecycle import MessageStatus
from notifications.models import Message, Pause, SunkMessage
from notifications.services import outbox, sending, sweeping
from notifications.services.claims import LEASE
from tests import factories as make
from tests import message_probe as probe

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
KILLS = 50 if os.environ.get("HOUSECALL_LONG") else 5


@pytest.fixture(autouse=True)
def probes(monkeypatch: pytest.MonkeyPatch) -> None:
    probe.install(monkeypatch)


@pytest.mark.parametrize("point", probe.POINTS)
def test_three_workers_killed_at_a_point_lose_nothing_and_double_nothing(point: str) -> None:
    clinic = make.make_organization()
    chance = random.Random(point)
    begins = now()
    put = 0
    for kill in range(KILLS):
        with time_machine.travel(begins + kill * (LEASE + dt.timedelta(seconds=1)), tick=True):
            for _ in range(4):
                patient = make.make_patient(clinic, email="rosalind@fern.example")
                outbox.put(kind=probe.NAME, patient=patient, about=uuid.uuid4())
                put += 1
            workers = [probe.killed_worker(point, chance.randint(1, 4)), *(probe.fork(_work) for _ in range(2))]
            died = [probe.ended(worker) for worker in workers]
            assert died[1:] == [0, 0]
            assert died[0] in (0, signal.SIGKILL)
    with time_machine.travel(begins + (KILLS + 1) * (LEASE + dt.timedelta(seconds=1)), tick=True):
        sending.send_due("email")
    assert Message.objects.filter(status=MessageStatus.SENT).count() == put
    assert SunkMessage.objects.count() == put
    # Handed over again is only what was in the hand of somebody who was killed between that and writing it down.
    again = sum(SunkMessage.objects.values_list("times", flat=True)) - put
    assert (again > 0) == (point == "carried")
    assert again <= KILLS


def test_four_workers_at_once_send_each_message_once() -> None:
    clinic = make.make_organization()
    for _ in range(40):
        patient = make.make_patient(clinic, email="rosalind@fern.example")
        outbox.put(kind=probe.NAME, patient=patient, about=uuid.uuid4())
    together = threading.Barrier(4)

    def work() -> None:
        together.wait()
        try:
            sending.send_due("email")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Message.objects.filter(status=MessageStatus.SENT).count() == 40
    assert set(SunkMessage.objects.values_list("times", flat=True)) == {1}
    assert not Pause.objects.filter(failures__gt=0).exists()


def _work() -> None:
    sweeping.sweep()
    sending.send_due("email")
