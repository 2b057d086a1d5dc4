"""Sharing a screen: one person at a time, ended by stopping, leaving, the visit's end and 30 s of silence."""

import datetime as dt
import uuid
from typing import Any

import pytest
import time_machine

from accounts.actors import Actor
from audit.models import AuditEvent
from consults import rooms, selectors, services
from consults.models import Encounter, Seat
from core.clock import now
from core.errors import Conflict
from tests import factories as make

pytestmark = pytest.mark.django_db

TAB, OTHER_TAB = uuid.uuid4(), uuid.uuid4()


@pytest.fixture
def visit() -> Encounter:
    return make.make_visit_in_progress()


@pytest.fixture
def patient(visit: Encounter) -> Actor:
    return make.patient_actor(visit.appointment)


@pytest.fixture
def doctor(visit: Encounter) -> Actor:
    return make.practitioner_actor(visit.practitioner)


def seat_of(visit: Encounter, actor_type: str) -> Seat:
    return visit.seats.select_related("encounter__queue").get(actor_type=actor_type)


def share(actor: Actor, visit: Encounter, tab: uuid.UUID = TAB) -> None:
    services.start_share(actor=actor, encounter=visit, tab=tab)


def sharing(visit: Encounter, actor: Actor) -> set[str]:
    """Who shows their screen, by role: in the snapshot, and the same in the relay's document."""
    seats = selectors.visit_snapshot(actor, selectors.get_visit_for(actor, visit.uuid))["seats"]
    allowed = {row["seat"] for row in rooms.rooms_of([visit.uuid])[0].document["seats"] if "screen" in row["may"]}
    assert allowed == {seat["id"] for seat in seats if seat["screen"]}
    return {seat["role"] for seat in seats if seat["screen"]}


def version(visit: Encounter) -> int:
    return Encounter.objects.get(pk=visit.pk).room_version


def events(action: str) -> Any:
    return AuditEvent.objects.filter(action=action)


def test_share_is_seen_allowed_and_audited_once(visit: Encounter, patient: Actor, doctor: Actor) -> None:
    before = version(visit)
    share(doctor, visit)
    shared = version(visit)
    assert (shared > before, sharing(visit, patient)) == (True, {"practitioner"})
    share(doctor, visit)
    assert (version(visit), events("consults.share.start").count()) == (shared, 1)
    services.stop_share(actor=doctor, encounter=visit)
    stopped = version(visit)
    assert (stopped > shared, sharing(visit, patient)) == (True, set())
    services.stop_share(actor=doctor, encounter=visit)
    assert (version(visit), events("consults.share.stop").count()) == (stopped, 1)


def test_share_of_a_second_person_is_refused_and_names_the_first(
    visit: Encounter, patient: Actor, doctor: Actor
) -> None:
    share(doctor, visit)
    with pytest.raises(Conflict) as refused:
        share(patient, visit)
    name = visit.practitioner.short_name
    assert refused.value.code == "share.taken"
    assert refused.value.message == f"{name} is sharing their screen. Ask them to stop first."
    services.stop_share(actor=patient, encounter=visit)
    assert sharing(visit, patient) == {"practitioner"}
    services.stop_share(actor=doctor, encounter=visit)
    share(patient, visit)
    assert sharing(visit, doctor) == {"patient"}
    with pytest.raises(Conflict, match=visit.patient.given_name):
        share(doctor, visit)


def test_share_ends_when_the_seat_is_left_and_when_the_visit_ends(
    visit: Encounter, patient: Actor, doctor: Actor
) -> None:
    share(patient, visit)
    services.leave_call(actor=patient, encounter=visit)
    assert sharing(visit, doctor) == set()
    share(doctor, visit)
    services.finish_visit(actor=doctor, encounter=visit)
    assert not visit.seats.filter(sharing__isnull=False).exists()
    services.stop_share(actor=doctor, encounter=visit)
    with pytest.raises(Conflict) as refused:
        share(doctor, visit)
    assert refused.value.code == "visit.over"


def test_share_goes_on_in_the_same_tab_and_ends_with_a_reload(visit: Encounter, patient: Actor) -> None:
    services.take_seat(actor=patient, encounter=visit, holder=uuid.uuid4(), tab=TAB)
    share(patient, visit)
    services.take_seat(actor=patient, encounter=visit, holder=uuid.uuid4(), tab=TAB)
    assert sharing(visit, patient) == {"patient"}
    services.take_seat(actor=patient, encounter=visit, holder=uuid.uuid4(), tab=OTHER_TAB)
    assert sharing(visit, patient) == set()


def test_share_needs_the_call_and_a_seat() -> None:
    waiting = make.make_waiting_visit()
    actor = make.patient_actor(waiting.appointment)
    with pytest.raises(Conflict) as refused:
        share(actor, waiting)
    assert refused.value.code == "visit.not_open"
    services.leave_call(actor=actor, encounter=waiting)
    with pytest.raises(Conflict) as refused:
        share(actor, waiting)
    assert refused.value.code == "visit.no_seat"


def test_share_outlives_a_short_silence_and_ends_after_thirty_seconds(
    visit: Encounter, patient: Actor, doctor: Actor
) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        share(patient, visit)
        clock.shift(29)
        services.end_lost_share(encounter=visit)
        assert sharing(visit, doctor) == {"patient"}
        before = version(visit)
        clock.shift(2)
        # Seen at once by whoever looks; the look of anybody in the visit then makes it so for the relay.
        assert sharing(visit, doctor) == set()
        services.end_lost_share(encounter=visit)
        assert version(visit) > before
        assert not visit.seats.filter(sharing__isnull=False).exists()
        services.end_lost_share(encounter=visit)
        assert [event.detail["lost"] for event in events("consults.share.stop")] == [True]


def test_share_of_a_silent_seat_can_be_taken_over(visit: Encounter, patient: Actor, doctor: Actor) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        share(patient, visit)
        clock.shift(dt.timedelta(seconds=31))
        share(doctor, visit)
        assert sharing(visit, doctor) == {"practitioner"}


def test_share_is_not_taken_up_again_by_a_seat_that_comes_back_late(visit: Encounter, patient: Actor) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        holder = uuid.uuid4()
        services.take_seat(actor=patient, encounter=visit, holder=holder, tab=TAB)
        share(patient, visit)
        clock.shift(20)
        assert services.touch_seat(seat=seat_of(visit, "patient"), holder=holder)
        assert sharing(visit, patient) == {"patient"}
        clock.shift(31)
        assert services.touch_seat(seat=seat_of(visit, "patient"), holder=holder)
        assert sharing(visit, patient) == set()
