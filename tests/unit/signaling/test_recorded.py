"""Words of relays about recordings on their way to the house: the newest of each, none lost, no queue."""

import asyncio
import uuid
from collections.abc import Iterable
from typing import Any

from signaling import tasks
from signaling.control import RelayRecorded, parse
from signaling.recorded import Recorded, keep_watch
from signaling.records import Records

ROOM, RECORDING, ONE, TWO = (uuid.UUID(int=number) for number in range(1, 5))


def said(state: str = "recording", **numbers: int) -> RelayRecorded:
    streams = {"one": ONE, "two": TWO}
    people = [
        {"stream": str(streams[name]), "number": number, "bytes": number * 100, "synced": number, "ended": False}
        for name, number in numbers.items()
    ]
    message = RelayRecorded(
        type="recorded",
        room=ROOM,
        recording=RECORDING,
        state=state,
        free=1,
        people=people,  # type: ignore[arg-type]
    )
    assert parse(message.model_dump_json().encode()) == message
    return message


class Kept(Records):
    """Keeps what it is told; fails as often as asked."""

    def __init__(self, failures: int = 0) -> None:
        self.told: list[tuple[uuid.UUID, dict[str, Any]]] = []
        self.watched = 0
        self.failures = failures
        self.heard = asyncio.Event()

    async def tell(self, kind: str, events: Iterable[Any]) -> None:
        assert kind == "recorded"
        if self.failures:
            self.failures -= 1
            raise RuntimeError("the records are away")
        self.told += events
        self.heard.set()

    async def watch(self) -> None:
        self.watched += 1
        if self.failures:
            self.failures -= 1
            raise RuntimeError("the records are away")
        self.heard.set()


async def told_by(records: Kept, *messages: tuple[str, RelayRecorded]) -> list[tuple[uuid.UUID, dict[str, Any]]]:
    recorded = Recorded(records, again_after=0)
    for run, message in messages:
        recorded.hear("relay-1", run, message)
    task = asyncio.create_task(recorded.run())
    async with asyncio.timeout(30):
        await records.heard.wait()
    await tasks.end(task)
    return records.told


def numbers(event: dict[str, Any]) -> dict[uuid.UUID, int]:
    return {person["stream"]: person["number"] for person in event["people"]}


async def test_newest_word_of_a_relay_replaces_the_one_that_waits() -> None:
    [(room, event)] = await told_by(Kept(), ("a", said("waiting", one=1)), ("a", said(one=2)))
    assert (room, event["recording"], event["state"]) == (ROOM, RECORDING, "recording")
    assert (event["relay"], event["run"], numbers(event)) == ("relay-1", "a", {ONE: 2})


async def test_person_whom_the_newer_word_no_longer_names_is_kept() -> None:
    [(_, event)] = await told_by(Kept(), ("a", said(one=3, two=7)), ("a", said(one=4)))
    assert numbers(event) == {ONE: 4, TWO: 7}


async def test_two_runs_of_a_relay_are_told_apart() -> None:
    told = await told_by(Kept(), ("a", said(one=3)), ("b", said(one=1)))
    assert [(event["run"], numbers(event)) for _, event in told] == [("a", {ONE: 3}), ("b", {ONE: 1})]


async def test_word_that_could_not_be_told_is_told_again() -> None:
    [(_, event)] = await told_by(Kept(failures=2), ("a", said(one=3, two=7)))
    assert numbers(event) == {ONE: 3, TWO: 7}


async def test_watch_goes_on_after_a_failure() -> None:
    records = Kept(failures=1)
    task = asyncio.create_task(keep_watch(records, every=0))
    async with asyncio.timeout(30):
        await records.heard.wait()
    await tasks.end(task)
    assert records.watched >= 2
