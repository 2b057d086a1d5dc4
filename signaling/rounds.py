"""Gathers what the visit sockets of this process want to know, so that one trip to the database answers all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from signaling import together
from signaling.database import in_database
from signaling.visits import Ask

MOST = 64
"""In one trip: so that whoever asks next does not wait for long."""
TRIPS = 2
"""At once: while one waits for the database another one works."""


class Rounds:
    """Whoever asks is answered with whoever else asks in the same moment, or while all trips are under way."""

    def __init__(self, answers: Callable[[Sequence[Ask]], list[together.Answer]] = together.answers) -> None:
        self._answers = answers
        self._waiting: list[tuple[Ask, asyncio.Future[together.Answer]]] = []
        self._trips: set[asyncio.Task[None]] = set()
        self._under_way = 0

    async def ask(self, ask: Ask) -> together.Answer:
        """The answer; raises what was raised for this one."""
        answered: asyncio.Future[together.Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((ask, answered))
        if self._under_way < TRIPS:
            self._under_way += 1
            trip = asyncio.create_task(self._run(), name="socket-round")
            self._trips.add(trip)
            trip.add_done_callback(self._trips.discard)
        answer = await answered
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def _run(self) -> None:
        try:
            await self._answer_all()
        finally:
            # In the same step in which nobody waited any more: whoever asks next finds that a trip is free.
            self._under_way -= 1

    async def _answer_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            standing = [(ask, answered) for ask, answered in batch if not answered.done()]
            if not standing:
                continue
            try:
                found: Sequence[together.Answer] = await in_database(self._answers, [ask for ask, _ in standing])
            except Exception as fault:  # noqa: BLE001  everybody who asked is told, and says so by themselves
                found = [fault] * len(standing)
            for (_, answered), answer in zip(standing, found, strict=True):
                if not answered.done():
                    answered.set_result(answer)


_rounds: dict[asyncio.AbstractEventLoop, Rounds] = {}


def current() -> Rounds:
    """Those of the running loop: a process has one, tests have one each."""
    loop = asyncio.get_running_loop()
    if loop not in _rounds:
        for gone in [one for one in _rounds if one.is_closed()]:
            del _rounds[gone]
        _rounds[loop] = Rounds()
    return _rounds[loop]
