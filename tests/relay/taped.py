"""A house whose relay records: who may be written by name, and what of whom is on disk."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from tests.relay.house import House, Web, open_house
from tests.relay.peer import rtp, video
from tests.relay.recorded import RECIPIENT, RECORDING, OpenPart, parts, recording_wish, stream_of

PART = 0.95  # seconds after which what came is a part, by the relay's clock


class Studio:
    """A house, its recordings, and the words a test says: `record`, `speak`, `show`, `written`."""

    def __init__(self, house: House, folder: Path) -> None:
        self.house = house
        self.folder = folder
        self._numbers: dict[tuple[str, str], int] = {}

    @property
    def web(self) -> Web:
        return self.house.web

    def stream(self, name: str, recording: str = RECORDING) -> Path:
        return self.folder / recording / stream_of(self.house.seat(name))

    def wish(self, *names: str, lease: float = 5) -> dict[str, Any]:
        return recording_wish({self.house.seat(name): RECIPIENT for name in names}, lease=lease)

    async def record(self, *names: str, lease: float = 5) -> None:
        """The room's next document: these people and no others."""
        self.house.recording = self.wish(*names, lease=lease)
        self.house.tell()
        await self.house.sync()

    async def renew(self) -> None:
        """The document that the relay has already."""
        self.house.send_document(self.house.version)
        await self.house.sync()

    async def stop(self) -> None:
        self.house.recording = None
        self.house.tell()
        await self.house.sync()

    async def speak(self, name: str, *words: str) -> None:
        """Packets of voice, through the relay by the time this returns."""
        peer = self.house.peers[name]
        for word in words:
            peer.send(rtp(peer.ssrcs["audio"], self._next(name, "audio"), word.encode()))
        await peer.check()

    async def show(self, name: str, *pictures: str, source: str = "camera", key: bool = False) -> None:
        peer = self.house.peers[name]
        for picture in pictures:
            peer.send(video(peer.ssrcs[source], self._next(name, source), picture.encode(), key))
        await peer.check()

    def _next(self, name: str, source: str) -> int:
        number = self._numbers[name, source] = self._numbers.get((name, source), 100) + 1
        return number

    def skip(self, name: str, source: str, count: int) -> None:
        """Packets that are lost on the way to the relay."""
        for _ in range(count):
            self._next(name, source)

    async def synced(self, name: str, number: int) -> dict[str, Any]:
        """Let a part's time pass, and wait for the news that this one is on disk."""
        self.house.skew += PART
        return await self.told(name, number=number)

    async def told(self, name: str, start: int = 0, **fields: Any) -> dict[str, Any]:
        """The first news in which this person stands so, and from which on nothing said otherwise."""
        stream = stream_of(self.house.seat(name))

        def found() -> dict[str, Any] | None:
            for message in self.web.heard[start:]:
                if message["type"] == "recorded":
                    for person in message["people"]:
                        if person["stream"] == stream and fits(person, fields):
                            return {**message, **person}
            return None

        result: dict[str, Any] = await self.web.changes.until(found)
        return result

    async def state(self, state: str, start: int = 0) -> dict[str, Any]:
        return await self.web.expect("recorded", start, state=state)

    def parts(self, name: str) -> list[OpenPart]:
        return parts(self.stream(name))

    def words(self, name: str, source: str = "audio") -> list[str]:
        """What is on disk, in order."""
        found = [record for part in self.parts(name) for record in part.records if record.kind == 0]
        cut = 12 if source == "audio" else 14
        return [record.packet[cut:].decode() for record in found if record.source == source]


def fits(person: dict[str, Any], fields: dict[str, Any]) -> bool:
    """News comes once a second: a number may be passed over."""
    return all(person[name] >= value if name == "number" else person[name] == value for name, value in fields.items())


@contextlib.asynccontextmanager
async def open_studio(folder: Path, **settings: Any) -> AsyncIterator[Studio]:
    recordings = folder / "recordings" / "incoming"
    wishes = {"recordings": recordings, "recording_reserve": 0, **settings}
    async with open_house(folder, **wishes) as house:
        yield Studio(house, recordings)
