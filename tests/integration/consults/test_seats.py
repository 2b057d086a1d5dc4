"""Seats: one per person and visit, held by the newest tab, kept through silence, gone when left."""

import datetime as dt
import uuid
from typing import Any

import pytest
import time_machine

from audit.models import AuditEvent
from consults import rooms, selectors, services
from consults.models import Encounter, Seat
from core.clock import now
from core.errors import Conflict
from tests import factories as make

pytestmark = pytest.mark.django_db

ONE, TWO = uuid.uuid4(), uuid.uuid4()


def patient_seat(visit: Encounter) -> Seat:
    return visit.seats.select_related("encounter").get(actor_type="patient")


def sit(visit: Encounter, holder: uuid.UUID) -> Seat:
    return services.take_seat(actor=make.patient_actor(visit.appointment), encounter=visit, holder=holder)


def versions(visit: Encounter) -> tuple[int, int]:
    found = Encounter.objects.select_related("queue").get(pk=visit.pk)
    return found.room_version, found.queue.version


def test_take_in_a_second_tab_leaves_the_first_without() -> None:
    visit = make.make_waiting_visit()
    seat = sit(visit, ONE)
    assert services.touch_seat(seat=seat, holder=ONE)
    assert sit(visit, TWO).uuid == seat.uuid
    assert not services.touch_seat(seat=seat, holder=ONE)
    assert services.touch_seat(seat=seat, holder=TWO)
    services.release_seat(seat=seat, holder=ONE)
    assert patient_seat(visit).connected
    assert visit.seats.count() == 1


def test_take_needs_the_right_state_of_the_visit() -> None:
    planned, waiting = make.make_visit(), make.make_waiting_visit()
    for visit, actor in (
        (planned, make.patient_actor(planned.appointment)),
        (planned, make.practitioner_actor(planned.practitioner)),
        (waiting, make.practitioner_actor(waiting.practitioner)),
    ):
        with pytest.raises(Conflict) as refused:
            services.take_seat(actor=actor, encounter=visit, holder=ONE)
        assert refused.value.code == "visit.not_open"
    assert sit(waiting, ONE).role == "patient"


def test_take_a_ninth_seat_conflicts() -> None:
    visit = make.make_waiting_visit()
    for guest in range(7):
        Seat.objects.create(encounter=visit, actor_type="guest", actor_id=guest, label="Guest", role="guest")
    services.admit_patient(actor=make.practitioner_actor(visit.practitioner), encounter=visit)
    with pytest.raises(Conflict) as refused:
        services.take_seat(actor=make.practitioner_actor(visit.practitioner), encounter=visit, holder=ONE)
    assert refused.value.code == "visit.full"
    assert sit(visit, TWO).holder == TWO


def test_release_keeps_the_seat_and_coming_back_in_the_same_tab_is_heard() -> None:
    visit = make.make_waiting_visit()
    seat = sit(visit, ONE)
    before = versions(visit)
    services.release_seat(seat=seat, holder=ONE)
    gone = patient_seat(visit)
    assert (gone.connected, gone.left_at) == (False, None)
    assert AuditEvent.objects.filter(action="consults.seat.release", actor_id=visit.patient_id).count() == 1
    released = versions(visit)
    assert released > before
    assert services.touch_seat(seat=seat, holder=ONE)
    assert patient_seat(visit).connected
    assert versions(visit) > released


def test_touch_writes_every_two_seconds_at_most() -> None:
    visit = make.make_waiting_visit()
    with time_machine.travel(now(), tick=False) as clock:
        seat = sit(visit, ONE)
        first, before = patient_seat(visit).last_seen_at, versions(visit)
        clock.shift(1)
        assert services.touch_seat(seat=seat, holder=ONE)
        assert patient_seat(visit).last_seen_at == first
        clock.shift(1)
        assert services.touch_seat(seat=seat, holder=ONE)
        assert patient_seat(visit).last_seen_at == now()
    assert versions(visit) == before
    assert not AuditEvent.objects.filter(action__contains="touch").exists()


def test_touch_after_silence_tells_boards_and_after_leaving_is_refused() -> None:
    visit = make.make_waiting_visit()
    with time_machine.travel(now(), tick=False) as clock:
        seat = sit(visit, ONE)
        before = versions(visit)
        clock.shift(16)
        assert services.touch_seat(seat=seat, holder=ONE)
        assert versions(visit) > before
    services.leave_call(actor=make.patient_actor(visit.appointment), encounter=visit)
    assert not services.touch_seat(seat=seat, holder=ONE)


