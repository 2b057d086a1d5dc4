"""The relay process: port, switchboard and control link put together, and its clock. Rules live in those parts."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Callable

from relay.config import Config, TlsControl
from relay.control import ControlServer
from relay.doors import Door, TlsDoor, UnixDoor
from relay.ice import Directory
from relay.limits import FLUSH_SECONDS
from relay.memory import give_back
from relay.metrics import Metrics
from relay.parts import Wall
from relay.peer import Counters
from relay.port import Demux, UdpPort
from relay.recorder import Recorder
from relay.scribe import Scribe
from relay.sdp import Candidate
from relay.shelf import Shelf
from relay.switchboard import Switchboard
from relay.vault import MAX_QUEUE_BYTES, Vault

logger = logging.getLogger(__name__)

_TICK = 0.1
_TICKS_PER_BEAT = 5
_TICKS_PER_SECOND = 10
_TICKS_PER_REPORT = 20
_TICKS_PER_CLEANING = 600


class Relay:
    """`async with Relay(config)` runs it until the block ends."""

    def __init__(self, config: Config, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        counters = Counters()
        self._port = UdpPort(config.bind, config.port, counters)
        self.port = self._port.port
        directory = Directory(self._port.senders)
        candidates = [Candidate(host, self.port) for host in config.announce]
        self.vault = _vault(config, clock)
        self.board = Switchboard(directory, candidates, clock, counters, Recorder(self.vault))
        self.door = _door(config)
        self.control = ControlServer(self.door, self.board, secrets.token_hex(8))
        self.ended = asyncio.Event()
        self._drain_seconds = config.drain_seconds
        self._drains_until = 0.0
        self._demux = Demux(directory, counters, clock)
        self.metrics = Metrics(config.metrics) if config.metrics is not None else None
        self._lag = 0.0
        self._ticker: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Relay:
        try:
            if self.metrics is not None:
                await self.metrics.start()
            await self.control.start()
        except BaseException:
            if self.metrics is not None:
                await self.metrics.close()
            self._port.close()
            raise
        if self.vault is not None:
            self.vault.start()
        self._port.start(self._demux)
        self._ticker = asyncio.get_running_loop().create_task(self._tick())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._ticker is not None:
            self._ticker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticker
        self.board.recorder.stop(self._clock())  # before the goodbyes, so that the disk works meanwhile
        await self.board.close()
        self.board.tell_all(await self.board.recorder.close(FLUSH_SECONDS, self._clock()))
        await self.control.close()
        if self.metrics is not None:
            await self.metrics.close()
        self._port.close()

    def drain(self) -> None:
        """Take no new room, let the web move what is here elsewhere, then end. Asked a second time: end now."""
        if self.board.draining:
            self.stop()
            return
        self.board.draining = True
        self._drains_until = self._clock() + self._drain_seconds
        self.control.drain(self._drain_seconds)
        self._end_if_drained(self._clock())

    def stop(self) -> None:
        """End now; whoever waits for `ended` closes the relay, which says goodbye to every browser."""
        self.ended.set()

    def _end_if_drained(self, now: float) -> None:
        """Empty, out of time, or with nobody left who could move its rooms: then it is no use to wait."""
        if not self.board.rooms or now >= self._drains_until or not self.control.has_where_to_go:
            self.stop()

    def report(self) -> dict[str, object]:
        """What every web process hears every two seconds."""
        board, counters = self.board, self.board.counters
        lag, self._lag = self._lag, 0.0
        return {
            "type": "report",
            "draining": board.draining,
            "rooms": board.versions(),
            "load": {
                "seats": sum(1 for room in board.rooms.values() for _ in room.peers()),
                "packets_in": counters.packets_in,
                "packets_out": counters.packets_out,
                "bytes_out": counters.bytes_out,
                "dropped": counters.dropped,
                "loop_lag_ms": round(lag * 1000, 1),
            },
        }

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        count = 0
        while True:
            due = loop.time() + _TICK
            await asyncio.sleep(_TICK)
            lag = loop.time() - due
            self._lag = max(self._lag, lag)
            if self.metrics is not None:
                self.metrics.lagged(lag)
            count += 1
            try:
                self._turn(count)
            except Exception:  # the process edge: one room must not stop the clock of the others
                logger.exception("tick failed")

    def _turn(self, count: int) -> None:
        now = self._clock()
        self.board.tick(now)
        if self.board.draining:
            self._end_if_drained(now)
        if count % _TICKS_PER_BEAT == 0:
            self.control.broadcast({"type": "beat", "beat": self.board.beat()})
        if count % _TICKS_PER_SECOND == 0:
            self.board.tick_second(now)
            if self.metrics is not None:
                self.metrics.snapshot(self.board, now)
        if count % _TICKS_PER_CLEANING == 0:
            give_back()
        if count % _TICKS_PER_REPORT == 0:
            self.control.broadcast(self.report())
            self.control.drop_silent(asyncio.get_running_loop().time())


def _vault(config: Config, clock: Callable[[], float]) -> Vault | None:
    if config.recordings is None:
        return None
    shelf = Shelf(config.recordings, config.recording_reserve, config.recordings_group)
    wall = Wall(time.time_ns() // 1000, clock())
    scribe = None
    if config.recordings_apart:
        scribe = Scribe(config.recordings, config.recording_reserve, config.recordings_group, config.memory_mib, wall)
    return Vault(shelf, wall, clock, min(MAX_QUEUE_BYTES, (config.memory_mib << 20) // 8), scribe)


def _door(config: Config) -> Door:
    if isinstance(config.control, TlsControl):
        return TlsDoor(config.control)
    return UnixDoor(config.control, config.control_group)
