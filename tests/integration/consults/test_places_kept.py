"""Whose place in line is kept: by presence of the visit, for as long as the clinic says, and for who is called back."""

import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.core.cache import cache

from accounts.models import Practitioner
from audit.models import AuditEvent
from consent.selectors import current_text
from consent.services import give_consent
from consults import selectors, services, tasks, uptime
from consults.models import Encounter, Seat
from consults.selectors import Row
from consults.services.line import offer_unadmit
from core.clock import now
from core.errors import Conflict
from notifications.models import ClinicMessages, Message
from scheduling.models import BookingTerms
from scheduling.services import cancel_appointment
from tests import factories as make
from tests.integration.notifications.mailing import MailingClinic, send_all

pytestmark = pytest.mark.django_db

NINE = dt.datetime(2036, 11, 24, 15, 0, tzinfo=dt.UTC)  # in Chicago
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NINE, tick=False) as clock:
        cache.set(uptime.KEY, (NINE - dt.timedelta(days=1), NINE), None)
        yield clock
    cache.delete(uptime.KEY)


@pytest.fixture
def practitioner() -> Practitioner:
    clinic = make.make_organization(timezone="America/Chicago")
    ClinicMessages.objects.create(organization=clinic, quiet_from=0, quiet_until=0, most_a_day=1000)
    return make.make_practitioner(clinic)


def waiting(practitioner: Practitioner, minutes: int = 0, phone: str = "+13125550123") -> Encounter:
    """Somebody who waits, with the page open."""
    patient = make.make_patient(practitioner.organization, phone=phone)
    starts_at = NINE + minutes * MINUTE
    return make.make_waiting_visit(practitioner=practitioner, starts_at=starts_at, lasts=MINUTE, patient=patient)


def row(visit: Encounter) -> Row:
    actor = make.practitioner_actor(visit.practitioner)
    board = selectors.waiting_queue(actor, visit.queue)
    return next(one for one in (*board.waiting, *board.later, *board.with_you) if one.visit_uuid == visit.uuid)


def next_up(practitioner: Practitioner) -> uuid.UUID | None:
    actor = make.practitioner_actor(practitioner)
    found = selectors.waiting_queue(actor, selectors.queues(actor)[0]).next_up
    return found.visit_uuid if found else None


def seat_of(visit: Encounter) -> Seat:
    return visit.seats.select_related("encounter").get(actor_type="patient")


def stay(*visits: Encounter) -> None:
    """The pages of these patients are heard."""
    for visit in visits:
        seat = seat_of(visit)
        assert seat.holder is not None
        assert services.touch_seat(seat=seat, holder=seat.holder)


def close(visit: Encounter) -> None:
    seat = seat_of(visit)
    assert seat.holder is not None
    services.release_seat(seat=seat, holder=seat.holder)


def come_back(visit: Encounter) -> None:
    found = Encounter.objects.get(pk=visit.pk)
    services.keep_own_place(encounter=found)
    actor = make.patient_actor(visit.appointment)
    services.take_seat(actor=actor, encounter=selectors.get_visit(actor), holder=uuid.uuid4())


def kept(visit: Encounter) -> dict[str, Any]:
    actor = make.patient_actor(visit.appointment)
    snapshot = selectors.visit_snapshot(actor, selectors.get_visit(actor))
    return {"position": snapshot["line"]["position"], "state": snapshot["state"], **snapshot["kept"]}


def ask(visit: Encounter) -> None:
    actor = make.patient_actor(visit.appointment)
    services.ask_callback(actor=actor, encounter=selectors.get_visit(actor))


def call_in(visit: Encounter) -> None:
    services.admit_patient(actor=make.practitioner_actor(visit.practitioner), encounter=visit)


def next_messages(visit: Encounter, kind: str = "visit.next") -> list[str]:
    rows = Message.objects.filter(about=visit.appointment.uuid, kind=kind)
    return list(rows.order_by("pk").values_list("status", flat=True))