def test_set_media_is_seen_by_the_other_and_repeats_are_quiet() -> None:
    visit = make.make_visit_in_progress()
    patient, doctor = make.patient_actor(visit.appointment), make.practitioner_actor(visit.practitioner)
    services.set_media(actor=patient, encounter=visit, mic=False, camera=True)
    after = versions(visit)
    services.set_media(actor=patient, encounter=visit, mic=False, camera=True)
    assert versions(visit) == after
    seats = {seat["role"]: seat for seat in selectors.visit_snapshot(doctor, selectors.get_visit(patient))["seats"]}
    assert (seats["patient"]["mic"], seats["patient"]["camera"], seats["patient"]["you"]) == (False, True, False)
    assert (seats["practitioner"]["mic"], seats["practitioner"]["you"]) == (True, True)


def test_set_media_and_chat_without_a_seat_conflict() -> None:
    visit = make.make_visit_in_progress()
    patient = make.patient_actor(visit.appointment)
    services.leave_call(actor=patient, encounter=visit)
    for act in (
        lambda: services.set_media(actor=patient, encounter=visit, mic=True, camera=False),
        lambda: services.post_chat(actor=patient, encounter=visit, body="hi", client_id=ONE),
    ):
        with pytest.raises(Conflict) as refused:
            act()
        assert refused.value.code == "visit.no_seat"


def document_of(visit: Encounter) -> dict[str, Any]:
    [room] = rooms.rooms_of([visit.uuid])
    return room.document


def test_room_document_follows_the_visit_with_a_rising_version() -> None:
    visit = make.make_visit()
    planned = document_of(visit)
    assert (planned["closed"], planned["seats"]) == (True, [])
    waiting = make.make_waiting_visit()
    document = rooms.room_document(waiting)
    seat = str(patient_seat(waiting).uuid)
    assert document == {
        "room": str(waiting.uuid),
        "version": waiting.room_version,
        "closed": False,
        "seats": [{"seat": seat, "active": False, "may": ["audio", "camera"], "figures": False}],
        "recording": None,
    }
    doctor = make.practitioner_actor(waiting.practitioner)
    begun = services.admit_patient(actor=doctor, encounter=waiting)
    services.take_seat(actor=doctor, encounter=begun, holder=TWO)
    active = document_of(waiting)
    assert active["version"] > document["version"]
    assert [row["active"] for row in active["seats"]] == [True, True]
    assert {row["seat"]: row["figures"] for row in active["seats"]}.pop(seat) is False
    assert sorted(row["figures"] for row in active["seats"]) == [False, True]
    services.leave_call(actor=make.patient_actor(waiting.appointment), encounter=begun)
    assert seat not in {row["seat"] for row in document_of(waiting)["seats"]}
    services.finish_visit(actor=doctor, encounter=begun)
    over = document_of(waiting)
    assert (over["closed"], over["seats"]) == (True, [])
    assert over["version"] > active["version"]


def _on_relay(*visits: Encounter) -> None:
    Encounter.objects.filter(pk__in=[one.pk for one in visits]).update(relay="relay-1")


def test_open_rooms_are_those_on_a_relay_in_a_constant_number_of_queries(
    django_assert_num_queries: pytest.fixture,  # type: ignore[valid-type]
) -> None:
    make.make_visit()
    waiting, begun = make.make_waiting_visit(), make.make_visit_in_progress()
    _on_relay(waiting, begun)
    _ = make.make_waiting_visit()
    with django_assert_num_queries(3):
        few = rooms.open_rooms()
    assert {room.uuid for room in few} == {waiting.uuid, begun.uuid}
    more = [make.make_waiting_visit() for _ in range(3)]
    _on_relay(*more)
    with django_assert_num_queries(3):
        assert len(rooms.open_rooms()) == 2 + len(more)
    recorded = [make.make_recording() for _ in range(2)]
    _on_relay(*(recording.encounter for recording in recorded))
    with django_assert_num_queries(4):
        documents = [room.document for room in rooms.open_rooms()]
    assert {document["recording"]["recording"] for document in documents if document["recording"]} == {
        str(recording.uuid) for recording in recorded
    }


def test_room_of_somebody_who_waited_past_the_door_is_closed() -> None:
    visit = make.make_waiting_visit()
    _on_relay(visit)
    assert not rooms.room_document(visit)["closed"]
    assert [room.uuid for room in rooms.open_rooms()] == [visit.uuid]
    with time_machine.travel(visit.appointment.ends_at + dt.timedelta(hours=12, seconds=1)):
        assert rooms.open_rooms() == []
        assert document_of(visit)["closed"]


def test_room_that_the_records_do_not_know_is_not_found() -> None:
    assert rooms.rooms_of([uuid.uuid4()]) == []
