"""The booking bench's load over HTTP: an open loop at a fixed rate, and as many at once as come through."""

import asyncio
import datetime as dt
import random
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from bench.booking_clinic import LENGTH, ZONE, BenchClinic
from tests.posts import Answer, Poster

NEW = "/staff/appointments/new/"
JSON = "application/json"
# Of a hundred presses; some of the bookings want a time that somebody has.
BOOK, MOVE, TAKEN = 70, 20, 4
WORKERS = 16
LONGEST = 30.0
_BOOKED = re.compile(r"/staff/appointments/([0-9a-f-]{36})/")


@dataclass
class Count:
    """What came of the presses."""

    latencies_ms: list[float] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)


@dataclass
class Visit:
    """One that this load has booked."""

    uuid: str
    who: int
    at: dt.datetime
    sequence: int = 0


class Load:
    """Presses of people at the desk, each as a browser sends it."""

    def __init__(self, clinic: BenchClinic, port: int, session: str) -> None:
        self.clinic, self.poster = clinic, Poster(port, session)
        self.random = random.Random(7)
        self.visits: list[Visit] = []
        self.count = Count()
        self._patient = 0

    async def at_rate(self, per_second: float, seconds: float) -> Count:
        """Open loop: each press comes at its time, whatever became of those before; late answers count from then."""
        self.count = Count()
        started = time.perf_counter()
        presses = []
        for number in range(int(per_second * seconds)):
            due = started + number / per_second
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            presses.append(asyncio.create_task(self._press(due)))
        await asyncio.gather(*presses)
        return self.count

    async def saturated(self, seconds: float) -> float:
        """Bookings a second with 16 who book one after the other."""
        self.count = Count()
        ends = time.perf_counter() + seconds
        booked = 0

        async def worker() -> None:
            nonlocal booked
            while time.perf_counter() < ends:
                answer = await self._book(taken=False)
                booked += answer.status == 302

        started = time.perf_counter()
        await asyncio.gather(*(worker() for _ in range(WORKERS)))
        return booked / (time.perf_counter() - started)

    async def _press(self, due: float) -> None:
        kind = self.random.randrange(100)
        try:
            async with asyncio.timeout(LONGEST):
                if kind < BOOK or not self.visits:
                    name, answer = "book", await self._book(taken=kind < TAKEN)
                elif kind < BOOK + MOVE:
                    name, answer = "move", await self._move()
                else:
                    name, answer = "cancel", await self._cancel()
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            self.count.errors[type(error).__name__] += 1
            return
        self.count.latencies_ms.append((time.perf_counter() - due) * 1000)
        self.count.answers[f"{name} {answer.status}"] += 1
        if answer.status not in (200, 302, 409):
            self.count.errors[f"{name} {answer.status}"] += 1

    async def _book(self, *, taken: bool) -> Answer:
        clinic = self.clinic
        who, at = self.random.choice(clinic.taken) if taken else clinic.free.pop()
        local = at.astimezone(ZoneInfo(ZONE))
        self._patient = (self._patient + 1) % len(clinic.patients)
        answer = await self.poster.post(
            NEW,
            {
                "visit_type": str(clinic.visit_type.uuid),
                "patient": str(clinic.patients[self._patient].uuid),
                "practitioner": str(clinic.practitioners[who].uuid),
                "on": local.date().isoformat(),
                "at": f"{local:%H:%M}",
                "minutes": "20",
                "modality": "",
                "reason": "bench",
            },
        )
        if answer.status == 302 and (found := _BOOKED.search(answer.headers.get("location", ""))):
            self.visits.append(Visit(found[1], who, at))
        return answer

    async def _move(self) -> Answer:
        visit = self._take()
        who, at = self.clinic.free.pop()
        fields: dict[str, Any] = {
            "to": str(self.clinic.practitioners[who].uuid),
            "on": at.astimezone(ZoneInfo(ZONE)).date().isoformat(),
            "starts": at.isoformat(),
            "minutes": str(LENGTH.seconds // 60),
            "sequence": str(visit.sequence),
        }
        answer = await self.poster.post(f"/staff/appointments/{visit.uuid}/move/", fields, accept=JSON)
        if answer.status == 200:
            self.clinic.free.insert(0, (visit.who, visit.at))
            self.visits.append(Visit(visit.uuid, who, at, visit.sequence + 1))
        return answer

    async def _cancel(self) -> Answer:
        visit = self._take()
        answer = await self.poster.post(f"/staff/appointments/{visit.uuid}/cancel/", {"reason": "bench"})
        self.clinic.free.insert(0, (visit.who, visit.at))
        return answer

    def _take(self) -> Visit:
        """One that nobody else has under their hands."""
        return self.visits.pop(self.random.randrange(len(self.visits)))
