"""What the seats of a room hear of each other's lines: rungs, stills, figures. The rules of a rung are `ladder.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from relay.ladder import Rung
from relay.limits import STILL_SECONDS
from relay.peer import Peer
from relay.room import Room

Tell = Callable[[Peer, dict[str, object]], None]
_FIGURES_SECONDS = 2.0


class Rescue:
    """Told by level: each page is compared with what it was last told, so who comes later hears it too."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._figures_at = 0.0

    def tick(self, room: Room, now: float) -> bool:
        """Ten times a second. Whether the room has to be wired afresh."""
        changed = False
        for peer in room.peers():
            if peer.ready and peer.receiver.tick(now):
                changed = True
                if peer.starved and peer.receiver.rung.moving:
                    peer.feed(healed=True)
        return changed

    def tick_second(self, rooms: Iterable[Room], now: float) -> list[Peer]:
        """What somebody may have missed, and every other time the figures. Returns whose offers have changed."""
        starved: list[Peer] = []
        figures = now - self._figures_at >= _FIGURES_SECONDS * 0.9
        if figures:
            self._figures_at = now
        for room in rooms:
            self.tell(room)
            if figures:
                starved += self._look(room, now)
                self._tell_figures(room, now)
        return starved

    def _look(self, room: Room, now: float) -> list[Peer]:
        """Count what came up. A line too narrow to bring video down and lossy upwards has no room for a camera either.

        Browsers send a camera at 30 kbit/s at least, however little they are allowed: only without a section it stops.
        Where nobody sends video no train can show that a line has healed (two such lines would wait for each other
        for ever): there pictures are tried again after a while.
        """
        changed = []
        for peer in _inside(room):
            links = [track.link for track in peer.tracks.values()]
            peer.up.look(peer.bytes_in, sum(link.expected for link in links), sum(link.lost for link in links), now)
            sends = any(track.is_video for track in peer.tracks.values())
            if not peer.starved and sends and not peer.receiver.rung.moving and peer.up.bad:
                peer.starve(now)
                changed.append(peer)
            elif peer.starved and now >= peer.starved_until and not peer.up.bad and not peer.receiver.can_be_led_up:
                peer.feed(healed=False)
                changed.append(peer)
        return changed

    def tell(self, room: Room) -> None:
        """To each seat in the call, of each seat in the call, what it does not know yet."""
        inside = _inside(room)
        for listener in inside:
            for peer in inside:
                rung = peer.receiver.rung
                if listener.told_rungs.get(peer.connection, Rung.FULL) != rung:
                    listener.told_rungs[peer.connection] = rung
                    self._send(listener, "rung", about=peer.seat, rung=rung.label, why=peer.receiver.ladder.why)
            for connection in listener.told_rungs.keys() - {peer.connection for peer in inside}:
                del listener.told_rungs[connection]
            wanted = "camera" in listener.tracks and bool(_takers(listener, inside))
            if wanted != listener.told_stills:
                listener.told_stills = wanted
                self._send(listener, "stills", wanted=wanted)

    def still(self, room: Room, sender: Peer, jpeg: str, now: float) -> None:
        """To each who gets stills, at once. Nothing is kept; what comes unasked or too often is dropped."""
        inside = _inside(room)
        if sender not in inside or "camera" not in sender.tracks or now - sender.still_at < STILL_SECONDS:
            return
        sender.still_at = now
        for taker in _takers(sender, inside):
            self._send(taker, "still", **{"from": sender.seat, "jpeg": jpeg})

    def _tell_figures(self, room: Room, now: float) -> None:
        inside = _inside(room)
        readers = [peer for peer in inside if room.seats[peer.seat].wish.figures]
        if readers:
            seats = [_figures(peer, now) for peer in inside]
            for reader in readers:
                self._send(reader, "figures", seats=seats)

    def _send(self, peer: Peer, kind: str, **fields: object) -> None:
        at = {"room": peer.room, "seat": peer.seat, "connection": peer.connection}
        self._tell(peer, {"type": kind, **at, **fields})


def _inside(room: Room) -> list[Peer]:
    """Who is in the call and connected."""
    return [seat.peer for seat in room.seats.values() if seat.active and seat.peer is not None and seat.peer.ready]


def _takers(sender: Peer, inside: list[Peer]) -> list[Peer]:
    """Who gets the sender's camera as stills."""
    return [peer for peer in inside if peer is not sender and peer.receiver.rung is Rung.STILLS]


def _figures(peer: Peer, now: float) -> dict[str, object]:
    receiver = peer.receiver
    said = receiver.said(now)
    seconds = receiver.trip.seconds
    return {
        "seat": peer.seat,
        "up_kbps": None if peer.up.rate is None else round(peer.up.rate / 1000),
        "up_loss_pct": _percent(peer.up.loss),
        "down_kbps": None if said is None else round(said / 1000),
        "down_loss_pct": _percent(receiver.loss(now)),
        "rtt_ms": None if seconds is None else round(seconds * 1000),
        "rung": receiver.rung.label,
    }


def _percent(part: float | None) -> float | None:
    return None if part is None else round(part * 100, 1)
