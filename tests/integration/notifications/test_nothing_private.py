"""Canaries: names, conditions and reasons of every kind in every field, and none of them where a stranger may read."""

import datetime as dt
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
import structlog
import time_machine
from celery import current_app
from django.core.cache import cache

from accounts.models import Patient, Practitioner
from consent.selectors import current_text
from consent.services import give_consent
from consults import services as consults
from consults import uptime
from consults.models import Encounter, Seat
from core.clock import now
from notifications.channels import Parcel, sink
from notifications.models import Message, MessageEvent, OptOut, PushSubscription
from scheduling.models import Appointment, VisitType
from scheduling.services import (
    add_guest,
    cancel_appointment,
    confirm_appointment,
    move_appointment,
    remove_patient,
    say_coming,
)
from scheduling.services.waitlist import join_wait_list
from scheduling.visitors import visitor
from tests import factories as make
from tests.integration.notifications.mailing import DAY, HOUR, MailingClinic, send_all
from tests.open_clinic import open_clinic

pytestmark = pytest.mark.django_db

Commits = Callable[..., AbstractContextManager[list[Callable[..., None]]]]
KINDS = {
    "visit.booked", "visit.confirmed", "visit.moved", "visit.cancelled", "visit.reminder_day", "visit.reminder_hour",
    "visit.next", "visit.ready", "visit.place_lost", "wait.joined", "wait.offer",
}  # fmt: skip


class Canaries:
    """Words that stand nowhere else; each field gets its own."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def __call__(self, field: str) -> str:
        self.words.append(f"Zq{field}{len(self.words)}x")
        return self.words[-1]

    def person(self, **fields: Any) -> dict[str, Any]:
        return {"given_name": self("Given"), "family_name": self("Family"), "face": self("Face"), **fields}

    def found_in(self, text: str) -> list[str]:
        return [word for word in self.words if word.casefold() in text.casefold()]


@pytest.fixture
def carried(monkeypatch: pytest.MonkeyPatch) -> list[Parcel]:
    """Everything that was handed over."""
    kept: list[Parcel] = []
    carry = sink.SinkCarrier.carry

    def keep(self: sink.SinkCarrier, parcel: Parcel) -> Any:
        kept.append(parcel)
        return carry(self, parcel)

    monkeypatch.setattr(sink.SinkCarrier, "carry", keep)
    return kept


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Everything that workers were told."""
    told: list[str] = []
    monkeypatch.setattr(current_app, "send_task", lambda *args, **named: told.append(repr((args, named))))
    return told


@contextmanager
def at(instant: dt.datetime) -> Iterator[None]:
    with time_machine.travel(instant, tick=False):
        yield
        send_all()


def whole_life(clinic: MailingClinic, canary: Canaries, channel: str) -> None:
    """Everything that a person can be told, by one channel."""
    patient = clinic.new_patient(**canary.person())
    if channel == "sms":
        Patient.objects.filter(pk=patient.pk).update(email="")
    else:
        PushSubscription.objects.create(
            organization=clinic.organization, patient=patient, endpoint="https://push.example/a", p256dh="a", auth="b"
        )
    patient.refresh_from_db()
    kind = VisitType.objects.create(
        organization=clinic.organization, name=canary("Type"), preparation=canary("Preparation"), minutes=20
    )
    kind.practitioners.add(clinic.practitioner)
    visit = clinic.book(patient=patient, visit_type=kind, reason=canary("Reason"))
    add_guest(actor=clinic.desk, appointment=visit, name=canary("Guest"), role="family")
    send_all()
    Appointment.objects.filter(pk=visit.pk).update(status="pending")
    confirm_appointment(actor=clinic.desk, appointment=visit)
    send_all()
    later = visit.starts_at + DAY
    move_appointment(actor=clinic.desk, appointment=visit, starts_at=later, reason=canary("Move"))
    send_all()
    with at(later - DAY):
        send_all()
        say_coming(actor=make.patient_actor(visit), appointment=visit)
    Message.objects.filter(kind="visit.reminder_hour", reason="confirmed").update(status="waiting", reason="")
    with at(later - HOUR):
        pass
    wait_and_be_called(visit, later, canary)
    other = clinic.book(clinic.at + 9 * DAY, patient=patient, reason=canary("Reason"))
    cancel_appointment(actor=clinic.desk, appointment=other, reason=canary("Cancelled"))
    send_all()


