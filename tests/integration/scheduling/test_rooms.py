"""Rooms and interpreters of visits: their time is taken once, what is free instead is told, and moves change them."""

import datetime as dt
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from accounts.models import Location
from accounts.roles import Role
from audit.models import AuditEvent
from core.clock import now
from core.errors import Conflict, Invalid, NotFound
from scheduling import ports
from scheduling.models import Appointment, Interpreter, Modality, Schedule, WeeklyRule
from scheduling.selectors import free_slots
from scheduling.selectors.changing import movable_to
from scheduling.services import book_series, book_with_anyone, cancel_appointment, move_appointment, tell_late
from scheduling.services.moving import Using
from scheduling.services.rooms import save_interpreter, save_room
from tests import factories as make
from tests.integration.scheduling.clinic import DAY, TWENTY, Clinic, spans_of
from tests.together import all_at_once

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


class House(Clinic):
    """Two practitioners who work all day, two rooms, and two interpreters who share a language."""

    def __init__(self) -> None:
        super().__init__(practitioners=2)
        self.visit_type.modality = Modality.IN_PERSON
        self.visit_type.save()
        self.rooms = [self.room("Room 1"), self.room("Room 2")]
        self.interpreter, self.other = self.speaker("Paloma Reyes", "es-MX", "pt"), self.speaker("Luz Soto", "es")
        self.speaker("Ada Voice", "so")
        for one in self.practitioners:
            schedule = Schedule.objects.create(
                organization=self.organization, practitioner=one, timezone="America/Chicago", step_minutes=20
            )
            for weekday in range(7):
                WeeklyRule.objects.create(
                    schedule=schedule, weekday=weekday, starts=0, ends=1440, first_day=dt.date(2020, 1, 1)
                )

    def room(self, name: str) -> Location:
        return save_room(actor=make.SYSTEM, organization=self.organization, name=name)

    def speaker(self, name: str, *languages: str) -> Interpreter:
        return save_interpreter(actor=make.SYSTEM, organization=self.organization, name=name, languages=languages)

    def visit(self, starts_at: dt.datetime | None = None, **changes: object) -> Appointment:
        """Somebody comes to the clinic, each time another person."""
        return self.book(starts_at, **{"patient": self.new_patient(), "visit_type": self.visit_type, **changes})

    def retire(self, room: Location) -> None:
        save_room(actor=make.SYSTEM, organization=self.organization, name=room.name, is_active=False, room=room)


@pytest.fixture
def house() -> House:
    return House()


def test_visit_takes_the_time_of_room_and_interpreter_and_cancelling_gives_it_back(house: House) -> None:
    booked = house.visit(room=house.rooms[0], interpreter=house.interpreter)
    times = (house.at, house.at + TWENTY)
    kinds = ("practitioner", "patient", "location", "interpreter")
    assert spans_of(booked) == {(kind, *times) for kind in kinds}
    cancel_appointment(actor=house.desk, appointment=booked, reason="")
    assert house.visit(room=house.rooms[0], interpreter=house.interpreter).spans.count() == 4


def test_taken_room_is_told_by_name_with_rooms_that_are_free_and_times_that_suit_all(house: House) -> None:
    first, second = house.practitioners
    house.visit(room=house.rooms[0], practitioner=first)
    house.visit(house.at + TWENTY, practitioner=second)
    with pytest.raises(Conflict) as refused:
        house.visit(room=house.rooms[0], practitioner=second)
    told = refused.value
    assert (told.code, told.extra["whose"], told.extra["free"]) == ("slot.taken", "location", ["Room 2"])
    assert told.message.startswith("Room 1 is taken at ")
    assert told.message.endswith(" Free then: Room 2.")
    starts = [dt.datetime.fromisoformat(offer["starts_at"]) for offer in told.extra["nearest"]]
    assert len(starts) == 6
    # Neither when the room is taken, nor when the practitioner is.
    assert not {house.at, house.at + TWENTY} & set(starts)
    assert {house.at - TWENTY, house.at + 2 * TWENTY} <= set(starts)
    assert AuditEvent.objects.get(outcome="refused").detail["code"] == "slot.taken"


