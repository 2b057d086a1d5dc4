"""Whatever people press in whatever order: visit, appointment and room agree, and errors are typed."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.actors import Actor
from consent.services import give_consent
from consults import rooms, services
from consults.lifecycle import OVER
from consults.models import Encounter
from core.errors import HousecallError
from scheduling.services import cancel_appointment
from tests import factories as make

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

AGREES = {
    "planned": {"booked"},
    "arrived": {"arrived"},
    "in-progress": {"arrived"},
    "onleave": {"arrived"},
    "finished": {"fulfilled"},
    "cancelled": {"cancelled"},
}
ACTS: dict[str, Callable[[Actor, Encounter], Any]] = {
    "enter": lambda a, v: services.enter_waiting_room(actor=a, encounter=v, place="Home", callback_phone="555"),
    "unenter": lambda a, v: services.leave_waiting_room(actor=a, encounter=v),
    "admit": lambda a, v: services.admit_patient(actor=a, encounter=v),
    "hold": lambda a, v: services.hold_visit(actor=a, encounter=v),
    "identify": lambda a, v: services.confirm_identity(actor=a, encounter=v),
    "finish": lambda a, v: services.finish_visit(actor=a, encounter=v),
    "sit": lambda a, v: services.take_seat(actor=a, encounter=v, holder=uuid.uuid4()),
    "hang up": lambda a, v: services.leave_call(actor=a, encounter=v),
    "share": lambda a, v: services.start_share(actor=a, encounter=v, tab=uuid.UUID(int=a.id or 0)),
    "stop sharing": lambda a, v: services.stop_share(actor=a, encounter=v),
    "write": lambda a, v: services.post_chat(actor=a, encounter=v, body="hi", client_id=uuid.uuid4()),
    "cancel": lambda a, v: cancel_appointment(actor=a, appointment=v.appointment, reason=""),
}
PRESSES = st.tuples(st.sampled_from(sorted(ACTS)), st.sampled_from(["patient", "doctor"]))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(presses=st.lists(PRESSES, min_size=1, max_size=12))
def test_any_order_of_presses_keeps_visit_appointment_and_room_in_step(presses: list[tuple[str, str]]) -> None:
    with transaction.atomic():
        _press_all(presses)
        transaction.set_rollback(True)


def _refusal_of(act: Callable[[Actor, Encounter], Any], actor: Actor, visit: Encounter) -> HousecallError | None:
    try:
        act(actor, visit)
    except HousecallError as refusal:
        return refusal
    return None


def _press_all(presses: list[tuple[str, str]]) -> None:
    visit = make.make_visit()
    actors = {"patient": make.patient_actor(visit.appointment), "doctor": make.practitioner_actor(visit.practitioner)}
    give_consent(actor=actors["patient"], patient=visit.patient, purpose="telehealth", text_version="2026-10-01")
    version, over = visit.room_version, False
    for act, who in presses:
        before = Encounter.objects.filter(pk=visit.pk).values().get()
        refusal = _refusal_of(ACTS[act], actors[who], visit)
        if refusal is not None:
            assert refusal.status in {404, 409, 422}
            assert Encounter.objects.filter(pk=visit.pk).values().get() == before
        visit = Encounter.objects.select_related("appointment", "queue", "patient", "practitioner").get(pk=visit.pk)
        assert visit.appointment.status in AGREES[visit.status]
        assert visit.appointment.spans.count() == (0 if visit.status == "cancelled" else 2)
        assert visit.room_version >= version
        assert not (over and visit.status not in OVER)
        document = rooms.room_document(visit)
        assert document["closed"] == (visit.status not in {"arrived", "in-progress", "onleave"})
        assert (visit.held_at is not None) == (visit.status == "onleave")
        shares = [row for row in visit.seats.all() if row.sharing is not None]
        assert len(shares) <= (visit.status == "in-progress")
        assert [row["seat"] for row in document["seats"] if "screen" in row["may"]] == [str(s.uuid) for s in shares]
        if visit.status in OVER:
            assert not visit.seats.filter(left_at=None).exists()
        version, over = visit.room_version, visit.status in OVER
