"""One row, one provider or one hour that is odd: nothing else waits for it, and somebody is told."""

import datetime as dt
import uuid
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from django.db import DataError

from accounts.models import Patient
from notifications import kinds
from notifications.channels import NotTaken, Parcel, Receipt, sink
from notifications.models import ClinicMessages, Message, MessageEvent, SunkMessage
from notifications.selectors import health
from notifications.services import outbox, sending
from notifications.services.sending import BACK_OFF
from tests import factories as make
from tests import message_probe as probe

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2026, 11, 24, 18, tzinfo=dt.UTC)  # in Chicago
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def kinds_of_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    probe.install(monkeypatch)


@pytest.fixture
def patient() -> Patient:
    clinic = make.make_organization(timezone="America/Chicago")
    return make.make_patient(clinic, email="rosalind@fern.example", phone="", timezone="America/Chicago")


def put(patient: Patient, **fields: Any) -> Message:
    message = outbox.put(**{"kind": probe.NAME, "patient": patient, "about": uuid.uuid4(), **fields})
    assert message is not None
    return message


def try_until_given_up(clock: time_machine.Traveller) -> None:
    for seconds in (0, *BACK_OFF):
        clock.shift(dt.timedelta(seconds=seconds))
        sending.send_due("email")


def test_kind_that_nobody_knows_any_more_fails_and_keeps_nobody_waiting(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        lost = put(patient, kind="test.quiet")
        monkeypatch.delitem(kinds._kinds, "test.quiet")
        try_until_given_up(clock)
        lost.refresh_from_db()
        assert (lost.status, lost.reason) == ("failed", "broken")
        put(patient)
        assert sending.send_due("email") == {"sent": 1}


def test_row_that_the_database_refuses_is_set_aside_and_the_rest_of_its_batch_goes(patient: Patient) -> None:
    def refusing(message: Message) -> Any:
        if message.pk == first.pk:
            raise DataError("value too long")
        return probe.look(message)

    known = replace(probe.PROBE, look=refusing)
    with time_machine.travel(NOON, tick=False) as clock, patch.dict(kinds._kinds, {probe.NAME: known}):
        first, second = put(patient), put(patient)
        assert sending.send_due("email") == {"again": 1, "sent": 1}
        try_until_given_up(clock)
    for row in (first, second):
        row.refresh_from_db()
    assert [first.status, second.status] == ["failed", "sent"]


def test_provider_with_a_very_long_name_for_a_message_is_asked_once(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def carry(carrier: sink.SinkCarrier, parcel: Parcel) -> Receipt:
        return Receipt("sink", "\x00" + "a" * 5000)

    monkeypatch.setattr(sink.SinkCarrier, "carry", carry)
    message = put(patient)
    assert sending.send_due("email") == {"sent": 1}
    message.refresh_from_db()
    assert (message.status, message.provider_id) == ("sent", "a" * 200)


def test_alarm_counts_what_waits_for_a_provider_that_is_away(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    def carry(carrier: sink.SinkCarrier, parcel: Parcel) -> Receipt:
        raise NotTaken("provider_down", is_down=True)

    with time_machine.travel(NOON, tick=False) as clock:
        put(patient)
        put(patient, due_at=NOON + dt.timedelta(hours=3))
        with monkeypatch.context() as away:
            away.setattr(sink.SinkCarrier, "carry", carry)
            seen = []
            for _ in range(20):
                sending.send_due("email")
                seen.append(health.health())
                clock.shift(dt.timedelta(seconds=15))
        assert [one.is_late for one in seen[10:]] == [True] * 10
        assert {one.due for one in seen} == {1}
        assert not any(one.is_late for one in seen[:8])
        clock.shift(10 * MINUTE)
        assert sending.send_due("email") == {"sent": 1}
        assert not health.health().is_late


def test_hour_that_the_clocks_show_twice_ends_quiet_hours_once(patient: Patient) -> None:
    # Quiet until 1:30; on 1 November 2026 that is there at 6:30 and at 7:30 UTC.
    ClinicMessages.objects.create(organization=patient.organization, quiet_from=21 * 60, quiet_until=90)
    with time_machine.travel(dt.datetime(2026, 11, 1, 7, 10, tzinfo=dt.UTC), tick=False) as clock:
        message = put(patient, kind="test.quiet")
        assert sending.send_due("email", seconds=1) == {"put_off": 1}
        message.refresh_from_db()
        assert message.next_at == dt.datetime(2026, 11, 1, 7, 30, tzinfo=dt.UTC)
        assert MessageEvent.objects.count() == 1
        clock.move_to(message.next_at)
        assert sending.send_due("email") == {"sent": 1}
        assert SunkMessage.objects.count() == 1


def test_what_is_so_again_goes_by_the_way_that_was_the_last(patient: Patient) -> None:
    about = uuid.uuid4()
    first = put(patient, about=about)
    sending.fail(first, "refused")
    assert Message.objects.count() == 1
    second = Message.objects.create(
        organization=patient.organization, patient=patient, kind=probe.NAME, about=about, channel="sms",
        due_at=NOON, next_at=NOON, too_late_at=NOON, status="skipped", reason="page_open",
    )  # fmt: skip
    revived = outbox.put(kind=probe.NAME, patient=patient, about=about, revive=True)
    assert revived is not None
    assert (revived.pk, revived.status) == (second.pk, "waiting")