def test_taken_interpreter_is_told_with_those_who_speak_the_same_language(house: House) -> None:
    first, second = house.practitioners
    house.visit(interpreter=house.interpreter, practitioner=first)
    with pytest.raises(Conflict) as refused:
        house.visit(interpreter=house.interpreter, practitioner=second)
    assert (refused.value.extra["whose"], refused.value.extra["free"]) == ("interpreter", ["Luz Soto"])
    assert refused.value.message.startswith("Paloma Reyes interprets elsewhere at ")
    house.visit(interpreter=house.other, practitioner=second)
    with pytest.raises(Conflict) as refused:
        house.visit(interpreter=house.other, practitioner=make.make_practitioner(house.organization), visit_type=None)
    assert refused.value.extra["free"] == []
    assert "Free then" not in refused.value.message


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"modality": Modality.PHONE}, "room.unused"),
        ({"visit_type": None}, "room.unused"),
        ({"retired": True}, "room.inactive"),
        ({"silent": True}, "interpreter.inactive"),
        ({"needs": True, "room": None}, "visit_type.needs_room"),
    ],
)
def test_room_or_interpreter_that_the_visit_cannot_have_is_invalid(
    house: House, changes: dict[str, object], code: str
) -> None:
    asked: dict[str, object] = {"room": house.rooms[0], "interpreter": house.interpreter}
    if changes.pop("retired", False):
        house.retire(house.rooms[0])
        asked["room"] = Location.objects.get(pk=house.rooms[0].pk)
    if changes.pop("silent", False):
        house.interpreter.is_active = False
    if changes.pop("needs", False):
        house.visit_type.needs_room = True
    with pytest.raises(Invalid) as refused:
        house.visit(**{**asked, **changes})
    assert (refused.value.code, Appointment.objects.count()) == (code, 0)
    assert refused.value.extra["field"] in ("room", "interpreter")


def test_room_and_interpreter_of_another_clinic_and_a_place_that_is_no_room_do_not_exist(house: House) -> None:
    foreign = House()
    lobby = Location.objects.get(organization=house.organization, is_default=True)
    for wrong in ({"room": foreign.rooms[0]}, {"interpreter": foreign.interpreter}, {"room": lobby}):
        with pytest.raises(NotFound):
            house.visit(**wrong)
    booked = house.visit(room=house.rooms[0])
    for using in (Using(foreign.rooms[0], None), Using(None, foreign.interpreter), Using(lobby, None)):
        with pytest.raises(NotFound):
            move_appointment(actor=house.desk, appointment=booked, starts_at=house.at, using=using)
    assert house.visit(modality=Modality.VIDEO_CLINIC, practitioner=house.practitioners[1], room=house.rooms[1])


def test_group_takes_a_room_once_and_who_joins_comes_to_it_wherever_it_is_moved(house: House) -> None:
    house.offer_groups()
    house.visit_type.needs_room = True
    house.visit_type.save()
    group = house.visit(room=house.rooms[0], interpreter=house.interpreter)
    house.retire(house.rooms[0])
    assert house.visit() == group
    moved = move_appointment(
        actor=house.desk, appointment=group, starts_at=house.at + HOUR, using=Using(house.rooms[1], house.interpreter)
    )
    kinds = ["interpreter", "location", "patient", "patient", "practitioner"]
    assert sorted(kind for kind, *_ in moved.spans.values_list("actor__kind")) == kinds
    with pytest.raises(Conflict) as refused:
        house.visit(house.at + HOUR, practitioner=house.practitioners[1], room=house.rooms[1])
    assert refused.value.extra["whose"] == "location"
    with pytest.raises(Invalid, match="needs a room"):
        house.visit()


def test_whoever_is_free_of_a_pool_is_not_asked_on_for_a_room_that_is_taken(house: House) -> None:
    house.visit(room=house.rooms[0])
    with pytest.raises(Conflict) as refused:
        book_with_anyone(
            actor=house.desk,
            patient=house.new_patient(),
            visit_type=house.visit_type,
            starts_at=house.at,
            timezone="America/Chicago",
            room=house.rooms[0],
        )
    assert (refused.value.extra["whose"], refused.value.extra["free"]) == ("location", ["Room 2"])


