"""Who may act on a visit and look at it: the right person does, and with the same setup nobody else."""

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from accounts.actors import ANONYMOUS, Actor
from accounts.roles import Role
from consults import selectors, services
from consults.models import Encounter
from core.clock import now
from core.errors import NotFound
from tests import factories as make

pytestmark = pytest.mark.django_db

Act = Callable[[Actor, Encounter], Any]


def strangers(visit: Encounter) -> dict[str, Actor]:
    clinic = visit.organization
    return {
        "another patient of the clinic": make.patient_actor(make.make_appointment(organization=clinic)),
        "the same patient by the link of another visit": make.patient_actor(
            make.make_appointment(patient=visit.patient, starts_at=now() + dt.timedelta(days=3))
        ),
        "another practitioner of the clinic": make.practitioner_actor(make.make_practitioner(clinic)),
        "the desk": make.staff_actor(Role.FRONT_DESK, organization=clinic),
        "the administrator": make.staff_actor(Role.ADMINISTRATOR, organization=clinic),
        "a practitioner of another clinic": make.practitioner_actor(make.make_practitioner()),
        "a patient of another clinic": make.patient_actor(make.make_appointment()),
        "nobody": ANONYMOUS,
    }


def the_patient(visit: Encounter) -> Actor:
    return make.patient_actor(visit.appointment)


def the_practitioner(visit: Encounter) -> Actor:
    return make.practitioner_actor(visit.practitioner)


CASES: dict[str, tuple[Callable[..., Encounter], list[Callable[[Encounter], Actor]], Act]] = {
    "enter": (
        make.make_waiting_visit,
        [the_patient],
        lambda a, v: services.enter_waiting_room(actor=a, encounter=v, place="Here", callback_phone="555"),
    ),
    "leave the waiting room": (
        make.make_waiting_visit,
        [the_patient],
        lambda a, v: services.leave_waiting_room(actor=a, encounter=v),
    ),
    "admit": (
        make.make_waiting_visit,
        [the_practitioner],
        lambda a, v: services.admit_patient(actor=a, encounter=v),
    ),
    "identify": (
        make.make_visit_in_progress,
        [the_practitioner],
        lambda a, v: services.confirm_identity(actor=a, encounter=v),
    ),
    "finish": (
        make.make_visit_in_progress,
        [the_practitioner],
        lambda a, v: services.finish_visit(actor=a, encounter=v),
    ),
    "sit": (
        make.make_visit_in_progress,
        [the_patient, the_practitioner],
        lambda a, v: services.take_seat(actor=a, encounter=v, holder=uuid.uuid4()),
    ),
    "hang up": (
        make.make_visit_in_progress,
        [the_patient, the_practitioner],
        lambda a, v: services.leave_call(actor=a, encounter=v),
    ),
    "switch": (
        make.make_visit_in_progress,
        [the_patient, the_practitioner],
        lambda a, v: services.set_media(actor=a, encounter=v, mic=False, camera=True),
    ),
    "share": (
        make.make_visit_in_progress,
        [the_patient],
        lambda a, v: services.start_share(actor=a, encounter=v, tab=uuid.uuid4()),
    ),
    "stop sharing": (
        make.make_visit_in_progress,
        [the_patient, the_practitioner],
        lambda a, v: services.stop_share(actor=a, encounter=v),
    ),
    "write": (
        make.make_visit_in_progress,
        [the_patient, the_practitioner],
        lambda a, v: services.post_chat(actor=a, encounter=v, body="hi", client_id=uuid.uuid4()),
    ),
    "read the chat": (
        make.make_visit_in_progress,
        [the_patient, the_practitioner],
        lambda a, v: selectors.chat_since(a, v, 0),
    ),
    "see": (
        make.make_visit_in_progress,
        [the_patient, the_practitioner],
        lambda a, v: selectors.visit_snapshot(a, v),
    ),
    "find by id": (
        make.make_visit_in_progress,
        [the_patient, the_practitioner],
        lambda a, v: selectors.get_visit_for(a, v.uuid),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_act_by_a_stranger_does_not_exist_and_by_the_right_person_works(name: str) -> None:
    make_visit, right, act = CASES[name]
    visit = make_visit()
    before = Encounter.objects.filter(pk=visit.pk).values().get()
    for who, stranger in strangers(visit).items():
        with pytest.raises(NotFound):
            pytest.fail(f"{who} could {name}: {act(stranger, visit)}")
    assert Encounter.objects.filter(pk=visit.pk).values().get() == before
    for person in right:
        act(person(visit), visit)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("enter", the_practitioner),
        ("leave the waiting room", the_practitioner),
        ("admit", the_patient),
        ("identify", the_patient),
        ("finish", the_patient),
    ],
)
def test_act_of_the_other_side_of_the_same_visit_does_not_exist(name: str, wrong: Callable[[Encounter], Actor]) -> None:
    make_visit, _, act = CASES[name]
    visit = make_visit()
    with pytest.raises(NotFound):
        act(wrong(visit), visit)


