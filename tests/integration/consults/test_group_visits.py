"""The visit of a group: a door for everybody, one room, and no name outside of it."""

import pytest
import time_machine

from accounts.actors import Actor
from accounts.models import Patient
from consent.selectors import current_text
from consent.services import give_consent
from consults.models import Encounter
from consults.selectors import chat_since, get_visit, last_place, visit_snapshot, visit_state, waiting_queue
from consults.services import (
    admit_patient,
    confirm_identity,
    enter_waiting_room,
    finish_visit,
    leave_waiting_room,
    post_chat,
    take_seat,
)
from core.clock import now
from core.errors import Conflict, NotFound
from core.ids import new_uuid
from recordings import keystore
from scheduling.models import Appointment, GroupPlace
from scheduling.selectors.groups import coming_to
from scheduling.services import (
    cancel_appointment,
    mark_patient_missing,
    move_appointment,
    remove_patient,
    revoke_link,
)
from tests import factories as make
from tests.integration.scheduling.clinic import DAY, TWENTY, Clinic

pytestmark = pytest.mark.django_db


class Group:
    """A group visit that is about to begin, its three patients as they come by their links, and who treats them."""

    def __init__(self) -> None:
        self.clinic = Clinic()
        self.appointment: Appointment = self.clinic.group(3, starts_at=now() + TWENTY / 4)
        self.people: list[Patient] = [one.patient for one in coming_to(self.appointment) if one.patient is not None]
        self.actors: list[Actor] = [make.patient_actor(self.appointment, one) for one in self.people]
        self.doctor = make.practitioner_actor(self.clinic.practitioner)

    @property
    def visit(self) -> Encounter:
        return Encounter.objects.select_related("appointment", "patient", "practitioner", "queue").get(
            appointment=self.appointment
        )

    def agree(self, number: int) -> None:
        version = current_text(self.clinic.organization, "telehealth").version
        patient = self.people[number]
        give_consent(actor=self.actors[number], patient=patient, purpose="telehealth", text_version=version)

    def enter(self, number: int, place: str = "At home") -> Actor:
        self.agree(number)
        actor = self.actors[number]
        enter_waiting_room(actor=actor, encounter=self.visit, place=place, callback_phone=f"555 010{number}")
        return actor

    def sit(self, number: int) -> Actor:
        actor = self.enter(number)
        take_seat(actor=actor, encounter=self.visit, holder=new_uuid())
        return actor

    def state(self, number: int) -> str:
        return visit_state(self.visit, now(), self.actors[number])

    def place(self, number: int) -> GroupPlace:
        return GroupPlace.objects.get(appointment=self.appointment, patient=self.people[number])


@pytest.fixture
def group() -> Group:
    return Group()


def test_visit_arrives_with_the_first_and_goes_back_with_the_last(group: Group) -> None:
    group.enter(0)
    first = group.visit.arrived_at
    group.enter(1)
    assert (group.visit.status, group.visit.arrived_at) == ("arrived", first)
    assert [group.state(number) for number in range(3)] == ["waiting", "waiting", "open"]
    leave_waiting_room(actor=group.actors[0], encounter=group.visit)
    assert (group.visit.status, [group.state(number) for number in range(2)]) == ("arrived", ["open", "waiting"])
    leave_waiting_room(actor=group.actors[1], encounter=group.visit)
    group.appointment.refresh_from_db()
    assert (group.visit.status, group.visit.arrived_at, group.appointment.status) == ("planned", None, "booked")


def test_each_agrees_for_themselves_and_says_their_own_place(group: Group) -> None:
    group.agree(0)
    with pytest.raises(Conflict) as missing:
        enter_waiting_room(actor=group.actors[1], encounter=group.visit, place="Here", callback_phone="555 0101")
    assert missing.value.code == "consent.missing"
    group.enter(0, "In the garden")
    group.enter(1, "On the train")
    assert [last_place(one)[0] for one in group.people] == ["In the garden", "On the train", ""]
    enter_waiting_room(actor=group.actors[1], encounter=group.visit, place="At work", callback_phone="555 0101")
    assert [last_place(one)[0] for one in group.people[:2]] == ["In the garden", "At work"]


def test_who_has_not_passed_the_door_has_no_seat_though_the_others_are_in_the_call(group: Group) -> None:
    group.sit(0)
    admit_patient(actor=group.doctor, encounter=group.visit)
    assert group.state(1) == "open"
    with pytest.raises(Conflict) as closed:
        take_seat(actor=group.actors[1], encounter=group.visit, holder=new_uuid())
    assert closed.value.code == "visit.not_open"
    group.sit(1)  # who comes late goes straight in
    assert [group.state(number) for number in range(3)] == ["call", "call", "open"]


