"""Recording after a visit went to somebody else: a yes names who may play it, so all are asked anew; a no stands."""

from typing import Any

import pytest

from accounts.actors import Actor
from accounts.models import Practitioner
from accounts.roles import Role
from consent.models import Consent
from consults import rooms, selectors, services
from consults.models import Encounter, Pool, Seat
from consults.people import asked_for
from consults.services.line import offer_unadmit
from consults.services.queues import stand_in_pool
from core.errors import Conflict
from core.ids import new_uuid
from recordings import keystore
from recordings.models import Recording, Stream
from recordings.services.watching import watch_recordings
from scheduling.services import move_appointment
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit() -> Encounter:
    return make.make_recordable_visit()


@pytest.fixture
def colleague(visit: Encounter) -> Practitioner:
    return make.make_practitioner(visit.organization)


def patient_of(visit: Encounter) -> Actor:
    return make.patient_actor(visit.appointment)


def pass_on(visit: Encounter, to: Practitioner) -> Encounter:
    return services.pass_on(actor=make.practitioner_actor(visit.practitioner), encounter=visit, to=to)


def recorded_by(colleague: Practitioner, visit: Encounter) -> Recording:
    """They call the patient in, sit down and press Record."""
    actor = make.practitioner_actor(colleague)
    services.admit_patient(actor=actor, encounter=visit)
    services.take_seat(actor=actor, encounter=visit, holder=new_uuid())
    return make.start_recording(Encounter.objects.get(pk=visit.pk))


def permitted(visit: Encounter) -> set[str]:
    """The roles of those whom the relay may write."""
    [room] = rooms.rooms_of([visit.uuid])
    part = room.document["recording"]
    names = set(part["people"]) if part else set()
    return {seat.role for seat in Seat.objects.filter(encounter=visit) if str(seat.uuid) in names}


def shown(visit: Encounter, actor: Actor) -> dict[str, Any]:
    found: dict[str, Any] = selectors.visit_snapshot(actor, selectors.get_visit(actor))["recording"]
    return found


@pytest.mark.parametrize("pressed", [True, False])
def test_yes_to_one_practitioner_is_not_a_yes_to_the_next(
    visit: Encounter, colleague: Practitioner, pressed: bool
) -> None:
    patient = patient_of(visit)
    make.answer_recording(visit, patient)
    if pressed:
        make.start_recording(visit)
        assert permitted(visit) == {"practitioner", "patient"}
    pass_on(visit, colleague)
    assert shown(visit, patient)["mine"] == "unasked"
    recording = recorded_by(colleague, visit)
    watch_recordings()
    recording.refresh_from_db()
    assert (recording.status, recording.problem, recording.due_at) == ("waiting", "consent", None)
    assert set(recording.streams.values_list("person_type", flat=True)) == {"user"}
    assert permitted(visit) == set()
    asked = shown(visit, patient)
    assert (asked["mine"], asked["asked"], asked["agreed"], asked["of"]) == ("unasked", True, 1, 2)
    make.answer_recording(Encounter.objects.get(pk=visit.pk), patient)
    assert permitted(visit) == {"practitioner", "patient"}
    assert shown(visit, patient)["asked"] is False
    # Two answers, each to its own practitioner; once more is the same answer.
    make.answer_recording(Encounter.objects.get(pk=visit.pk), patient)
    assert Consent.objects.filter(person_type="patient", purpose="recording").count() == 2


def test_yes_at_the_door_does_not_go_along_with_one_who_only_waits(colleague: Practitioner) -> None:
    visit = make.make_waiting_visit(organization=colleague.organization)
    keystore.create_clinic_key(visit.organization.uuid)
    patient = patient_of(visit)
    make.answer_recording(visit, patient)
    assert shown(visit, patient)["mine"] == "permit"
    pass_on(visit, colleague)
    services.take_seat(actor=patient, encounter=visit, holder=new_uuid())
    recorded_by(colleague, visit)
    assert permitted(visit) == set()
    assert shown(visit, patient)["asked"] is True


def test_no_stands_after_passing_on(visit: Encounter, colleague: Practitioner) -> None:
    patient = patient_of(visit)
    for decision in ("permit", "deny"):
        make.answer_recording(visit, patient, decision)
    pass_on(visit, colleague)
    recorded_by(colleague, visit)
    asked = shown(visit, patient)
    assert (asked["mine"], asked["asked"]) == ("deny", False)
    assert permitted(visit) == set()


def test_guest_is_asked_anew_as_well(visit: Encounter, colleague: Practitioner) -> None:
    guest = make.make_guest(visit.appointment)
    make.answer_recording(visit, make.seat_guest(visit, guest))
    pass_on(visit, colleague)
    recorded_by(colleague, visit)
    fresh = Encounter.objects.get(pk=visit.pk)
    make.answer_recording(fresh, patient_of(visit))
    actor = make.seat_guest(fresh, guest)
    assert permitted(visit) == {"practitioner", "patient"}
    assert shown(visit, actor)["asked"] is True
    make.answer_recording(fresh, actor)
    assert permitted(visit) == {"practitioner", "patient", "interpreter"}


