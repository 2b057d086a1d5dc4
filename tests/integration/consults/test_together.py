"""Two hands on one visit at the same moment: seats, chat, admission and the ways in and out of the waiting room."""

import uuid
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError

from consults import selectors, services
from consults.models import ChatMessage, Encounter, Queue, Seat
from consults.services import chat, sharing
from core.errors import HousecallError, NotFound
from scheduling.models import PersonalLink
from scheduling.services import cancel_appointment, reissue_link
from tests import factories as make
from tests.together import all_at_once, met

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def unexpected(results: list[Any]) -> list[Any]:
    return [result for result in results if isinstance(result, HousecallError) and result.status >= 500]


def test_ten_tabs_at_once_leave_one_seat_with_one_holder() -> None:
    visit = make.make_visit_in_progress()
    actor = make.patient_actor(visit.appointment)
    tabs = [uuid.uuid4() for _ in range(10)]
    seats = all_at_once([partial(services.take_seat, actor=actor, encounter=visit, holder=tab) for tab in tabs])
    assert len({seat.pk for seat in seats}) == 1
    standing = Seat.objects.select_related("encounter").get(encounter=visit, actor_type="patient")
    assert [services.touch_seat(seat=standing, holder=tab) for tab in tabs].count(True) == 1


def test_first_tabs_at_once_make_one_seat() -> None:
    visit = make.make_waiting_visit()
    Seat.objects.all().delete()
    actor = make.patient_actor(visit.appointment)
    calls = [partial(services.take_seat, actor=actor, encounter=visit, holder=uuid.uuid4()) for _ in range(8)]
    assert len({seat.pk for seat in all_at_once(calls)}) == 1


def test_forty_messages_at_once_are_numbered_one_to_forty() -> None:
    visit = make.make_visit_in_progress()
    people = [make.patient_actor(visit.appointment), make.practitioner_actor(visit.practitioner)]
    calls = [
        partial(services.post_chat, actor=people[n % 2], encounter=visit, body=f"Line {n}", client_id=uuid.uuid4())
        for n in range(40)
    ]
    numbers = [line["seq"] for line in all_at_once(calls)]
    assert sorted(numbers) == list(range(1, 41))
    assert [line["seq"] for line in selectors.chat_since(people[0], visit, 0)] == list(range(1, 41))


@pytest.mark.postgres  # SQLite locks the whole database when a transaction begins.
def test_four_messages_at_once_without_the_row_lock_collide(monkeypatch: pytest.MonkeyPatch) -> None:
    visit = make.make_visit_in_progress()
    actor = make.patient_actor(visit.appointment)
    unlocked = Encounter.objects.select_related("organization", "appointment", "patient", "practitioner", "queue")
    monkeypatch.setattr(chat, "locked_visit", lambda encounter: unlocked.get(pk=encounter.pk))
    monkeypatch.setattr(chat, "seat_in_use", met(chat.seat_in_use, people=4))
    post = partial(services.post_chat, actor=actor, encounter=visit, body="Hello")
    with pytest.raises(IntegrityError):
        all_at_once([partial(post, client_id=uuid.uuid4()) for _ in range(4)])


def test_one_message_sent_twenty_times_at_once_is_stored_once() -> None:
    visit = make.make_visit_in_progress()
    actor, client_id = make.patient_actor(visit.appointment), uuid.uuid4()
    call = partial(services.post_chat, actor=actor, encounter=visit, body="Hello", client_id=client_id)
    lines = all_at_once([call] * 20)
    assert [line["seq"] for line in lines] == [1] * 20
    assert ChatMessage.objects.count() == 1


def _crowd(visit: Encounter, monkeypatch: pytest.MonkeyPatch, people: int) -> list[Any]:
    """People with a seat each (more than a visit takes), who all press Share."""
    monkeypatch.setattr(sharing, "require_visit", lambda actor, action, encounter: None)
    actors = [replace(make.staff_actor(organization=visit.organization), id=1_000 + n) for n in range(people)]
    for actor in actors:
        Seat.objects.create(encounter=visit, actor_type="user", actor_id=actor.id, label="Guest", role="guest")
    return [partial(services.start_share, actor=actor, encounter=visit, tab=uuid.uuid4()) for actor in actors]


def _sharing(visit: Encounter) -> int:
    return Seat.objects.filter(encounter=visit, sharing__isnull=False).count()


def test_twenty_people_who_share_at_once_give_one_share(monkeypatch: pytest.MonkeyPatch) -> None:
    visit = make.make_visit_in_progress()
    refused = [result for result in all_at_once(_crowd(visit, monkeypatch, people=20)) if result is not None]
    assert [refusal.code for refusal in refused] == ["share.taken"] * 19
    assert _sharing(visit) == 1


