"""Whatever ends or changes a wait reaches the open page: at once by a hint, and by its next heartbeat without one."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.core.cache import cache

from accounts.services import disable_user
from consults import hints, services, uptime
from consults.models import Encounter, Seat
from consults.services import keeping
from core.clock import now
from scheduling.services import cancel_appointment, move_appointment
from signaling.limits import Timing
from tests import factories as make
from tests.factories import SYSTEM
from tests.integration.signaling.house import Visit, do, sockets

pytestmark = pytest.mark.django_db(transaction=True)

SOON = dt.timedelta(minutes=10)


def _cancel(visit: Visit) -> None:
    cancel_appointment(actor=visit.doctor_actor, appointment=visit.encounter.appointment, reason="")


def _move(visit: Visit) -> None:
    later = visit.encounter.appointment.starts_at + dt.timedelta(days=1)
    move_appointment(actor=visit.doctor_actor, appointment=visit.encounter.appointment, starts_at=later, reason="")


def _doctor_is_gone(visit: Visit) -> None:
    disable_user(actor=SYSTEM, user=visit.doctor)


def _finish(visit: Visit) -> None:
    visit.admit()
    visit.finish()


def _leave(visit: Visit) -> None:
    """On another phone."""
    services.leave_waiting_room(actor=visit.patient_actor, encounter=visit.encounter)


def _lose_place(visit: Visit) -> None:
    """The house took the page for gone: it was silent for long."""
    long_ago = now() - dt.timedelta(minutes=20)
    cache.set(uptime.KEY, (now() - dt.timedelta(days=1), now()), None)
    Encounter.objects.filter(pk=visit.encounter.pk).update(arrived_at=long_ago)
    Seat.objects.filter(encounter=visit.encounter).update(last_seen_at=long_ago)
    assert keeping.keep_places() == 1
    cache.delete(uptime.KEY)


def _written_to(visit: Visit) -> None:
    services.post_from_desk(
        actor=make.practitioner_actor(visit.encounter.practitioner),
        encounter=visit.encounter,
        body="Soon",
        client_id=uuid.uuid4(),
    )


ENDS: dict[str, tuple[Any, Any]] = {
    "cancelled": (_cancel, lambda v: v["state"] == "cancelled"),
    "moved": (_move, lambda v: (v["state"], v["line"]["position"]) == ("early", None)),
    "doctor gone": (_doctor_is_gone, lambda v: v["wait"] is not None and v["wait"]["standing"] == "gone"),
    "finished": (_finish, lambda v: v["state"] == "ended"),
    "left elsewhere": (_leave, lambda v: (v["state"], v["kept"]["lost"]) == ("open", False)),
    "place lost": (_lose_place, lambda v: (v["state"], v["kept"]["lost"]) == ("open", True)),
    "on hold": (lambda visit: (visit.admit(), services.hold_visit(actor=visit.doctor_actor, encounter=visit.encounter)),
                lambda v: v["state"] == "hold"),
    "written to": (_written_to, lambda v: v["desk"]["unread"] == 1),
}  # fmt: skip


@pytest.mark.parametrize("end", ENDS)
async def test_end_of_a_wait_is_on_the_page_at_once(visit: Visit, end: str) -> None:
    happens, is_shown = ENDS[end]
    await do(visit.arrive)
    # No heartbeat while this test runs: what comes is by the hint.
    page = await visit.patient_page(sockets(timing=Timing(ping_every=3600))).enter()
    await do(happens, visit)
    await page.hear("visit", lambda message: is_shown(message["visit"]))


@pytest.mark.parametrize("end", ENDS)
async def test_end_of_a_wait_is_found_by_the_heartbeat_when_the_hint_was_lost(
    visit: Visit, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    happens, is_shown = ENDS[end]
    await do(visit.arrive)
    page = await visit.patient_page(sockets(timing=Timing(ping_every=0.2))).enter()
    monkeypatch.setattr(hints, "send", lambda *every: None)
    await do(happens, visit)
    await page.hear("visit", lambda message: is_shown(message["visit"]))


async def test_line_whose_doctor_is_back_goes_on(visit: Visit, app: Any) -> None:
    await do(visit.arrive)
    await do(_doctor_is_gone, visit)
    page = await visit.patient_page(app).enter()
    assert page.heard[0]["visit"]["wait"]["standing"] == "gone"
    assert page.heard[0]["visit"]["line"]["position"] == 1
