"""What the rooms hear of each other's lines: rungs as they change. The rules of a rung are `ladder.py`."""

from __future__ import annotations

from collections.abc import Callable

from relay.ladder import Rung
from relay.peer import Peer
from relay.room import Room

Tell = Callable[[Peer, dict[str, object]], None]


class Rescue:
    """Told by level: each page is compared with what it was last told, so who comes later hears it too."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    def tick(self, room: Room, now: float) -> bool:
        """Ten times a second. Whether the room has to be wired afresh."""
        changed = False
        for peer in room.peers():
            if peer.ready and peer.receiver.tick(now):
                changed = True
        return changed

    def tell_rungs(self, room: Room) -> None:
        """To each seat in the call, of each seat in the call, what it does not know yet."""
        inside = [seat.peer for seat in room.seats.values() if seat.active and seat.peer is not None]
        for listener in inside:
            if not listener.ready:
                continue
            for peer in inside:
                rung = peer.receiver.rung
                if listener.told_rungs.get(peer.connection, Rung.FULL) != rung:
                    listener.told_rungs[peer.connection] = rung
                    why = peer.receiver.ladder.why
                    self._send(listener, "rung", about=peer.seat, rung=rung.label, why=why)
            self._forget(listener, {peer.connection for peer in inside})

    def _forget(self, listener: Peer, connections: set[str]) -> None:
        for connection in listener.told_rungs.keys() - connections:
            del listener.told_rungs[connection]

    def _send(self, peer: Peer, kind: str, **fields: object) -> None:
        at = {"room": peer.room, "seat": peer.seat, "connection": peer.connection}
        self._tell(peer, {"type": kind, **at, **fields})
