"""Two tabs take one seat at the same moment: the database's order counts, whichever answer comes back first."""

import threading
from typing import Any

import pytest

from consults.models import Seat
from signaling import together
from tests.integration.signaling.house import PATIENCE, Visit, do


async def test_seat_stays_with_the_last_to_take_it_when_answers_cross(
    visit: Visit, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await do(visit.arrive)
    real, has_taken, may_return = together.take_seats, threading.Event(), threading.Event()

    def slow_answer(*args: Any) -> dict[int, Seat]:
        taken = real(*args)
        has_taken.set()
        may_return.wait(PATIENCE)
        return taken

    first = await visit.patient_page(app).open()
    second = await visit.patient_page(app).open()
    with monkeypatch.context() as patch:
        patch.setattr(together, "take_seats", slow_answer)
        await first.say("hello", protocol=1, tab=str(first.tab), chat_seq=0)
        assert await do(has_taken.wait, PATIENCE)
    await second.hello()
    may_return.set()
    await first.hear("seat-taken")
    assert await first.closed() == 4001
    await first.hang_up()
    await second.say("media", mic=False, camera=True)
    await second.hear("visit", lambda m: not m["visit"]["seats"][0]["mic"])
    assert second.code is None
    assert (await do(Seat.objects.get, encounter=visit.encounter)).connected