def wait_and_be_called(visit: Appointment, starts_at: dt.datetime, canary: Canaries) -> None:
    encounter = Encounter.objects.get(appointment=visit)
    with at(starts_at):
        actor = make.patient_actor(visit)
        words = current_text(visit.organization, "telehealth").version
        give_consent(actor=actor, patient=encounter.patient, purpose="telehealth", text_version=words)
        consults.enter_waiting_room(actor=actor, encounter=encounter, place=canary("Place"), callback_phone="555 0100")
        seat = consults.take_seat(actor=actor, encounter=encounter, holder=uuid.uuid4())
        consults.release_seat(seat=seat, holder=seat.holder)  # type: ignore[arg-type]
    with at(starts_at + dt.timedelta(seconds=30)):
        pass
    with at(starts_at + dt.timedelta(minutes=1)):
        up = now() - DAY
        cache.set(uptime.KEY, (up, now()), None)
        Seat.objects.filter(encounter=encounter).update(last_seen_at=up)
        Encounter.objects.filter(pk=encounter.pk).update(arrived_at=up)
        consults.keep_places()
        cache.delete(uptime.KEY)
    with at(starts_at + dt.timedelta(minutes=2)):
        actor = make.patient_actor(visit)
        encounter.refresh_from_db()
        consults.enter_waiting_room(actor=actor, encounter=encounter, place=canary("Place"), callback_phone="555 0100")
        Seat.objects.filter(encounter=encounter).update(left_at=None)
        consults.admit_patient(actor=make.practitioner_actor(encounter.practitioner), encounter=encounter)


def wait_for_a_time(clinic: MailingClinic, canary: Canaries, commits: Commits) -> None:
    offered = open_clinic(clinic.organization)
    VisitType.objects.filter(pk=offered.visit_type.pk).update(name=canary("Type"))
    offered.visit_type.refresh_from_db()
    Practitioner.objects.update(specialty=canary("Specialty"))
    for email in ("canary@example.org", ""):
        person = canary.person(birth_date=dt.date(1974, 2, 11), phone="312-555-0172", email=email)
        del person["face"]
        join_wait_list(
            actor=visitor("x" * 32),
            organization=clinic.organization,
            person=person,
            visit_type=offered.visit_type,
            practitioner=None,
            first_day=now().date(),
            last_day=now().date() + dt.timedelta(days=30),
            earliest=0,
            latest=24 * 60,
        )
        day = (now() + (11 if email else 12) * DAY).replace(hour=16, minute=0, second=0, microsecond=0)
        visit = make.make_appointment(practitioner=offered.practitioner, starts_at=day)
        send_all()
        with commits(execute=True):
            cancel_appointment(actor=make.SYSTEM, appointment=visit, reason=canary("Cancelled"))
        send_all()


def leave_a_group(clinic: MailingClinic, canary: Canaries) -> None:
    kind = clinic.offer_groups(3)
    VisitType.objects.filter(pk=kind.pk).update(name=canary("Group"))
    kind.refresh_from_db()
    people = [clinic.new_patient(**canary.person()) for _ in range(3)]
    OptOut.objects.create(patient=people[1], group="bookings", channel="email")
    group = clinic.book(
        clinic.at + 20 * DAY, visit_type=kind, patient=people[0], further=people[1:], reason=canary("Reason")
    )
    send_all()
    remove_patient(actor=clinic.desk, place=group.places.get(patient=people[1]), reason=canary("Left"))
    send_all()


def test_no_name_condition_or_reason_is_where_a_stranger_may_read(
    carried: list[Parcel],
    jobs: list[str],
    capfd: pytest.CaptureFixture[str],
    django_capture_on_commit_callbacks: Commits,
) -> None:
    clinic, canary = MailingClinic(), Canaries()
    Practitioner.objects.update(specialty=canary("Specialty"))
    with structlog.testing.capture_logs() as logged, django_capture_on_commit_callbacks(execute=True):
        for channel in ("email", "sms"):
            whole_life(clinic, canary, channel)
            clinic.at += 3 * DAY
        leave_a_group(clinic, canary)
        wait_for_a_time(clinic, canary, django_capture_on_commit_callbacks)
    assert len(canary.words) > 40
    assert {kind for kind in KINDS if not Message.objects.filter(kind=kind, status="sent").exists()} == set()
    assert {parcel.channel for parcel in carried} == {"email", "sms", "push"}
    assert jobs
    for parcel in carried:
        open_to_all = [parcel.subject, parcel.text, parcel.html, parcel.link, parcel.sender, json.dumps(parcel.headers)]
        open_to_all += [file.content.decode() + file.name + file.content_type for file in parcel.files]
        assert canary.found_in("\n".join(open_to_all)) == []
    printed = capfd.readouterr()
    assert canary.found_in("\n".join([*jobs, repr(logged), printed.out, printed.err])) == []
    rows = [*Message.objects.values_list("reason", "kind", "provider"), *MessageEvent.objects.values_list("detail")]
    assert canary.found_in(repr(rows)) == []


def test_canary_that_sings_is_heard() -> None:
    canary = Canaries()
    word = canary("Name")
    assert canary.found_in(f"Dear {word.upper()}, your visit") == [word]
