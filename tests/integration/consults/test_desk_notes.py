"""Desk notes: one stands on a visit, staff alone read it, and who writes has read what stands there."""

from uuid import uuid4

import pytest

from accounts.models import Organization
from accounts.roles import Role
from audit.models import AuditEvent
from consults import selectors, services
from consults.models import DeskNote, Encounter
from consults.selectors.rows import board_row
from core.errors import Conflict, Invalid, NotFound
from tests import factories as make

pytestmark = pytest.mark.django_db

WORDS = "speaks slowly, hears well"


@pytest.fixture
def visit() -> Encounter:
    return make.make_waiting_visit()


@pytest.fixture
def clinic(visit: Encounter) -> Organization:
    return visit.organization


@pytest.fixture
def desk(clinic: Organization) -> make.Actor:
    return make.staff_actor(Role.FRONT_DESK, organization=clinic)


def shown(visit: Encounter) -> DeskNote | None:
    board = selectors.waiting_queue(make.practitioner_actor(visit.practitioner), visit.queue)
    [row] = [row for row in board.waiting if row.visit_uuid == visit.uuid]
    return row.note


def test_note_of_the_desk_stands_on_the_board_with_author_and_time(visit: Encounter, desk: make.Actor) -> None:
    version = visit.queue.version
    services.put_note(actor=desk, encounter=visit, text=f"  {WORDS}\n")
    note = shown(visit)
    assert note is not None
    assert (note.text, note.by_desk, note.author_id) == (WORDS, True, desk.user_id)
    visit.queue.refresh_from_db()
    assert visit.queue.version == version + 1
    [event] = AuditEvent.objects.filter(action="consults.note.write")
    assert event.patient_id == visit.patient_id
    assert WORDS not in repr(event.detail)


def test_note_of_the_practitioner_is_not_called_the_desks(visit: Encounter) -> None:
    services.put_note(actor=make.practitioner_actor(visit.practitioner), encounter=visit, text="Tablet box")
    note = shown(visit)
    assert note is not None
    assert not note.by_desk


def test_changed_note_replaces_the_one_that_was_read(visit: Encounter, desk: make.Actor) -> None:
    first = services.put_note(actor=desk, encounter=visit, text=WORDS)
    doctor = make.practitioner_actor(visit.practitioner)
    services.put_note(actor=doctor, encounter=visit, text="Call her by phone", instead_of=first.uuid)
    note = shown(visit)
    assert note is not None
    assert note.text == "Call her by phone"
    with pytest.raises(Conflict) as refusal:
        services.put_note(actor=desk, encounter=visit, text="Something older", instead_of=first.uuid)
    assert refusal.value.code == "note.changed"
    assert visit.practitioner.user.name in refusal.value.message
    assert DeskNote.objects.filter(encounter=visit).count() == 2


def test_same_words_once_more_change_nothing(visit: Encounter, desk: make.Actor) -> None:
    first = services.put_note(actor=desk, encounter=visit, text=WORDS)
    assert services.put_note(actor=desk, encounter=visit, text=WORDS).pk == first.pk


@pytest.mark.parametrize("text", ["", "  \n", "x" * 201, "a\x00b", "x" * 10_000])
def test_note_that_cannot_be_read_is_refused_in_words(visit: Encounter, desk: make.Actor, text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        services.put_note(actor=desk, encounter=visit, text=text)
    assert "text" in refusal.value.extra["fields"]
    assert not DeskNote.objects.exists()


def test_removed_note_comes_back_by_undo_and_only_for_who_removed_it(visit: Encounter, desk: make.Actor) -> None:
    note = services.put_note(actor=desk, encounter=visit, text=WORDS)
    token = services.remove_note(actor=desk, encounter=visit, note=note.uuid)
    assert shown(visit) is None
    with pytest.raises(Conflict, match="can no longer be undone"):
        services.undo(actor=make.practitioner_actor(visit.practitioner), token=token)
    assert services.undo(actor=desk, token=token).said == "The note is back."
    assert shown(visit) == note
    with pytest.raises(Conflict) as twice:
        services.undo(actor=desk, token=token)
    assert twice.value.code == "undo.late"


def test_removed_note_stays_away_once_another_was_written(visit: Encounter, desk: make.Actor) -> None:
    note = services.put_note(actor=desk, encounter=visit, text=WORDS)
    token = services.remove_note(actor=desk, encounter=visit, note=note.uuid)
    services.put_note(actor=make.practitioner_actor(visit.practitioner), encounter=visit, text="Newer")
    with pytest.raises(Conflict) as refusal:
        services.undo(actor=desk, token=token)
    assert refusal.value.code == "undo.late"


def test_note_is_nobodys_but_the_desks_and_the_rows_practitioners(visit: Encounter, clinic: Organization) -> None:
    patient = make.patient_actor(visit.appointment)
    colleague = make.practitioner_actor(make.make_practitioner(clinic))
    privacy = make.staff_actor(Role.PRIVACY_OFFICER, organization=clinic)
    for actor in (patient, colleague, privacy, make.staff_actor(Role.FRONT_DESK)):
        with pytest.raises(NotFound):
            services.put_note(actor=actor, encounter=visit, text=WORDS)
        with pytest.raises(NotFound):
            board_row(actor, visit.uuid)
    with pytest.raises(NotFound):
        board_row(make.staff_actor(Role.FRONT_DESK, organization=clinic), uuid4())


def test_note_is_never_in_what_the_patient_is_shown(visit: Encounter, desk: make.Actor) -> None:
    services.put_note(actor=desk, encounter=visit, text=WORDS)
    actor = make.patient_actor(visit.appointment)
    assert WORDS not in repr(selectors.visit_snapshot(actor, selectors.get_visit(actor)))


def test_visit_that_is_over_takes_no_note(visit: Encounter, desk: make.Actor) -> None:
    doctor = make.practitioner_actor(visit.practitioner)
    services.admit_patient(actor=doctor, encounter=visit)
    services.finish_visit(actor=doctor, encounter=visit)
    for actor in (desk, doctor):
        with pytest.raises(Conflict) as refusal:
            services.put_note(actor=actor, encounter=visit, text=WORDS)
        assert refusal.value.code == "visit.over"