def test_silent_page_is_reconnecting_then_away_and_stands_in_line_all_the_while(
    practitioner: Practitioner, clock: Any
) -> None:
    visit = waiting(practitioner)
    states = []
    for seconds in (0, 14, 2, 13, 2):
        clock.shift(seconds)
        states.append((row(visit).state, kept(visit)["position"]))
    assert states == [
        ("waiting", 1), ("waiting", 1), ("reconnecting", 1), ("reconnecting", 1), ("away", 1)
    ]  # fmt: skip
    clock.shift(3 * 60)
    assert (row(visit).silent_minutes, row(visit).kept_until) == (3, NINE + 10 * MINUTE)
    stay(visit)
    assert (row(visit).state, row(visit).silent_minutes, row(visit).kept_until) == ("waiting", None, None)


def test_place_is_kept_over_sixty_seconds_offline(practitioner: Practitioner, clock: Any) -> None:
    mine, other = waiting(practitioner), waiting(practitioner, 5)
    clock.shift(65)
    stay(other)
    tasks.keep_places()
    assert row(mine).state == "away"
    assert next_up(practitioner) == other.uuid
    come_back(mine)
    assert (kept(mine)["position"], kept(mine)["lost"], row(mine).state) == (1, False, "waiting")
    assert next_up(practitioner) == mine.uuid


def test_page_silent_for_longer_than_the_clinic_keeps_places_is_out_of_the_line_and_told(
    practitioner: Practitioner, clock: Any
) -> None:
    BookingTerms.objects.create(organization=practitioner.organization, place_kept_minutes=3)
    visit, other = waiting(practitioner), waiting(practitioner, 5)
    clock.shift(3 * 60 - 1)
    stay(other)
    tasks.keep_places()
    assert kept(visit)["position"] == 1
    clock.shift(1)
    tasks.keep_places()
    assert kept(visit) == {"position": None, "state": "open", "minutes": 3, "callback": None, "lost": True}
    visit.appointment.refresh_from_db()
    assert (row(visit).state, visit.appointment.status) == ("expected", "booked")
    send_all()
    assert next_messages(visit, "visit.place_lost") == ["sent"]
    assert AuditEvent.objects.filter(action="consults.visit.lose_place", actor_type="system").count() == 1
    # By the booked time again, before who came meanwhile.
    clock.shift(60)
    stay(other)
    actor = make.patient_actor(visit.appointment)
    services.enter_waiting_room(
        actor=actor, encounter=selectors.get_visit(actor), place="Home", callback_phone="555 0100"
    )
    assert (kept(visit)["position"], kept(visit)["lost"], kept(other)["position"]) == (1, False, 2)


def test_look_of_the_late_one_finds_it_before_anybody_else(practitioner: Practitioner, clock: Any) -> None:
    visit = waiting(practitioner)
    clock.shift(11 * 60)
    with pytest.raises(Conflict):
        come_back(visit)
    assert kept(visit)["lost"]


def test_house_that_was_down_takes_nobody_out_of_line(practitioner: Practitioner, clock: Any) -> None:
    visit = waiting(practitioner)
    uptime.note_up()
    clock.shift(20 * 60)
    uptime.note_up()
    tasks.keep_places()
    assert kept(visit)["position"] == 1
    for _ in range(60):
        clock.shift(10)
        uptime.note_up()
    tasks.keep_places()
    assert kept(visit)["lost"]


def test_silence_proves_nothing_where_nobody_knows_since_when_pages_are_heard(
    practitioner: Practitioner, clock: Any
) -> None:
    cache.delete(uptime.KEY)
    visit = waiting(practitioner)
    clock.shift(20 * 60)
    tasks.keep_places()
    assert kept(visit)["position"] == 1


