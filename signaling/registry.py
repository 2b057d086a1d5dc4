"""Which sockets of this process stand for which seat and which person. No database, no channel layer."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID


class Seated(Protocol):
    """A socket that holds a seat, as the relay link sees it. None of these may wait."""

    @property
    def connection(self) -> UUID | None: ...
    @property
    def room(self) -> UUID: ...
    @property
    def relay(self) -> str: ...
    @property
    def has_media(self) -> bool: ...
    def relay_said(self, message: Any, relay: str) -> None: ...
    def relay_lost(self) -> None: ...
    def relay_ready(self) -> None: ...
    def room_is_on(self, relay: str, version: int) -> None: ...
    def lose_seat(self) -> None: ...


class Seats:
    """One socket per seat: the one that took it last."""

    def __init__(self) -> None:
        self._by_seat: dict[UUID, Seated] = {}
        self._taken_at: dict[UUID, datetime] = {}

    def bind(self, seat: UUID, socket: Seated, taken_at: datetime) -> None:
        """`taken_at` is the database's order: answers from it may come back in another."""
        former = self._by_seat.get(seat)
        if former is not None and former is not socket:
            if taken_at < self._taken_at[seat]:
                socket.lose_seat()
                return
            former.lose_seat()
        self._by_seat[seat] = socket
        self._taken_at[seat] = taken_at

    def unbind(self, seat: UUID, socket: Seated) -> None:
        if self._by_seat.get(seat) is socket:
            del self._by_seat[seat], self._taken_at[seat]

    def get(self, seat: UUID) -> Seated | None:
        return self._by_seat.get(seat)

    def __iter__(self) -> Iterator[tuple[UUID, Seated]]:
        return iter(list(self._by_seat.items()))

    def __len__(self) -> int:
        return len(self._by_seat)


class Counted(Protocol):
    def evict(self) -> None: ...


class People:
    """Sockets per person and thing. Above the limit the oldest goes, so that a half-open one locks nobody out."""

    def __init__(self) -> None:
        self._sockets: dict[Hashable, list[Counted]] = {}

    def join(self, key: Hashable, socket: Counted, limit: int) -> None:
        sockets = self._sockets.setdefault(key, [])
        while len(sockets) >= limit:
            sockets.pop(0).evict()
        sockets.append(socket)

    def leave(self, key: Hashable, socket: Counted) -> None:
        sockets = self._sockets.get(key, [])
        if socket in sockets:
            sockets.remove(socket)
        if not sockets:
            self._sockets.pop(key, None)

    def __len__(self) -> int:
        return sum(len(sockets) for sockets in self._sockets.values())


seats = Seats()
people = People()
