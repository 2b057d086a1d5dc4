"""People come and go for half an hour (a tenth of that by default): the relay process ends as small as it began."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.architecture.sources import ROOT
from tests.relay.house import House, Web
from tests.relay.peer import Peer, rtp, video

LONG = os.environ.get("HOUSECALL_LONG") == "1"
JOINS = 200 if LONG else 20
REPORTS_PER_STAY = 4 if LONG else 0  # the relay reports every two seconds: 200 stays come to half an hour
NEW_ROOM_EVERY = 10
PACKETS = 320  # of each track and stay: more than a ring keeps
BURST = 40
SETTLED = JOINS // 4  # until then rings, caches and the allocator fill up
MOST_MIB_PER_HOUR = 5.0
MOST_MIB_IN_SHORT = 4.0


@dataclass(frozen=True)
class Size:
    descriptors: int
    threads: int
    tasks: int
    rss: float  # MiB
    at: float


class FarHouse(House):
    """A house whose relay is a process of its own: what is open is known from what was heard only."""

    def __init__(self, web: Web, control: Path) -> None:
        super().__init__(None, web, control)  # type: ignore[arg-type]
        self.answered: dict[str, int] = {}

    def answer(self, name: str, sdp: str | None = None) -> None:
        self.answered[self.connections[name]] = self.peers[name].offer["offer"]
        super().answer(name, sdp)

    def _open(self, name: str) -> int | None:
        at = self.at(name)
        heard = [m["offer"] for m in self.web.heard if m["type"] == "offer" and m["connection"] == at["connection"]]
        newest = max(heard, default=0)
        return newest if newest > self.answered[at["connection"]] else None


class Soak:
    def __init__(self, house: FarHouse, process: psutil.Process, metrics: int) -> None:
        self.house = house
        self.process = process
        self.metrics = metrics
        self.numbers: dict[Peer, int] = {}  # what each has sent so far

    async def size(self) -> Size:
        """After the next report, so that what was closed has ended."""
        await self.report()
        return Size(
            self.process.num_fds(),
            self.process.num_threads(),
            await self.tasks(),
            self.process.memory_info().rss / 1024 / 1024,
            asyncio.get_running_loop().time(),
        )

    async def report(self) -> None:
        await self.house.web.expect("report", len(self.house.web.heard))

    async def tasks(self) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.metrics)
        writer.write(b"GET /metrics HTTP/1.1\r\n\r\n")
        text = (await reader.read()).decode()
        writer.close()
        await writer.wait_closed()
        line = next(line for line in text.splitlines() if line.startswith("housecall_relay_tasks "))
        return int(float(line.split()[1]))

    async def stay(self) -> None:
        """The patient comes, both send, the patient goes."""
        house = self.house
        patient = await house.join("patient")
        await house.sync()
        await house.settle()
        doctor = house.peers["doctor"]
        for _ in range(max(1, REPORTS_PER_STAY)):
            if REPORTS_PER_STAY:
                await self.report()
            for peer, other in ((doctor, patient), (patient, doctor)):
                await self.send(peer, other)
        for peer in (doctor, patient):
            peer.raw.clear()
            peer.packets.clear()
            peer.reports.clear()
        del self.numbers[patient]
        await house.leave("patient")
        await house.sync()
        await house.settle()  # the doctor's sections that ended
        house.web.heard.clear()

    async def send(self, sender: Peer, receiver: Peer) -> None:
        """In bursts that a socket holds: the next follows when the last has come."""
        first = self.numbers.get(sender, 0)
        self.numbers[sender] = first + PACKETS
        await sender.check()
        expected = len(receiver.packets)
        for start in range(first, first + PACKETS, BURST):
            for number in range(start, start + BURST):
                sender.send(video(sender.ssrcs["camera"], number, bytes(1100), key=number % BURST == 0))
                if number % 4 == 0:
                    sender.send(rtp(sender.ssrcs["audio"], number // 4, bytes(80)))
            expected += BURST + BURST // 4
            await receiver.changes.until(lambda expected=expected: len(receiver.packets) >= expected)

    async def new_room(self) -> None:
        if "doctor" in self.house.peers:
            await self.house.leave("doctor")
            self.house.send_document(self.house.version + 1, closed=True)
        self.house.start_room()
        await self.house.join("doctor")


def mib_per_hour(sizes: Sequence[Size]) -> float:
    """The slope of the least squares."""
    middle, mean = sum(s.at for s in sizes) / len(sizes), sum(s.rss for s in sizes) / len(sizes)
    spread = sum((s.at - middle) ** 2 for s in sizes)
    return 3600 * sum((s.at - middle) * (s.rss - mean) for s in sizes) / spread


@contextlib.asynccontextmanager
async def relay_process(folder: Path) -> AsyncIterator[Soak]:
    control = folder / "relay.sock"
    arguments = ["--bind", "127.0.0.1", "--port", "0", "--metrics", "127.0.0.1:0", "--control", str(control)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "relay", *arguments, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    ready = (await process.stdout.readline()).decode()
    house = FarHouse(Web(*await asyncio.open_unix_connection(str(control), limit=1 << 20)), control)
    try:
        yield Soak(house, psutil.Process(process.pid), int(ready.rpartition(":")[2]))
    finally:
        for peer in house.peers.values():
            await peer.close()
        await house.web.close()
        process.terminate()
        assert await process.wait() == 0


@pytest.mark.slow
async def test_relay_after_many_joins_and_leaves_is_as_it_was(tmp_path: Path) -> None:
    async with relay_process(tmp_path) as soak:
        before = await soak.size()
        sizes: list[Size] = []
        for join in range(JOINS):
            if join % NEW_ROOM_EVERY == 0:
                await soak.new_room()
            await soak.stay()
            if LONG or join >= SETTLED - 1:
                sizes.append(await soak.size())
        await soak.house.leave("doctor")
        soak.house.send_document(soak.house.version + 1, closed=True)
        after = await soak.size()
    assert (after.descriptors, after.threads, after.tasks) == (before.descriptors, before.threads, before.tasks)
    if LONG:
        assert mib_per_hour(sizes[SETTLED:]) < MOST_MIB_PER_HOUR
    assert max(size.rss for size in sizes) - sizes[0 if not LONG else SETTLED].rss < MOST_MIB_IN_SHORT


def test_slope_is_seen_through_noise() -> None:
    noise = [0.3, -0.2, 0.1, -0.3] * 50
    flat = [Size(1, 1, 1, 90 + wave, 9.0 * place) for place, wave in enumerate(noise)]
    growing = [Size(1, 1, 1, 90 + wave + place * 0.02, 9.0 * place) for place, wave in enumerate(noise)]
    assert abs(mib_per_hour(flat)) < MOST_MIB_PER_HOUR / 5
    assert mib_per_hour(growing) == pytest.approx(8.0, rel=0.1)