def test_who_asked_to_be_called_back_keeps_their_place_until_it_is_their_turn_and_then_for_ten_minutes(
    practitioner: Practitioner, clock: Any
) -> None:
    first, mine = waiting(practitioner), waiting(practitioner, 5)
    ask(mine)
    ask(mine)
    close(mine)
    for _ in range(4):
        clock.shift(10 * 60)
        Seat.objects.filter(encounter=first).update(last_seen_at=now())
        tasks.keep_places()
    assert (row(mine).state, kept(mine)["callback"], kept(mine)["position"]) == ("callback", "asked", 2)
    assert next_messages(mine) == []
    call_in(first)
    assert (row(mine).state, row(mine).silent_minutes, kept(mine)["callback"]) == ("sent-for", 0, "called")
    send_all()
    for _ in range(9):
        clock.shift(60)
        tasks.keep_places()
        send_all()
    assert next_messages(mine) == ["sent"]
    assert (row(mine).silent_minutes, row(mine).kept_until) == (9, now() + MINUTE)
    clock.shift(60)
    tasks.keep_places()
    assert kept(mine)["lost"]


def test_who_comes_back_in_time_waits_like_everybody_and_is_told_again_in_another_turn_only(
    practitioner: Practitioner, clock: Any
) -> None:
    first, mine = waiting(practitioner), waiting(practitioner, 5)
    ask(mine)
    close(mine)
    clock.shift(40)
    call_in(first)
    send_all()
    come_back(mine)
    assert (row(mine).state, kept(mine)["callback"], next_up(practitioner)) == ("waiting", None, mine.uuid)
    close(mine)
    clock.shift(60)
    tasks.keep_places()
    send_all()
    assert next_messages(mine) == ["sent"]
    come_back(mine)
    ask(mine)
    close(mine)
    clock.shift(60)
    tasks.keep_places()
    send_all()
    assert next_messages(mine) == ["sent", "sent"]


def test_reload_keeps_the_wish_to_be_called_back_and_staying_ends_it(practitioner: Practitioner, clock: Any) -> None:
    visit = waiting(practitioner)
    ask(visit)
    close(visit)
    come_back(visit)
    assert (row(visit).state, kept(visit)["callback"]) == ("waiting", "asked")
    actor = make.patient_actor(visit.appointment)
    services.stay_in_line(actor=actor, encounter=selectors.get_visit(actor))
    services.stay_in_line(actor=actor, encounter=selectors.get_visit(actor))
    assert kept(visit)["callback"] is None
    assert AuditEvent.objects.filter(action="consults.callback.end").count() == 1


def test_of_several_who_wait_elsewhere_one_is_called_at_a_time(practitioner: Practitioner, clock: Any) -> None:
    visits = [waiting(practitioner, minutes) for minutes in (0, 5, 10)]
    for visit in visits:
        ask(visit)
        close(visit)
    clock.shift(60)
    tasks.keep_places()
    assert [kept(visit)["callback"] for visit in visits] == ["called", "asked", "asked"]
    clock.shift(2 * 60)
    tasks.keep_places()
    assert [kept(visit)["callback"] for visit in visits] == ["called", "asked", "asked"]
    clock.shift(60)
    tasks.keep_places()
    assert [kept(visit)["callback"] for visit in visits] == ["called", "called", "asked"]


def test_who_cannot_be_reached_is_told_so_when_they_ask(practitioner: Practitioner, clock: Any) -> None:
    visit = waiting(practitioner, phone="")
    with pytest.raises(Conflict) as refused:
        ask(visit)
    assert refused.value.code == "callback.no_way"
    assert kept(visit)["callback"] is None


def test_who_does_not_wait_cannot_ask(practitioner: Practitioner, clock: Any) -> None:
    visit = waiting(practitioner)
    call_in(visit)
    with pytest.raises(Conflict) as refused:
        ask(visit)
    assert refused.value.code == "visit.not_waiting"
    cancelled = waiting(practitioner, 10)
    cancel_appointment(actor=make.practitioner_actor(practitioner), appointment=cancelled.appointment, reason="")
    with pytest.raises(Conflict):
        ask(cancelled)
    left = waiting(practitioner, 10)
    services.leave_waiting_room(actor=make.patient_actor(left.appointment), encounter=left)
    with pytest.raises(Conflict):
        ask(left)


