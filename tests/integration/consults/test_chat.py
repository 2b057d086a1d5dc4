"""Chat: numbered without gaps, stored once, replayed from any number."""

import uuid

import pytest

from audit.models import AuditEvent
from consults import selectors, services
from consults.models import ChatMessage, Encounter
from core.errors import Conflict, Invalid
from tests import factories as make

pytestmark = pytest.mark.django_db


def post(
    visit: Encounter, body: str, client_id: uuid.UUID | None = None, *, by_doctor: bool = False
) -> dict[str, object]:
    actor = make.practitioner_actor(visit.practitioner) if by_doctor else make.patient_actor(visit.appointment)
    return dict(services.post_chat(actor=actor, encounter=visit, body=body, client_id=client_id or uuid.uuid4()))


def test_post_numbers_both_sides_in_one_row_and_names_the_author() -> None:
    visit = make.make_visit_in_progress()
    post(visit, " Hello ")
    post(visit, "Good morning", by_doctor=True)
    lines = selectors.chat_since(make.patient_actor(visit.appointment), visit, 0)
    assert [(line["seq"], line["author"], line["body"]) for line in lines] == [
        (1, visit.patient.full_name, "Hello"),
        (2, visit.practitioner.display_name, "Good morning"),
    ]
    assert {line["seat"] for line in lines} == {str(seat.uuid) for seat in visit.seats.all()}
    assert AuditEvent.objects.filter(action="consults.chat.post").count() == 2
    assert not AuditEvent.objects.filter(detail__icontains="Hello").exists()


def test_post_again_with_the_same_client_id_returns_the_stored_message() -> None:
    visit = make.make_visit_in_progress()
    client_id = uuid.uuid4()
    first = post(visit, "Hello", client_id)
    assert post(visit, "Hello, changed", client_id) == first
    assert ChatMessage.objects.count() == 1
    other = post(visit, "Mine", client_id, by_doctor=True)
    assert (other["seq"], other["body"]) == (2, "Mine")


def test_post_again_after_the_end_returns_the_stored_and_refuses_a_new_one() -> None:
    visit = make.make_visit_in_progress()
    client_id = uuid.uuid4()
    first = post(visit, "Hello", client_id)
    services.finish_visit(actor=make.practitioner_actor(visit.practitioner), encounter=visit)
    assert post(visit, "Hello", client_id) == first
    with pytest.raises(Conflict) as refused:
        post(visit, "More")
    assert refused.value.code == "visit.over"


@pytest.mark.parametrize("body", ["", " \n\t ", "x" * 2001, "a\x00b"])
def test_post_impossible_body_is_invalid_and_takes_no_number(body: str) -> None:
    visit = make.make_visit_in_progress()
    with pytest.raises(Invalid):
        post(visit, body)
    assert post(visit, "x" * 2000)["seq"] == 1


def test_post_before_the_call_conflicts() -> None:
    with pytest.raises(Conflict) as refused:
        post(make.make_waiting_visit(), "Hello")
    assert refused.value.code == "visit.not_open"


def test_since_gives_what_came_after_and_bears_any_number() -> None:
    visit = make.make_visit_in_progress()
    for number in range(1, 6):
        post(visit, f"Line {number}")
    actor = make.patient_actor(visit.appointment)
    assert [line["seq"] for line in selectors.chat_since(actor, visit, 3)] == [4, 5]
    assert [len(selectors.chat_since(actor, visit, seq)) for seq in (-(2**70), 5, 2**70)] == [5, 0, 0]
