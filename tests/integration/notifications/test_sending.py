"""The way of a message from the outbox to a carrier, and every answer that a carrier can give. The clock is made up."""

import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import transaction

from accounts.models import Organization, Patient
from core.clock import now
from notifications import rendering
from notifications.channels import NotTaken, Parcel, Receipt, sink
from notifications.models import BadAddress, ClinicMessages, Message, OptOut, Stop, SunkMessage
from notifications.selectors import health
from notifications.services import claims, outbox, sending, sweeping
from notifications.services.sending import BACK_OFF
from tests import factories as make
from tests import message_probe as probe

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2026, 11, 24, 18, tzinfo=dt.UTC)  # in Chicago
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[time_machine.Traveller]:
    probe.install(monkeypatch)
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def clinic() -> Organization:
    return make.make_organization(timezone="America/Chicago")


@pytest.fixture
def patient(clinic: Organization) -> Patient:
    return _patient(clinic)


def _patient(clinic: Organization, **fields: Any) -> Patient:
    known = {"email": "rosalind@fern.example", "phone": "+13125550171", "timezone": "America/Chicago"}
    return make.make_patient(clinic, **{**known, **fields})


def put(patient: Patient, **fields: Any) -> Message:
    message = outbox.put(**{"kind": probe.NAME, "patient": patient, "about": uuid.uuid4(), **fields})
    assert message is not None
    return message