def test_series_names_the_date_on_which_its_room_is_taken(house: House) -> None:
    house.visit(house.at + 7 * DAY, room=house.rooms[0])
    asked = {
        "actor": house.desk,
        "patient": house.patient,
        "practitioner": house.practitioners[1],
        "starts_local": house.at.astimezone(ZoneInfo("America/Chicago")).replace(tzinfo=None),
        "minutes": 20,
        "timezone": "America/Chicago",
        "rrule": "FREQ=WEEKLY;COUNT=3",
        "visit_type": house.visit_type,
        "room": house.rooms[0],
    }
    with pytest.raises(Conflict) as refused:
        book_series(**asked)
    [only] = refused.value.extra["conflicts"]
    assert only["message"].startswith("Room 1 is taken at ")
    assert len(book_series(**{**asked, "room": house.rooms[1], "interpreter": house.interpreter}).made) == 3


def test_another_room_or_interpreter_leaves_the_time_and_what_was_told_of_it(
    house: House, django_capture_on_commit_callbacks, monkeypatch
) -> None:
    booked = house.visit(room=house.rooms[0], interpreter=house.interpreter)
    Appointment.objects.filter(pk=booked.pk).update(late_minutes=15)
    freed: list[object] = []
    monkeypatch.setattr(ports, "_freed", [lambda *told: freed.append(told)])
    change = partial(move_appointment, actor=house.desk, appointment=booked, starts_at=house.at)
    with django_capture_on_commit_callbacks(execute=True):
        moved = change(using=Using(house.rooms[1], house.other), sequence=0)
    moved.refresh_from_db()
    assert (moved.room, moved.interpreter, moved.starts_at) == (house.rooms[1], house.other, house.at)
    assert (moved.sequence, moved.late_minutes, moved.moved_from, freed) == (1, 15, None, [])
    house.visit(room=house.rooms[0], interpreter=house.interpreter, practitioner=house.practitioners[1])
    detail = AuditEvent.objects.get(action="scheduling.appointment.move").detail
    assert (detail["took"], detail["takes"]) == (
        {"room": house.rooms[0].pk, "interpreter": house.interpreter.pk},
        {"room": house.rooms[1].pk, "interpreter": house.other.pk},
    )
    # Once more is no change; one who saw the former state is refused; nothing said keeps both.
    assert change(using=Using(house.rooms[1], house.other), sequence=0).sequence == 1
    with pytest.raises(Conflict, match="Somebody else has changed"):
        change(using=Using(None, None), sequence=0)
    moved = change(starts_at=house.at + HOUR)
    assert (moved.room, moved.interpreter) == (house.rooms[1], house.other)
    assert {kind for kind, *_ in spans_of(moved)} == {"practitioner", "patient", "location", "interpreter"}
    moved = change(starts_at=house.at + HOUR, using=Using(None, None))
    assert {kind for kind, *_ in spans_of(moved)} == {"practitioner", "patient"}


def test_move_into_a_taken_room_leaves_everything_and_tells_what_is_free(house: House) -> None:
    standing = house.visit(room=house.rooms[0])
    later = house.visit(house.at + HOUR, room=house.rooms[0], practitioner=house.practitioners[1])
    with pytest.raises(Conflict) as refused:
        move_appointment(actor=house.desk, appointment=later, starts_at=house.at)
    assert (refused.value.extra["whose"], refused.value.extra["free"]) == ("location", ["Room 2"])
    starts = [offer["starts_at"] for offer in refused.value.extra["nearest"]]
    assert house.at.isoformat() not in starts
    later.refresh_from_db()
    assert (later.starts_at, later.sequence, standing.spans.count()) == (house.at + HOUR, 0, 3)
    moved = move_appointment(actor=house.desk, appointment=later, starts_at=house.at, using=Using(house.rooms[1], None))
    assert (moved.starts_at, moved.room) == (house.at, house.rooms[1])


