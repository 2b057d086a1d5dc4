"""Recording with a guest in the room: a person like everybody, of whom nothing is written before their own yes."""

import pytest

from consults import rooms
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


def test_guest_who_sits_down_without_an_answer_is_not_recorded_until_they_agree(visit: Encounter) -> None:
    actor = make.seat_guest(visit, make.make_guest(visit.appointment))
    assert permitted(visit) == {"practitioner", "patient"}
    watch_recordings()
    assert permitted(visit) == {"practitioner", "patient"}
    make.answer_recording(visit, actor)
    assert permitted(visit) == {"practitioner", "patient", "interpreter"}


def test_guest_who_says_no_is_not_recorded_and_the_others_are(visit: Encounter) -> None:
    guest = make.make_guest(visit.appointment)
    actor = make.guest_actor(guest)
    make.answer_recording(visit, actor, "deny")
    make.seat_guest(visit, guest)
    assert permitted(visit) == {"practitioner", "patient"}
    make.answer_recording(visit, actor)
    assert permitted(visit) == {"practitioner", "patient", "interpreter"}
    make.answer_recording(visit, actor, "deny")
    assert permitted(visit) == {"practitioner", "patient"}


def test_guest_who_is_removed_is_recorded_no_longer(visit: Encounter) -> None:
    guest = make.make_guest(visit.appointment)
    make.answer_recording(visit, make.seat_guest(visit, guest))
    assert permitted(visit) == {"practitioner", "patient", "interpreter"}
    remove_guest(actor=make.SYSTEM, guest=guest)
    assert permitted(visit) == {"practitioner", "patient"}


def test_recording_begins_with_the_doctor_and_a_guest_who_agree() -> None:
    visit = make.make_recordable_visit()
    actor = make.seat_guest(visit, make.make_guest(visit.appointment))
    make.start_recording(visit)
    assert permitted(visit) == set()
    make.answer_recording(visit, actor)
    assert permitted(visit) == {"practitioner", "interpreter"}


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