@pytest.mark.postgres  # SQLite locks the whole database when a transaction begins.
def test_four_people_who_share_without_the_row_lock_meet_the_constraint(monkeypatch: pytest.MonkeyPatch) -> None:
    visit = make.make_visit_in_progress()
    unlocked = Encounter.objects.select_related("organization", "appointment", "patient", "practitioner", "queue")
    monkeypatch.setattr(sharing, "locked_visit", lambda encounter: unlocked.get(pk=encounter.pk))
    monkeypatch.setattr(sharing, "now", met(sharing.now, people=4))  # Asked once all have seen nobody share.
    with pytest.raises(IntegrityError):
        all_at_once(_crowd(visit, monkeypatch, people=4))
    assert _sharing(visit) <= 1


def test_admission_by_two_practitioners_at_once_is_the_treating_ones() -> None:
    visit = make.make_waiting_visit()
    treating = make.practitioner_actor(visit.practitioner)
    colleague = make.practitioner_actor(make.make_practitioner(visit.organization))
    call = partial(services.admit_patient, encounter=visit)
    results = all_at_once([partial(call, actor=actor) for actor in [treating, colleague] * 4])
    assert all(isinstance(result, NotFound) for result in results[1::2])
    begun = {result.started_at for result in results[0::2]}
    assert len(begun) == 1
    assert Encounter.objects.get(pk=visit.pk).status == "in-progress"


def test_admission_and_leaving_at_once_end_in_one_of_the_two() -> None:
    for _ in range(5):
        visit = make.make_waiting_visit()
        all_at_once(
            [
                partial(services.admit_patient, actor=make.practitioner_actor(visit.practitioner), encounter=visit),
                partial(services.leave_waiting_room, actor=make.patient_actor(visit.appointment), encounter=visit),
            ]
        )
        visit = Encounter.objects.select_related("appointment").get(pk=visit.pk)
        assert (visit.status, visit.appointment.status) in {("in-progress", "arrived"), ("planned", "booked")}


def test_cancelling_and_admission_at_once_end_in_one_of_the_two() -> None:
    for _ in range(5):
        visit = make.make_waiting_visit()
        patient, doctor = make.patient_actor(visit.appointment), make.practitioner_actor(visit.practitioner)
        all_at_once(
            [
                partial(services.admit_patient, actor=doctor, encounter=visit),
                partial(cancel_appointment, actor=patient, appointment=visit.appointment, reason=""),
                partial(services.enter_waiting_room, actor=patient, encounter=visit, place="Car", callback_phone="555"),
            ]
        )
        visit = Encounter.objects.select_related("appointment").get(pk=visit.pk)
        assert (visit.status, visit.appointment.status) in {("in-progress", "arrived"), ("cancelled", "cancelled")}


def test_everything_on_one_visit_at_once_ends_without_deadlock_or_lost_version() -> None:
    visit = make.make_visit_in_progress()
    patient, doctor = make.patient_actor(visit.appointment), make.practitioner_actor(visit.practitioner)
    link = PersonalLink.objects.get(appointment=visit.appointment)
    desk = make.practitioner_actor(visit.practitioner)
    before = Encounter.objects.get(pk=visit.pk).room_version
    queue_before = Queue.objects.get(pk=visit.queue_id).version
    sit = partial(services.take_seat, encounter=visit)
    switches = [partial(sit, actor=actor, holder=uuid.uuid4()) for actor in (patient, doctor) * 5]
    results = all_at_once(switches)
    assert unexpected(results) == []
    assert Encounter.objects.get(pk=visit.pk).room_version == before + len(switches)
    assert Queue.objects.get(pk=visit.queue_id).version == queue_before + len(switches)
    mixed = [
        partial(services.finish_visit, actor=doctor, encounter=visit),
        partial(reissue_link, actor=desk, link=link),
        partial(services.leave_call, actor=patient, encounter=visit),
        partial(services.post_chat, actor=doctor, encounter=visit, body="Bye", client_id=uuid.uuid4()),
        partial(services.take_seat, actor=patient, encounter=visit, holder=uuid.uuid4()),
        partial(cancel_appointment, actor=doctor, appointment=visit.appointment, reason=""),
    ]
    assert unexpected(all_at_once(mixed)) == []
    assert Encounter.objects.get(pk=visit.pk).status == "finished"
    assert not Seat.objects.filter(encounter=visit, left_at=None).exists()