def test_get_visit_leads_each_link_to_its_own_visit_only() -> None:
    visit = make.make_visit()
    other = make.make_visit(patient=visit.patient, starts_at=now() + dt.timedelta(days=3))
    assert selectors.get_visit(the_patient(visit)) == visit
    assert selectors.get_visit(the_patient(other)) == other
    for actor in (the_practitioner(visit), ANONYMOUS):
        with pytest.raises(NotFound):
            selectors.get_visit(actor)


@pytest.mark.parametrize("absent", ["no uuid", "", "00000000-0000-4000-8000-000000000000"])
def test_get_visit_for_absent_and_foreign_are_the_same_answer(absent: str) -> None:
    visit = make.make_visit()
    actor = the_practitioner(visit)
    foreign = make.make_visit().uuid
    answers = []
    for wanted in (absent, foreign):
        with pytest.raises(NotFound) as refused:
            selectors.get_visit_for(actor, wanted)
        answers.append(refused.value.as_dict())
    assert answers[0] == answers[1]
    assert selectors.get_visit_for(actor, str(visit.uuid)) == visit


def test_ended_visit_stays_readable_for_its_own_people() -> None:
    visit = make.make_visit_in_progress()
    services.post_chat(actor=the_patient(visit), encounter=visit, body="hi", client_id=uuid.uuid4())
    services.finish_visit(actor=the_practitioner(visit), encounter=visit)
    # What was written, the patient reads by a code only (tests/integration/visit_pages/test_after_visit.py).
    for actor, written in ((the_patient(visit), []), (the_practitioner(visit), ["hi"])):
        found = selectors.get_visit_for(actor, visit.uuid)
        assert selectors.visit_snapshot(actor, found)["status"] == "finished"
        assert [line["body"] for line in selectors.chat_since(actor, found, 0)] == written
    for stranger in strangers(visit).values():
        with pytest.raises(NotFound):
            selectors.get_visit_for(stranger, visit.uuid)


def test_queue_by_whom_follows_the_table() -> None:
    visit = make.make_waiting_visit()
    desk = make.staff_actor(Role.FRONT_DESK, organization=visit.organization)
    for actor in (the_practitioner(visit), desk):
        assert selectors.queues(actor) == [visit.queue]
        assert selectors.get_queue(actor, visit.queue.uuid) == visit.queue
        assert selectors.waiting_queue(actor, visit.queue).counts.waiting == 1
    colleague = make.practitioner_actor(make.make_practitioner(visit.organization))
    foreign = make.staff_actor(Role.FRONT_DESK)
    assert selectors.queues(colleague) == selectors.queues(foreign) == []
    officer = make.staff_actor(Role.PRIVACY_OFFICER, organization=visit.organization)
    for stranger in (colleague, foreign, officer, the_patient(visit), ANONYMOUS):
        for look in (selectors.get_queue, lambda a, _: selectors.waiting_queue(a, visit.queue)):
            with pytest.raises(NotFound):
                look(stranger, visit.queue.uuid)
    for stranger in (officer, the_patient(visit), ANONYMOUS):
        with pytest.raises(NotFound):
            selectors.queues(stranger)


def test_open_queue_is_for_its_practitioner_and_made_once() -> None:
    practitioner = make.make_practitioner()
    colleague = make.practitioner_actor(make.make_practitioner(practitioner.organization))
    with pytest.raises(NotFound):
        services.open_queue(actor=colleague, practitioner=practitioner)
    own = make.practitioner_actor(practitioner)
    queue = services.open_queue(actor=own, practitioner=practitioner)
    assert services.open_queue(actor=own, practitioner=practitioner) == queue
    with pytest.raises(NotFound):
        services.open_queue(actor=colleague, practitioner=practitioner)
