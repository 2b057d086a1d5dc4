"""Figures for Prometheus: a snapshot once a second on the loop, served over HTTP. Nothing here runs per packet.

No label names a room, a seat or a person. What the figures are counted from lives in the parts themselves.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from statistics import median
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from relay.errors import ConfigError
from relay.ladder import Rung
from relay.recorder import STATES

if TYPE_CHECKING:
    from relay.peer import Peer
    from relay.switchboard import Switchboard
    from relay.uplink import Uplink

_MAX_SCRAPERS = 8
_MAX_REQUEST = 4096
_PATIENCE = 5.0
_PREFIX = "housecall_relay_"
_LAG_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0)
_OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
_NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n"
_STATES = ("new", "connected", "away")


class Figures:
    """What Prometheus is told: the last snapshot, the loop's lag, and the process' own CPU, memory and files."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self.registry.register(self)
        ProcessCollector(namespace="housecall_relay", registry=self.registry)
        self.lag = Histogram(
            f"{_PREFIX}loop_lag_seconds",
            "How late the event loop was, asked ten times a second.",
            buckets=_LAG_BUCKETS,
            registry=self.registry,
        )
        self._families: list[Any] = []
        self._counted: dict[Uplink, tuple[int, int]] = {}

    def collect(self) -> Iterator[Any]:
        yield from self._families

    def snapshot(self, board: Switchboard, now: float) -> None:
        """Once a second."""
        peers = [peer for room in board.rooms.values() for peer in room.peers()]
        states = Counter(peer.state for peer in peers)
        rungs = Counter(peer.receiver.rung.label for peer in peers if peer.ready)
        self._families = [
            _gauge("rooms", "Rooms that are open.", len(board.rooms)),
            _gauge("tasks", "Tasks of the event loop.", len(asyncio.all_tasks())),
            _labelled("seats", "Connections by state.", "state", {name: states[name] for name in _STATES}),
            _labelled(
                "seats_by_rung",
                "Connected seats by the rung on which they receive.",
                "rung",
                {rung.label: rungs[rung.label] for rung in Rung},
            ),
            *_traffic(board),
            *_recordings(board, now),
            _spread("uplink_loss_ratio", "Packets lost between a seat and the relay in the last second.",
                    self._uplink_losses(peers)),
            _spread("downlink_loss_ratio", "Packets lost between the relay and a seat, as its reports say.",
                    [loss for peer in peers if (loss := peer.receiver.loss(now)) is not None]),
            _spread("round_trip_seconds", "Round trip between the relay and a seat, as its reports say.",
                    [trip for peer in peers if (trip := peer.receiver.trip.seconds) is not None]),
        ]  # fmt: skip

    def _uplink_losses(self, peers: Iterable[Peer]) -> list[float]:
        """Of each track that moved since the last snapshot. What was lost and came later counts back."""
        former, self._counted = self._counted, {}
        losses = []
        for peer in peers:
            for track in peer.tracks.values():
                expected, lost = self._counted[track.link] = track.link.expected, track.link.lost
                expected_before, lost_before = former.get(track.link, (expected, lost))
                if expected > expected_before:
                    losses.append(max(0, lost - lost_before) / (expected - expected_before))
        return losses


def _traffic(board: Switchboard) -> Iterator[CounterMetricFamily]:
    counters = board.counters
    for name, text, value in (
        ("packets_in", "Datagrams that came.", counters.packets_in),
        ("bytes_in", "Their bytes.", counters.bytes_in),
        ("packets_out", "Media packets that left.", counters.packets_out),
        ("bytes_out", "Their bytes before encryption.", counters.bytes_out),
    ):
        yield CounterMetricFamily(_PREFIX + name, text, value=value)
    dropped = CounterMetricFamily(_PREFIX + "dropped", "Datagrams that went nowhere, by reason.", labels=["reason"])
    dropped.add_metric(["stray"], counters.stray)
    dropped.add_metric(["unsent"], counters.unsent)
    dropped.add_metric(["refused"], counters.dropped - counters.stray - counters.unsent)
    yield dropped


def _recordings(board: Switchboard, now: float) -> Iterator[Any]:
    recorder = board.recorder
    states = Counter(recorder.states(now))
    yield _labelled(
        "recorded_rooms", "Rooms to be recorded, by state.", "state", {state: states[state] for state in STATES}
    )
    for name, text, value in (
        ("recording_parts", "Sealed parts on disk.", recorder.parts),
        ("recording_bytes", "Their bytes.", recorder.bytes),
    ):
        yield CounterMetricFamily(_PREFIX + name, text, value=value)
    lost = CounterMetricFamily(
        _PREFIX + "recording_parts_lost", "Parts that were not written, by reason.", labels=["reason"]
    )
    lost.add_metric(["queue"], recorder.refused)
    lost.add_metric(["disk"], recorder.lost)
    yield lost
    if recorder.vault is not None:
        yield _gauge("recording_queue_bytes", "Media on its way to the disk.", recorder.vault.waiting_bytes)
        yield _gauge("recording_free_bytes", "Left on the disk of recordings.", recorder.vault.free)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(_PREFIX + name, text, value=value)


def _labelled(name: str, text: str, label: str, values: dict[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(_PREFIX + name, text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _spread(name: str, text: str, values: list[float]) -> GaugeMetricFamily:
    return _labelled(name, text, "of", {"median": median(values), "worst": max(values)} if values else {})


class Metrics:
    """The figures at `GET /metrics`: a few scrapers at a time, each with a few seconds and one request."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._figures = Figures()
        self.lagged = self._figures.lag.observe
        self.snapshot = self._figures.snapshot
        self._server: asyncio.Server | None = None
        self._scrapers: set[asyncio.Task[None]] = set()
        self.port = 0

    @property
    def address(self) -> str:
        host = self._address[0]
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"

    async def start(self) -> None:
        try:
            self._server = await asyncio.start_server(self._accept, *self._address, limit=_MAX_REQUEST)
        except OSError as error:
            raise ConfigError(f"the metrics address cannot be used: {error.strerror or error}") from error
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Idempotent."""
        if self._server is None:
            return
        self._server.close()
        for task in self._scrapers:
            task.cancel()
        await asyncio.gather(*self._scrapers, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._scrapers) >= _MAX_SCRAPERS:
            writer.transport.abort()
            return
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._scrapers.add(task)
        task.add_done_callback(self._scrapers.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                request = await reader.readuntil(b"\r\n\r\n")
                writer.write(self._answer(request))
                await writer.drain()
                writer.close()
                await writer.wait_closed()
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.transport.abort()

    def _answer(self, request: bytes) -> bytes:
        method, _, rest = request.partition(b" ")
        found = method == b"GET" and rest.partition(b" ")[0].partition(b"?")[0] == b"/metrics"
        body = generate_latest(self._figures.registry) if found else b"Only GET /metrics.\n"
        head = _OK if found else _NOT_FOUND
        return head + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body
