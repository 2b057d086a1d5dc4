"""One room: its seats, who should get whose tracks, and the wiring that follows. Sockets and text live elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from relay.documents import RoomDocument, SeatWish
from relay.errors import RelayError
from relay.flood import FloodGuard
from relay.limits import MAX_GUARDS
from relay.negotiation import TrackRef
from relay.peer import Peer
from relay.rtcp import RELAY_SSRC
from relay.tracks import DownTrack, UpTrack


class Link(Protocol):
    """One web process, as far as rooms know it."""

    def send(self, message: dict[str, object]) -> None: ...


@dataclass(slots=True)
class Seat:
    wish: SeatWish
    peer: Peer | None = None
    link: Link | None = None  # the web process it was last heard over

    @property
    def active(self) -> bool:
        return self.wish.active


@dataclass(slots=True)
class Room:
    id: str
    version: int = -1
    seats: dict[str, Seat] = field(default_factory=dict)
    guards: dict[str, FloodGuard] = field(default_factory=dict)  # by seat, also of those that left

    def guard(self, name: str, peer: Peer) -> None:
        """One guard for all connections of a seat: neither a new one nor leaving and coming back ends a mute."""
        peer.flood = self.guards.setdefault(name, peer.flood)
        if len(self.guards) > MAX_GUARDS:
            del self.guards[next(other for other in self.guards if other not in self.seats)]

    def apply(self, document: RoomDocument) -> list[Peer]:
        """Become what a newer document says. Returns the connections of seats that are gone, for closing."""
        self.version = document.version
        gone = [seat.peer for name, seat in self.seats.items() if name not in document.seats and seat.peer is not None]
        former, self.seats = self.seats, {}
        for name, wish in document.seats.items():
            seat = self.seats[name] = former.get(name) or Seat(wish)
            seat.wish = wish
            if seat.peer is not None:
                seat.peer.allow(wish.may)
        return gone

    def peers(self) -> Iterator[Peer]:
        return (seat.peer for seat in self.seats.values() if seat.peer is not None)

    def check_ssrcs(self, peer: Peer, ssrcs: set[int]) -> None:
        """An SSRC belongs to one seat of the room: a second claim is refused."""
        taken = {ssrc for other in self.peers() if other is not peer for ssrc in other.announced.values()}
        if ssrcs & taken or RELAY_SSRC in ssrcs:
            raise RelayError("Another seat already sends under this SSRC.", "ssrc_in_use")

    def settle(self, now: float) -> list[Peer]:
        """Wire every track to who should and can get it. Returns the peers whose offers may have changed."""
        for name, seat in self.seats.items():
            if seat.peer is not None:
                seat.peer.negotiation.wish(self._wished(name, seat))
        kept: dict[Peer, set[int]] = {peer: set() for peer in self.peers()}
        for name, seat in self.seats.items():
            if seat.peer is None:
                continue
            for track in seat.peer.tracks.values():
                receivers = self._receivers(name, track.ref) if seat.active else []
                wired = [down for peer in receivers if (down := peer.down(track)) is not None]
                for down in wired:
                    kept[down.receiver].add(track.ref.ssrc)
                _attach(track, wired, now)
        for peer, ssrcs in kept.items():
            peer.drop_downs(ssrcs)
        return list(kept)

    def _wished(self, name: str, seat: Seat) -> list[TrackRef]:
        if not seat.active:
            return []
        return [
            track.ref
            for other, source in self.seats.items()
            if other != name and source.active and source.peer is not None
            for track in source.peer.tracks.values()
        ]

    def _receivers(self, sender: str, ref: TrackRef) -> list[Peer]:
        return [
            seat.peer
            for name, seat in self.seats.items()
            if name != sender and seat.active and seat.peer is not None and seat.peer.ready and ref in seat.peer.agreed
        ]


def _attach(track: UpTrack, wired: list[DownTrack], now: float) -> None:
    """Wire a track to those who agreed to it, each as its rung allows."""
    taken = [down for down in wired if down.receiver.receiver.takes(track.is_video)]
    thinned = tuple(down for down in taken if down.receiver.receiver.thins(track))
    track.withheld = len(wired) - len(taken)
    track.attach(tuple(down for down in taken if down not in thinned), now, thinned)