def test_room_out_of_use_stays_with_its_visit_and_goes_to_no_other(house: House) -> None:
    booked = house.visit(room=house.rooms[0])
    house.retire(house.rooms[0])
    room = Location.objects.get(pk=house.rooms[0].pk)
    moved = move_appointment(
        actor=house.desk, appointment=booked, starts_at=house.at + HOUR, using=Using(room, house.interpreter)
    )
    assert moved.room == room
    other = house.visit(practitioner=house.practitioners[1])
    with pytest.raises(Invalid, match="not booked any more"):
        move_appointment(actor=house.desk, appointment=other, starts_at=house.at, using=Using(room, None))


def test_visit_that_needs_a_room_cannot_lose_it_but_goes_on_without_where_it_never_had_one(house: House) -> None:
    with_room, without = house.visit(room=house.rooms[0]), house.visit(house.at + HOUR)
    house.visit_type.needs_room = True
    house.visit_type.save()
    with pytest.raises(Invalid) as refused:
        move_appointment(actor=house.desk, appointment=with_room, starts_at=house.at, using=Using(None, None))
    assert refused.value.code == "visit_type.needs_room"
    assert move_appointment(actor=house.desk, appointment=without, starts_at=house.at + 2 * HOUR).room is None


def test_rooms_out_of_use_make_no_time_free(house: House) -> None:
    house.visit_type.needs_room = True
    house.visit_type.save()
    day = house.at.date()
    asked = {"visit_type": house.visit_type, "from_day": day, "until_day": day + DAY}
    assert any(free_slots(house.desk, **asked).values())
    for room in house.rooms:
        house.retire(room)
    assert not any(free_slots(house.desk, **asked).values())


def test_late_practitioner_whose_next_room_is_taken_moves_nobody(house: House) -> None:
    one, two = house.practitioners
    soon = (now() + dt.timedelta(minutes=30)).replace(second=0, microsecond=0)
    mine = house.visit(soon, room=house.rooms[0], practitioner=one)
    house.visit(soon + TWENTY, room=house.rooms[0], practitioner=two)
    with pytest.raises(Conflict):
        tell_late(actor=house.desk, practitioner=one, minutes=20, move=True)
    mine.refresh_from_db()
    assert mine.starts_at == soon


def test_patient_is_offered_no_time_at_which_the_interpreter_is_elsewhere(house: House) -> None:
    house.visit_type.self_booking = True
    house.visit_type.save()
    booked = house.visit(house.at + DAY, interpreter=house.interpreter, patient=house.patient)
    wanted = movable_to(make.patient_actor(booked), booked)
    assert wanted is not None
    assert wanted.others.interpreter == house.interpreter


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_one_room_wanted_by_many_at_once_is_given_once() -> None:
    house = House()
    people = [*house.practitioners, *(make.make_practitioner(house.organization) for _ in range(10))]
    house.visit_type.practitioners.set(people)
    calls = [
        partial(
            house.book,
            practitioner=one,
            patient=house.new_patient(),
            visit_type=house.visit_type,
            room=house.rooms[0],
            interpreter=house.interpreter,
        )
        for one in people
    ]
    results = all_at_once(calls)
    assert sum(isinstance(one, Appointment) for one in results) == 1
    refused = [one for one in results if isinstance(one, Conflict)]
    assert {one.extra["whose"] for one in refused} <= {"location", "interpreter"}
    assert len(refused) == len(people) - 1


def test_practitioner_books_a_room_for_their_own_visit_only(house: House) -> None:
    one, two = house.practitioners
    actor = make.practitioner_actor(one)
    assert house.visit(actor=actor, practitioner=one, room=house.rooms[0]).room == house.rooms[0]
    with pytest.raises(NotFound):
        house.visit(actor=actor, practitioner=two, room=house.rooms[1])
    officer = make.staff_actor(Role.PRIVACY_OFFICER, organization=house.organization)
    with pytest.raises(NotFound):
        house.visit(house.at + HOUR, actor=officer, room=house.rooms[1])