def test_who_is_called_in_while_away_is_sent_for_and_leaves_the_rest_in_line(
    practitioner: Practitioner, clock: Any
) -> None:
    visit = waiting(practitioner)
    ask(visit)
    close(visit)
    call_in(visit)
    send_all()
    assert next_messages(visit, "visit.ready") == ["sent"]
    visit.refresh_from_db()
    assert (visit.callback_at, visit.called_at, row(visit).state) == (None, None, "in-call")


def waits_elsewhere(practitioner: Practitioner, clock: Any) -> tuple[Encounter, Encounter]:
    """Who is there, and behind them somebody who asked to be called back and closed the page 40 minutes ago."""
    first, mine = waiting(practitioner), waiting(practitioner, 5)
    ask(mine)
    close(mine)
    clock.shift(40 * 60)
    stay(first)
    return first, mine


def admitted(visit: Encounter) -> Encounter:
    return services.admit_patient(actor=make.practitioner_actor(visit.practitioner), encounter=visit)


def test_who_is_to_be_called_back_and_is_called_in_by_mistake_is_so_still(
    practitioner: Practitioner, clock: Any
) -> None:
    first, mine = waits_elsewhere(practitioner, clock)
    actor = make.practitioner_actor(practitioner)
    services.undo(actor=actor, token=offer_unadmit(actor, admitted(mine)))
    clock.shift(60)
    stay(first)
    tasks.keep_places()
    assert (row(mine).state, kept(mine)["callback"], kept(mine)["position"]) == ("callback", "asked", 2)
    # Sent for, too, they have what is left of their minutes.
    call_in(first)
    clock.shift(4 * 60)
    services.undo(actor=actor, token=offer_unadmit(actor, admitted(mine)))
    tasks.keep_places()
    assert (row(mine).state, row(mine).kept_until) == ("sent-for", now() + 6 * MINUTE)
    clock.shift(6 * 60)
    tasks.keep_places()
    assert kept(mine)["lost"]


@pytest.mark.parametrize("was_sent_for", [False, True])
def test_who_waited_elsewhere_and_did_not_answer_has_the_clinics_minutes_from_then_on(
    practitioner: Practitioner, clock: Any, was_sent_for: bool
) -> None:
    first, mine = waits_elsewhere(practitioner, clock)
    other = waiting(practitioner, 9)
    if was_sent_for:
        call_in(first)
        clock.shift(9 * 60)
        stay(other)
    call_in(mine)
    clock.shift(2 * 60)
    stay(other)
    services.requeue_visit(actor=make.practitioner_actor(practitioner), encounter=mine)
    assert row(mine).kept_until == now() + 10 * MINUTE
    clock.shift(10 * 60 - 1)
    tasks.keep_places()
    assert not kept(mine)["lost"]
    clock.shift(1)
    tasks.keep_places()
    assert kept(mine)["lost"]


def test_of_a_group_each_silent_one_leaves_and_the_visit_waits_for_the_rest(clock: Any) -> None:
    clinic = MailingClinic()
    group = clinic.group(2, starts_at=NINE)
    encounter = Encounter.objects.get(appointment=group)
    actors = [make.patient_actor(group, place.patient) for place in group.places.order_by("number")]
    for actor, place in zip(actors, group.places.order_by("number"), strict=True):
        assert place.patient is not None
        words = current_text(group.organization, "telehealth").version
        give_consent(actor=actor, patient=place.patient, purpose="telehealth", text_version=words)
        services.enter_waiting_room(actor=actor, encounter=encounter, place="Home", callback_phone="555 0100")
        services.take_seat(actor=actor, encounter=encounter, holder=uuid.uuid4())
    clock.shift(11 * 60)
    Seat.objects.filter(encounter=encounter, actor_id=actors[0].patient_id or 0).update(last_seen_at=now())
    tasks.keep_places()
    encounter.refresh_from_db()
    assert encounter.status == "arrived"
    shown = [selectors.visit_snapshot(actor, selectors.get_visit(actor)) for actor in actors]
    assert [(one["state"], one["kept"]["lost"]) for one in shown] == [("waiting", False), ("open", True)]