class Answers:
    """A provider that says what it is told to say, in turn; then it takes everything."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: Exception | None) -> None:
        self.asked: list[Parcel] = []
        left = list(answers)
        real = sink.SinkCarrier.carry

        def carry(carrier: sink.SinkCarrier, parcel: Parcel) -> Receipt:
            self.asked.append(parcel)
            answer = left.pop(0) if left else None
            if answer is not None:
                raise answer
            return real(carrier, parcel)

        monkeypatch.setattr(sink.SinkCarrier, "carry", carry)


def standing(message: Message) -> tuple[str, str]:
    message.refresh_from_db()
    return message.status, message.reason


def test_message_is_written_once_and_sent_once_with_its_evidence(patient: Patient) -> None:
    about = uuid.uuid4()
    message = put(patient, about=about)
    assert outbox.put(kind=probe.NAME, patient=patient, about=about) is None
    assert sending.send_due("email") == {"sent": 1}
    assert sending.send_due("email") == {}
    sunk = SunkMessage.objects.get()
    assert (sunk.address, sunk.times, sunk.key) == ("rosalind@fern.example", 1, message.key)
    message.refresh_from_db()
    assert (message.status, message.sent_at, message.address, message.provider, message.attempts) == (
        "sent", NOON, "rosalind@fern.example", "sink", 1,
    )  # fmt: skip
    assert [event.what for event in message.events.all()] == ["sent"]


def test_message_of_a_change_that_is_rolled_back_was_never_there(patient: Patient) -> None:
    with transaction.atomic():
        put(patient)
        transaction.set_rollback(True)
    assert not Message.objects.exists()


def test_what_is_not_due_waits(patient: Patient, clock: time_machine.Traveller) -> None:
    message = put(patient, due_at=NOON + MINUTE)
    assert sweeping.sweep() == []
    assert sending.send_due("email") == {}
    clock.move_to(NOON + MINUTE)
    assert sweeping.sweep() == ["email"]
    assert sending.send_due("email") == {"sent": 1}
    assert standing(message) == ("sent", "")


def test_what_is_not_so_any_more_is_skipped_in_the_claim(patient: Patient) -> None:
    message = put(patient)
    probe.cancel(message.about)
    assert sending.send_due("email") == {"skipped": 1}
    assert standing(message) == ("skipped", "cancelled")
    assert not SunkMessage.objects.exists()


def test_withdrawn_is_not_sent_and_says_why(patient: Patient) -> None:
    message = put(patient, due_at=NOON + MINUTE)
    assert outbox.withdraw(about=message.about, why="moved") == 1
    assert standing(message) == ("skipped", "moved")
    assert outbox.withdraw(about=message.about, why="moved") == 0


def test_skipped_for_a_reason_that_passes_waits_again_when_it_is_so_again(patient: Patient) -> None:
    message = put(patient)
    outbox.withdraw(about=message.about, why="page_open")
    assert outbox.put(kind=probe.NAME, patient=patient, about=message.about) is None
    assert outbox.put(kind=probe.NAME, patient=patient, about=message.about, revive=True) is not None
    assert sending.send_due("email") == {"sent": 1}
    assert outbox.put(kind=probe.NAME, patient=patient, about=message.about, revive=True) is None


@pytest.mark.parametrize("step", [dt.timedelta(hours=1), dt.timedelta(days=1)])
def test_too_late_is_told_and_never_sent(patient: Patient, clock: time_machine.Traveller, step: dt.timedelta) -> None:
    message = put(patient, too_late_at=NOON + dt.timedelta(minutes=59))
    clock.move_to(NOON + step)
    assert sending.send_due("email") == {"skipped": 1}
    assert standing(message) == ("skipped", "too_late")


@pytest.mark.parametrize("step", [dt.timedelta(hours=1), dt.timedelta(days=1)])
def test_clock_set_back_sends_nothing_early_and_nothing_twice(
    patient: Patient, clock: time_machine.Traveller, step: dt.timedelta
) -> None:
    put(patient)
    later = put(patient, due_at=NOON + MINUTE)
    sending.send_due("email")
    clock.move_to(NOON - step)
    assert sending.send_due("email") == {}
    clock.move_to(NOON + MINUTE)
    assert sending.send_due("email") == {"sent": 1}
    assert standing(later) == ("sent", "")
    assert SunkMessage.objects.count() == 2


def test_clock_set_back_while_a_provider_was_away_does_not_keep_it_away(
    patient: Patient, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    Answers(monkeypatch, NotTaken("provider_down", is_down=True))
    message = put(patient)
    sending.send_due("email")
    clock.move_to(NOON - dt.timedelta(days=1))
    other = put(patient)
    assert sending.send_due("email") == {"sent": 1}
    assert standing(other) == ("sent", "")
    assert standing(message)[0] == "waiting"


def test_broken_one_is_tried_again_with_growing_pauses_then_failed_and_nothing_waits_behind_it(
    clinic: Organization, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, well = put(_patient(clinic, phone="")), put(_patient(clinic))
    real = rendering.parcel

    def parcel(message: Message, *rest: Any) -> Parcel:
        if message.pk == broken.pk:
            raise KeyError("a template")
        return real(message, *rest)

    monkeypatch.setattr(rendering, "parcel", parcel)
    assert sending.send_due("email") == {"again": 1, "sent": 1}
    assert standing(well) == ("sent", "")
    for pause in BACK_OFF:
        broken.refresh_from_db()
        assert broken.next_at - now() == dt.timedelta(seconds=pause)
        clock.move_to(broken.next_at)
        sending.send_due("email")
    assert standing(broken) == ("failed", "broken")
    assert sending.send_due("email") == {}


def test_refused_for_good_goes_by_the_next_channel(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    Answers(monkeypatch, NotTaken("refused", for_good=True))
    message = put(patient)
    assert sending.send_due("email") == {"failed": 1}
    assert standing(message) == ("failed", "refused")
    assert sending.send_due("sms") == {"sent": 1}
    other = Message.objects.get(channel="sms")
    assert (other.instead_of, other.address) == (message, "+13125550171")


def test_provider_away_pauses_its_channel_and_nothing_is_lost_when_it_is_back(
    clinic: Organization, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    down = [NotTaken("provider_down", is_down=True)] * 3
    provider = Answers(monkeypatch, *down)
    messages = [put(_patient(clinic, phone="")) for _ in range(60)]
    other_channel = put(_patient(clinic, email=""))
    assert sending.send_due("email") == {"put_off": 1}
    assert len(provider.asked) == 1
    assert sending.send_due("sms") == {"put_off": 1}
    clock.shift(dt.timedelta(seconds=5))
    assert sending.send_due("email") == {}
    for _ in range(12):
        clock.shift(dt.timedelta(seconds=30))
        sending.send_due("email")
        sending.send_due("sms")
    assert {standing(message) for message in [*messages, other_channel]} == {("sent", "")}
    assert SunkMessage.objects.count() == 61


def test_who_has_one_channel_hears_when_the_provider_is_back_after_hours(
    clinic: Organization, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    Answers(monkeypatch, *[NotTaken("provider_down", is_down=True)] * 100)
    message = put(_patient(clinic, phone=""))
    for _ in range(100):
        sending.send_due("email")
        clock.shift(dt.timedelta(minutes=2))
    assert standing(message) == ("waiting", "provider_down")
    assert sending.send_due("email") == {"sent": 1}


def test_what_a_killed_worker_had_in_hand_is_taken_one_by_one_and_given_up_when_it_kills_them_all(
    clinic: Organization, clock: time_machine.Traveller
) -> None:
    for _ in range(3):
        put(_patient(clinic, phone=""))
    first = claims.claim_due("email", 25)
    assert first is not None
    deadly, *others = first.pks
    for _ in range(sending.DEADLY):
        clock.shift(claims.LEASE)
        batch = claims.claim_due("email", 25)
        assert batch is not None
        assert batch.pks in [[pk] for pk in first.pks]
        if batch.pks != [deadly]:
            claims.give_back(batch.pks, batch.token, now() + dt.timedelta(days=1))
    Message.objects.filter(pk=deadly).update(next_at=now(), attempts=sending.DEADLY)
    assert sending.send_due("email")["failed"] == 1
    assert standing(Message.objects.get(pk=deadly)) == ("failed", "broken")
    assert set(Message.objects.filter(pk__in=others).values_list("status", flat=True)) == {"waiting"}


def test_provider_that_says_when_to_come_again_is_asked_then(
    patient: Patient, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = Answers(monkeypatch, NotTaken("slow_down", is_down=True, wait=100.0))
    put(patient)
    sending.send_due("email")
    clock.shift(dt.timedelta(seconds=99))
    sending.send_due("email")
    assert len(provider.asked) == 1
    clock.shift(dt.timedelta(seconds=1))
    assert sending.send_due("email") == {"sent": 1}


def test_who_waits_ten_minutes_for_a_provider_that_is_away_hears_by_another_channel(
    clinic: Organization, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    Answers(monkeypatch, *[NotTaken("provider_down", is_down=True)] * 200)
    messages = [put(_patient(clinic)) for _ in range(5)]
    for _ in range(30):
        sending.send_due("email")
        clock.shift(dt.timedelta(seconds=30))
    assert Message.objects.filter(channel="sms").count() == 5
    assert {standing(message)[0] for message in messages} == {"failed"}


@pytest.mark.parametrize(
    ("hinder", "expected"),
    [
        (lambda patient: OptOut.objects.create(patient=patient, group="reminders", channel="email"), "opted_out"),
        (
            lambda patient: BadAddress.objects.create(
                organization=patient.organization, channel="email", address=patient.email, why="bounced"
            ),
            "bounced",
        ),
        (lambda patient: Patient.objects.filter(pk=patient.pk).update(email=""), "no_address"),
    ],
)
def test_what_hinders_since_it_was_written_counts_and_the_next_channel_takes_over(
    patient: Patient, hinder: Any, expected: str
) -> None:
    message = put(patient)
    hinder(patient)
    sending.send_due("email")
    assert standing(message) == ("skipped" if expected == "opted_out" else "failed", expected)
    assert sending.send_due("sms") == {"sent": 1}


def test_stop_by_text_message_leaves_email(patient: Patient) -> None:
    Patient.objects.filter(pk=patient.pk).update(email="")
    patient.refresh_from_db()
    message = put(patient)
    Stop.objects.create(organization=patient.organization, phone="+13125550171")
    assert message.channel == "sms"
    assert sending.send_due("sms") == {"skipped": 1}
    assert standing(message) == ("skipped", "stopped")


def test_person_without_any_address_is_a_failure_in_the_open(clinic: Organization) -> None:
    message = put(_patient(clinic, email="", phone="12"))
    sending.send_due(message.channel)
    assert standing(message) == ("failed", "no_address")


def test_quiet_hours_are_those_of_the_person_and_what_is_urgent_goes_out(
    clinic: Organization, clock: time_machine.Traveller
) -> None:
    tokyo = put(_patient(clinic, timezone="Asia/Tokyo"), kind="test.quiet")  # 3 am there
    here = put(_patient(clinic), kind="test.quiet")
    urgent = put(_patient(clinic, timezone="Asia/Tokyo"))
    assert sending.send_due("email") == {"put_off": 1, "sent": 2}
    tokyo.refresh_from_db()
    assert (tokyo.status, tokyo.reason, tokyo.attempts) == ("waiting", "quiet", 0)
    assert tokyo.next_at == dt.datetime(2026, 11, 24, 23, tzinfo=dt.UTC)
    assert (standing(here)[0], standing(urgent)[0]) == ("sent", "sent")
    clock.move_to(tokyo.next_at)
    assert sending.send_due("email") == {"sent": 1}


def test_quiet_hours_never_make_a_message_too_late(clinic: Organization) -> None:
    put(_patient(clinic, timezone="Asia/Tokyo"), kind="test.quiet", too_late_at=NOON + dt.timedelta(hours=4))
    assert sending.send_due("email") == {"sent": 1}


def test_more_than_the_days_share_fails_in_the_open(patient: Patient) -> None:
    ClinicMessages.objects.create(organization=patient.organization, most_a_day=3)
    for _ in range(4):
        put(patient)
    sending.send_due("email")
    assert sending.send_due("sms") == {"sent": 1}
    assert list(Message.objects.filter(status="failed").values_list("reason", flat=True)) == ["too_many"]


def test_worker_whose_claim_ran_out_writes_nothing_over_the_next_ones(
    patient: Patient, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = put(patient)
    real = sink.SinkCarrier.carry

    def slowly(carrier: sink.SinkCarrier, parcel: Parcel) -> Receipt:
        monkeypatch.setattr(sink.SinkCarrier, "carry", real)
        clock.shift(dt.timedelta(minutes=5))
        assert sending.send_due("email") == {"sent": 1}
        return real(carrier, parcel)

    monkeypatch.setattr(sink.SinkCarrier, "carry", slowly)
    assert sending.send_due("email") == {"lost": 1}
    assert standing(message) == ("sent", "")
    assert message.events.count() == 1


def test_alarm_tells_what_is_late_and_who_is_silent(patient: Patient, clock: time_machine.Traveller) -> None:
    sweeping.sweep()
    assert health.alarms() == []
    put(patient)
    clock.shift(dt.timedelta(minutes=2, seconds=1))
    late, dead = health.alarms()
    assert "due since 2 minutes" in late
    assert "start its workers" in dead
    sweeping.sweep()
    sending.send_due("email")
    assert health.alarms() == []
