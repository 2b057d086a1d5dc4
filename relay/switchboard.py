"""All rooms of the relay: desired state in, offers and events out. No socket is opened here."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from relay.answer import parse_answer
from relay.documents import Address, AnswerText, Connect, Message, Repeat, RestartIce, RoomDocument, Rooms, Still
from relay.errors import RelayError
from relay.flood import Verdict
from relay.ice import Directory
from relay.limits import EARLY_CONNECT_SECONDS, MAX_EARLY_CONNECTS, MAX_ROOMS, MAX_TOMBSTONES, REMOVED_SECONDS
from relay.peer import Counters, Peer
from relay.recorder import Recorder
from relay.rescue import Rescue
from relay.room import Link, Room
from relay.sdp import Candidate

logger = logging.getLogger(__name__)

_MAX_REFUSALS = 8
_TELLING_SECONDS = 60.0


class Switchboard:
    """Rooms by what the web wants of them; peers by what browsers answer."""

    def __init__(
        self,
        directory: Directory,
        candidates: list[Candidate],
        clock: Callable[[], float],
        counters: Counters,
        recorder: Recorder | None = None,
    ) -> None:
        self.directory = directory
        self.candidates = candidates
        self.counters = counters
        self.rooms: dict[str, Room] = {}
        self.links: list[Link] = []
        self.rescue = Rescue(self._tell)
        self.recorder = recorder or Recorder()
        self._clock = clock
        self.draining = False
        self._overtaken: dict[str, int] = {}  # closed rooms that somebody wants open with a lower version than ours
        self._closed: OrderedDict[str, int] = OrderedDict()  # rooms torn down, by version, so that none comes back
        self._early: dict[tuple[str, str], tuple[float, Connect, Link]] = {}
        self._removed: dict[tuple[str, str], float] = {}  # seats that flooded, and until when they stay out
        self._failed_at = -_TELLING_SECONDS  # when a room's clock last failed and it was told
        self._tasks: set[asyncio.Task[None]] = set()
        self._handlers: dict[type, Callable[[Any, Link], None]] = {
            Rooms: self._on_rooms,
            Connect: self._on_connect,
            AnswerText: self._on_answer,
            RestartIce: self._on_restart,
            Repeat: self._on_repeat,
            Still: self._on_still,
        }

    # -- links

    def add_link(self, link: Link) -> None:
        """A web process came: it hears the open offers of seats whose own link is gone."""
        self.links.append(link)
        self.recorder.say_again()
        for room in self.rooms.values():
            for seat in room.seats.values():
                if seat.link is None and seat.peer is not None and seat.peer.offer is not None:
                    link.send(seat.peer.offer)

    def remove_link(self, link: Link) -> None:
        """A web process went. Media goes on; its seats are spoken to over whichever link is left."""
        if link in self.links:
            self.links.remove(link)
        for room in self.rooms.values():
            for seat in room.seats.values():
                if seat.link is link:
                    seat.link = None

    def handle(self, message: Message, link: Link) -> None:
        """One message from a web process. What is wrong with it goes back as an error, typed."""
        try:
            self._handlers[type(message)](message, link)
        except RelayError as error:
            link.send(error_message(error, getattr(message, "at", None)))

    # -- messages

    def _on_rooms(self, message: Rooms, link: Link) -> None:
        for refused in message.refused[:_MAX_REFUSALS]:
            link.send(error_message(refused, None))
        asked_at = self._asked_at(message.beat)
        for document in message.documents:
            try:
                self._apply(document, asked_at)
            except RelayError as error:  # one document too many must not cost the others
                link.send(error_message(error, Address(document.room, "", "")))

    def beat(self) -> int:
        """A word of our clock, in ms. What carries it back was asked of the records after we said it, not earlier."""
        return int(self._clock() * 1000)

    def _asked_at(self, beat: int | None) -> float | None:
        """Since when at the earliest documents with this beat hold, by our clock; one that we never said is none."""
        return None if beat is None or beat / 1000 > self._clock() else beat / 1000

    def _on_connect(self, message: Connect, link: Link) -> None:
        at = message.at
        if self._clock() < self._removed.get((at.room, at.seat), 0.0):
            raise RelayError("This seat was removed because it sent far too much. Wait a minute.", "removed_flood")
        room = self.rooms.get(at.room)
        if room is None or at.seat not in room.seats:
            # The document that brings the seat may come over another link, a moment later.
            if at.room in self._closed or len(self._early) >= MAX_EARLY_CONNECTS:
                raise RelayError("There is no such seat.", "unknown_seat")
            self._early[(at.room, at.seat)] = (self._clock(), message, link)
            return
        seat = room.seats[at.seat]
        seat.link = link
        if seat.peer is not None:
            if seat.peer.connection == at.connection:
                self._repeat(seat.peer)
                return
            former, seat.peer = seat.peer, None
            former.close()
        seat.peer = Peer(self, at.room, at.seat, at.connection, seat.wish.may, self._clock())
        room.guard(at.seat, seat.peer)
        self._settle(room)

    def _on_answer(self, message: AnswerText, link: Link) -> None:
        peer = self._peer(message.at, link)
        peer.answer(message.offer, parse_answer(message.sdp))
        self._settle(self.rooms[peer.room])

    def _on_restart(self, message: RestartIce, link: Link) -> None:
        peer = self._peer(message.at, link)
        peer.negotiation.restart()
        self._repeat(peer)  # an open offer may have gone to a socket that is no more; the restart follows its answer
        self._offer(peer)

    def _on_repeat(self, message: Repeat, link: Link) -> None:
        self._repeat(self._peer(message.at, link))

    def _on_still(self, message: Still, link: Link) -> None:
        peer = self._peer(message.at, link)
        self.rescue.still(self.rooms[peer.room], peer, message.jpeg, self._clock())

    def _apply(self, document: RoomDocument, asked_at: float | None) -> None:
        room = self.rooms.get(document.room)
        known = room.version if room is not None else self._closed.get(document.room, -1)
        if document.version <= known and not (room is not None and document.closed and document.version == known):
            if room is None and document.version < known and not document.closed:
                self._overtaken[document.room] = known
            elif room is not None and document.version == known:
                self.recorder.renew(room, document.recording, asked_at, self._clock())
            return
        if document.closed:
            self._close_room(document)
            return
        if room is None:
            if self.draining:
                raise RelayError("This relay is about to stop and takes no new room.", "draining")
            if len(self.rooms) >= MAX_ROOMS:
                raise RelayError("This relay has no place for another room.", "full")
            room = self.rooms[document.room] = Room(document.room)
            self._closed.pop(document.room, None)
        # First: it may say whom not to write any more.
        self.recorder.apply(room.id, document.recording, asked_at, self._clock())
        for peer in room.apply(document):
            peer.close()
        self._settle(room)
        for seat in list(room.seats):
            early = self._early.pop((room.id, seat), None)
            if early is not None and early[2] in self.links:
                self.handle(early[1], early[2])

    def _close_room(self, document: RoomDocument) -> None:
        room = self.rooms.pop(document.room, None)
        self.recorder.close_room(document.room, self._clock())
        self._closed[document.room] = document.version
        while len(self._closed) > MAX_TOMBSTONES:
            self._closed.popitem(last=False)
        for peer in list(room.peers()) if room is not None else ():
            peer.close()

    def versions(self) -> dict[str, int]:
        """For the report: the rooms, and since the last one the closed rooms that would not open again.

        The web raises its version above ours: its database may have been put back to an earlier state.
        """
        overtaken, self._overtaken = self._overtaken, {}
        return overtaken | {room.id: room.version for room in self.rooms.values()}

    # -- what peers tell

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def check_ssrcs(self, peer: Peer, ssrcs: set[int]) -> None:
        self.rooms[peer.room].check_ssrcs(peer, ssrcs)

    def state_changed(self, peer: Peer) -> None:
        self._tell(
            peer,
            {
                "type": "seat",
                "room": peer.room,
                "seat": peer.seat,
                "connection": peer.connection,
                "state": peer.state,
            },
        )
        room = self.rooms.get(peer.room)
        if room is not None and peer.state != "closed":
            self._settle(room)

    def failed(self, peer: Peer, error: RelayError) -> None:
        self._tell(peer, error_message(error, Address(peer.room, peer.seat, peer.connection)))
        self.hung_up(peer)

    def hung_up(self, peer: Peer) -> None:
        """The browser closed the connection, or it never came about: the seat is empty again."""
        peer.close()
        room = self.rooms.get(peer.room)
        seat = room.seats.get(peer.seat) if room is not None else None
        if room is not None and seat is not None and seat.peer is peer:
            seat.peer = None
            self._settle(room)

    # -- the clock

    def tick(self, now: float) -> None:
        """Ten times a second."""
        self._each(self._tick_room, now)
        self.tell_all(self.recorder.tick(now))

    def _each(self, work: Callable[[Room, float], None], now: float) -> None:
        for room in list(self.rooms.values()):
            try:
                work(room, now)
            except Exception:  # one room must not stop the clock of the others
                if now - self._failed_at > _TELLING_SECONDS:
                    self._failed_at = now
                    logger.exception("the clock of a room failed")

    def _tick_room(self, room: Room, now: float) -> None:
        flooding = []
        for peer in room.peers():
            for track in peer.tracks.values():
                track.tick(now)
            verdict = peer.flood.verdict(now)
            if verdict is not None:
                flooding.append((peer, verdict))
        if self.rescue.tick(room, now):
            self._settle(room)
            self.rescue.tell(room)
        for peer, verdict in flooding:
            self._restrain(peer, verdict, now)

    def _report(self, room: Room, now: float) -> None:
        for peer in list(room.peers()):
            peer.tick(now)
            peer.policy.tick(now)

    def _restrain(self, peer: Peer, verdict: Verdict, now: float) -> None:
        at = Address(peer.room, peer.seat, peer.connection)
        if verdict == "remove":
            self._removed[(peer.room, peer.seat)] = now + REMOVED_SECONDS
            self.rooms[peer.room].guards.pop(peer.seat, None)  # a minute outside is enough
            removed = RelayError("This seat was removed because it sent far too much.", "removed_flood")
            self._tell(peer, error_message(removed, at))
            self.hung_up(peer)
            return
        peer.mute(verdict == "mute")
        if verdict == "mute":
            muted = RelayError("This seat sends far too much; nothing of it is passed on for a moment.", "flooding")
            self._tell(peer, error_message(muted, at))

    def tick_second(self, now: float) -> None:
        """Once a second: reports to senders, consent, connects whose seat never came."""
        self._each(self._report, now)
        for peer in self.rescue.tick_second(self.rooms.values(), now):
            self._offer(peer)
        for who, until in list(self._removed.items()):
            if now >= until:
                del self._removed[who]
        for key, (asked_at, message, link) in list(self._early.items()):
            if now - asked_at > EARLY_CONNECT_SECONDS:
                del self._early[key]
                link.send(error_message(RelayError("There is no such seat.", "unknown_seat"), message.at))

    async def close(self) -> None:
        """Say goodbye to every browser and let go. Idempotent."""
        for room in self.rooms.values():
            for peer in list(room.peers()):
                peer.close()
        self.rooms.clear()
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    # -- helpers

    def _peer(self, at: Address, link: Link) -> Peer:
        room = self.rooms.get(at.room)
        seat = room.seats.get(at.seat) if room is not None else None
        if seat is None:
            raise RelayError("There is no such seat.", "unknown_seat")
        if seat.peer is None or seat.peer.connection != at.connection:
            raise RelayError("This connection is over.", "unknown_connection")
        seat.link = link
        return seat.peer

    def tell_all(self, messages: Iterable[dict[str, object]]) -> None:
        """Every web process."""
        for message in messages:
            for link in tuple(self.links):
                link.send(message)

    def _settle(self, room: Room) -> None:
        now = self._clock()
        self.recorder.settle(room, now)
        for peer in room.settle(now):
            self._offer(peer)

    def _offer(self, peer: Peer) -> None:
        message = peer.next_offer()
        if message is not None:
            self._tell(peer, message)

    def _repeat(self, peer: Peer) -> None:
        if peer.offer is not None:
            self._tell(peer, peer.offer)

    def _tell(self, peer: Peer, message: dict[str, object]) -> None:
        """Over the link the seat was last heard on; over all, when that one is gone."""
        room = self.rooms.get(peer.room)
        seat = room.seats.get(peer.seat) if room is not None else None
        link = seat.link if seat is not None else None
        for to in (link,) if link is not None else tuple(self.links):
            to.send(message)


def error_message(error: RelayError, at: Address | None) -> dict[str, object]:
    return {
        "type": "error",
        "room": at.room if at else None,
        "seat": at.seat or None if at else None,
        "connection": at.connection or None if at else None,
        "code": error.code,
        "message": error.message,
    }
