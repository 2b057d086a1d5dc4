"""Recording with a guest in the room: nothing of anybody is written while one is there who has not agreed."""

import pytest

from consults import rooms, services
from consults.models import Encounter, Seat
from core.errors import NotFound
from recordings.models import Recording
from recordings.selectors.playback import get_recording_for, recordings_of_visit
from recordings.services import stop_recording
from recordings.services.watching import watch_recordings
from scheduling.services import remove_guest
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit() -> Encounter:
    """The doctor has pressed Record and the patient has agreed: both are recorded."""
    found = make.make_recordable_visit()
    make.start_recording(found)
    make.answer_recording(found, make.patient_actor(found.appointment))
    assert permitted(found) == {"practitioner", "patient"}
    return found


def permitted(visit: Encounter) -> set[str]:
    """The roles of those whom the relay may write, as its document says now."""
    [room] = rooms.rooms_of([visit.uuid])
    recording = room.document["recording"]
    names = set(recording["people"]) if recording else set()
    return {seat.role for seat in Seat.objects.filter(encounter=visit) if str(seat.uuid) in names}


def problem(visit: Encounter) -> str:
    return Recording.objects.get(encounter=visit).problem


def test_guest_who_sits_down_without_an_answer_stops_the_recording_until_they_agree(visit: Encounter) -> None:
    guest = make.make_guest(visit.appointment)
    actor = make.seat_guest(visit, guest)
    assert permitted(visit) == set()
    assert problem(visit) == "consent"
    assert Recording.objects.get(encounter=visit).due_at is None
    watch_recordings()
    assert permitted(visit) == set()
    make.answer_recording(visit, actor)
    assert permitted(visit) == {"practitioner", "patient", "guest"}


def test_guest_who_says_no_is_not_recorded_and_nobody_else_is_while_they_are_there(visit: Encounter) -> None:
    guest = make.make_guest(visit.appointment)
    actor = make.guest_actor(guest)
    make.answer_recording(visit, actor, "deny")
    assert permitted(visit) == {"practitioner", "patient"}  # at the door they are not there
    make.seat_guest(visit, guest)
    assert permitted(visit) == set()
    services.leave_call(actor=actor, encounter=visit)
    assert permitted(visit) == {"practitioner", "patient"}


def test_removing_a_guest_who_has_not_agreed_lets_the_recording_go_on(visit: Encounter) -> None:
    guest = make.make_guest(visit.appointment)
    make.seat_guest(visit, guest)
    remove_guest(actor=make.SYSTEM, guest=guest)
    assert permitted(visit) == {"practitioner", "patient"}


def test_recording_does_not_begin_with_a_guest_who_has_not_agreed() -> None:
    visit = make.make_recordable_visit()
    guest = make.make_guest(visit.appointment)
    actor = make.seat_guest(visit, guest)
    make.start_recording(visit)
    make.answer_recording(visit, make.patient_actor(visit.appointment))
    assert permitted(visit) == set()
    assert Recording.objects.get(encounter=visit).permitted_at is None
    make.answer_recording(visit, actor)
    assert permitted(visit) == {"practitioner", "patient", "guest"}


def test_guest_plays_nothing_of_what_was_recorded_with_them(visit: Encounter) -> None:
    guest = make.make_guest(visit.appointment)
    actor = make.seat_guest(visit, guest)
    make.answer_recording(visit, actor)
    stop_recording(actor=make.practitioner_actor(visit.practitioner), encounter=visit)
    recording = Recording.objects.get(encounter=visit)
    assert recordings_of_visit(actor, visit) == []
    with pytest.raises(NotFound):
        get_recording_for(actor, recording.uuid)
    # Their own part stays theirs to have erased.
    assert get_recording_for(actor, recording.uuid, "recordings.erase_mine") == recording
