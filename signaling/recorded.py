"""Passing on to the house what relays say of recordings, and keeping its watch over them. It knows no rule."""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from uuid import UUID

from signaling.control import RelayRecorded
from signaling.records import Records

log = logging.getLogger(__name__)

Event = dict[str, Any]


class Recorded:
    """Of each recording at each relay process the newest word waits, so a slow database never makes a queue."""

    def __init__(self, records: Records, *, again_after: float) -> None:
        self._records = records
        self._again_after = again_after
        self._waiting: dict[tuple[str, UUID], tuple[UUID, Event]] = {}
        self._heard = asyncio.Event()

    def hear(self, relay: str, run: str, message: RelayRecorded) -> None:
        key = (run, message.recording)
        event = message.model_dump(exclude={"type", "room"}) | {"relay": relay, "run": run}
        self._waiting[key] = (message.room, _over(self._waiting.get(key), event))
        self._heard.set()

    async def run(self) -> None:
        """Never returns."""
        while True:
            await self._heard.wait()
            self._heard.clear()
            taken, self._waiting = self._waiting, {}
            try:
                await self._records.tell("recorded", list(taken.values()))
            except Exception:  # the process edge: the records are away, and the levels wait for them
                log.exception("relay.recorded_not_told")
                await asyncio.sleep(self._again_after)
                self._put_back(taken)

    def _put_back(self, taken: dict[tuple[str, UUID], tuple[UUID, Event]]) -> None:
        for key, (room, event) in taken.items():
            newer = self._waiting.get(key)
            self._waiting[key] = (room, _over((room, event), newer[1]) if newer else event)
        self._heard.set()


async def keep_watch(records: Records, *, every: float) -> None:
    """Never returns. The house looks after its rooms although no relay is linked."""
    while True:
        try:
            await records.watch()
        except Exception:  # the process edge: the next look begins anew
            log.exception("relay.watch_failed")
        await asyncio.sleep(every)


def _over(older: tuple[UUID, Event] | None, event: Event) -> Event:
    """The newer word, and of the people whom it no longer names, the older one."""
    if older is None:
        return event
    named = {person["stream"] for person in event["people"]}
    missing = [person for person in older[1]["people"] if person["stream"] not in named]
    return event | {"people": [*event["people"], *missing]}
