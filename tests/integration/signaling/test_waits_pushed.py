"""The wait reaches an open page by itself: at once when the line moves, with a heartbeat when only time goes by."""

import datetime as dt
from typing import Any

import pytest

from consults import services
from consults.models import Encounter
from consults.selectors import visits
from consults.selectors.waiting import QueueWaits
from signaling.limits import Timing
from tests import factories
from tests.integration.signaling.house import Visit, do, sockets

pytestmark = pytest.mark.django_db(transaction=True)


def _somebody_in_call(visit: Visit) -> Encounter:
    practitioner = visit.encounter.practitioner
    starts_at = visit.encounter.appointment.starts_at - dt.timedelta(minutes=30)
    return factories.make_visit_in_progress(practitioner=practitioner, starts_at=starts_at)


def _line_moved(visit: Visit, before: Encounter) -> None:
    services.finish_visit(actor=visit.doctor_actor, encounter=before)


async def test_wait_is_shorter_at_once_when_the_visit_before_ends(visit: Visit, app: Any) -> None:
    before = await do(_somebody_in_call, visit)
    await do(visit.arrive)
    page = await visit.patient_page(app).enter()
    first = page.heard[0]["visit"]["wait"]
    assert 0 < first["low_s"] < first["high_s"]
    await do(_line_moved, visit, before)
    moved = await page.hear("visit", lambda m: m["visit"]["wait"]["low_s"] == 0)
    assert moved["visit"]["wait"]["high_s"] < first["high_s"]


async def test_wait_is_looked_at_again_with_each_heartbeat(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    await do(visit.arrive)
    page = await visit.patient_page(sockets(timing=Timing(ping_every=0.1))).enter()
    later = QueueWaits("going", 10, {visit.encounter.pk: (420, 780)})
    monkeypatch.setattr(visits, "waits_of", lambda queue, instant: later)
    told = (await page.hear("visit", lambda m: m["visit"]["wait"]["low_s"] == 420))["visit"]["wait"]
    assert told == {"low_s": 420, "high_s": 780, "standing": "going", "late_minutes": 10}