def test_stream_that_an_earlier_yes_left_open_is_not_written_and_is_closed(
    visit: Encounter, colleague: Practitioner
) -> None:
    """The relay's document and the watch ask the ledger by themselves, whatever a row says."""
    patient = patient_of(visit)
    make.answer_recording(visit, patient)
    pass_on(visit, colleague)
    recording = recorded_by(colleague, visit)
    seat = Seat.objects.get(encounter=visit, actor_type="patient")
    person = {"person_type": "patient", "person_id": patient.id, "label": seat.label}
    Stream.objects.create(recording=recording, seat=seat.uuid, began_at=recording.requested_at, **person)
    assert permitted(visit) == set()
    watch_recordings()
    assert Stream.objects.get(recording=recording, person_type="patient").ended_at is not None


def test_passing_on_undone_or_to_and_fro_asks_anew(visit: Encounter, colleague: Practitioner) -> None:
    patient, first = patient_of(visit), visit.practitioner
    make.answer_recording(visit, patient)
    doctor = make.practitioner_actor(first)
    word = services.offer_unpass(doctor, pass_on(visit, colleague))
    # This one is to the colleague, and the visit goes back.
    make.answer_recording(Encounter.objects.get(pk=visit.pk), patient)
    assert shown(visit, patient)["mine"] == "permit"
    services.undo(actor=doctor, token=word)
    assert shown(visit, patient)["mine"] == "unasked"
    recorded_by(first, visit)
    assert permitted(visit) == set()


def test_visit_that_is_moved_to_a_colleague_asks_anew(colleague: Practitioner) -> None:
    visit = make.make_waiting_visit(organization=colleague.organization)
    keystore.create_clinic_key(visit.organization.uuid)
    patient, desk = patient_of(visit), make.staff_actor(Role.FRONT_DESK, organization=visit.organization)
    make.answer_recording(visit, patient)
    starts_at = visit.appointment.starts_at
    move_appointment(actor=desk, appointment=visit.appointment, starts_at=starts_at, practitioner=colleague)
    assert shown(visit, patient)["mine"] == "unasked"


def test_question_that_was_opened_before_passing_on_is_no_answer_to_the_next(
    visit: Encounter, colleague: Practitioner
) -> None:
    patient, opened = patient_of(visit), asked_for(visit)
    pass_on(visit, colleague)
    recorded_by(colleague, visit)
    for said in (opened, "", "\x00" * 64):
        with pytest.raises(Conflict) as refused:
            make.answer_recording(visit, patient, asked_for=said or " ")
        assert refused.value.code == "consent.asked_for_another"
    assert permitted(visit) == set()
    make.answer_recording(visit, patient)
    assert permitted(visit) == {"practitioner", "patient"}


def test_no_to_an_old_question_counts(visit: Encounter, colleague: Practitioner) -> None:
    patient, opened = patient_of(visit), asked_for(visit)
    pass_on(visit, colleague)
    make.answer_recording(visit, patient, "deny", asked_for=opened)
    assert shown(visit, patient)["mine"] == "deny"


def test_guest_answers_no_old_question_either(visit: Encounter, colleague: Practitioner) -> None:
    guest = make.make_guest(visit.appointment)
    opened, actor = asked_for(visit), make.seat_guest(visit, guest)
    pass_on(visit, colleague)
    with pytest.raises(Conflict):
        make.answer_recording(visit, actor, asked_for=opened)


@pytest.fixture
def first(colleague: Practitioner) -> Practitioner:
    """A member of the line, with nobody to see."""
    return make.make_practitioner(colleague.organization)


@pytest.fixture
def pool(first: Practitioner, colleague: Practitioner) -> Pool:
    return make.make_pool(first, colleague)


def in_line_of(pool: Pool, practitioner: Practitioner) -> Encounter:
    """A visit that waits in the pool's line, in a clinic that can record."""
    waiting = make.make_visit(practitioner=practitioner)
    stand_in_pool(make.SYSTEM, waiting, pool)
    return make.arrive(waiting)


@pytest.mark.parametrize("back", ["nobody answers", "undone"])
def test_yes_in_the_call_of_one_of_a_pool_is_not_a_yes_to_the_next(
    first: Practitioner, colleague: Practitioner, pool: Pool, back: str
) -> None:
    waiting = in_line_of(pool, first)
    patient, doctor = patient_of(waiting), make.practitioner_actor(first)
    called = services.admit_patient(actor=doctor, encounter=waiting)
    make.answer_recording(waiting, patient)
    assert shown(waiting, patient)["mine"] == "permit"
    opened_in_the_call = asked_for(Encounter.objects.get(pk=waiting.pk))
    if back == "undone":
        services.undo(actor=doctor, token=offer_unadmit(doctor, called))
    else:
        services.requeue_visit(actor=doctor, encounter=waiting)
    assert shown(waiting, patient)["mine"] == "unasked"
    services.take_seat(actor=patient, encounter=waiting, holder=new_uuid())
    recorded_by(colleague, waiting)
    assert permitted(waiting) == set()
    assert shown(waiting, patient)["asked"] is True
    with pytest.raises(Conflict):
        make.answer_recording(waiting, patient, asked_for=opened_in_the_call)
    make.answer_recording(waiting, patient)
    assert permitted(waiting) == {"practitioner", "patient"}


def test_yes_to_whoever_calls_from_a_line_is_one_to_who_does(first: Practitioner, pool: Pool) -> None:
    """The words said "your doctor": the page was opened in the line, and answered there or in the call."""
    waiting = in_line_of(pool, first)
    patient, opened = patient_of(waiting), asked_for(waiting)
    assert opened == str(pool.queue.uuid)
    services.admit_patient(actor=make.practitioner_actor(first), encounter=waiting)
    make.answer_recording(waiting, patient, asked_for=opened)
    assert shown(waiting, patient)["mine"] == "permit"
