"""The broker is emptied: the sweep finds what it was to tell of. On PostgreSQL with a real Redis, else in memory."""

import asyncio
import threading
import uuid
from typing import Any

import pytest
from celery import current_app
from django.conf import settings
from redis import Redis

from notifications.models import Message, SunkMessage
from notifications.services import outbox, sending
from telehealth import workers
from telehealth.celery import app
from tests import factories as make
from tests import message_probe as probe

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
PATIENCE_SECONDS = 60
MESSAGES = 30


def test_messages_arrive_though_the_broker_was_emptied(monkeypatch: pytest.MonkeyPatch) -> None:
    probe.install(monkeypatch)
    clinic = make.make_organization()
    for _ in range(MESSAGES):
        patient = make.make_patient(clinic, email="rosalind@fern.example")
        outbox.put(kind=probe.NAME, patient=patient, about=uuid.uuid4())
    _empty_broker()
    assert Message.objects.filter(status="waiting").count() == MESSAGES
    all_out = threading.Event()
    real = sending.send_due

    def noted(channel: str, **options: Any) -> Any:
        outcomes = real(channel, **options)
        if SunkMessage.objects.count() == MESSAGES:
            all_out.set()
        return outcomes

    monkeypatch.setattr(sending, "send_due", noted)
    entry = app.conf.beat_schedule["sweep-messages"]
    monkeypatch.setitem(app.conf, "beat_schedule", {"sweep-messages": {**entry, "schedule": 0.1}})
    running = workers.start(app)
    try:
        assert all_out.wait(PATIENCE_SECONDS)
    finally:
        asyncio.run(workers.stop(running))
    assert set(SunkMessage.objects.values_list("times", flat=True)) == {1}


def _empty_broker() -> None:
    if settings.REDIS_URL:
        Redis.from_url(settings.REDIS_URL).flushdb()
    else:
        current_app.control.purge()
