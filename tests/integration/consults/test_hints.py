"""Hints: sent after the commit, ids only, and never able to break what was written."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from consults import hints, services
from consults.models import Encounter
from tests import factories as make

pytestmark = pytest.mark.django_db


class Layer:
    """Stands for the channel layer and keeps what was sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        self.sent.append((group, message))


class BrokenLayer:
    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        raise ConnectionError("no layer")


@pytest.fixture
def layer(monkeypatch: pytest.MonkeyPatch) -> Layer:
    layer = Layer()
    monkeypatch.setattr(hints, "get_channel_layer", lambda: layer)
    return layer


def test_admission_hints_to_its_pages_its_board_the_relay_and_those_who_wait(
    layer: Layer, django_capture_on_commit_callbacks: Any
) -> None:
    visit = make.make_waiting_visit(lasts=timedelta(minutes=5))
    other = make.make_waiting_visit(practitioner=visit.practitioner, starts_at=visit.appointment.ends_at)
    doctor = make.practitioner_actor(visit.practitioner)
    with django_capture_on_commit_callbacks(execute=True):
        services.admit_patient(actor=doctor, encounter=visit)
        assert layer.sent == []
    assert {(group, message["type"]) for group, message in layer.sent} == {
        (f"visit.{visit.uuid.hex}", "visit.changed"),
        (f"visit.{other.uuid.hex}", "visit.changed"),
        (f"queue.{visit.queue.uuid.hex}", "queue.changed"),
        ("rooms", "room.changed"),
        (f"calendar.{visit.organization_id}", "calendar.changed"),
    }
    assert ("rooms", {"type": "room.changed", "room": str(visit.uuid)}) in layer.sent
    assert visit.patient.given_name not in repr(layer.sent)


def test_chat_hints_to_its_pages_only(layer: Layer, django_capture_on_commit_callbacks: Any) -> None:
    visit = make.make_visit_in_progress()
    with django_capture_on_commit_callbacks(execute=True):
        services.post_chat(
            actor=make.practitioner_actor(visit.practitioner), encounter=visit, body="Hello", client_id=uuid.uuid4()
        )
    assert layer.sent == [(f"visit.{visit.uuid.hex}", {"type": "chat.added"})]


def test_one_transaction_tells_everything_in_one_go(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    told: list[tuple[hints.Hint, ...]] = []
    monkeypatch.setattr(hints, "send", lambda *every: told.append(every))
    visit = make.make_waiting_visit()
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            hints.visit_changed(visit)
            hints.queue_changed(visit.queue)
            with transaction.atomic():
                hints.chat_added(visit)
                transaction.set_rollback(True)
            hints.room_changed(visit)
    kinds = [[message["type"] for _, message in every] for every in told]
    assert kinds == [["visit.changed", "queue.changed", "calendar.changed", "room.changed"]] * 2


def test_broken_layer_leaves_the_write_standing(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr(hints, "get_channel_layer", BrokenLayer)
    visit = make.make_waiting_visit()
    with django_capture_on_commit_callbacks(execute=True) as sent:
        services.admit_patient(actor=make.practitioner_actor(visit.practitioner), encounter=visit)
    assert sent
    assert Encounter.objects.get(pk=visit.pk).status == "in-progress"