def test_names_and_words_are_for_those_alone_who_sit_in_the_room(group: Group) -> None:
    group.sit(0)
    admit_patient(actor=group.doctor, encounter=group.visit)
    take_seat(actor=group.doctor, encounter=group.visit, holder=new_uuid())
    post_chat(actor=group.actors[0], encounter=group.visit, body="Hello all", client_id=new_uuid())
    outside = visit_snapshot(group.actors[1], group.visit)
    assert (outside["seats"], outside["group"]) == ([], {"here": 1, "of": 3})
    assert outside["patient"]["name"] == group.people[1].full_name
    for one in (group.people[0], group.people[2]):
        assert one.given_name not in str(outside)
    assert chat_since(group.actors[1], group.visit, 0) == []
    group.sit(1)
    inside = visit_snapshot(group.actors[1], group.visit)
    first = group.people[0]
    assert {seat["label"] for seat in inside["seats"]} >= {f"{first.given_name} {first.family_name[0]}."}
    assert first.full_name not in str(inside)
    assert [line["body"] for line in chat_since(group.actors[1], group.visit, 0)] == ["Hello all"]
    seen = visit_snapshot(group.doctor, group.visit)
    assert (len(seen["seats"]), seen["patient"]["given_name"]) == (3, "the group")


def test_who_has_left_the_group_is_told_so_and_nothing_else(group: Group) -> None:
    leaver = group.sit(2)
    cancel_appointment(actor=leaver, appointment=group.appointment, reason="")
    assert (group.visit.status, group.visit.seats.filter(left_at=None).count()) == ("planned", 0)
    group.sit(0)
    assert get_visit(leaver).pk == group.visit.pk
    shown = visit_snapshot(leaver, group.visit)
    assert (shown["state"], shown["seats"], chat_since(leaver, group.visit, 0)) == ("cancelled", [], [])
    for call in (
        lambda: take_seat(actor=leaver, encounter=group.visit, holder=new_uuid()),
        lambda: enter_waiting_room(actor=leaver, encounter=group.visit, place="Here", callback_phone="555 0100"),
    ):
        with pytest.raises(Conflict) as refused:
            call()
        assert refused.value.code == "visit.left"


def test_while_the_visit_goes_on_nobody_is_taken_off_but_a_closed_link_empties_the_seat(group: Group) -> None:
    group.sit(0)
    group.sit(1)
    admit_patient(actor=group.doctor, encounter=group.visit)
    with pytest.raises(Conflict) as begun:
        remove_patient(actor=group.clinic.desk, place=group.place(1))
    assert begun.value.code == "visit.in_progress"
    group.place(1).refresh_from_db()
    assert len(coming_to(group.appointment)) == 3
    revoke_link(actor=group.clinic.desk, link=group.appointment.links.get(patient=group.people[1]))
    standing = group.visit.seats.filter(left_at=None)
    assert [seat.actor_id for seat in standing] == [group.people[0].pk]


def test_identity_is_confirmed_one_by_one(group: Group) -> None:
    group.sit(0)
    admit_patient(actor=group.doctor, encounter=group.visit)
    for member in (None, group.place(1).uuid, new_uuid()):
        with pytest.raises(NotFound):
            confirm_identity(actor=group.doctor, encounter=group.visit, member=member)
    seen = confirm_identity(actor=group.doctor, encounter=group.visit, member=group.place(0).uuid)
    assert seen.identity_confirmed_by_id == group.doctor.user_id
    assert group.visit.identity_confirmed_at is None


def test_board_says_how_many_of_how_many_and_no_name(group: Group) -> None:
    group.sit(1)
    board = waiting_queue(group.doctor, group.visit.queue)
    [row] = board.waiting
    assert (row.patient_name, row.group, row.state) == ("Group: Check-up", "1 of 3 are here", "waiting")
    assert not any(one.family_name in str(board) for one in group.people)


def test_moved_group_begins_anew_at_the_door(group: Group) -> None:
    group.sit(0)
    move_appointment(actor=group.clinic.desk, appointment=group.appointment, starts_at=now() + DAY)
    assert (group.visit.status, group.state(0)) == ("planned", "early")


def test_group_visits_are_not_recorded(group: Group) -> None:
    keystore.create_clinic_key(group.clinic.organization.uuid)
    group.sit(0)
    admit_patient(actor=group.doctor, encounter=group.visit)
    assert visit_snapshot(group.doctor, group.visit)["recording"] is None
    with pytest.raises(Conflict) as refused:
        make.start_recording(group.visit)
    assert refused.value.code == "recording.group"
    with pytest.raises(Conflict):
        make.answer_recording(group.visit, group.actors[0])


def test_who_sat_in_the_room_cannot_be_noted_as_missing(group: Group) -> None:
    group.sit(0)
    admit_patient(actor=group.doctor, encounter=group.visit)
    with time_machine.travel(now() + TWENTY):
        finish_visit(actor=group.doctor, encounter=group.visit)
        with pytest.raises(Conflict) as there:
            mark_patient_missing(actor=group.doctor, place=group.place(0))
        assert there.value.code == "noshow.joined"
        mark_patient_missing(actor=group.doctor, place=group.place(1))
    assert [group.place(number).status for number in range(2)] == ["booked", "noshow"]
    assert (group.state(0), group.state(1)) == ("ended", "ended")
